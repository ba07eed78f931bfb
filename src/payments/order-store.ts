/** Orders in the database. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { personalJson, personalOrNull } from '../platform/personal.ts'
import type { KeyCategory } from '../platform/vault.ts'
import type { Adjustment } from '../plans/plans.ts'
import { type Money, money } from '../values/money.ts'
import {
  type Failure,
  type Instrument,
  nextLook,
  type Order,
  type OrderState,
  payWithinMinutes,
  referenceOf,
} from './order.ts'

export const checkQueue = 'payments.check'

export type OrderKey = { subscriberId: string; orderId: string }

const columns = [
  'subscriber_id',
  'order_id',
  'kind',
  'line_id',
  'plan_id',
  'plan_version',
  'adjustment',
  'nickname',
  'minor',
  'percent_off',
  'currency',
  'state',
  'attempt',
  'checkout_url',
  'failure',
  'payment_id',
  'instrument',
  'method_id',
  'created_at',
  'paid_at',
  'expires_at',
] as const

const select = (db: Db | Trx, { subscriberId, orderId }: OrderKey) =>
  db
    .selectFrom('payment_order')
    .select(columns)
    .where('subscriber_id', '=', subscriberId)
    .where('order_id', '=', orderId)

type Row = NonNullable<Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirst']>>>

function orderOf(row: Row): Order {
  return {
    subscriberId: row.subscriber_id,
    orderId: row.order_id,
    kind: row.kind as Order['kind'],
    lineId: row.line_id,
    planId: row.plan_id,
    planVersion: row.plan_version,
    adjustment: row.adjustment as Adjustment | null,
    nickname: row.nickname,
    amount: money(row.minor, row.currency),
    percentOff: row.percent_off,
    state: row.state as OrderState,
    attempt: row.attempt,
    checkoutUrl: row.checkout_url,
    failure: row.failure as Failure | null,
    paymentId: row.payment_id,
    instrument: row.instrument as Instrument | null,
    methodId: row.method_id,
    createdAt: row.created_at,
    paidAt: row.paid_at,
    expiresAt: row.expires_at ?? row.created_at.add({ minutes: payWithinMinutes }),
  }
}

export async function findOrder(db: Db | Trx, key: OrderKey): Promise<Order | undefined> {
  const row = await select(db, key).executeTakeFirst()
  return row && orderOf(row)
}

export async function lockOrder(trx: Trx, key: OrderKey): Promise<Order | undefined> {
  const row = await select(trx, key).forUpdate().executeTakeFirst()
  return row && orderOf(row)
}

export type NewOrder = OrderKey & { amount: Money } & (
    | {
        kind: 'plan'
        planId: string
        planVersion: number
        adjustment: Adjustment | null
        nickname: string | null
        percentOff: number
      }
    | { kind: 'top-up'; lineId: string; methodId?: string }
  )

export async function insertOrder(trx: Trx, now: Temporal.Instant, order: NewOrder): Promise<void> {
  const expiresAt = now.add({ minutes: payWithinMinutes })
  const about =
    order.kind === 'top-up'
      ? { line_id: order.lineId, method_id: order.methodId ?? null }
      : {
          plan_id: order.planId,
          plan_version: order.planVersion,
          adjustment: order.adjustment,
          percent_off: order.percentOff,
          nickname: personalOrNull(placeOf(order, 'contacts', 'nickname'), order.nickname),
        }
  await trx
    .insertInto('payment_order')
    .values({
      subscriber_id: order.subscriberId,
      order_id: order.orderId,
      kind: order.kind,
      minor: order.amount.minor,
      currency: order.amount.currency,
      state: 'open',
      created_at: now,
      expires_at: expiresAt,
      due_at: nextLook(expiresAt, now),
      ...about,
    })
    .execute()
  await indexReference(trx, referenceOf(order.orderId, 1), order.subscriberId)
}

/** A new attempt at a failed or expired order. */
export async function startAttempt(trx: Trx, now: Temporal.Instant, order: Order): Promise<void> {
  const attempt = order.attempt + 1
  const expiresAt = now.add({ minutes: payWithinMinutes })
  await change(trx, order, {
    state: 'open',
    attempt,
    checkout_id: null,
    checkout_url: null,
    failure: null,
    expires_at: expiresAt,
    due_at: nextLook(expiresAt, now),
  })
  await indexReference(trx, referenceOf(order.orderId, attempt), order.subscriberId)
}

