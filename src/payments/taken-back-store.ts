/** What a bank takes back of money that was booked as unclaimed: its owner has that already, and it is owed no more. */
import { type RawBuilder, sql } from 'kysely'
import { post } from '../ledger/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { decimal, lesser, type Money, money, subtract, sum, zero } from '../values/money.ts'

type Row = {
  unclaimed_id: string
  reference: string
  minor: bigint
  taken_minor: bigint
  currency: string
}

/** `most` is what the bank took; `excess`, what it and refunds together gave more back than was paid. */
type Lost = {
  subscriberId: string
  disputeId: string
  orderId: string
  lineId: string | null
  most: Money
  excess: bigint
}

/**
 * Of refunds of the order no more than was given back twice; of credit that nobody may pay out, whatever the bank took. Gives
 * how much it was.
 */
export async function takeBackUnclaimed(trx: Trx, app: App, lost: Lost): Promise<Money> {
  const { orderId, lineId, most, excess } = lost
  const ofOrder = sql`exists (select from refund r where r.subscriber_id = u.subscriber_id
    and r.order_id = ${orderId} and u.transfer_key = r.refund_id || ':ended')`
  const twice = money(excess > 0n ? excess : 0n, most.currency)
  const ofRefunds = await take(trx, app, lost, ofOrder, lesser(most, twice))
  const ofCredit = sql`u.why = 'refund-prohibited' and exists (select from closure_case c
    where c.subscriber_id = u.subscriber_id and c.reference = u.reference and c.closing_lines ? ${lineId ?? ''})`
  const rest = await take(trx, app, lost, ofCredit, subtract(most, ofRefunds))
  return sum([ofRefunds, rest], most.currency)
}

/** Of a payment that nothing could be given for. */
export async function takeBackReturn(
  trx: Trx,
  app: App,
  lost: Pick<Lost, 'subscriberId' | 'disputeId' | 'most'> & { paid: string },
): Promise<Money> {
  return take(trx, app, lost, sql`u.transfer_key = ${`return:${lost.paid}`}`, lost.most)
}

/** All that the provider knows of a payment that went back: which of it the bank has not decided. */
export async function noteOpen(
  trx: Trx,
  { subscriberId, paid }: { subscriberId: string; paid: string },
  disputeIds: readonly string[],
): Promise<void> {
  await trx
    .updateTable('unclaimed_money')
    .set({ open_disputes: [...disputeIds] })
    .where('subscriber_id', '=', subscriberId)
    .where('transfer_key', '=', `return:${paid}`)
    .execute()
}

/** Of a hold `h`: it sets money of the line aside for a dispute `d`, or of the refund of some case. */
export const ofLine = sql<boolean>`h.key = 'dispute:' || d.dispute_id`
export const ofRefund = sql<boolean>`starts_with(h.key, 'dispute:' || d.dispute_id || ':refund')`

// What is set aside for a dispute goes before anything that is unclaimed.
const undecided = sql`(d.state = 'open' and d.minor > (
  select coalesce(sum(h.minor), 0) from ledger_hold h where h.subscriber_id = d.subscriber_id
    and (${ofLine} or ${ofRefund}) and h.state = 'placed'))`

/** Of a row `u`: whether a bank that decides against us would take something of it. The same cases as above. */
export const waitsForBank = sql<boolean>`(u.state = 'held' and (
  cardinality(u.open_disputes) > 0
  or exists (select from refund r
    join payment_order o on o.subscriber_id = r.subscriber_id and o.order_id = r.order_id
    join payment_dispute d on d.subscriber_id = o.subscriber_id and d.order_id = o.order_id
    where r.subscriber_id = u.subscriber_id and u.transfer_key = r.refund_id || ':ended'
    group by o.order_id, o.refunded_minor, o.minor
    having bool_or(${undecided})
      and o.refunded_minor - o.minor + sum(d.minor) filter (where d.state <> 'won') > 0)
  or u.why = 'refund-prohibited' and exists (select from closure_case c
    join payment_dispute d on d.subscriber_id = c.subscriber_id and c.closing_lines ? d.line_id
    where c.subscriber_id = u.subscriber_id and c.reference = u.reference
      and d.currency = u.currency and ${undecided})))`

/** The oldest first. */
async function take(
  trx: Trx,
  app: App,
  { subscriberId, disputeId }: Pick<Lost, 'subscriberId' | 'disputeId'>,
  which: RawBuilder<unknown>,
  most: Money,
): Promise<Money> {
  const { rows } = await sql<Row>`
    select u.unclaimed_id, u.reference, u.minor, u.taken_minor, u.currency from unclaimed_money u
    where u.subscriber_id = ${subscriberId} and u.currency = ${most.currency} and u.state = 'held' and ${which}
    order by u.since, u.unclaimed_id for update of u`.execute(trx)
  let taken = zero(most.currency)
  for (const row of rows) {
    const left = money(row.minor - row.taken_minor, row.currency)
    const amount = lesser(left, subtract(most, taken))
    if (amount.minor === 0n) break
    if (await takeOne(trx, app, { ...row, subscriberId, disputeId }, amount))
      taken = sum([taken, amount], most.currency)
  }
  return taken
}

/** False: it was taken before. */
async function takeOne(
  trx: Trx,
  app: App,
  row: Row & { subscriberId: string; disputeId: string },
  amount: Money,
): Promise<boolean> {
  const { subscriberId, disputeId, reference, unclaimed_id: unclaimedId } = row
  const now = app.clock.now()
  const posted = await post(trx, app.ids, {
    subscriberId,
    key: `${unclaimedId}:taken:${disputeId}`,
    kind: 'unclaimed-ended',
    at: now,
    detail: { reference, how: 'taken-back', disputeId },
    postings: [{ from: { account: 'unclaimed' }, to: { account: 'payments-clearing' }, amount }],
  })
  if (posted === 'posted-before') return false
  const taken = row.taken_minor + amount.minor
  await trx
    .updateTable('unclaimed_money')
    .set({
      taken_minor: taken,
      ...(taken === row.minor && { state: 'taken-back', ended_at: now, proof: disputeId }),
    })
    .where('subscriber_id', '=', subscriberId)
    .where('unclaimed_id', '=', unclaimedId)
    .execute()
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: system,
    action: 'unclaimed.taken-back',
    subject: { kind: 'unclaimed', id: unclaimedId },
    reason: 'the bank has taken the payment back',
    detail: { amount: decimal(amount), currency: amount.currency, disputeId },
  })
  return true
}
