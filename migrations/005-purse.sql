-- The purse: what a line has to pay with, in one row per line and currency, with a version that every writer raises.
-- What is reserved and held limits what sessions are granted; what was used is paid from all there is.
-- From here on it is the only home of a line's credit and of what its buckets hold (docs/decisions/009-purse.md).

-- Ids, kinds and figures are parallel: the position is the bucket. Moments in them are microseconds since 1970.
create function purse_fits(granted int8[], remaining int8[], reserved int8[], bucket_ids text[], kinds text[],
  priorities int[], expires_us int8[], noticed int[]) returns boolean
language plpgsql immutable parallel safe as $$
declare n int := cardinality(bucket_ids);
begin
  if cardinality(granted) <> n or cardinality(remaining) <> n or cardinality(reserved) <> n or cardinality(kinds) <> n
    or cardinality(priorities) <> n or cardinality(expires_us) <> n or cardinality(noticed) <> n then return false; end if;
  for i in 1..n loop
    if not coalesce(0 <= reserved[i] and 0 <= remaining[i] and remaining[i] <= granted[i]
      and kinds[i] in ('data', 'voice', 'sms') and noticed[i] in (0, 80, 100), false) then return false; end if;
  end loop;
  return true;
end $$;

create table purse (
  subscriber_id text not null references subscriber,
  line_id text not null default '',
  currency char(3) not null,
  version bigint not null default 0,
  promotional_minor bigint not null default 0,
  paid_minor bigint not null default 0,
  held_minor bigint not null default 0 check (held_minor >= 0),
  credit_order text not null default 'promotional-first' check (credit_order in ('promotional-first', 'paid-first')),
  cap_minor bigint check (cap_minor >= 0),
  spent_minor bigint not null default 0 check (spent_minor >= 0),
  bucket_ids text[] not null default '{}',
  kinds text[] not null default '{}',
  priorities int[] not null default '{}',
  granted bigint[] not null default '{}',
  remaining bigint[] not null default '{}',
  reserved bigint[] not null default '{}',
  expires_us bigint[] not null default '{}',
  noticed int[] not null default '{}',
  started jsonb not null default '{}',
  used_until_us bigint[] not null default '{0,0,0}' check (cardinality(used_until_us) = 3),
  exhausted_at timestamptz,
  primary key (subscriber_id, line_id, currency),
  constraint no_overdraft check (promotional_minor >= 0 and paid_minor >= 0),
  constraint bucket_holds check (purse_fits(granted, remaining, reserved, bucket_ids, kinds, priorities, expires_us, noticed))
) with (fillfactor = 50);

insert into purse (subscriber_id, line_id, currency, promotional_minor, paid_minor, exhausted_at,
  bucket_ids, kinds, priorities, granted, remaining, reserved, expires_us, noticed, used_until_us)
select l.subscriber_id, l.line_id, l.currency, coalesce(m.promotional, 0), coalesce(m.paid, 0), l.data_exhausted_at,
  coalesce(b.bucket_ids, '{}'), coalesce(b.kinds, '{}'), coalesce(b.priorities, '{}'), coalesce(b.granted, '{}'),
  coalesce(b.remaining, '{}'), coalesce(b.reserved, '{}'), coalesce(b.expires_us, '{}'), coalesce(b.noticed, '{}'),
  array[coalesce(u.data, 0), coalesce(u.voice, 0), coalesce(u.sms, 0)]
from line l
left join lateral (
  select array_agg(bucket_id order by bucket_id) as bucket_ids, array_agg(kind order by bucket_id) as kinds,
    array_agg(0 order by bucket_id) as priorities, array_agg(granted order by bucket_id) as granted,
    array_agg(remaining order by bucket_id) as remaining, array_agg(0::int8 order by bucket_id) as reserved,
    array_agg((extract(epoch from expires_at) * 1000000)::int8 order by bucket_id) as expires_us,
    array_agg(noticed order by bucket_id) as noticed
  from bucket where subscriber_id = l.subscriber_id and line_id = l.line_id) b on true
left join lateral (
  select sum(minor) filter (where account = 'paid-credit') as paid,
    sum(minor) filter (where account = 'promotional-credit') as promotional
  from ledger_balance
  where subscriber_id = l.subscriber_id and line_id = l.line_id and currency = l.currency) m on true
