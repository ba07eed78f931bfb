-- Somebody who can't sign in asks that a line or an account close. Until it is shown who asks, nothing of a line or an account is
-- touched, and the row is the same whether what was given leads to anybody or not.
create table closure_intake (
  -- The closure it becomes once it is shown who asks has this id and this reference.
  case_id text primary key,
  reference text not null unique,
  state text not null check (state in
    ('received', 'waiting', 'in-review', 'opened', 'refused', 'expired', 'stopped', 'withdrawn')),
  scope text not null check (scope in ('line', 'account')),
  reason text,
  -- Where they say they live: its rules say what may be asked.
  residence text not null,
  locale text not null,
  -- What names the line, how they are reached, what they answered: sealed, and gone with the row.
  sealed text not null,
  -- Keyed hashes, to count by.
  from_hash text not null,
  contact_hash text not null,
  received_at timestamptz not null,
  due_at timestamptz not null,
  wake_at timestamptz,
  code_hash text,
  code_at timestamptz,
  code_tries int not null default 0,
  codes_sent text[] not null default '{}',
  code_wanted boolean not null default false,
  asked text,
  answered_at timestamptz,
  decided_by text,
  refusal text,
  ended_at timestamptz,
  version int not null default 0
);
create index closure_intake_wake on closure_intake (wake_at) where wake_at is not null;
create index closure_intake_queue on closure_intake (state, due_at, case_id);
create index closure_intake_from on closure_intake (from_hash, received_at);
create index closure_intake_contact on closure_intake (contact_hash, received_at);
create index closure_intake_ended on closure_intake (ended_at) where ended_at is not null;

-- Whose it turned out to be about.
create table closure_intake_match (
  subscriber_id text not null references subscriber,
  case_id text not null references closure_intake on delete cascade,
  line_id text,
  -- The way they gave to be reached is one we had verified, and not what is to close: a code may go there.
  contact_id text,
  matched_at timestamptz not null,
  -- The same was being closed already: the request follows that case.
  joined_case_id text,
  primary key (subscriber_id, case_id),
  foreign key (subscriber_id, line_id) references line
);
create unique index closure_intake_match_case on closure_intake_match (case_id);

-- How it was shown who asks, where nobody signed in; null: by signing in.
alter table closure_case add column shown_by text check (shown_by in ('code', 'reviewer'));

-- The last eight digits of a card are what people can read to us.
create index profile_index_ending on profile_index (right(iccid, 8));
