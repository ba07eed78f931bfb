-- A refund that is still on its way when its promised day has passed: told once, and shown to staff until it ends.
alter table refund
  add column late_at timestamptz,
  -- From when the account that its owner named could be paid.
  add column payout_named_at timestamptz;
create index refund_late on refund (subscriber_id, case_id) where late_at is not null;
