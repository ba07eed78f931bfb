-- Taking a number to another operator: a code given to its owner, the other operator's request with it, the end.
create table port_out (
  subscriber_id text not null,
  port_id text not null,
  line_id text not null,
  msisdn text not null,
  state text not null check (state in ('issued', 'pending', 'completed', 'failed', 'expired', 'cancelled')),
  code_hash text not null,
  tries_left int not null check (tries_left >= 0),
  code_expires_at timestamptz not null,
  reference text,
  recipient text,
  due_at timestamptz,
  reason text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  ended_at timestamptz,
  -- When the sweep looks at it: the code runs out, or the other operator stays silent.
  wake_at timestamptz,
  version int not null default 0,
  primary key (subscriber_id, port_id),
  foreign key (subscriber_id, line_id) references line,
  check (state in ('issued', 'pending') or ended_at is not null),
  check (state <> 'pending' or (reference is not null and recipient is not null and due_at is not null))
);
create unique index port_out_open on port_out (subscriber_id, line_id) where state in ('issued', 'pending');
create index port_out_line on port_out (subscriber_id, line_id, created_at desc);
create index port_out_wake on port_out (wake_at) where wake_at is not null;
create index port_out_pending on port_out (due_at) where state = 'pending';

-- The other operator names a port by its own reference.
create table port_index (
  reference text primary key,
  subscriber_id text not null,
  port_id text not null
);

alter table line add column port_locked boolean not null default false;

-- A number that left is not ours to give again; one in quarantine can still leave with whom it was taken from.
alter table phone_number
  add column last_subscriber_id text,
  add column last_line_id text,
  drop constraint phone_number_state_check,
  add constraint phone_number_state_check
    check (state in ('available', 'reserved', 'assigned', 'quarantined', 'ported-out')),
  add check (state = 'quarantined' or (last_subscriber_id is null and last_line_id is null));

alter table one_time_code drop constraint one_time_code_purpose_check,
  add constraint one_time_code_purpose_check
    check (purpose in ('verify-contact', 'confirm-closure', 'port-number'));
