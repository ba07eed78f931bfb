-- A balance that goes down: PostgreSQL checks the row proposed for insertion before it looks for a conflict, so a
-- negative change was taken for an overdraft. The row is made first, then locked in a fixed order, then changed.
create or replace function ledger_apply_postings() returns trigger language plpgsql as $$
begin
  insert into ledger_balance (subscriber_id, line_id, account, currency, minor)
  select distinct subscriber_id, line_id, account, currency, 0 from posted
  where account in ('paid-credit', 'promotional-credit', 'plan-prepaid', 'refunds-payable', 'owed')
  order by 1, 2, 3, 4
  on conflict (subscriber_id, line_id, account, currency) do nothing;

  perform from ledger_balance b
  where (b.subscriber_id, b.line_id, b.account, b.currency) in (
    select subscriber_id, line_id, account, currency from posted)
  order by b.subscriber_id, b.line_id, b.account, b.currency for update;

  update ledger_balance b set minor = b.minor + p.minor
  from (
    select subscriber_id, line_id, account, currency, sum(minor)::int8 as minor from posted
    group by 1, 2, 3, 4) p
  where (b.subscriber_id, b.line_id, b.account, b.currency)
    = (p.subscriber_id, p.line_id, p.account, p.currency);
  return null;
end $$;
