-- The peer's tables: bitemporal, one row for each version of a claim, with the claims of benches/load/src/cases.rs.
-- `claims`: CLAIMS claims over RELATIONSHIPS relationships; `one`: ONE claims in one relationship; two versions of each.
-- On any asked day about fifty claims of a relationship hold. The payload is what of a claim is no column: ~300 bytes.
create extension if not exists btree_gist;
create table claims(relationship int, claim int, version int, kind text, payload jsonb, valid daterange, recorded tstzrange);
create table one(like claims);
create table appended(like claims);
create table appended_indexed(like claims);

create function payload(seed bigint) returns jsonb language sql immutable as $$
  select jsonb_build_object('claim', 'c-' || md5(seed::text), 'actor', 'u-' || left(md5((seed * 7)::text), 8),
                            'note', repeat(md5((seed * 3)::text), 5) || left(md5((seed * 11)::text), 20))
$$;

create function place(nth bigint, of bigint) returns daterange language sql immutable as $$
  select daterange(day, day + greatest(1, 50 * 10000 / of)::int)
  from (select date '1995-01-01' + (((nth * 10000 / least(of, 10000)) * 7919) % 10000)::int as day) starts
$$;

create function known(version int, number bigint) returns tstzrange language sql immutable as $$
  select tstzrange(timestamptz '2020-01-01Z' + (version - 1) * interval '30 days' + number % 86400 * interval '1 s',
                   case version when 1 then timestamptz '2020-01-01Z' + interval '30 days' + number % 86400 * interval '1 s' end)
$$;

insert into claims
  select n % :relationships, n, v, 'agreement', payload(n * 2 + v), place(n / :relationships, :claims / :relationships), known(v, n)
  from generate_series(1, 2) v, generate_series(0, :claims - 1) n;
insert into one
  select 1, n, v, 'agreement', payload(n * 2 + v), place(n, :one), known(v, n)
  from generate_series(1, 2) v, generate_series(0, :one - 1) n;

create unique index on claims(relationship, claim, version);
create unique index on one(relationship, claim, version);
create index on claims using gist(relationship, valid, recorded);
create index on one using gist(relationship, valid, recorded);
create index on claims(relationship, lower(valid), upper(valid));
create unique index on appended(relationship, claim, version);
create unique index on appended_indexed(relationship, claim, version);
create index on appended_indexed using gist(relationship, valid, recorded);
vacuum analyze;
