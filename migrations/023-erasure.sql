-- Erasing is a case of its own, that goes on for years after a closure has ended.

create table erasure (
  subscriber_id text not null,
  case_id text not null,
  -- waiting: something is kept until its day; telling: the day has come, the last message leaves; held: a legal hold.
  state text not null check (state in ('waiting', 'telling', 'held', 'erased')),
  started_at timestamptz not null,
  changed_at timestamptz not null,
  ended_at timestamptz,
  primary key (subscriber_id, case_id),
  foreign key (subscriber_id, case_id) references closure_case,
  check ((state = 'erased') = (ended_at is not null))
);
insert into erasure (subscriber_id, case_id, state, started_at, changed_at)
select subscriber_id, case_id, 'waiting', min(coalesce(erased_at, now())), now() from retention group by 1, 2;

-- A category whose day has come: the subscriber was told; or a hold keeps some of it, until it is released.
alter table retention
  add column told_at timestamptz,
  add column held_at timestamptz;
drop index retention_due;
create index retention_due on retention (keep_until) where erased_at is null and held_at is null and keep_until is not null;

-- One record that a court or an authority wants kept: a ticket, an order, a line, a case, by its id.
create table legal_hold (
  subscriber_id text not null references subscriber,
  hold_id text not null,
  record text not null,
  basis text not null,
  placed_at timestamptz not null,
  placed_by text not null,
  released_at timestamptz,
  released_by text,
  release_reason text,
  primary key (subscriber_id, hold_id),
  check ((released_at is null) = (released_by is null))
);
create unique index legal_hold_once on legal_hold (subscriber_id, record) where released_at is null;

-- What is kept, field by field: signed when the case ended.
create table retention_receipt (
  subscriber_id text not null,
  case_id text not null,
  document jsonb not null,
  jws text not null,
  locale text not null check (locale in ('en', 'zh-CN')),
  signed_at timestamptz not null,
  primary key (subscriber_id, case_id),
  foreign key (subscriber_id, case_id) references closure_case
);

-- Keyed hashes of what was personal, for the report that looks for it afterwards.
create table erasure_trace (
  subscriber_id text not null references subscriber,
  token text not null,
  kind text not null check (kind in ('email', 'phone', 'phrase', 'word')),
  -- How many words the phrase has that this is, or begins.
  words int not null,
  primary key (subscriber_id, token, words)
);
