-- What holds between two states in a year, at the head: through the GiST index over pair, valid and recorded time.
\set n random(1, :relationships)
select o.ccode1, o.ccode2, o.payload, o.valid, o.recorded from questions q join obligations o on o.pair = q.pair and o.valid && daterange(make_date(q.year, 1, 1), make_date(q.year + 1, 1, 1)) and o.recorded @> (select at from cuts where which = 'head') where q.number = :n::int;
