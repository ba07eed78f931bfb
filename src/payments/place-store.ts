/** Placing an order: what is refused before anybody pays, and the row that everything later hangs on. */
import { reserveNumber } from '../lines/number-store.ts'
import { lockLines } from '../lines/store.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Plan } from '../plans/plan.ts'
import { type Adjustment, discounted, offerOf } from '../plans/plans.ts'
import { planOnSale } from '../plans/store.ts'
import { percentOffAt } from '../renewals/renewals.ts'
import { lacksMain, othersOf } from '../renewals/peer-store.ts'
import { lockSubscriber, subscriberById } from '../subscribers/store.ts'
import { isComplete } from '../subscribers/subscriber.ts'
import type { OrderId } from '../values/ids.ts'
import {
  decimal,
  fromWire,
  isCurrency,
  type Money,
  type MoneyWire,
  money,
} from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import type { Order } from './order.ts'
import { accountIsClosing, findOrder, insertOrder, type NewOrder } from './order-store.ts'

export type Placed = { order: Order; locale: string }

export type PlanOrder = {
  subscriberId: string
  planId: string
  adjustment: Adjustment | undefined
  nickname: string | undefined
}

export async function placePlanOrder(app: App, asked: PlanOrder): Promise<Placed | Refusal> {
  const { subscriberId, planId, adjustment, nickname } = asked
  return app.db.transaction().execute(async (trx) => {
    const buyer = await mayBuy(trx, subscriberId)
    if (isRefusal(buyer)) return buyer
    const offer = await priceFor(trx, app.clock.now(), asked)
    if (isRefusal(offer)) return offer
    const { plan } = offer
    const orderId = app.ids.make<OrderId>('order')
    if (plan.numberCountry) {
      // Orders at once would each find the others' reservations not made yet.
      await lockSubscriber(trx, subscriberId)
      const wanted = { country: plan.numberCountry, subscriberId, orderId }
      const isKept = await reserveNumber(trx, app.clock.now(), wanted)
      if (!isKept) return refuse('numbers-exhausted')
    }
    return place(trx, app, buyer.locale, {
      kind: 'plan',
      subscriberId,
      orderId,
      planId,
      planVersion: plan.version,
      adjustment: adjustment ?? null,
      nickname: nickname ?? null,
      amount: offer.price,
      percentOff: offer.percentOff,
    })
  })
}

export type PlanPrice = { plan: Plan; price: Money; percentOff: number }

/** What a plan costs somebody now, with the lines they have: the figure shown is the figure ordered. */
export async function priceFor(
  db: Db | Trx,
  now: Temporal.Instant,
  { subscriberId, planId, adjustment }: Pick<PlanOrder, 'subscriberId' | 'planId' | 'adjustment'>,
): Promise<PlanPrice | Refusal> {
  const plan = await planOnSale(db, now, planId)
  if (!plan) return refuse('plan-not-sold')
  const offer = offerOf(plan, adjustment)
  if (isRefusal(offer)) return offer
  const alone = await lacksMain(db, subscriberId, plan)
  if (alone) return alone
  const percentOff = percentOffAt(plan, await othersOf(db, subscriberId), now)
  return { plan, price: discounted(offer.price, percentOff), percentOff }
}

/** In major units of the line's currency. */
const topUpMin = '5'
const topUpMax = '200'

export async function placeTopUp(
  app: App,
  {
    subscriberId,
    lineId,
    amount: wire,
  }: { subscriberId: string; lineId: string; amount: MoneyWire },
): Promise<Placed | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
    if (state === undefined) return refuse('not-found')
    if (state === 'closed') return refuse('line-closed')
    if (state === 'closing') return refuse('line-closing')
    const buyer = await mayBuy(trx, subscriberId)
    if (isRefusal(buyer)) return buyer
    const { currency } = await trx
      .selectFrom('line')
      .select('currency')
      .where('subscriber_id', '=', subscriberId)
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
    const amount = topUpAmount(wire, currency)
    if (isRefusal(amount)) return amount
    return place(trx, app, buyer.locale, {
      kind: 'top-up',
      subscriberId,
      orderId: app.ids.make<OrderId>('order'),
      lineId,
      amount,
    })
  })
}

function topUpAmount(wire: MoneyWire, currency: string): Money | Refusal {
  if (!isCurrency(wire.currency)) return refuse('unknown-currency', { currency: wire.currency })
  if (wire.currency !== currency) return refuse('wrong-currency', { currency })
  const [min, max] = [topUpMin, topUpMax].map((amount) => fromWire({ amount, currency }))
  const amount = fromWire(wire)
  if (amount && min && max && amount.minor >= min.minor && amount.minor <= max.minor) return amount
  const shown = (limit: Money | undefined) => decimal(limit ?? money(0n, currency))
  return refuse('amount-out-of-range', { min: shown(min), max: `${shown(max)} ${currency}` })
}

async function mayBuy(trx: Trx, subscriberId: string): Promise<{ locale: string } | Refusal> {
  const subscriber = await subscriberById(trx, subscriberId)
  if (!subscriber) return refuse('not-found')
  if (subscriber.state === 'closed') return refuse('account-closed')
  if (!isComplete(subscriber)) return refuse('profile-incomplete')
  if (await accountIsClosing(trx, subscriberId)) return refuse('closure-open')
  return { locale: subscriber.locale }
}

async function place(trx: Trx, app: App, locale: string, order: NewOrder): Promise<Placed> {
  const now = app.clock.now()
  const { subscriberId, orderId, amount } = order
  await insertOrder(trx, now, order)
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: { kind: 'subscriber', id: subscriberId },
    action: 'order.placed',
    subject: { kind: 'order', id: orderId },
    reason: 'asked by the subscriber',
    detail: { amount: decimal(amount), currency: amount.currency },
  })
  const placed = await findOrder(trx, { subscriberId, orderId })
  if (!placed) throw new Error(`order ${orderId} was written and is not there`)
  return { order: placed, locale }
}
