/** What a world has come to, told apart from when and by which way: two ways to the same end have the same books. */
import type { World } from './world.ts'

const sql = `
  select jsonb_build_object(
    'cases', (select jsonb_agg(x order by x) from (
      select scope || ' ' || policy_country || ' ' || state as x from closure_case
      where state <> 'draft') c),
    'refunds', (select jsonb_agg(x order by x) from (
      select state || ' ' || minor || ' ' || currency as x from refund) r),
    'accounts', (select jsonb_object_agg(account, minor) from (
      select account, sum(minor) as minor from ledger_posting group by 1) p),
    'lines', (select jsonb_agg(state order by state) from line),
    'profiles', (select jsonb_agg(state || ' ' || removal order by state, removal) from profile),
    'numbers', (select jsonb_object_agg(state, n) from (
      select state, count(*) as n from phone_number group by 1) n),
    'usage', (select jsonb_agg(outcome || ' ' || quantity order by outcome, quantity)
      from usage_record),
    'messages', (select jsonb_object_agg(template, n) from (
      select template, count(*) as n from notice where state = 'sent'
        and template in ('order-paid', 'line-active', 'closure-received', 'closure-closed',
          'refund-failed', 'erased') group by 1) m)) as books`

export async function booksOf({ eyes, partners }: World): Promise<string> {
  const { rows } = await eyes.query<{ books: object }>(sql)
  const { payments, refunds, refundsFailed, payoutsByReference } = partners.provider.stats()
  const served = partners.register.all().length
  return JSON.stringify({
    ...rows[0]?.books,
    provider: { payments, refunds, refundsFailed, payouts: Object.values(payoutsByReference) },
    served,
  })
}
