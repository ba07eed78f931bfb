-- Many lines closed at once by the operator: proposed, approved by two, carried out in cohorts.
create table closure_bulk (
  bulk_id text primary key,
  source text not null,
  -- Of what was asked for: the same file is not proposed twice while it is open.
  fingerprint text not null,
  reason text not null,
  state text not null check (state in ('proposed', 'running', 'paused', 'done', 'cancelled')),
  ends_at timestamptz not null,
  cohort_size int not null check (cohort_size between 1 and 5000),
  lanes int not null check (lanes between 1 and 16),
  -- Calls a second, shared by the cohorts under way; null: as fast as the partner answers.
  network_rate int check (network_rate > 0),
  payments_rate int check (payments_rate > 0),
  proposed_by text not null,
  proposed_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  -- When its cohorts are taken up next.
  wake_at timestamptz,
  -- What the dry run said, which is what the two approve.
  totals jsonb not null,
  version int not null default 0
);
create unique index closure_bulk_one_open on closure_bulk (fingerprint) where state not in ('done', 'cancelled');
create index closure_bulk_wake on closure_bulk (wake_at) where wake_at is not null;
create index closure_bulk_proposed on closure_bulk (proposed_at desc, bulk_id);

create table closure_bulk_approval (
  bulk_id text not null references closure_bulk,
  staff_id text not null references staff_member,
  approved_at timestamptz not null,
  primary key (bulk_id, staff_id)
);

alter table closure_case add column bulk_id text references closure_bulk;

create table closure_bulk_line (
  subscriber_id text not null references subscriber,
  bulk_id text not null references closure_bulk,
  line_id text not null,
  -- The row of the file, from 1 after the header.
  place int not null,
  cohort int not null,
  case_id text,
  -- Why the line was not closed: it takes no part any more.
  refusal text,
  primary key (subscriber_id, bulk_id, line_id),
  foreign key (subscriber_id, line_id) references line,
  check (case_id is null or refusal is null)
);
create index closure_bulk_line_cohort on closure_bulk_line (bulk_id, cohort, place);
create index closure_bulk_line_place on closure_bulk_line (bulk_id, place);

-- Rows that name no line of ours, or one twice.
create table closure_bulk_reject (
  bulk_id text not null references closure_bulk,
  place int not null,
  row text not null,
  reason text not null,
  primary key (bulk_id, place)
);
