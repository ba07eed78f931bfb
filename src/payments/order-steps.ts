/** Ordering and paying: an order gets its checkout, the provider is asked about it, money that arrived is honoured once. */
import { post } from '../ledger/store.ts'
import { pinCreditOrder } from '../lines/purse-store.ts'
import { createLine, freeNickname, lockLines, ownerOf } from '../lines/store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { operator } from '../platform/operator.ts'
import { offerOf } from '../plans/plans.ts'
import { planKey, planVersions } from '../plans/store.ts'
import { lacksMain } from '../renewals/peer-store.ts'
import { wakeRenewal } from '../renewals/setting-store.ts'
import { beginTerms } from '../renewals/store.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import { Fault } from '../values/fault.ts'
import { inLanguage, knownLocale } from '../values/locale.ts'
import { decimal } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import type { Payments } from './gateway.ts'
import { tokenOf } from './charge-store.ts'
import {
  type Attempt,
  decide,
  type Failure,
  type Order,
  type PaidCheckout,
  referenceOf,
} from './order.ts'
import {
  accountIsClosing,
  change,
  findOrder,
  keepCheckout,
  lockOrder,
  type OrderKey,
  startAttempt,
} from './order-store.ts'
import { sendBack } from './return-steps.ts'
import { say } from './statement-words.ts'

/** Opens the provider's page for the order's current attempt. */
export async function openCheckout(
  app: App,
  payments: Payments,
  order: Order,
  locale: string,
  method?: string,
): Promise<Order | Refusal> {
  const { subscriberId, orderId, attempt, amount } = order
  const reference = referenceOf(orderId, attempt)
  const name = await app.db.transaction().execute((trx) => itemOf(trx, order, locale))
  const asked = {
    key: reference,
    reference,
    amount,
    description: `${operator.name}: ${name.item}`,
    returnUrl: `${app.config.publicUrl}/orders/${orderId}`,
    locale,
    ...(method !== undefined && { method }),
  }
  try {
    const checkout = await twice(() => payments.createCheckout(asked))
    await app.db.transaction().execute((trx) => keepCheckout(trx, order, checkout))
  } catch (error) {
    // A saved card may have been charged: its job asks again, under the same key.
    const isOpen = method !== undefined && error instanceof Fault && error.outcome === 'unknown'
    if (!(error instanceof Fault) || isOpen) throw error
    app.log.warn({ err: error, orderId }, 'no checkout')
    await giveUpAttempt(app, order)
    return refuse('payment-unavailable')
  }
  return (await findOrder(app.db, { subscriberId, orderId })) ?? refuse('not-found')
}

// The key makes asking again safe, and most lost answers are found that way.
async function twice<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Fault && error.outcome === 'unknown') return ask()
    throw error
  }
}

/** Nobody has the address of a checkout that may exist, so nobody can pay it; the next look says if someone did. */
async function giveUpAttempt(app: App, { subscriberId, orderId, attempt }: Order) {
  await app.db.transaction().execute(async (trx) => {
    const order = await lockOrder(trx, { subscriberId, orderId })
    if (order?.state !== 'open' || order.attempt !== attempt) return
    await failed(trx, app, order, 'provider_unavailable')
    await change(trx, order, { due_at: null })
  })
}

/** Asks the provider about every attempt at an order, and does what follows from the answers. */
export async function checkOrder(app: App, payments: Payments, key: OrderKey): Promise<void> {
  const before = await findOrder(app.db, key)
  if (!before) return
  if (before.methodId !== null) await chargeSaved(app, payments, before, before.methodId)
  const numbers = Array.from({ length: before.attempt }, (_, index) => index + 1)
  const attempts: Attempt[] = await Promise.all(
    numbers.map(async (attempt) => ({
      attempt,
      checkout: await payments.findCheckout(referenceOf(key.orderId, attempt)),
    })),
  )
  await app.db.transaction().execute(async (trx) => {
    const order = await lockOrder(trx, key)
    if (order) await apply(trx, app, order, attempts)
  })
}

