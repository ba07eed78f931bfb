-- Looking for what is left of a closed account: asked for by staff, done in slices by the worker, its last result kept.
create table erasure_scan (
  subscriber_id text not null references subscriber,
  scan_id text not null,
  asked_by text not null,
  asked_at timestamptz not null,
  state text not null check (state in ('running', 'done', 'failed')),
  -- Where it goes on: a table with the last place read in it, or a log file; null at the beginning and at the end.
  next jsonb,
  rows_expected bigint not null,
  rows_read bigint not null default 0,
  tables_read int not null default 0,
  log_files int not null default 0,
  log_lines bigint not null default 0,
  sought int not null,
  -- Table, row and kind of each find; never what was found.
  leftovers jsonb not null default '[]',
  ended_at timestamptz,
  primary key (subscriber_id, scan_id),
  check ((state = 'running') = (ended_at is null))
);
create unique index erasure_scan_one on erasure_scan (subscriber_id) where state = 'running';
create index erasure_scan_asked on erasure_scan (subscriber_id, asked_at desc);
create index erasure_changed on erasure (changed_at desc, case_id desc);
create index erasure_state_changed on erasure (state, changed_at desc, case_id desc);
