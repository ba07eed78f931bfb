/** Refunds in the database, as a closure starts and ends them; the closure itself asks the provider. */
import type { Db, Trx } from '../platform/database.ts'
import { type Money, money } from '../values/money.ts'
import { indexReference } from './order-store.ts'

type RefundKey = { subscriberId: string; refundId: string }

/** Sets a part of a paid order aside to go back; the database refuses more than was paid. */
export async function startRefund(
  trx: Trx,
  now: Temporal.Instant,
  refund: RefundKey & { caseId: string; orderId: string; amount: Money },
): Promise<void> {
  const { subscriberId, refundId, caseId, orderId, amount } = refund
  await trx
    .updateTable('payment_order')
    .set((row) => ({
      refunded_minor: row('refunded_minor', '+', amount.minor),
      version: row('version', '+', 1),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('order_id', '=', orderId)
    .where('currency', '=', amount.currency)
    .where('state', '=', 'paid')
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('refund')
    .values({
      subscriber_id: subscriberId,
      refund_id: refundId,
      case_id: caseId,
      order_id: orderId,
      minor: amount.minor,
      currency: amount.currency,
      state: 'requested',
      requested_at: now,
    })
    .execute()
  await indexReference(trx, refundId, subscriberId)
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
  const row = await db
    .selectFrom('refund as r')
    .innerJoin('payment_order as o', (join) =>
      join.onRef('o.subscriber_id', '=', 'r.subscriber_id').onRef('o.order_id', '=', 'r.order_id'),
    )
    .select([
      'r.order_id',
      'r.case_id',
      'r.state',
      'r.minor',
      'r.currency',
      'r.requested_at',
      'o.payment_id',
    ])
    .where('r.subscriber_id', '=', subscriberId)
    .where('r.refund_id', '=', refundId)
    .executeTakeFirstOrThrow()
  if (row.payment_id === null) throw new Error(`refund ${refundId} is of an order nobody paid`)
  return {
    refundId,
    orderId: row.order_id,
    caseId: row.case_id,
    paymentId: row.payment_id,
    amount: money(row.minor, row.currency),
    state: row.state as RefundRow['state'],
    requestedAt: row.requested_at,
  }
}

/** Where the refund ended. What can't be delivered stays set aside on its order: that card takes nothing back. */
export async function endRefund(
  trx: Trx,
  now: Temporal.Instant,
  ended: RefundKey & {
    state: 'succeeded' | 'unclaimed'
    failure: string | null
    providerRefundId: string | null
  },
): Promise<void> {
  await trx
    .updateTable('refund')
    .set((row) => ({
      state: ended.state,
      failure: ended.failure,
      provider_refund_id: ended.providerRefundId,
      ended_at: now,
      version: row('version', '+', 1),
    }))
    .where('subscriber_id', '=', ended.subscriberId)
    .where('refund_id', '=', ended.refundId)
    .where('state', 'not in', ['succeeded', 'unclaimed'])
    .execute()
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
