-- Every table that belongs to a subscriber has subscriber_id first in its primary key (the distribution column);
-- what must be unique everywhere lives in small index tables that map to the subscriber.

-- people -------------------------------------------------------------------------------------------------
create table subscriber (
  subscriber_id text primary key,
  state text not null default 'active' check (state in ('active', 'closed')),
  name text not null default '',
  country char(2),
  locale text not null default 'en',
  created_at timestamptz not null,
  closed_at timestamptz,
  version int not null default 0
);

create table subscriber_contact (
  subscriber_id text not null references subscriber,
  contact_id text not null,
  kind text not null check (kind in ('email', 'phone')),
  value text not null,
  added_at timestamptz not null,
  verified_at timestamptz,
  removed_at timestamptz,
  primary key (subscriber_id, contact_id)
);
create table contact_index (
  kind text not null,
  value text not null,
  subscriber_id text not null,
  primary key (kind, value)
);

create table one_time_code (
  subscriber_id text not null references subscriber,
  code_id text not null,
  purpose text not null check (purpose in ('verify-contact', 'confirm-closure')),
  subject_id text not null,
  contact_id text not null,
  code_hash text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  tries_left int not null,
  used_at timestamptz,
  primary key (subscriber_id, code_id),
  foreign key (subscriber_id, contact_id) references subscriber_contact
);
create index one_time_code_subject on one_time_code (subscriber_id, purpose, subject_id, created_at desc);

-- what is sold ------------------------------------------------------------------------------------------
create table plan_version (
  plan_id text not null,
  version int not null,
  document jsonb not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  primary key (plan_id, version)
);
create table plan_zone (
  zone_id text primary key,
  document jsonb not null
);
create table policy_version (
  country text not null,
  version int not null,
  document jsonb not null,
  published_at timestamptz not null,
  primary key (country, version)
);

-- lines, numbers, profiles ----------------------------------------------------------------------------
create table line (
  subscriber_id text not null references subscriber,
  line_id text not null,
  nickname text not null default '',
  state text not null check (state in ('ordered', 'active', 'suspended', 'closing', 'closed')),
  suspended_by text check (suspended_by in ('subscriber', 'operator', 'fraud')),
  plan_id text not null,
  plan_version int not null,
  currency char(3) not null,
  imsi text not null,
  iccid text not null,
  msisdn text,
  ordered_at timestamptz not null,
  activated_at timestamptz,
  period_start timestamptz,
  period_end timestamptz,
  auto_renew boolean not null default false,
  closed_at timestamptz,
  close_cause text,
  version int not null default 0,
  primary key (subscriber_id, line_id),
  foreign key (plan_id, plan_version) references plan_version
);
create table line_index (
  imsi text primary key,
  line_id text not null unique,
  subscriber_id text not null
);
create table bucket (
  subscriber_id text not null,
  line_id text not null,
  bucket_id text not null,
  kind text not null check (kind in ('data', 'voice', 'sms')),
  granted bigint not null check (granted >= 0),
  remaining bigint not null check (remaining >= 0 and remaining <= granted),
  expires_at timestamptz,
  primary key (subscriber_id, line_id, bucket_id),
  foreign key (subscriber_id, line_id) references line
);
create table phone_number (
  msisdn text primary key,
  country char(2) not null,
  state text not null default 'available' check (state in ('available', 'assigned', 'quarantined')),
  subscriber_id text,
  line_id text,
  quarantined_until timestamptz,
  version int not null default 0,
  check ((state = 'assigned') = (line_id is not null))
);
create index phone_number_available on phone_number (country, msisdn) where state = 'available';
create index phone_number_quarantined on phone_number (quarantined_until) where state = 'quarantined';

