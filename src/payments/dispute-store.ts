/** Payments that a bank is asked to take back: what is left of them is set aside until the bank has decided. */
import {
  type Hold,
  captureHold,
  holdsOf,
  placedHolds,
  placeHold,
  releaseHold,
} from '../ledger/hold-store.ts'
import { balances, lockBalances, post } from '../ledger/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { decimal, lesser, type Money, money, subtract, zero } from '../values/money.ts'
import type { Dispute, Payments } from './gateway.ts'
import { referenceOf } from './order.ts'
import { findOrder, isReturned } from './order-store.ts'
import {
  noteOpen,
  ofLine,
  ofRefund,
  takeBackReturn,
  takeBackUnclaimed,
} from './taken-back-store.ts'

export const disputeQueue = 'payments.dispute'

type OrderKey = { subscriberId: string; orderId: string }
export type DisputeRow = OrderKey & {
  disputeId: string
  lineId: string | null
  amount: Money
  state: 'open' | 'won' | 'lost'
}

/** A bank decides within months; money that nobody ever hears of again is its owner's. */
const heldFor = { hours: 24 * 540 } as const
const holdKey = (disputeId: string) => `dispute:${disputeId}`
/** Of money that was on its way back when its payment was disputed: each case sets its own aside. */
const refundHolds = (disputeId: string) => `dispute:${disputeId}:refund`
const refundHoldKey = (disputeId: string, caseId: string) => `${refundHolds(disputeId)}:${caseId}`

/** What was set aside for a dispute: of its line, or of the refund of a case. */
export async function disputeHold(
  trx: Trx,
  { subscriberId, caseId }: { subscriberId: string; caseId: string },
  disputeId: string,
  of: 'line' | 'refund',
): Promise<Hold | undefined> {
  if (of === 'line') return (await holdsOf(trx, subscriberId, [holdKey(disputeId)]))[0]
  // Before each case had its own, one case had the shorter key, which comes first.
  const keys = [refundHolds(disputeId), refundHoldKey(disputeId, caseId)]
  return (await holdsOf(trx, subscriberId, keys)).at(-1)
}

export type HeldDispute = DisputeRow & { held: Money; withheld: Money }

/** The disputes of subscribers, oldest first, each with what of it is set aside: on its line, and of refunds of any case. */
export async function disputesOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
): Promise<(subscriberId: string) => readonly HeldDispute[]> {
  const { rows } = await sql<Stored>`
    select d.subscriber_id, d.dispute_id, d.order_id, d.line_id, d.minor, d.currency, d.state,
      h.held, h.withheld
    from payment_dispute d
    cross join lateral (
      select coalesce(sum(h.minor) filter (where ${ofLine}), 0)::int8 as held,
        coalesce(sum(h.minor) filter (where ${ofRefund}), 0)::int8 as withheld
      from ledger_hold h where h.subscriber_id = d.subscriber_id and h.state = 'placed') h
    where d.subscriber_id = any(${[...subscriberIds]})
    order by d.opened_at, d.dispute_id`.execute(db)
  const bySubscriber = Map.groupBy(rows.map(disputeOf), ({ subscriberId }) => subscriberId)
  return (subscriberId) => bySubscriber.get(subscriberId) ?? []
}

/**
 * By how much refunds and banks together gave more back than was paid for an order, as decided and as it may yet be; below
 * zero: something of the payment is left.
 */
export async function excessOf(
  db: Db | Trx,
  { subscriberId, orderId }: OrderKey,
): Promise<{ decided: bigint; possible: bigint; isOpen: boolean }> {
  const { rows } = await sql<{ decided: bigint; possible: bigint; is_open: boolean }>`
    select (o.refunded_minor - o.minor + coalesce(sum(d.minor) filter (where d.state = 'lost'), 0))::int8 as decided,
      (o.refunded_minor - o.minor + coalesce(sum(d.minor) filter (where d.state <> 'won'), 0))::int8 as possible,
      coalesce(bool_or(d.state = 'open'), false) as is_open
    from payment_order o left join payment_dispute d using (subscriber_id, order_id)
    where o.subscriber_id = ${subscriberId} and o.order_id = ${orderId}
    group by o.refunded_minor, o.minor`.execute(db)
  const { decided, possible, is_open } = rows[0]!
  return { decided, possible, isOpen: is_open }
}

