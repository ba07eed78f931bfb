-- Joining: timers of lines, what a device last reported, and how far a bucket's owner was told.
alter table line
  add column due_at timestamptz,
  add column data_exhausted_at timestamptz,
  add column state_before_closing text check (state_before_closing in ('ordered', 'active', 'suspended'));
create index line_due on line (due_at) where due_at is not null;

alter table bucket add column noticed int not null default 0 check (noticed in (0, 80, 100));

alter table profile add column last_seq int not null default 0;

alter table payment_order
  add column nickname text,
  add column expires_at timestamptz;
