-- Money set aside until a moment: it moved to the account `held`, and each held cent belongs to one hold.

create or replace function ledger_is_own(account text) returns boolean language sql immutable parallel safe as
  $$ select account in ('plan-prepaid', 'refunds-payable', 'owed', 'held', 'late-usage-reserve') $$;
alter table ledger_account drop constraint ledger_account_own;
alter table ledger_account add constraint ledger_account_own
  check (account in ('plan-prepaid', 'refunds-payable', 'owed', 'held', 'late-usage-reserve'));

create table ledger_hold (
  subscriber_id text not null references subscriber,
  hold_id text not null,
  key text not null,
  line_id text not null default '',
  account text not null check (account in ('paid-credit', 'promotional-credit', 'refunds-payable')),
  currency char(3) not null,
  minor bigint not null check (minor > 0),
  purpose text not null,
  state text not null default 'placed' check (state in ('placed', 'captured', 'released', 'expired')),
  captured_minor bigint,
  placed_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > placed_at),
  ended_at timestamptz,
  primary key (subscriber_id, hold_id),
  unique (subscriber_id, key),
  check ((state = 'placed') = (ended_at is null)),
  check ((state = 'captured') = (captured_minor is not null)),
  constraint captured_at_most_held check (captured_minor > 0 and captured_minor <= minor)
);
create index ledger_hold_due on ledger_hold (expires_at) where state = 'placed';
create index ledger_hold_placed on ledger_hold (subscriber_id, line_id, currency) where state = 'placed';

create trigger ledger_hold_kept before delete or truncate on ledger_hold
  for each statement execute function ledger_refuse_change();

create function ledger_guard_hold() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'placed' then
      raise exception 'a hold begins placed' using errcode = 'integrity_constraint_violation';
    end if;
  elsif old.state <> 'placed' or new.state = 'placed' then
    raise exception 'a hold ends once' using errcode = 'integrity_constraint_violation';
  elsif row(new.subscriber_id, new.hold_id, new.key, new.line_id, new.account, new.currency, new.minor, new.purpose,
      new.placed_at, new.expires_at)
    is distinct from row(old.subscriber_id, old.hold_id, old.key, old.line_id, old.account, old.currency, old.minor,
      old.purpose, old.placed_at, old.expires_at) then
    raise exception 'a hold is never changed, only ended' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger ledger_guard_hold before insert or update on ledger_hold
  for each row execute function ledger_guard_hold();

-- At commit, from both sides: no hold without its money, no held money without its hold.
create function ledger_check_holds() returns trigger language plpgsql as $$
declare
  held bigint;
  placed bigint;
begin
  select
    coalesce((select a.minor from ledger_account a where a.subscriber_id = new.subscriber_id and a.line_id = new.line_id
      and a.account = 'held' and a.currency = new.currency), 0),
    coalesce((select sum(h.minor) from ledger_hold h where h.subscriber_id = new.subscriber_id
      and h.line_id = new.line_id and h.currency = new.currency and h.state = 'placed'), 0)
  into held, placed;
  if held <> placed then
    raise exception 'holds of % are for %, held is %', new.subscriber_id, placed, held
      using errcode = 'integrity_constraint_violation', constraint = 'holds_are_covered';
  end if;
  return null;
end $$;
create constraint trigger ledger_hold_covered after insert or update on ledger_hold
  deferrable initially deferred for each row execute function ledger_check_holds();
create constraint trigger ledger_held_is_for_holds after insert or update on ledger_account
  deferrable initially deferred for each row when (new.account = 'held') execute function ledger_check_holds();

-- Sums of whole days, so that what the operator holds is known without reading the journal from its first day.
create index ledger_transfer_posted on ledger_transfer using brin (posted_at) with (pages_per_range = 32);
create table ledger_sealed_day (
  day date primary key,
  transfers bigint not null,
  postings bigint not null,
  sealed_at timestamptz not null
);
create table ledger_day_sum (
  day date not null references ledger_sealed_day,
  account text not null,
  tax_country text not null default '',
  currency char(3) not null,
  minor bigint not null,
  primary key (day, account, tax_country, currency)
);