create sequence imsi_seq;
create table profile (
  subscriber_id text not null,
  iccid text not null,
  line_id text not null,
  imsi text not null,
  matching_id text not null,
  eid text,
  state text not null check (state in
    ('available', 'allocated', 'linked', 'confirmed', 'released', 'downloaded', 'installed', 'error', 'unavailable')),
  device_state text check (device_state in ('enabled', 'disabled', 'deleted')),
  removal text not null default 'unconfirmed' check (removal in ('confirmed', 'unconfirmed', 'never-downloaded')),
  released_at timestamptz,
  downloaded_at timestamptz,
  installed_at timestamptz,
  version int not null default 0,
  primary key (subscriber_id, iccid),
  foreign key (subscriber_id, line_id) references line
);
create table profile_index (
  matching_id text primary key,
  iccid text not null unique,
  subscriber_id text not null
);

-- usage ---------------------------------------------------------------------------------------------------
create table usage_record (
  subscriber_id text not null,
  usage_id text not null,
  line_id text not null,
  kind text not null check (kind in ('data', 'voice', 'sms')),
  quantity bigint not null check (quantity > 0),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  mcc text not null,
  mnc text not null,
  country char(2) not null,
  outcome text not null check (outcome in ('charged', 'absorbed')),
  from_bucket bigint not null default 0,
  charged_minor bigint not null default 0,
  absorbed_minor bigint not null default 0,
  currency char(3) not null,
  received_at timestamptz not null,
  primary key (subscriber_id, usage_id),
  foreign key (subscriber_id, line_id) references line
);
create index usage_record_line on usage_record (subscriber_id, line_id, started_at desc, usage_id desc);

-- money ---------------------------------------------------------------------------------------------------
create table ledger_transfer (
  subscriber_id text not null references subscriber,
  transfer_id text not null,
  key text not null,
  kind text not null,
  detail jsonb not null default '{}',
  posted_at timestamptz not null,
  primary key (subscriber_id, transfer_id),
  unique (subscriber_id, key)
);
create index ledger_transfer_statement on ledger_transfer (subscriber_id, posted_at desc, transfer_id desc);

create table ledger_posting (
  subscriber_id text not null,
  transfer_id text not null,
  seq int not null,
  account text not null,
  line_id text not null default '',
  currency char(3) not null,
  minor bigint not null check (minor <> 0),
  primary key (subscriber_id, transfer_id, seq),
  foreign key (subscriber_id, transfer_id) references ledger_transfer
);
create index ledger_posting_account on ledger_posting (subscriber_id, account, line_id);

-- The subscriber's own accounts. The operator's accounts have no row here: they are the sum of their postings.
create table ledger_balance (
  subscriber_id text not null references subscriber,
  line_id text not null default '',
  account text not null check (account in ('paid-credit', 'promotional-credit', 'plan-prepaid', 'refunds-payable', 'owed')),
  currency char(3) not null,
  minor bigint not null,
  primary key (subscriber_id, line_id, account, currency),
  constraint no_overdraft check (case when account = 'owed' then minor <= 0 else minor >= 0 end)
);

create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'ledger rows are never changed or deleted' using errcode = 'integrity_constraint_violation';
end $$;
create trigger ledger_posting_immutable before update or delete or truncate on ledger_posting
  for each statement execute function ledger_refuse_change();
create trigger ledger_transfer_immutable before update or delete or truncate on ledger_transfer
  for each statement execute function ledger_refuse_change();

create function ledger_check_transfer() returns trigger language plpgsql as $$
begin
  if exists (
    select from ledger_posting p
    where p.subscriber_id = new.subscriber_id and p.transfer_id = new.transfer_id
    group by p.currency having sum(p.minor) <> 0
  ) or not exists (
    select from ledger_posting p where p.subscriber_id = new.subscriber_id and p.transfer_id = new.transfer_id
  ) then
    raise exception 'transfer % does not balance', new.transfer_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_transfer_balanced after insert on ledger_transfer
  deferrable initially deferred for each row execute function ledger_check_transfer();
create constraint trigger ledger_posting_balanced after insert on ledger_posting
  deferrable initially deferred for each row execute function ledger_check_transfer();