/** What a saved card pays is charged by the first look at it; a card that was removed meanwhile pays nothing. */
async function chargeSaved(app: App, payments: Payments, order: Order, methodId: string) {
  const { subscriberId, state, checkoutUrl } = order
  if (state !== 'open' || checkoutUrl !== null) return
  const token = await tokenOf(app.db, { subscriberId, methodId })
  if (token === undefined) return giveUpAttempt(app, order)
  const { locale } = await app.db.transaction().execute((trx) => ownerOf(trx, subscriberId))
  await openCheckout(app, payments, order, locale, token)
}

async function apply(trx: Trx, app: App, order: Order, attempts: readonly Attempt[]) {
  const now = app.clock.now()
  const { change: what, surplus, dueAt } = decide(order, attempts, now)
  if (what.kind === 'paid') await honour(trx, app, order, what.attempt, what.checkout)
  else if (what.kind === 'failed') await failed(trx, app, order, what.failure)
  else if (what.kind !== 'none') await change(trx, order, { state: what.kind })
  await change(trx, order, { due_at: dueAt })
  if (surplus.length === 0) return
  for (const { attempt } of surplus)
    await sendBack(trx, app, { ...order, attempt, reason: 'paid twice' })
}

async function failed(trx: Trx, app: App, order: Order, failure: Failure) {
  const { subscriberId, lineId, methodId } = order
  await change(trx, order, { state: 'failed', failure })
  // The renewal that waits for it says to its owner what is missing.
  if (methodId !== null && lineId !== null)
    await wakeRenewal(trx, app.clock.now(), { subscriberId, lineId })
}

/** Money has arrived: gives what was paid for, or sends the money back where that can't be given any more. */
async function honour(trx: Trx, app: App, order: Order, attempt: number, checkout: PaidCheckout) {
  const { amount, orderId, subscriberId } = order
  const { paymentId, instrument } = checkout
  if (checkout.amount.minor !== amount.minor || checkout.amount.currency !== amount.currency) {
    throw new Error(
      `order ${orderId} asked for ${decimal(amount)}, paid was ${decimal(checkout.amount)}`,
    )
  }
  const now = app.clock.now()
  const given = await give(trx, app, order)
  if (isRefusal(given)) {
    await change(trx, order, { state: 'expired', payment_id: paymentId, instrument })
    return sendBack(trx, app, { ...order, attempt, reason: given.refused })
  }
  await change(trx, order, {
    state: 'paid',
    paid_at: now,
    payment_id: paymentId,
    instrument,
    failure: null,
    line_id: given.lineId,
  })
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: system,
    action: 'order.paid',
    subject: { kind: 'order', id: orderId },
    reason: 'the provider reports the payment',
    detail: { amount: decimal(amount), currency: amount.currency, lineId: given.lineId },
  })
  await tell(trx, app, order, checkout, given.lineId)
}

async function give(trx: Trx, app: App, order: Order): Promise<{ lineId: string } | Refusal> {
  const subscriber = await lockSubscriber(trx, order.subscriberId)
  if (subscriber?.state !== 'active') return refuse('account-closed')
  return order.kind === 'plan'
    ? givePlan(trx, app, order, subscriber.locale)
    : giveCredit(trx, app, order)
}

async function givePlan(trx: Trx, app: App, order: Order, locale: string) {
  const { subscriberId, orderId, amount } = order
  if (await accountIsClosing(trx, subscriberId)) return refuse('closure-open')
  const now = app.clock.now()
  const plan = await planOf(trx, order)
  const alone = await lacksMain(trx, subscriberId, plan)
  if (alone) return alone
  const offer = offerOf(plan, order.adjustment ?? undefined)
  if (isRefusal(offer))
    throw new Error(`order ${orderId} was accepted with dials that are not sold`)
  const nickname =
    order.nickname ?? (await freeNickname(trx, subscriberId, inLanguage(plan.name, locale)))
  const { allowance } = offer
  const wanted = { subscriberId, plan, allowance, nickname, orderId }
  const line = await createLine(trx, app, wanted)
  if (isRefusal(line)) return line
  const key = { subscriberId, lineId: line.lineId }
  const { adjustment, percentOff } = order
  await beginTerms(trx, now, key, { plan, adjustment, paid: amount, percentOff })
  await post(trx, app.ids, {
    subscriberId,
    key: `order:${orderId}`,
    kind: 'plan-payment',
    at: now,
    detail: {
      orderId,
      planId: plan.planId,
      ...(percentOff > 0 && { percentOff: String(percentOff) }),
    },
    postings: [
      {
        from: { account: 'payments-clearing' },
        to: { account: 'plan-prepaid', lineId: line.lineId },
        amount,
      },
    ],
  })
  return { lineId: line.lineId as string }
}

