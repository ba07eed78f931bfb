/** Changing a plan: quoted, agreed to, paid from the line's credit and written in one transaction. */
import { post } from '../ledger/store.ts'
import { changeAllowance } from '../lines/purse-store.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Plan } from '../plans/plan.ts'
import type { Adjustment } from '../plans/plans.ts'
import { planOnSale } from '../plans/store.ts'
import { decimal, isZero, type Money, negate, subtract, toWire } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { type Asked, type ChangeQuote, quoteChange, quoteShown } from './change.ts'
import { tellChanged } from './notice-store.ts'
import { lacksMain } from './peer-store.ts'
import { beginPeriod, earnPrepaid } from './period-store.ts'
import { kinds, offerFor, type Standing, stepsOf } from './renewal.ts'
import { findStanding, type LineKey, lockStanding } from './standing-store.ts'
import { addTerm, jsonOf, lastQuote, nothingNext, setLine, setRenewal } from './term-store.ts'

export { findStanding } from './standing-store.ts'

type Wish = {
  when: 'now' | 'renewal'
  steps: Adjustment | null
  version?: number | undefined
  planId?: string | undefined
}

/** A line was bought: its plan is set to what was paid for. */
export async function beginTerms(
  trx: Trx,
  now: Temporal.Instant,
  key: LineKey,
  bought: { plan: Plan; adjustment: Adjustment | null; paid: Money; percentOff: number },
): Promise<void> {
  const { plan, adjustment, paid, percentOff } = bought
  const steps = stepsOf(plan, adjustment)
  const { allowance } = offerFor({ plan, steps })
  await trx
    .insertInto('line_renewal')
    .values({
      subscriber_id: key.subscriberId,
      line_id: key.lineId,
      steps: jsonOf(steps),
      percent_off: percentOff,
    })
    .execute()
  await addTerm(trx, now, key, {
    plan,
    steps,
    cause: 'bought',
    periodStart: null,
    periodEnd: null,
    paid,
    granted: allowance,
    quoteHash: null,
  })
}

export async function quoteOf(
  db: Db,
  now: Temporal.Instant,
  key: LineKey,
  wish: Wish,
): Promise<{ quote: ChangeQuote; standing: Standing } | Refusal> {
  const standing = await findStanding(db, key)
  if (!standing) return refuse('not-found')
  const asked = await askedOf(db, now, standing, wish)
  if (isRefusal(asked)) return asked
  const quote = quoteChange(standing, asked, now)
  return isRefusal(quote) ? quote : { quote, standing }
}

/** The line's own version always; another, or another plan, while it is on sale and fits the line's money and number. */
async function askedOf(
  db: Db | Trx,
  now: Temporal.Instant,
  { plan, subscriberId, lineId }: Standing,
  { when, steps, version, planId = plan.planId }: Wish,
): Promise<Asked | Refusal> {
  const isOwn = planId === plan.planId
  if (isOwn && (version === undefined || version === plan.version)) return { when, steps }
  const newest = await planOnSale(db, now, planId)
  if (!newest || newest.version !== (version ?? newest.version)) return refuse('plan-not-sold')
  if (newest.price.currency !== plan.price.currency) return refuse('plan-not-sold')
  if (newest.numberCountry !== plan.numberCountry) return refuse('plan-other-number')
  const becomesCompanion = newest.kind === 'companion' && plan.kind !== 'companion'
  const alone = becomesCompanion && (await lacksMain(db, subscriberId, newest, lineId))
  if (alone) return alone
  return { when, steps, plan: newest }
}

