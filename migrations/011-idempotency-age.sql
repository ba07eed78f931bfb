-- Stored answers are forgotten after a day; the sweep finds the old ones by their age.
create index idempotency_key_age on idempotency_key (created_at);
