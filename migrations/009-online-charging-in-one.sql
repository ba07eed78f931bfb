-- A batch of online charges in one round trip, credit included: what costs time is the way to the database and back.

-- The tax of what a line pays follows its owner's country, so whoever rated it before must look again.
create function subscriber_raises_purses() returns trigger language plpgsql as $$
begin
  update purse set version = version + 1 where subscriber_id = new.subscriber_id;
  return null;
end $$;
create trigger subscriber_raises_purses after update of country on subscriber
  for each row when (old.country is distinct from new.country) execute function subscriber_raises_purses();

drop function purse_commit;
-- Purses by their versions, records of what was used, and what was paid for it. Fails with 40001 when one of the lines
-- was changed meanwhile; then nothing is written. Texts that are JSON come joined by a control character that JSON has
-- not: in an array each quote would have to be escaped.
create function purse_commit(
  now timestamptz, subscriber_ids text[], line_ids text[], currencies text[], versions int8[], remaining text[],
  reserved text[], held int8[], spent int8[], started text, used_until text[], exhausted bool[], sessions text,
  open_sessions int[], due_us int8[],
  of_subscriber text[], of_line text[], of_currency text[], usage_ids text[], kinds text[], quantities int8[],
  started_us int8[], ended_us int8[], mccs text[], mncs text[], countries text[], outcomes text[], from_bucket int8[],
  charged int8[], absorbed int8[], paid_by text[],
  payers text[], transfer_ids text[], keys text[], details text,
  posted_by text[], posted_in text[], seqs int[], accounts text[], posted_lines text[], posted_currencies text[],
  minors int8[])
returns void language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
  apart constant text := e'\x1e';
  written int;
begin
  update purse p set version = p.version + 1, remaining = c.remaining::int8[], reserved = c.reserved::int8[],
    held_minor = c.held, spent_minor = c.spent, started = c.started::jsonb, used_until_us = c.used_until::int8[],
    exhausted_at = case when c.exhausted then coalesce(p.exhausted_at, purse_commit.now) end,
    sessions = c.sessions, open_sessions = c.open_sessions,
    sessions_due_at = coalesce(timestamptz 'epoch' + c.due_us * interval '1 microsecond', p.sessions_due_at)
  from unnest(subscriber_ids, line_ids, currencies, versions, purse_commit.remaining, purse_commit.reserved,
    purse_commit.held, spent, string_to_array(purse_commit.started, apart), used_until, purse_commit.exhausted,
    string_to_array(purse_commit.sessions, apart), purse_commit.open_sessions, purse_commit.due_us)
    as c (subscriber_id, line_id, currency, version, remaining, reserved, held, spent, started, used_until, exhausted,
      sessions, open_sessions, due_us)
  where p.subscriber_id = c.subscriber_id and p.line_id = c.line_id and p.currency = c.currency
    and p.version = c.version;
  get diagnostics written = row_count;
  if written <> cardinality(subscriber_ids) then
    raise exception 'a line was changed meanwhile' using errcode = 'serialization_failure';
  end if;
  if cardinality(usage_ids) > 0 then
    insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
      outcome, from_bucket, charged_minor, absorbed_minor, currency, received_at, transfer_id)
    select r.subscriber_id, r.usage_id, r.line_id, r.kind, r.quantity,
      timestamptz 'epoch' + r.started_us * interval '1 microsecond',
      timestamptz 'epoch' + r.ended_us * interval '1 microsecond', r.mcc, r.mnc, r.country, r.outcome, r.from_bucket,
      r.charged, r.absorbed, r.currency, purse_commit.now, r.paid_by
    from unnest(of_subscriber, of_line, of_currency, usage_ids, purse_commit.kinds, quantities, purse_commit.started_us,
      ended_us, mccs, mncs, countries, outcomes, purse_commit.from_bucket, charged, absorbed, paid_by)
      as r (subscriber_id, line_id, currency, usage_id, kind, quantity, started_us, ended_us, mcc, mnc, country,
        outcome, from_bucket, charged, absorbed, paid_by);
  end if;
  if cardinality(transfer_ids) > 0 then
    insert into ledger_transfer (subscriber_id, transfer_id, key, kind, detail, posted_at)
    select t.subscriber_id, t.transfer_id, t.key, 'usage', t.detail::jsonb, purse_commit.now
    from unnest(payers, transfer_ids, keys, string_to_array(details, apart))
      as t (subscriber_id, transfer_id, key, detail);
    insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
    select * from unnest(posted_by, posted_in, seqs, accounts, posted_lines, posted_currencies, minors);
  end if;
end $$;
