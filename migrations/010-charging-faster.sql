-- What charging costs by the record: fewer rows to look up, smaller indexes, each rule of the ledger in one pass.

-- What the line and its owner say, copied into the line's own purse by the triggers below and by nothing else, so that
-- charging reads one row. Empty in a purse that is not in its line's currency.
alter table purse
  add column line_state text,
  add column plan_id text,
  add column plan_version int,
  add column activated_us bigint,
  add column country char(2);
update purse p set line_state = l.state, plan_id = l.plan_id, plan_version = l.plan_version,
  activated_us = (extract(epoch from l.activated_at) * 1000000)::int8, country = s.country
from line l join subscriber s on s.subscriber_id = l.subscriber_id
where l.subscriber_id = p.subscriber_id and l.line_id = p.line_id and l.currency = p.currency;

create function purse_opens() returns trigger language plpgsql as $$
begin
  if not new.kinds <@ array['data', 'voice', 'sms'] then
    raise exception 'a bucket is of data, voice or sms' using errcode = 'check_violation';
  end if;
  select l.state, l.plan_id, l.plan_version, (extract(epoch from l.activated_at) * 1000000)::int8, s.country
  into new.line_state, new.plan_id, new.plan_version, new.activated_us, new.country
  from line l join subscriber s on s.subscriber_id = l.subscriber_id
  where l.subscriber_id = new.subscriber_id and l.line_id = new.line_id and l.currency = new.currency;
  return new;
end $$;
create trigger purse_opens before insert on purse for each row execute function purse_opens();

create or replace function line_raises_purse() returns trigger language plpgsql as $$
begin
  update purse p set version = p.version + 1,
    line_state = case when p.currency = new.currency then new.state end,
    plan_id = case when p.currency = new.currency then new.plan_id end,
    plan_version = case when p.currency = new.currency then new.plan_version end,
    activated_us = case when p.currency = new.currency then (extract(epoch from new.activated_at) * 1000000)::int8 end,
    country = case when p.currency = new.currency
      then (select s.country from subscriber s where s.subscriber_id = new.subscriber_id) end
  where p.subscriber_id = new.subscriber_id and p.line_id = new.line_id;
  return null;
end $$;
create or replace function subscriber_raises_purses() returns trigger language plpgsql as $$
begin
  update purse set version = version + 1, country = case when line_state is not null then new.country end
  where subscriber_id = new.subscriber_id;
  return null;
end $$;

-- The same rule without a function's call for each of the first three buckets.
alter table purse drop constraint bucket_holds;
alter table purse add constraint bucket_holds check (
  cardinality(remaining) = cardinality(granted) and cardinality(reserved) = cardinality(granted)
  and cardinality(noticed) = cardinality(granted) and cardinality(bucket_ids) = cardinality(granted)
  and cardinality(kinds) = cardinality(granted) and cardinality(priorities) = cardinality(granted)
  and cardinality(expires_us) = cardinality(granted) and 0 <= all (remaining) and 0 <= all (reserved)
  and (granted[1] is null or remaining[1] <= granted[1]) and (granted[2] is null or remaining[2] <= granted[2])
  and (granted[3] is null or remaining[3] <= granted[3])
  and (cardinality(granted) <= 3
    or purse_fits(granted, remaining, reserved, bucket_ids, kinds, priorities, expires_us, noticed)));

-- No query reads postings by account; a line's page reads by time, and sorts the few of one moment.
drop index ledger_posting_account;
drop index usage_record_line;
create index usage_record_line on usage_record (line_id, started_at desc);

-- A record comes with the change of its line's purse, by key and version, in the same transaction: that is its proof.
drop trigger usage_takes_records on usage_record;
drop function usage_takes_records();

create or replace function ledger_take_postings() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
  wrong record;
  places bigint;
  moved bigint;
  of_whom text[];
  of_what text[];
  in_what text[];
begin
  select t.transfer_id, t.minor into wrong
  from (select subscriber_id, transfer_id, currency, sum(minor) as minor from posted group by 1, 2, 3) t
  where t.minor <> 0 or not exists (
    select from ledger_transfer l where l.subscriber_id = t.subscriber_id and l.transfer_id = t.transfer_id) limit 1;
  if found and wrong.minor <> 0 then
    raise exception 'transfer % does not balance', wrong.transfer_id using errcode = 'integrity_constraint_violation';
  elsif found then
    raise exception 'a posting belongs to no transfer' using errcode = 'foreign_key_violation';
  end if;

  -- Credit. An upsert would check the constraint on the change alone and refuse every withdrawal.
  with d as materialized (
    select subscriber_id, line_id, currency, sum(case when account = 'paid-credit' then minor else 0 end) as paid,
      sum(case when account = 'promotional-credit' then minor else 0 end) as promotional
    from posted where account in ('paid-credit', 'promotional-credit') group by 1, 2, 3 order by 1, 2, 3),
  u as (
    update purse p set paid_minor = p.paid_minor + d.paid, promotional_minor = p.promotional_minor + d.promotional,
      exhausted_at = case when d.paid + d.promotional > 0 then null else p.exhausted_at end, version = p.version + 1
    from d where p.subscriber_id = d.subscriber_id and p.line_id = d.line_id and p.currency = d.currency
    returning 1)
  select (select count(*) from d), (select count(*) from u) into places, moved;
  if moved < places then
    -- Credit in a place that never had any: its purse is made, then filled.
    with made as (
      insert into purse (subscriber_id, line_id, currency)
      select distinct subscriber_id, line_id, currency from posted d
      where account in ('paid-credit', 'promotional-credit') and not exists (
        select from purse p
        where p.subscriber_id = d.subscriber_id and p.line_id = d.line_id and p.currency = d.currency)
      order by 1, 2, 3 on conflict do nothing returning subscriber_id, line_id, currency)
    select array_agg(subscriber_id), array_agg(line_id), array_agg(currency::text) into of_whom, of_what, in_what
    from made;
    if coalesce(cardinality(of_whom), 0) <> places - moved then
      raise exception 'a purse was made meanwhile' using errcode = 'serialization_failure';
    end if;
    update purse p set paid_minor = d.paid, promotional_minor = d.promotional, version = p.version + 1
    from (
      select subscriber_id, line_id, currency, sum(case when account = 'paid-credit' then minor else 0 end) as paid,
        sum(case when account = 'promotional-credit' then minor else 0 end) as promotional
      from posted where account in ('paid-credit', 'promotional-credit') group by 1, 2, 3) d
    join unnest(of_whom, of_what, in_what) as n (subscriber_id, line_id, currency)
      on n.subscriber_id = d.subscriber_id and n.line_id = d.line_id and n.currency = d.currency
    where p.subscriber_id = d.subscriber_id and p.line_id = d.line_id and p.currency = d.currency;
  end if;

  -- What else a subscriber has or owes.
  if exists (select from posted where ledger_is_own(account)) then
    insert into ledger_account (subscriber_id, line_id, account, currency, minor)
    select distinct subscriber_id, line_id, account, currency, 0 from posted where ledger_is_own(account)
    order by 1, 2, 3, 4 on conflict do nothing;
    update ledger_account b set minor = b.minor + d.minor
    from (
      select subscriber_id, line_id, account, currency, sum(minor) as minor from posted
      where ledger_is_own(account) group by 1, 2, 3, 4 order by 1, 2, 3, 4) d
    where b.subscriber_id = d.subscriber_id and b.line_id = d.line_id and b.account = d.account
      and b.currency = d.currency;
  end if;
  return null;
end $$;
