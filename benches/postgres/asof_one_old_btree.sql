-- The claims that hold on a day, at an old cut: through the B-tree over relationship and the ends of valid time.
\set relationship 1
\set day random(5000, 9999)
select claim, version, kind, payload, valid, recorded from one where relationship = :relationship::int and lower(valid) <= (date '1995-01-01' + :day::int) and upper(valid) > (date '1995-01-01' + :day::int) and recorded @> timestamptz '2020-01-15Z';
