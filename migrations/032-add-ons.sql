-- Add-ons: more data, calls or texts on a line until a day, paid from its credit and earned when they end.
create table addon_version (
  addon_id text not null,
  version int not null,
  document jsonb not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  primary key (addon_id, version)
);
create function addon_version_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or row(new.addon_id, new.version, new.document, new.valid_from)
    is distinct from row(old.addon_id, old.version, old.document, old.valid_from) then
    raise exception 'an add-on’s version is never changed, only followed by another'
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger addon_version_stays before update or delete on addon_version
  for each row execute function addon_version_stays();

create table line_addon (
  subscriber_id text not null,
  line_id text not null,
  -- Its bucket in the line's purse.
  bucket_id text not null,
  addon_id text not null,
  addon_version int not null,
  kind text not null check (kind in ('data', 'voice', 'sms')),
  quantity bigint not null check (quantity > 0),
  paid_minor bigint not null check (paid_minor > 0),
  currency char(3) not null,
  begins_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > begins_at),
  -- When what was paid for it was earned, or given back with its line.
  ended_at timestamptz,
  due_at timestamptz,
  primary key (subscriber_id, line_id, bucket_id),
  foreign key (subscriber_id, line_id) references line,
  foreign key (addon_id, addon_version) references addon_version (addon_id, version),
  check (ended_at is null or due_at is null)
);
create index line_addon_due on line_addon (due_at) where due_at is not null;
create index line_addon_open on line_addon (subscriber_id, line_id) where ended_at is null;

create or replace function ledger_is_own(account text) returns boolean language sql immutable parallel safe as
  $$ select account in ('plan-prepaid', 'addon-prepaid', 'refunds-payable', 'owed', 'held', 'late-usage-reserve') $$;
alter table ledger_account drop constraint ledger_account_own;
alter table ledger_account add constraint ledger_account_own
  check (account in ('plan-prepaid', 'addon-prepaid', 'refunds-payable', 'owed', 'held', 'late-usage-reserve'));