type Stored = {
  subscriber_id: string
  dispute_id: string
  order_id: string
  line_id: string | null
  minor: bigint
  currency: string
  state: DisputeRow['state']
  held: bigint
  withheld: bigint
}

function disputeOf(row: Stored): HeldDispute {
  return {
    subscriberId: row.subscriber_id,
    disputeId: row.dispute_id,
    orderId: row.order_id,
    lineId: row.line_id,
    amount: money(row.minor, row.currency),
    state: row.state,
    held: money(row.held, row.currency),
    withheld: money(row.withheld, row.currency),
  }
}

/** Takes in what the provider says of the disputes of one order; false: nothing of it was news. */
export async function applyDisputes(
  trx: Trx,
  app: App,
  key: OrderKey,
  told: readonly Dispute[],
): Promise<boolean> {
  const order = await trx
    .selectFrom('payment_order')
    .select(['line_id', 'currency', 'minor'])
    .where('subscriber_id', '=', key.subscriberId)
    .where('order_id', '=', key.orderId)
    .where('state', '=', 'paid')
    .forUpdate()
    .executeTakeFirst()
  if (!order) return false
  await lockBalances(trx, key.subscriberId)
  let isNews = false
  for (const dispute of told) {
    const known = await lockDispute(trx, key.subscriberId, dispute.disputeId)
    const amount = lesser(dispute.amount, money(order.minor, order.currency))
    const row = { ...key, disputeId: dispute.disputeId, lineId: order.line_id, amount }
    if (!known) {
      await open(trx, app, row)
      isNews = true
    }
    if (dispute.state !== 'open' && (known?.state ?? 'open') === 'open') {
      await end(trx, app, { ...row, state: dispute.state })
      isNews = true
    }
  }
  return isNews
}

async function lockDispute(trx: Trx, subscriberId: string, disputeId: string) {
  return trx
    .selectFrom('payment_dispute')
    .select(['state'])
    .where('subscriber_id', '=', subscriberId)
    .where('dispute_id', '=', disputeId)
    .forUpdate()
    .executeTakeFirst()
}

type Opened = Omit<DisputeRow, 'state'>

async function open(trx: Trx, app: App, row: Opened) {
  const { subscriberId, disputeId, orderId, lineId, amount } = row
  const now = app.clock.now()
  await trx
    .insertInto('payment_dispute')
    .values({
      subscriber_id: subscriberId,
      dispute_id: disputeId,
      order_id: orderId,
      line_id: lineId,
      minor: amount.minor,
      currency: amount.currency,
      opened_at: now,
    })
    .execute()
  await note(trx, app, row, 'dispute.opened', 'the bank was asked to take the payment back')
  if (lineId === null) return
  const credit = (await balances(trx, subscriberId)).find(
    (one) =>
      one.account === 'paid-credit' &&
      one.lineId === lineId &&
      one.amount.currency === amount.currency,
  )
  const part = lesser(amount, credit?.amount ?? zero(amount.currency))
  if (part.minor <= 0n) return
  await setAside(trx, app, row, holdKey(disputeId), { account: 'paid-credit', lineId }, part)
}

type WithheldOf = { subscriberId: string; caseId: string; disputeId: string; amount: Money }

/** Keeps a part of a case's refund that would go to a disputed payment. */
export async function withholdRefund(
  trx: Trx,
  app: App,
  { subscriberId, caseId, disputeId, amount }: WithheldOf,
): Promise<void> {
  const row = { subscriberId, disputeId, orderId: '', lineId: null, amount }
  const from = { account: 'refunds-payable' } as const
  await setAside(trx, app, row, refundHoldKey(disputeId, caseId), from, amount)
}

async function setAside(
  trx: Trx,
  app: App,
  { subscriberId, disputeId }: Opened,
  key: string,
  from: Hold['from'],
  amount: Money,
) {
  const now = app.clock.now()
  const context = { ids: app.ids, now, actor: system, reason: `dispute ${disputeId}` }
  const expiresAt = now.add(heldFor)
  const asked = { subscriberId, key, from, amount, purpose: 'chargeback', expiresAt } as const
  const held = await placeHold(trx, context, asked)
  if (typeof held === 'string') throw new Error(`dispute ${disputeId}: its money is ${held}`)
}

