-- The key, and the index that the questions need.
create unique index on obligations(ccode1, ccode2, year, lower(recorded));
create index on obligations using gist(pair, valid, recorded);