async function giveCredit(trx: Trx, app: App, order: Order) {
  const { subscriberId, orderId, amount, lineId } = order
  if (!lineId) throw new Error(`top-up ${orderId} names no line`)
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  // Money for a line that is on its way out goes straight back instead of changing what was agreed.
  if (state === 'closing') return refuse('line-closing')
  if (state === 'closed' || state === undefined) return refuse('line-closed')
  await post(trx, app.ids, {
    subscriberId,
    key: `order:${orderId}`,
    kind: 'top-up',
    at: app.clock.now(),
    detail: { orderId },
    postings: [
      { from: { account: 'payments-clearing' }, to: { account: 'paid-credit', lineId }, amount },
    ],
  })
  await pinCreditOrder(trx, { subscriberId, lineId }, amount)
  await wakeRenewal(trx, app.clock.now(), { subscriberId, lineId })
  return { lineId }
}

/** A new attempt at an order that failed; one that is open already is simply given again. */
export async function retryOrder(
  app: App,
  payments: Payments,
  key: OrderKey,
): Promise<Order | Refusal> {
  if (!(await findOrder(app.db, key))) return refuse('not-found')
  try {
    // The money of the attempt before may have arrived after all.
    await checkOrder(app, payments, key)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return refuse('payment-unavailable')
  }
  const order = await app.db.transaction().execute(async (trx) => {
    const now = app.clock.now()
    const locked = await lockOrder(trx, key)
    if (!locked) return refuse('not-found')
    if (locked.state === 'open') return locked
    const again = locked.state === 'failed' || locked.state === 'expired'
    if (!again || locked.paymentId !== null)
      return refuse('order-not-open', { state: locked.state })
    await startAttempt(trx, now, locked)
    await audit(trx, app.ids, now, {
      subscriberId: key.subscriberId,
      actor: { kind: 'subscriber', id: key.subscriberId },
      action: 'order.retried',
      subject: { kind: 'order', id: key.orderId },
      reason: 'asked by the subscriber',
    })
    return (await lockOrder(trx, key)) ?? refuse('not-found')
  })
  if (isRefusal(order) || order.checkoutUrl) return order
  const { locale } = await app.db.transaction().execute((trx) => ownerOf(trx, key.subscriberId))
  return openCheckout(app, payments, order, locale)
}

async function planOf(trx: Trx, { orderId, planId, planVersion }: Order) {
  if (planId === null || planVersion === null) throw new Error(`order ${orderId} names no plan`)
  const plans = await planVersions(trx, [{ planId, version: planVersion }])
  return plans.get(planKey(planId, planVersion))!
}

/** What was ordered, in a person's language. */
async function itemOf(trx: Trx, order: Order, locale: string) {
  if (order.kind === 'plan') {
    const plan = await planOf(trx, order)
    return { item: inLanguage(plan.name, locale), lineName: '' }
  }
  const line = await trx
    .selectFrom('line')
    .select('nickname')
    .where('subscriber_id', '=', order.subscriberId)
    .where('line_id', '=', order.lineId)
    .executeTakeFirstOrThrow()
  const item = say(knownLocale(locale), 'top-up', { lineName: line.nickname })
  return { item, lineName: line.nickname }
}

async function tell(trx: Trx, app: App, order: Order, checkout: PaidCheckout, lineId: string) {
  const { subscriberId, orderId, amount } = order
  const { recipients, locale } = await ownerOf(trx, subscriberId)
  const { item, lineName } = await itemOf(trx, order, locale)
  const { instrument } = checkout
  const { publicUrl } = app.config
  await notify(trx, app, {
    subscriberId,
    noticeId: `order-paid:${orderId}`,
    recipients,
    template: 'order-paid',
    locale,
    params: {
      item,
      amount: `${decimal(amount)} ${amount.currency}`,
      instrument: instrument ? `${instrument.brand} ${instrument.last4}` : '',
      at: app.clock.now().toString(),
      lineName,
      ...(order.kind === 'plan' ? { installUrl: `${publicUrl}/lines/${lineId}/install` } : {}),
      url: `${publicUrl}/statement`,
    },
  })
}
