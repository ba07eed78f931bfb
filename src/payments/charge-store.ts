/** A renewal that its credit falls short of is paid from a saved card, once for each period: an order like any other. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { OrderId } from '../values/ids.ts'
import { decimal, type Money } from '../values/money.ts'
import { payWithinMinutes } from './order.ts'
import { checkQueue, insertOrder, type OrderKey } from './order-store.ts'

/** A card that said nothing by then is not waited for. */
export const chargeWithinMinutes = payWithinMinutes

type Charge = {
  subscriberId: string
  lineId: string
  periodEnd: Temporal.Instant
  amount: Money
}

/** True when the card is asked for this period now; false: there is none, or it was asked before. */
export async function chargeForRenewal(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock' | 'queue'>,
  { subscriberId, lineId, periodEnd, amount }: Charge,
): Promise<boolean> {
  const now = app.clock.now()
  const { rows } = await sql<{ method_id: string }>`
    update payment_mandate set charged_for = ${periodEnd}
    where subscriber_id = ${subscriberId} and line_id = ${lineId} and charged_for is distinct from ${periodEnd}::timestamptz
    returning method_id`.execute(trx)
  const [mandate] = rows
  if (!mandate) return false
  const orderId = app.ids.make<OrderId>('order')
  const { method_id: methodId } = mandate
  await insertOrder(trx, now, { kind: 'top-up', subscriberId, orderId, lineId, amount, methodId })
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: system,
    action: 'order.placed',
    subject: { kind: 'order', id: orderId },
    reason: 'a renewal falls short, and its owner named a card for that',
    detail: { amount: decimal(amount), currency: amount.currency, methodId, lineId },
  })
  await app.queue.send(trx, checkQueue, orderId, { subscriberId, orderId })
  return true
}

/** The provider's name of a card that is saved still. */
export async function tokenOf(
  db: Db,
  { subscriberId, methodId }: Pick<OrderKey, 'subscriberId'> & { methodId: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('payment_method')
    .select('provider_method_id')
    .where('subscriber_id', '=', subscriberId)
    .where('method_id', '=', methodId)
    .where('state', '=', 'saved')
    .executeTakeFirst()
  return row?.provider_method_id ?? undefined
}

/** Whether what a renewal lacks would be charged to a card. */
export async function hasMandate(
  db: Db | Trx,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('payment_mandate')
    .select('method_id')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirst()
  return row !== undefined
}