/** Keeps where an attempt is paid, unless the order has moved on meanwhile. */
export async function keepCheckout(
  trx: Trx,
  { subscriberId, orderId, attempt }: OrderKey & { attempt: number },
  { checkoutId, url }: { checkoutId: string; url: string },
): Promise<void> {
  await trx
    .updateTable('payment_order')
    .set({ checkout_id: checkoutId, checkout_url: url })
    .where('subscriber_id', '=', subscriberId)
    .where('order_id', '=', orderId)
    .where('attempt', '=', attempt)
    .execute()
}

function placeOf({ subscriberId, orderId }: OrderKey, category: KeyCategory, column: string) {
  return { subscriberId, category, field: `payment_order.${column}`, record: orderId }
}

export type OrderChange = {
  state?: OrderState
  attempt?: number
  checkout_id?: string | null
  checkout_url?: string | null
  failure?: Failure | null
  payment_id?: string
  instrument?: Instrument | null
  line_id?: string
  paid_at?: Temporal.Instant
  expires_at?: Temporal.Instant
  due_at?: Temporal.Instant | null
}

export async function change(trx: Trx, key: OrderKey, changed: OrderChange): Promise<void> {
  await trx
    .updateTable('payment_order')
    .set((row) => ({
      ...changed,
      ...(changed.instrument && {
        instrument: personalJson(placeOf(key, 'invoices', 'instrument'), changed.instrument),
      }),
      version: row('version', '+', 1),
    }))
    .where('subscriber_id', '=', key.subscriberId)
    .where('order_id', '=', key.orderId)
    .execute()
}

export async function indexReference(trx: Trx, reference: string, subscriberId: string) {
  await trx
    .insertInto('payment_index')
    .values({ reference, subscriber_id: subscriberId })
    .onConflict((conflict) => conflict.column('reference').doNothing())
    .execute()
}

/** Whose order or refund a reference names. */
export async function ownerOfReference(
  db: Db | Trx,
  reference: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('payment_index')
    .select('subscriber_id')
    .where('reference', '=', reference)
    .executeTakeFirst()
  return row?.subscriber_id
}

/**
 * The orders whose time has come, pushed on so that the next sweep leaves them alone until their check has run. A check
 * that is answered says itself when the next one is; where the provider is silent, an older order is asked about less often.
 */
export async function takeDueOrders(
  trx: Trx,
  now: Temporal.Instant,
  most: number,
): Promise<OrderKey[]> {
  const { rows } = await sql<{ subscriber_id: string; order_id: string }>`
    update payment_order
    set due_at = ${now}::timestamptz
      + least(greatest((${now}::timestamptz - created_at) / 4, interval '30 seconds'), interval '30 minutes')
    where (subscriber_id, order_id) in (
      select subscriber_id, order_id from payment_order where due_at <= ${now}
      order by due_at limit ${most} for update skip locked)
    returning subscriber_id, order_id`.execute(trx)
  return rows.map((row) => ({ subscriberId: row.subscriber_id, orderId: row.order_id }))
}

/** A look that failed for good is made again, also where nobody was to look any more: the provider had something to say. */
export async function askAgain(db: Db, key: OrderKey, at: Temporal.Instant): Promise<void> {
  await sql`
    update payment_order set due_at = coalesce(due_at, ${at}::timestamptz)
    where subscriber_id = ${key.subscriberId} and order_id = ${key.orderId}`.execute(db)
}

/** Whether it is on record that this payment went back. */
export async function isReturned(
  trx: Trx,
  { subscriberId, orderId }: OrderKey,
  paymentId: string,
): Promise<boolean> {
  const entry = await trx
    .selectFrom('audit_entry')
    .select('audit_id')
    .where('subscriber_id', '=', subscriberId)
    .where('subject_id', '=', orderId)
    .where('action', '=', 'payment.returned')
    .where(sql<boolean>`detail ->> 'paymentId' = ${paymentId}`)
    .executeTakeFirst()
  return entry !== undefined
}

/** Whether the whole account is on its way out, so that nothing new begins on it. */
export async function accountIsClosing(db: Db | Trx, subscriberId: string): Promise<boolean> {
  const open = await db
    .selectFrom('closure_case')
    .select('case_id')
    .where('subscriber_id', '=', subscriberId)
    .where('scope', '=', 'account')
    .where('state', 'not in', ['draft', 'withdrawn', 'rejected'])
    .limit(1)
    .executeTakeFirst()
  return open !== undefined
}