create function ledger_apply_postings() returns trigger language plpgsql as $$
begin
  -- Two statements: an upsert would check the constraint on the change alone and refuse every withdrawal.
  insert into ledger_balance (subscriber_id, line_id, account, currency, minor)
  select distinct subscriber_id, line_id, account, currency, 0 from posted
  where account in ('paid-credit', 'promotional-credit', 'plan-prepaid', 'refunds-payable', 'owed')
  order by 1, 2, 3, 4
  on conflict do nothing;
  update ledger_balance b set minor = b.minor + d.minor
  from (
    select subscriber_id, line_id, account, currency, sum(minor) as minor from posted group by 1, 2, 3, 4
  ) d
  where b.subscriber_id = d.subscriber_id and b.line_id = d.line_id and b.account = d.account and b.currency = d.currency;
  return null;
end $$;
create trigger ledger_posting_apply after insert on ledger_posting
  referencing new table as posted for each statement execute function ledger_apply_postings();

create table payment_order (
  subscriber_id text not null references subscriber,
  order_id text not null,
  kind text not null check (kind in ('plan', 'top-up')),
  line_id text,
  plan_id text,
  plan_version int,
  adjustment jsonb,
  minor bigint not null check (minor > 0),
  currency char(3) not null,
  state text not null check (state in ('open', 'processing', 'paid', 'failed', 'expired')),
  attempt int not null default 1,
  checkout_id text,
  checkout_url text,
  failure text,
  payment_id text,
  instrument jsonb,
  refunded_minor bigint not null default 0 check (refunded_minor >= 0 and refunded_minor <= minor),
  created_at timestamptz not null,
  paid_at timestamptz,
  due_at timestamptz,
  version int not null default 0,
  primary key (subscriber_id, order_id)
);
create index payment_order_due on payment_order (due_at) where due_at is not null;

create table refund (
  subscriber_id text not null references subscriber,
  refund_id text not null,
  case_id text not null,
  order_id text not null,
  minor bigint not null check (minor > 0),
  currency char(3) not null,
  state text not null check (state in ('requested', 'pending', 'succeeded', 'failed', 'unclaimed')),
  provider_refund_id text,
  failure text,
  requested_at timestamptz not null,
  ended_at timestamptz,
  version int not null default 0,
  primary key (subscriber_id, refund_id),
  foreign key (subscriber_id, order_id) references payment_order
);
create index refund_case on refund (subscriber_id, case_id);
create table payment_index (
  reference text primary key,
  subscriber_id text not null
);

-- closure ---------------------------------------------------------------------------------------------------
create table closure_case (
  subscriber_id text not null references subscriber,
  case_id text not null,
  reference text not null,
  scope text not null check (scope in ('line', 'account')),
  line_id text,
  state text not null check (state in ('draft', 'submitted', 'verifying', 'cooling_off', 'in_review', 'approved',
    'scheduled', 'executing', 'settling', 'closed', 'needs_customer', 'on_hold', 'withdrawn', 'rejected',
    'needs_attention', 'frozen')),
  policy_country text not null,
  policy_version int not null,
  choices jsonb not null default '{}',
  closing_lines jsonb,
  quote jsonb,
  quote_hash text,
  risk text not null default 'low' check (risk in ('low', 'medium', 'high')),
  reason text,
  reason_text text,
  created_at timestamptz not null,
  submitted_at timestamptz,
  due_at timestamptz,
  wake_at timestamptz,
  ends_at timestamptz,
  service_ended_at timestamptz,
  closed_at timestamptz,
  attention jsonb,
  decision jsonb,
  claimed_by text,
  claimed_until timestamptz,
  failures int not null default 0,
  version int not null default 0,
  primary key (subscriber_id, case_id),
  check ((scope = 'line') = (line_id is not null)),
  foreign key (subscriber_id, line_id) references line,
  foreign key (policy_country, policy_version) references policy_version (country, version)
);
create unique index closure_case_one_open_line on closure_case (subscriber_id, line_id)
  where scope = 'line' and state not in ('closed', 'withdrawn', 'rejected');
