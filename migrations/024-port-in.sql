-- Bringing a number from another operator: announced with its code, on its way, the line's own.
create table port_in (
  subscriber_id text not null,
  port_id text not null,
  line_id text not null,
  msisdn text not null,
  country char(2) not null,
  state text not null check (state in ('asked', 'pending', 'completed', 'failed', 'cancelled')),
  -- The other operator's code, until it has been told.
  sealed_code text,
  cancel_asked boolean not null default false,
  due_at timestamptz,
  reason text,
  created_at timestamptz not null,
  ended_at timestamptz,
  wake_at timestamptz,
  failures int not null default 0,
  version int not null default 0,
  primary key (subscriber_id, port_id),
  foreign key (subscriber_id, line_id) references line,
  check (state = 'asked' or sealed_code is null),
  check (state in ('asked', 'pending') or (ended_at is not null and wake_at is null))
);
create unique index port_in_open on port_in (subscriber_id, line_id) where state in ('asked', 'pending');
create index port_in_line on port_in (subscriber_id, line_id, created_at desc);
create index port_in_wake on port_in (wake_at) where wake_at is not null;

-- A number is announced once at a time; one that came from elsewhere goes back there when it is given up.
alter table phone_number
  add column ported_in boolean not null default false,
  drop constraint phone_number_state_check,
  add constraint phone_number_state_check
    check (state in ('available', 'reserved', 'assigned', 'quarantined', 'ported-out', 'arriving'));
