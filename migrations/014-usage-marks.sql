-- Owners of buckets hear at half of it, too.
create or replace function purse_fits(granted int8[], remaining int8[], reserved int8[], bucket_ids text[], kinds text[],
  priorities int[], expires_us int8[], noticed int[]) returns boolean
language plpgsql immutable parallel safe as $$
declare n int := cardinality(bucket_ids);
begin
  if cardinality(granted) <> n or cardinality(remaining) <> n or cardinality(reserved) <> n or cardinality(kinds) <> n
    or cardinality(priorities) <> n or cardinality(expires_us) <> n or cardinality(noticed) <> n then return false; end if;
  for i in 1..n loop
    if not coalesce(0 <= reserved[i] and 0 <= remaining[i] and remaining[i] <= granted[i]
      and kinds[i] in ('data', 'voice', 'sms') and noticed[i] in (0, 50, 80, 100), false) then return false; end if;
  end loop;
  return true;
end $$;