/** Won: what was set aside is its owner's again. Lost: the bank has taken the payment, so it goes to cover that. */
async function end(trx: Trx, app: App, row: DisputeRow) {
  const { subscriberId, disputeId, amount, state } = row
  const now = app.clock.now()
  const context = { ids: app.ids, now, actor: system, reason: `dispute ${disputeId} was ${state}` }
  const holds = (await placedHolds(trx, subscriberId)).filter(
    ({ key }) => key === holdKey(disputeId) || key.startsWith(refundHolds(disputeId)),
  )
  let open = amount
  for (const { holdId, amount: held } of holds) {
    const due = lesser(open, held)
    if (state === 'won' || due.minor === 0n) {
      await releaseHold(trx, context, { subscriberId, holdId })
      continue
    }
    const to = { account: 'payments-clearing' } as const
    await captureHold(trx, context, { subscriberId, holdId, amount: due, to, kind: 'chargeback' })
    open = subtract(open, due)
  }
  await trx
    .updateTable('payment_dispute')
    .set((build) => ({ state, ended_at: now, version: build('version', '+', 1) }))
    .where('subscriber_id', '=', subscriberId)
    .where('dispute_id', '=', disputeId)
    .where('state', '=', 'open')
    .execute()
  if (state === 'lost' && open.minor > 0n) {
    const { decided: excess } = await excessOf(trx, row)
    open = subtract(open, await takeBackUnclaimed(trx, app, { ...row, most: open, excess }))
  }
  if (state === 'lost' && open.minor > 0n) {
    // What was used of it is gone: the bank's decision is not made good from anything else.
    await post(trx, app.ids, {
      subscriberId,
      key: `dispute:${disputeId}:lost`,
      kind: 'chargeback',
      at: now,
      detail: { disputeId },
      postings: [
        { from: { account: 'absorbed-loss' }, to: { account: 'payments-clearing' }, amount: open },
      ],
    })
  }
  await note(trx, app, row, `dispute.${state}`, 'the bank has decided')
}

async function note(trx: Trx, app: App, row: Opened, action: string, reason: string) {
  const { subscriberId, disputeId, amount, orderId } = row
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: system,
    action,
    subject: { kind: 'dispute', id: disputeId },
    reason,
    detail: { amount: decimal(amount), currency: amount.currency, orderId },
  })
}

type Asks = Pick<Payments, 'findDisputes' | 'findCheckout'>

/** Asks the provider about the disputes of an order, by every checkout it had. */
export async function askDisputes(app: App, payments: Asks, key: OrderKey): Promise<void> {
  const order = await findOrder(app.db, key)
  for (let attempt = 1; attempt <= (order?.attempt ?? 0); attempt += 1)
    await checkDisputes(app, payments, key, referenceOf(key.orderId, attempt))
}

/** The same by one checkout; a closure that waits for the bank is woken. */
export async function checkDisputes(
  app: App,
  payments: Asks,
  key: OrderKey,
  reference: string,
): Promise<void> {
  const told = await payments.findDisputes(reference)
  if (told.length === 0) return
  const { subscriberId } = key
  const paid = await payments.findCheckout(reference)
  await app.db.transaction().execute(async (trx) => {
    if (paid?.status === 'succeeded' && (await isReturned(trx, key, paid.paymentId)))
      return takeReturned(trx, app, { subscriberId, paid: reference }, told)
    // A closure that asks by itself would wake itself for ever.
    if (!(await applyDisputes(trx, app, key, told))) return
    const waiting = await trx
      .selectFrom('closure_case')
      .select('case_id')
      .where('subscriber_id', '=', subscriberId)
      .where('state', '=', 'settling')
      .execute()
    // The closure's own queue, by its name: payments know no closure.
    for (const { case_id: caseId } of waiting)
      await app.queue.send(trx, 'closure.advance', caseId, { subscriberId, caseId })
  })
}

/** A payment that nothing was given for: there is no credit to set aside, only what may still be owed of it. */
async function takeReturned(
  trx: Trx,
  app: App,
  one: { subscriberId: string; paid: string },
  told: readonly Dispute[],
): Promise<void> {
  const open = told.filter(({ state }) => state === 'open')
  await noteOpen(
    trx,
    one,
    open.map(({ disputeId }) => disputeId),
  )
  for (const { disputeId, amount, state } of told)
    if (state === 'lost') await takeBackReturn(trx, app, { ...one, disputeId, most: amount })
}