create unique index closure_case_one_open_account on closure_case (subscriber_id)
  where scope = 'account' and state not in ('closed', 'withdrawn', 'rejected');
create index closure_case_wake on closure_case (wake_at) where wake_at is not null;
create index closure_case_queue on closure_case (state, due_at, case_id);
create table closure_index (
  case_id text primary key,
  reference text not null unique,
  subscriber_id text not null
);
create table closure_step (
  subscriber_id text not null,
  case_id text not null,
  step text not null,
  done_at timestamptz not null,
  outcome jsonb not null default '{}',
  primary key (subscriber_id, case_id, step),
  foreign key (subscriber_id, case_id) references closure_case
);
create table closure_event (
  subscriber_id text not null,
  case_id text not null,
  seq int not null,
  at timestamptz not null,
  kind text not null,
  actor_kind text not null check (actor_kind in ('subscriber', 'staff', 'system')),
  actor_id text not null,
  detail jsonb not null default '{}',
  previous_hash text not null,
  hash text not null,
  primary key (subscriber_id, case_id, seq),
  foreign key (subscriber_id, case_id) references closure_case
);
create trigger closure_event_immutable before update or delete or truncate on closure_event
  for each statement execute function ledger_refuse_change();
create table closure_certificate (
  subscriber_id text not null,
  case_id text not null,
  document jsonb not null,
  jws text not null,
  pdf bytea not null,
  signed_at timestamptz not null,
  primary key (subscriber_id, case_id),
  foreign key (subscriber_id, case_id) references closure_case
);
create table retention (
  subscriber_id text not null,
  case_id text not null,
  category text not null,
  basis text not null,
  keep_until timestamptz,
  erased_at timestamptz,
  primary key (subscriber_id, case_id, category),
  foreign key (subscriber_id, case_id) references closure_case
);
create index retention_due on retention (keep_until) where erased_at is null and keep_until is not null;

-- conversations and notices --------------------------------------------------------------------------------
create table ticket (
  subscriber_id text not null references subscriber,
  ticket_id text not null,
  subject text not null,
  state text not null default 'open' check (state in ('open', 'answered', 'solved')),
  context jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (subscriber_id, ticket_id)
);
create index ticket_queue on ticket (state, updated_at, ticket_id);
create table ticket_message (
  subscriber_id text not null,
  ticket_id text not null,
  message_id text not null,
  author_kind text not null check (author_kind in ('subscriber', 'staff')),
  author_id text not null,
  body text not null,
  at timestamptz not null,
  primary key (subscriber_id, ticket_id, message_id),
  foreign key (subscriber_id, ticket_id) references ticket
);
create table ticket_index (
  ticket_id text primary key,
  subscriber_id text not null
);

create table notice (
  subscriber_id text not null,
  notice_id text not null,
  channel text not null check (channel in ('email', 'sms')),
  recipient text not null,
  template text not null,
  locale text not null,
  params jsonb not null default '{}',
  case_id text,
  state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
  failure text,
  created_at timestamptz not null,
  sent_at timestamptz,
  primary key (subscriber_id, notice_id)
);

-- platform ------------------------------------------------------------------------------------------------
create table audit_entry (
  subscriber_id text not null,
  audit_id text not null,
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('subscriber', 'staff', 'system')),
  actor_id text not null,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  reason text not null,
  detail jsonb not null default '{}',
  primary key (subscriber_id, audit_id)
);
create index audit_entry_at on audit_entry (at desc, audit_id desc);
create trigger audit_entry_immutable before update or delete or truncate on audit_entry
  for each statement execute function ledger_refuse_change();

create table idempotency_key (
  owner_id text not null,
  key text not null,
  request_hash text not null,
  status int,
  response jsonb,
  created_at timestamptz not null,
  primary key (owner_id, key)
);
