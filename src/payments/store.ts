/** Refunds in the database, as closures start and end them, any number at once; the closure itself asks the provider. */
import { sql } from 'kysely'
import { type Db, insertRows, pairs, rowsParameter, type Trx } from '../platform/database.ts'
import { type Money, money } from '../values/money.ts'

type RefundKey = { subscriberId: string; refundId: string }
export type NewRefund = RefundKey & { caseId: string; orderId: string; amount: Money }

/** Sets parts of paid orders aside to go back; the database refuses more than was paid. */
export async function startRefunds(
  trx: Trx,
  now: Temporal.Instant,
  refunds: readonly NewRefund[],
): Promise<void> {
  if (refunds.length === 0) return
  const rows = refunds.map(({ subscriberId, refundId, caseId, orderId, amount }) => ({
    subscriber_id: subscriberId,
    refund_id: refundId,
    case_id: caseId,
    order_id: orderId,
    minor: amount.minor,
    currency: amount.currency,
    state: 'requested',
    requested_at: now,
  }))
  // A case refunds an order once, and no other case of this subscriber settles in the same set.
  const { numAffectedRows } = await sql`
    update payment_order o set refunded_minor = o.refunded_minor + x.minor, version = o.version + 1
    from (select subscriber_id, order_id, currency, sum(minor) as minor
      from jsonb_to_recordset(${rowsParameter(rows)})
        as r(subscriber_id text, order_id text, currency text, minor int8) group by 1, 2, 3) x
    where o.subscriber_id = x.subscriber_id and o.order_id = x.order_id and o.currency = x.currency
      and o.state = 'paid'`.execute(trx)
  const orders = new Set(refunds.map(({ orderId, amount }) => `${orderId} ${amount.currency}`))
  if (Number(numAffectedRows) !== orders.size)
    throw new Error('a refund is of an order that was not paid')
  await insertRows(trx, 'refund', rows)
  await insertRows(
    trx,
    'payment_index',
    refunds.map(({ refundId, subscriberId }) => ({
      reference: refundId,
      subscriber_id: subscriberId,
    })),
  )
}

export type RefundRow = {
  refundId: string
  orderId: string
  caseId: string
  paymentId: string
  amount: Money
  state: 'requested' | 'pending' | 'succeeded' | 'failed' | 'unclaimed'
  requestedAt: Temporal.Instant
}

export async function findRefundRow(
  db: Db | Trx,
  subscriberId: string,
  refundId: string,
): Promise<RefundRow> {
  const found = (await refundRows(db, [{ subscriberId, refundId }])).get(refundId)
  if (!found) throw new Error(`there is no refund ${refundId}`)
  return found
}

/** Refunds by their names. */
export async function refundRows(
  db: Db | Trx,
  keys: readonly RefundKey[],
): Promise<ReadonlyMap<string, RefundRow>> {
  const { rows } = await sql<StoredRefund>`
    select r.refund_id, r.order_id, r.case_id, r.state, r.minor, r.currency, r.requested_at, o.payment_id
    from ${pairs(keys.map(({ subscriberId, refundId }) => [subscriberId, refundId]))} as x(subscriber_id, refund_id)
    join refund r on r.subscriber_id = x.subscriber_id and r.refund_id = x.refund_id
    join payment_order o on o.subscriber_id = r.subscriber_id and o.order_id = r.order_id`.execute(
    db,
  )
  return new Map(rows.map((row) => [row.refund_id, refundOf(row)]))
}

type StoredRefund = {
  refund_id: string
  order_id: string
  case_id: string
  state: RefundRow['state']
  minor: bigint
  currency: string
  requested_at: Temporal.Instant
  payment_id: string | null
}

function refundOf(row: StoredRefund): RefundRow {
  if (row.payment_id === null) throw new Error(`refund ${row.refund_id} is of an order nobody paid`)
  return {
    refundId: row.refund_id,
    orderId: row.order_id,
    caseId: row.case_id,
    paymentId: row.payment_id,
    amount: money(row.minor, row.currency),
    state: row.state,
    requestedAt: row.requested_at,
  }
}

export type EndedRefund = RefundKey & {
  state: 'succeeded' | 'unclaimed'
  failure: string | null
  providerRefundId: string | null
}

/** Where refunds ended. What can't be delivered stays set aside on its order: that card takes nothing back. */
export async function endRefunds(
  trx: Trx,
  now: Temporal.Instant,
  refunds: readonly EndedRefund[],
): Promise<void> {
  const rows = refunds.map(({ subscriberId, refundId, state, failure, providerRefundId }) => ({
    subscriber_id: subscriberId,
    refund_id: refundId,
    state,
    failure,
    provider_refund_id: providerRefundId,
  }))
  await sql`
    update refund r set state = x.state, failure = x.failure, provider_refund_id = x.provider_refund_id,
      ended_at = ${now}, payout_sealed = null, version = r.version + 1
    from jsonb_to_recordset(${rowsParameter(rows)})
      as x(subscriber_id text, refund_id text, state text, failure text, provider_refund_id text)
    where r.subscriber_id = x.subscriber_id and r.refund_id = x.refund_id
      and r.state not in ('succeeded', 'unclaimed')`.execute(trx)
}

/** The closure that waits for a refund, by the refund's own name. */
export async function caseOfRefund(
  db: Db | Trx,
  subscriberId: string,
  refundId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('refund')
    .select('case_id')
    .where('subscriber_id', '=', subscriberId)
    .where('refund_id', '=', refundId)
    .executeTakeFirst()
  return row?.case_id
}
