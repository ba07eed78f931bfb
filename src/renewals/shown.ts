/** A line's renewal as the API shows it. */
import type { z } from 'zod'
import { allowanceShown, type Plan } from '../plans/plan.ts'
import type { planWire } from '../plans/wire.ts'
import { toWire } from '../values/money.ts'
import {
  missingFor,
  nextTerms,
  offerFor,
  percentNext,
  priceAt,
  type Standing,
  waitDays,
} from './renewal.ts'
import type { renewalWire } from './wire.ts'

export function renewalShown(
  standing: Standing,
  newest: Plan | undefined,
  now: Temporal.Instant,
  shown: (plan: Plan) => z.output<typeof planWire>,
): z.output<typeof renewalWire> {
  const { plan, next, periodEnd, waitingSince } = standing
  const terms = nextTerms(standing)
  const percentOff = percentNext(standing, terms.plan, now)
  const price = priceAt(terms, percentOff)
  const missing = missingFor(price, standing.credit)
  const waiting = waitingSince !== null
  return {
    autoRenew: standing.autoRenew,
    at: periodEnd?.toString() ?? null,
    price: toWire(price),
    percentOff,
    credit: toWire(standing.credit),
    missing: missing ? toWire(missing) : null,
    waiting,
    waitsUntil: waiting && periodEnd ? periodEnd.add({ hours: 24 * waitDays }).toString() : null,
    steps: standing.steps,
    scheduled: next && {
      planId: next.plan.planId,
      name: next.plan.name,
      steps: next.steps,
      version: next.plan.version,
      allowance: allowanceShown(offerFor(next).allowance),
    },
    plan: shown(plan),
    newer: newest && newest.version !== plan.version ? shown(newest) : null,
  }
}
