-- The claims that hold on a day, at the head: through the GiST index over relationship, valid and recorded time.
\set relationship 1
\set day random(5000, 9999)
select claim, version, kind, payload, valid, recorded from one where relationship = :relationship::int and valid @> (date '1995-01-01' + :day::int) and recorded @> timestamptz '2021-01-01Z';
