-- One release: the file into `arrived`, then what vanished or changed is closed and what is new or changed is added, as one
-- transaction. Rows that are the same are left alone.
begin;
truncate arrived;
\copy arrived from pstdin with (format csv, header)
analyze arrived;
update obligations o set recorded = tstzrange(lower(o.recorded), now())
  where upper_inf(o.recorded) and not exists (
    select from arrived a where a.ccode1 = o.ccode1 and a.ccode2 = o.ccode2 and a.year = o.year and bits(a) = o.bits);
insert into obligations
  select pairs.pair, a.ccode1, a.ccode2, a.year, bits(a), payload(a, obliged, ally), daterange(make_date(a.year, 1, 1), make_date(a.year + 1, 1, 1)), tstzrange(now(), null)
  from arrived a join states obliged on obliged.cow = a.ccode1 join states ally on ally.cow = a.ccode2
    join pairs on pairs.relationship = least(obliged.id, ally.id) || '-' || greatest(obliged.id, ally.id)
    left join obligations o on o.ccode1 = a.ccode1 and o.ccode2 = a.ccode2 and o.year = a.year and upper_inf(o.recorded)
  where o.year is null;
commit;
