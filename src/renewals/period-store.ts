/** A period of a plan ends and the next begins: what was paid ahead is earned, what is paid now grants anew. */
import { earn } from '../ledger/ledger.ts'
import { post } from '../ledger/store.ts'
import { taxFor } from '../ledger/tax-store.ts'
import { periodFrom, remindAt } from '../lines/line.ts'
import { renewAllowance } from '../lines/purse-store.ts'
import { tellNetwork } from '../lines/suspension-store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { decimal, isZero, type Money } from '../values/money.ts'
import { isOver, offerFor, type Standing, type Terms } from './renewal.ts'
import { addTerm, jsonOf, nothingNext, setLine, setRenewal } from './term-store.ts'

export type Tools = Pick<App, 'ids' | 'clock' | 'queue' | 'config'>

/** What was paid for a period that is over is earned, once by its end. */
export async function earnPeriod(
  trx: Trx,
  app: Tools,
  standing: Standing,
  now: Temporal.Instant,
): Promise<void> {
  if (!isOver(standing, now)) return
  const { lineId, periodEnd, prepaid } = standing
  await earnPrepaid(trx, app, standing, {
    amount: prepaid,
    key: `${lineId}:period:${periodEnd!.toString()}`,
    now,
  })
}

export async function earnPrepaid(
  trx: Trx,
  { ids }: Tools,
  { subscriberId, lineId, plan }: Standing,
  { amount, key, now }: { amount: Money; key: string; now: Temporal.Instant },
): Promise<void> {
  if (isZero(amount)) return
  const { postings, detail } = earn(
    [{ from: { account: 'plan-prepaid', lineId }, to: { account: 'plan-revenue' }, amount }],
    await taxFor(trx, subscriberId, now),
  )
  await post(trx, ids, {
    subscriberId,
    key,
    kind: 'plan-days-used',
    at: now,
    detail: {
      planId: plan.planId,
      amount: decimal(amount),
      currency: amount.currency,
      ...detail,
    },
    postings,
  })
}

type Next = {
  terms: Terms
  price: Money
  percentOff: number
  start: Temporal.Instant
  quoteHash: string | null
}

/** The next period, paid from the line's credit. The caller has seen that there is enough of it. */
export async function beginPeriod(
  trx: Trx,
  app: Tools,
  standing: Standing,
  { terms, price, percentOff, start, quoteHash }: Next,
  now: Temporal.Instant,
): Promise<Temporal.Instant> {
  const { subscriberId, lineId, periodEnd } = standing
  const { plan, steps } = terms
  const { allowance } = offerFor(terms)
  const isOther = plan.planId !== standing.plan.planId
  const end = periodFrom(start, plan.periodDays)
  await earnPeriod(trx, app, standing, now)
  const paid = await post(trx, app.ids, {
    subscriberId,
    key: `${lineId}:renewal:${periodEnd?.toString() ?? ''}`,
    kind: 'plan-renewal',
    at: now,
    detail: {
      planId: plan.planId,
      from: start.toString(),
      until: end.toString(),
      ...(percentOff > 0 && { percentOff: String(percentOff) }),
    },
    postings: [
      {
        from: { account: 'paid-credit', lineId },
        to: { account: 'plan-prepaid', lineId },
        amount: price,
      },
    ],
  })
  if (paid === 'posted-before') throw new Error(`a period of ${lineId} was begun twice`)
  await setLine(trx, standing, {
    plan_id: plan.planId,
    plan_version: plan.version,
    period_start: start,
    period_end: end,
    due_at: remindAt(end, plan.periodDays) ?? end,
  })
  if (plan.zoneId !== standing.plan.zoneId) await tellNetwork(trx, app, standing, now)
  await renewAllowance(trx, app.ids, standing, { before: periodEnd, allowance, end })
  await setRenewal(trx, standing, {
    steps: jsonOf(steps),
    percent_off: percentOff,
    prepaid_from: null,
    prepaid_days: null,
    ...nothingNext,
    waiting_since: null,
    ...(isOther && { told_version: plan.version }),
  })
  await addTerm(trx, now, standing, {
    ...terms,
    cause: 'renewed',
    periodStart: start,
    periodEnd: end,
    paid: price,
    granted: allowance,
    quoteHash,
  })
  return end
}