/** Carries a change out at the price that was shown; where that is no longer the price, says what it is now. */
export async function changePlan(
  app: App,
  key: LineKey,
  wish: Wish & { quoteHash: string },
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const standing = await lockStanding(trx, key)
    if (!standing) return refuse('not-found')
    // Agreed to before: the answer was lost, the change was not.
    if ((await lastQuote(trx, key)) === wish.quoteHash) return undefined
    const asked = await askedOf(trx, now, standing, wish)
    if (isRefusal(asked)) return asked
    const quote = quoteChange(standing, asked, now)
    if (isRefusal(quote)) return quote
    if (quote.hash !== wish.quoteHash)
      return refuse('quote-changed', {}, { quote: quoteShown(quote, standing) })
    if (quote.missing) {
      const missing = `${decimal(quote.missing)} ${quote.missing.currency}`
      return refuse('not-enough-credit', { missing }, { amount: toWire(quote.missing) })
    }
    if (quote.kind === 'renewal') await schedule(trx, standing, quote)
    else if (quote.kind === 'period') await renewNow(trx, app, standing, quote, now)
    else await changeNow(trx, app, standing, quote, now)
    await audit(trx, app.ids, now, auditOf(standing, quote))
    await tellChanged(trx, app, standing, quote)
    return undefined
  })
}

async function schedule(trx: Trx, standing: Standing, { terms }: ChangeQuote) {
  const { plan, steps } = terms
  await setRenewal(trx, standing, {
    next_plan_id: plan.planId,
    next_version: plan.version,
    next_steps: jsonOf(steps),
  })
  await setLine(trx, standing, { auto_renew: true })
}

async function renewNow(
  trx: Trx,
  app: App,
  standing: Standing,
  { terms, due, percentOff, from, hash }: ChangeQuote,
  now: Temporal.Instant,
) {
  const next = { terms, price: due, percentOff, start: from, quoteHash: hash }
  await beginPeriod(trx, app, standing, next, now)
}

async function changeNow(
  trx: Trx,
  app: App,
  standing: Standing,
  quote: ChangeQuote,
  now: Temporal.Instant,
) {
  const { subscriberId, lineId, periodStart, periodEnd, changes, prepaid } = standing
  const { terms, due, days, granted, paidAlready } = quote
  const key = `${lineId}:change:${changes}`
  // Days that have begun are earned at the price they were bought at; what is left is for the days that have not.
  const used = subtract(prepaid, paidAlready)
  await earnPrepaid(trx, app, standing, { amount: used, key: `${key}:earned`, now })
  const credit = { account: 'paid-credit', lineId } as const
  const plan = { account: 'plan-prepaid', lineId } as const
  const back = due.minor < 0n
  if (!isZero(due)) {
    await post(trx, app.ids, {
      subscriberId,
      key,
      kind: back ? 'plan-return' : 'plan-change',
      at: now,
      detail: { planId: terms.plan.planId, days: String(days), ofDays: String(quote.ofDays) },
      postings: [
        back
          ? { from: plan, to: credit, amount: negate(due) }
          : { from: credit, to: plan, amount: due },
      ],
    })
  }
  await changeAllowance(trx, app.ids, standing, { granted, periodEnd: periodEnd! })
  await setRenewal(trx, standing, {
    steps: jsonOf(terms.steps),
    prepaid_from: periodEnd!.subtract({ hours: 24 * days }),
    prepaid_days: days,
    ...nothingNext,
  })
  await addTerm(trx, now, standing, {
    ...terms,
    cause: 'changed',
    periodStart,
    periodEnd,
    paid: due,
    granted,
    quoteHash: quote.hash,
  })
}

function auditOf({ subscriberId, lineId, steps }: Standing, quote: ChangeQuote) {
  const text = (chosen: Adjustment | null) =>
    chosen ? kinds.map((kind) => `${kind} ${chosen[kind]}`).join(', ') : 'none'
  const actions = {
    now: 'plan.changed',
    renewal: 'plan.change-scheduled',
    period: 'plan.renewed',
  } as const
  return {
    subscriberId,
    actor: { kind: 'subscriber', id: subscriberId } as const,
    action: actions[quote.kind],
    subject: { kind: 'line', id: lineId },
    reason: 'asked by the subscriber',
    detail: {
      plan: `${quote.terms.plan.planId}/${quote.terms.plan.version}`,
      before: text(steps),
      after: text(quote.terms.steps),
      due: decimal(quote.due),
      currency: quote.due.currency,
      from: quote.from.toString(),
      quote: quote.hash,
    },
  }
}