left join lateral (
  select (extract(epoch from max(ended_at) filter (where kind = 'data')) * 1000000)::int8 as data, (extract(epoch from max(ended_at) filter (where kind = 'voice')) * 1000000)::int8 as voice,
    (extract(epoch from max(ended_at) filter (where kind = 'sms')) * 1000000)::int8 as sms
  from usage_record where subscriber_id = l.subscriber_id and line_id = l.line_id) u on true;
-- Credit that is no line's, or in another currency than its line's.
insert into purse (subscriber_id, line_id, currency, promotional_minor, paid_minor)
select subscriber_id, line_id, currency, coalesce(sum(minor) filter (where account = 'promotional-credit'), 0),
  coalesce(sum(minor) filter (where account = 'paid-credit'), 0)
from ledger_balance where account in ('paid-credit', 'promotional-credit')
group by 1, 2, 3
on conflict do nothing;

-- Readers see buckets and balances as before; they are written in the purse.
drop table bucket;
create view bucket as
select p.subscriber_id, p.line_id, b.bucket_id, b.kind, b.granted, b.remaining, b.reserved,
  timestamptz 'epoch' + b.expires_us * interval '1 microsecond' as expires_at, b.noticed, b.priority
from purse p cross join lateral
  unnest(p.bucket_ids, p.kinds, p.granted, p.remaining, p.reserved, p.expires_us, p.noticed, p.priorities)
  as b (bucket_id, kind, granted, remaining, reserved, expires_us, noticed, priority);

delete from ledger_balance where account in ('paid-credit', 'promotional-credit');
alter table ledger_balance rename to ledger_account;
alter index ledger_balance_pkey rename to ledger_account_pkey;
alter table ledger_account drop constraint ledger_balance_account_check;
alter table ledger_account add constraint ledger_account_own
  check (account in ('plan-prepaid', 'refunds-payable', 'owed', 'held', 'late-usage-reserve'));
create view ledger_balance as
select subscriber_id, line_id, account, currency, minor from ledger_account
union all
select p.subscriber_id, p.line_id, m.account, p.currency, m.minor
from purse p cross join lateral
  (values ('paid-credit', p.paid_minor), ('promotional-credit', p.promotional_minor)) as m (account, minor);

alter table line drop column data_exhausted_at;

-- What a line may do decides what a use costs, so whoever rated it before must look again.
create function line_raises_purse() returns trigger language plpgsql as $$
begin
  update purse set version = version + 1 where subscriber_id = new.subscriber_id and line_id = new.line_id;
  return null;
end $$;
create trigger line_raises_purse after update of state, plan_id, plan_version, activated_at, currency on line
  for each row when (old.state is distinct from new.state or old.plan_id is distinct from new.plan_id
    or old.plan_version is distinct from new.plan_version or old.activated_at is distinct from new.activated_at
    or old.currency is distinct from new.currency)
  execute function line_raises_purse();

-- The ledger's rules, checked once a statement instead of once a row ---------------------------------------------
drop trigger ledger_transfer_balanced on ledger_transfer;
drop trigger ledger_posting_balanced on ledger_posting;
drop trigger ledger_posting_apply on ledger_posting;
drop function ledger_apply_postings();
-- Foreign keys call a function for each row, and lock the line against its closure; the triggers below look
-- for the other row once a statement. Nothing they point to is ever deleted.
alter table ledger_posting drop constraint ledger_posting_subscriber_id_transfer_id_fkey;
alter table ledger_transfer drop constraint ledger_transfer_subscriber_id_fkey;
alter table usage_record drop constraint usage_record_subscriber_id_line_id_fkey;

-- Charges of usage come by the thousand and with their postings; of all else an empty transfer is refused at commit.
create constraint trigger ledger_transfer_balanced after insert on ledger_transfer
  deferrable initially deferred for each row when (new.kind <> 'usage') execute function ledger_check_transfer();

create function ledger_take_transfers() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  if exists (select from written w where not exists (
    select from subscriber s where s.subscriber_id = w.subscriber_id)) then
    raise exception 'a transfer belongs to no subscriber' using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create trigger ledger_take_transfers after insert on ledger_transfer
  referencing new table as written for each statement execute function ledger_take_transfers();

