-- The questions of both: pairs and years of the first release, at random but always the same.
create table questions(number int generated always as identity primary key, pair int, year int);
insert into questions(pair, year)
  select pair, year from (select distinct pair, year from obligations where pair is not null) asked order by md5(pair || ' ' || year) limit 20000;
create table cuts(which text primary key, at timestamptz);
insert into cuts select 'head', now();
insert into cuts select 'old', lower(recorded) from obligations order by lower(recorded) limit 1;
vacuum analyze;
