set client_min_messages = warning;
-- The peer's tables for benches/import.sh: bitemporal, a row for each version of a directed pair of states in a year.
-- What a claim holds besides (texts, parties, codes, who says so) is in the payload. `states` and `pairs` are made of
-- :states, the table of states that the mapping has.
create extension if not exists btree_gist;
create table states(id text primary key, type text, iso2 text, cow int unique, cow_code text, en text, ar text);
\copy states from pstdin with (format csv, header, null '')
create table pairs(pair int generated always as identity primary key, relationship text unique, one int, other int, unique (one, other));
insert into pairs(relationship, one, other)
  select least(a.id, b.id) || '-' || greatest(a.id, b.id), a.cow, b.cow from states a, states b where a.id < b.id and a.cow is not null and b.cow is not null;
create unlogged table arrived(ccode1 int, ccode2 int, year int, defense int, offense int, neutral_ int, nonagg int, consul int);
create table obligations(pair int, ccode1 int, ccode2 int, year int, bits text, payload jsonb, valid daterange, recorded tstzrange);

create function bits(a arrived) returns text language sql immutable as $$
  select a.defense || ',' || a.offense || ',' || a.neutral_ || ',' || a.nonagg || ',' || a.consul
$$;

create function payload(a arrived, one states, other states) returns jsonb language sql immutable as $$
  select jsonb_build_object(
    'text', 'Obligations of ' || one.en || ' towards ' || other.en || ' in ' || a.year || ':'
      || case a.defense when 1 then ' defence' else '' end || case a.offense when 1 then ' offence' else '' end
      || case a.neutral_ when 1 then ' neutrality' else '' end || case a.nonagg when 1 then ' nonaggression' else '' end
      || case a.consul when 1 then ' consultation' else '' end,
    'kind', 'alliance_obligations', 'obliged', one.id, 'ally', other.id, 'polarity', 'cooperation', 'status', 'in_force',
    'codes', bits(a), 'coder', 'ATOP', 'source', 'atop')
$$;
