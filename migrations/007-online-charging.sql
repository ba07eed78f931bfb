-- Online charging: the sessions of a line stand in its purse. What they hold is part of what the line has, so one row,
-- one version and one write keep both true (docs/decisions/012-sessions-in-the-purse.md).

alter table purse
  -- What the sessions hold, have used and answered last; nothing looks inside but the program.
  add column sessions text not null default '',
  add column open_sessions int not null default 0,
  -- When a sweep looks for sessions that nobody asked about in time. In steps of ten minutes, and left as it is when the
  -- last session ends: most requests then do not change it, and PostgreSQL need not touch the index (HOT).
  add column sessions_due_at timestamptz;
create index purse_sessions_due on purse (sessions_due_at) where sessions_due_at is not null;

-- A batch of requests that moves no credit, in one round trip: purses by their versions, and the records of what was
-- used. Fails with 40001 when one of the lines was changed meanwhile; then nothing is written.
create function purse_commit(
  now timestamptz, subscriber_ids text[], line_ids text[], currencies text[], versions int8[], remaining text[],
  reserved text[], held int8[], started text[], used_until text[], exhausted bool[], sessions text[],
  open_sessions int[], due_us int8[],
  of_subscriber text[], of_line text[], of_currency text[], usage_ids text[], kinds text[], quantities int8[],
  started_us int8[], ended_us int8[], mccs text[], mncs text[], countries text[], outcomes text[], from_bucket int8[],
  absorbed int8[])
returns void language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
  written int;
begin
  update purse p set version = p.version + 1, remaining = c.remaining::int8[], reserved = c.reserved::int8[],
    held_minor = c.held, started = c.started::jsonb, used_until_us = c.used_until::int8[],
    exhausted_at = case when c.exhausted then coalesce(p.exhausted_at, purse_commit.now) end,
    sessions = c.sessions, open_sessions = c.open_sessions,
    sessions_due_at = coalesce(timestamptz 'epoch' + c.due_us * interval '1 microsecond', p.sessions_due_at)
  from unnest(subscriber_ids, line_ids, currencies, versions, purse_commit.remaining, purse_commit.reserved,
    purse_commit.held, purse_commit.started, purse_commit.used_until, purse_commit.exhausted, purse_commit.sessions,
    purse_commit.open_sessions, purse_commit.due_us)
    as c (subscriber_id, line_id, currency, version, remaining, reserved, held, started, used_until, exhausted,
      sessions, open_sessions, due_us)
  where p.subscriber_id = c.subscriber_id and p.line_id = c.line_id and p.currency = c.currency
    and p.version = c.version;
  get diagnostics written = row_count;
  if written <> cardinality(subscriber_ids) then
    raise exception 'a line was changed meanwhile' using errcode = 'serialization_failure';
  end if;
  if cardinality(usage_ids) > 0 then
    insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
      outcome, from_bucket, absorbed_minor, currency, received_at)
    select r.subscriber_id, r.usage_id, r.line_id, r.kind, r.quantity,
      timestamptz 'epoch' + r.started_us * interval '1 microsecond',
      timestamptz 'epoch' + r.ended_us * interval '1 microsecond', r.mcc, r.mnc, r.country, r.outcome, r.from_bucket,
      r.absorbed, r.currency, purse_commit.now
    from unnest(of_subscriber, of_line, of_currency, usage_ids, purse_commit.kinds, quantities, started_us, ended_us,
      mccs, mncs, countries, outcomes, purse_commit.from_bucket, absorbed)
      as r (subscriber_id, line_id, currency, usage_id, kind, quantity, started_us, ended_us, mcc, mnc, country,
        outcome, from_bucket, absorbed);
  end if;
end $$;