create function ledger_is_own(account text) returns boolean language sql immutable parallel safe as
  $$ select account in ('plan-prepaid', 'refunds-payable', 'owed', 'held', 'late-usage-reserve') $$;
create function ledger_take_postings() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  wrong text;
  places int;
  moved int;
begin
  select transfer_id into wrong from posted
  group by subscriber_id, transfer_id, currency having sum(minor) <> 0 limit 1;
  if wrong is not null then
    raise exception 'transfer % does not balance', wrong using errcode = 'integrity_constraint_violation';
  end if;
  if exists (select from posted p where not exists (
    select from ledger_transfer t where t.subscriber_id = p.subscriber_id and t.transfer_id = p.transfer_id)) then
    raise exception 'a posting belongs to no transfer' using errcode = 'foreign_key_violation';
  end if;

  -- Credit. An upsert would check the constraint on the change alone and refuse every withdrawal.
  select count(*) into places from (
    select distinct subscriber_id, line_id, currency from posted
    where account in ('paid-credit', 'promotional-credit')) d;
  if places > 0 then
    insert into purse (subscriber_id, line_id, currency)
    select distinct subscriber_id, line_id, currency from posted d
    where account in ('paid-credit', 'promotional-credit') and not exists (
      select from purse p
      where p.subscriber_id = d.subscriber_id and p.line_id = d.line_id and p.currency = d.currency)
    order by 1, 2, 3 on conflict do nothing;
    update purse p set paid_minor = p.paid_minor + d.paid, promotional_minor = p.promotional_minor + d.promotional,
      exhausted_at = case when d.paid + d.promotional > 0 then null else p.exhausted_at end, version = p.version + 1
    from (
      select subscriber_id, line_id, currency,
        coalesce(sum(minor) filter (where account = 'paid-credit'), 0) as paid,
        coalesce(sum(minor) filter (where account = 'promotional-credit'), 0) as promotional
      from posted where account in ('paid-credit', 'promotional-credit')
      group by 1, 2, 3 order by 1, 2, 3) d
    where p.subscriber_id = d.subscriber_id and p.line_id = d.line_id and p.currency = d.currency;
    get diagnostics moved = row_count;
    if moved <> places then raise exception 'a posting moved no credit'; end if;
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
create trigger ledger_take_postings after insert on ledger_posting
  referencing new table as posted for each statement execute function ledger_take_postings();

-- Usage -----------------------------------------------------------------------------------------------------------
-- The transfer that paid for a record; several records of a line may share one.
alter table usage_record add column transfer_id text;
create function usage_takes_records() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  if exists (select from written w where not exists (
    select from line l where l.subscriber_id = w.subscriber_id and l.line_id = w.line_id)) then
    raise exception 'a usage record belongs to no line' using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create trigger usage_takes_records after insert on usage_record
  referencing new table as written for each statement execute function usage_takes_records();

-- A file of usage and how far it has been taken in; written in the transaction of each batch.
create table usage_import (
  import_id text primary key,
  file_name text not null,
  file_bytes bigint not null,
  state text not null default 'running' check (state in ('running', 'done')),
  done_bytes bigint not null default 0,
  done_lines bigint not null default 0,
  done_batches int[] not null default '{}',
  charged bigint not null default 0,
  repeated bigint not null default 0,
  rejected bigint not null default 0,
  started_at timestamptz not null,
  updated_at timestamptz not null
);

-- Records that were turned away: counted, shown in the console, taken in again after a fix.
create table usage_reject (
  reject_id text primary key,
  source text not null check (source in ('import', 'webhook', 'online')),
  import_id text references usage_import,
  line_number bigint,
  usage_id text not null default '',
  imsi text not null default '',
  reason text not null,
  original text not null,
  record jsonb,
  state text not null default 'open' check (state in ('open', 'replayed', 'discarded')),
  times int not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  ended_at timestamptz
);
create index usage_reject_newest on usage_reject (state, last_at desc, reject_id desc);
create index usage_reject_file on usage_reject (import_id, line_number) where import_id is not null;
create index usage_reject_line on usage_reject (imsi);
