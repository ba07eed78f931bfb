-- A line's profile is ordered at an SM-DP+: which order counts, for which phone, with which code, and where phones find it.
alter table profile
  add column order_attempt int not null default 1 check (order_attempt > 0),
  -- The phone the subscriber wants it on.
  add column wanted_eid text check (wanted_eid ~ '^[0-9]{32}$'),
  -- Sealed; the subscriber reads it, the phone's owner types it.
  add column confirmation_code text,
  -- As the SM-DP+ answered; null: the platform's own address.
  add column smdp_address text;
