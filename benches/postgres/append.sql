-- One claim, one transaction: the key is the only index.
\set relationship random(0, 9999)
\set claim random(1, 2000000000)
\set version random(1, 1000)
insert into appended values (:relationship, :claim, :version, 'agreement', '{"claim": "c-0123456789abcdef0123456789abcdef", "actor": "u-01234567", "note": "owner lease holds tenant party since until amount grant share signed clause terms notes ledger office region branch status active pending review source letter filing court owner lease holds "}', daterange('2020-01-01', '2021-01-01'), tstzrange(now(), null));
