/** A change of a line's plan as a quote: what it costs and grants, from when, with a hash that changes when any of it does. */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { periodFrom, whyFixed } from '../lines/line.ts'
import { type Allowance, allowanceShown, type Plan } from '../plans/plan.ts'
import { type Adjustment, offerOf } from '../plans/plans.ts'
import { decimal, type Money, shareRoundedDown, subtract, toWire, zero } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import {
  isOver,
  isStranded,
  kinds,
  missingFor,
  nextTerms,
  nextStart,
  offerFor,
  paidDaysLeft,
  percentNext,
  priceAt,
  restOf,
  type Standing,
  stepsOf,
  type Terms,
} from './renewal.ts'
import type { changeQuoteWire } from './wire.ts'

export type Asked = {
  readonly when: 'now' | 'renewal'
  readonly steps: Adjustment | null
  /** Another version of the same plan, or another plan; only with the next period. */
  readonly plan?: Plan | undefined
}

export type ChangeQuote = {
  /** `period`: a new period begins, because the last one is over. */
  readonly kind: 'now' | 'renewal' | 'period'
  readonly terms: Terms
  readonly from: Temporal.Instant
  readonly until: Temporal.Instant
  /** Days that are paid for, of a whole period. */
  readonly days: number
  readonly ofDays: number
  readonly priceBefore: Money
  readonly priceAfter: Money
  /** What is off the price after it, for several lines. */
  readonly percentOff: number
  /** What the rest of the period costs with the new steps, and what of it is paid already. */
  readonly rest: Money
  readonly paidAlready: Money
  /** Leaves the line's credit now; negative: comes back to it. */
  readonly due: Money
  readonly missing: Money | undefined
  readonly granted: Allowance
  readonly hash: string
}

const nothing: Allowance = { data: 0n, voice: 0n, sms: 0n }

/** What a change would cost and grant now. A refusal says why it can't be. */
export function quoteChange(
  standing: Standing,
  asked: Asked,
  now: Temporal.Instant,
): ChangeQuote | Refusal {
  const fixed = whyFixed(standing.state)
  if (fixed) return fixed
  if (standing.state !== 'active' || standing.periodEnd === null) return refuse('line-not-active')
  const plan = asked.plan ?? standing.plan
  const steps = stepsOf(plan, asked.steps)
  const offer = offerOf(plan, asked.steps ?? undefined)
  if (isRefusal(offer)) return offer
  const terms = { plan, steps }
  if (isStranded({ plan, peers: standing.peers })) return refuse('companion-needs-line')
  if (isOver(standing, now)) {
    if (asked.when === 'renewal') return refuse('plan-has-ended')
    return newPeriod(standing, terms, now)
  }
  if (asked.when === 'renewal') return atRenewal(standing, terms, standing.periodEnd, now)
  if (!isSamePlan(plan, standing.plan)) return refuse('only-at-renewal')
  return atOnce(standing, terms, now, standing.periodEnd)
}

function newPeriod(standing: Standing, terms: Terms, now: Temporal.Instant): ChangeQuote {
  const { allowance } = offerFor(terms)
  const percentOff = percentNext(standing, terms.plan, now)
  const price = priceAt(terms, percentOff)
  const { periodDays } = terms.plan
  const from = nextStart(standing, now)
  return sealed(standing, {
    kind: 'period',
    terms,
    from,
    until: periodFrom(from, periodDays),
    days: periodDays,
    ofDays: periodDays,
    priceBefore: priceAt(standing, standing.percentOff),
    priceAfter: price,
    percentOff,
    rest: price,
    paidAlready: zero(price.currency),
    due: price,
    granted: allowance,
  })
}

function atRenewal(
  standing: Standing,
  terms: Terms,
  periodEnd: Temporal.Instant,
  now: Temporal.Instant,
): ChangeQuote | Refusal {
  if (standing.autoRenew && same(terms, nextTerms(standing))) return refuse('plan-unchanged')
  const percentOff = percentNext(standing, terms.plan, now)
  const price = priceAt(terms, percentOff)
  const none = zero(price.currency)
  return sealed(standing, {
    kind: 'renewal',
    terms,
    from: periodEnd,
    until: periodFrom(periodEnd, terms.plan.periodDays),
    days: terms.plan.periodDays,
    ofDays: terms.plan.periodDays,
    priceBefore: priceAt(standing, standing.percentOff),
    priceAfter: price,
    percentOff,
    rest: none,
    paidAlready: none,
    due: none,
    granted: nothing,
  })
}

/**
 * The rest of the period at the new price, less what is paid for it already. Days that have begun stay as they are, so
 * that the figures are those that closing the line would count with.
 */
function atOnce(
  standing: Standing,
  terms: Terms,
  now: Temporal.Instant,
  periodEnd: Temporal.Instant,
): ChangeQuote | Refusal {
  if (same(terms, standing)) return refuse('plan-unchanged')
  const days = paidDaysLeft(standing, now)
  if (days === 0) return refuse('only-at-renewal')
  const ofDays = standing.plan.periodDays
  const { percentOff } = standing
  const [before, after] = [offerFor(standing), offerFor(terms)]
  const priceAfter = priceAt(terms, percentOff)
  const rest = shareRoundedDown(priceAfter, BigInt(days), BigInt(ofDays))
  const paidAlready = shareRoundedDown(standing.prepaid, BigInt(days), BigInt(standing.prepaidDays))
  const [had, has] = [restOf(before.allowance, days, ofDays), restOf(after.allowance, days, ofDays)]
  const due = subtract(rest, paidAlready)
  // Where leaving early gives back less than the unused days, so would turning down.
  if (due.minor < 0n && standing.plan.unusedRefund !== 'days') return refuse('only-at-renewal')
  const granted = { ...nothing }
  for (const kind of kinds) {
    granted[kind] = has[kind] - had[kind]
    // What is used can't be given back: less is possible once the period is over.
    if (standing.free[kind] + granted[kind] < 0n) return refuse('allowance-used', { kind })
  }
  return sealed(standing, {
    kind: 'now',
    terms,
    from: now,
    until: periodEnd,
    days,
    ofDays,
    priceBefore: priceAt(standing, percentOff),
    priceAfter,
    percentOff,
    rest,
    paidAlready,
    due,
    granted,
  })
}

const isSamePlan = (a: Plan, b: Plan) => a.planId === b.planId && a.version === b.version

function same(a: Terms, b: Terms): boolean {
  if (!isSamePlan(a.plan, b.plan)) return false
  return kinds.every((kind) => (a.steps?.[kind] ?? 0) === (b.steps?.[kind] ?? 0))
}

type Unsealed = Omit<ChangeQuote, 'hash' | 'missing'>

function sealed(standing: Standing, quote: Unsealed): ChangeQuote {
  const missing = missingFor(quote.due, standing.credit)
  return { ...quote, missing, hash: hashOf(standing, quote) }
}

// The moment is left out: it moves with the clock while what was agreed stays the same.
function hashOf({ lineId, changes, periodEnd }: Standing, quote: Unsealed): string {
  const { kind, terms, days, granted, rest, paidAlready, due, priceBefore, priceAfter } = quote
  const agreed = JSON.stringify([
    [lineId, changes, periodEnd?.toString()],
    [kind, terms.plan.planId, terms.plan.version, terms.steps, days],
    [rest, paidAlready, due, priceBefore, priceAfter].map(decimal),
    kinds.map((one) => granted[one].toString()),
  ])
  return `p-${createHash('sha256').update(agreed).digest('hex').slice(0, 24)}`
}

export function quoteShown(
  quote: ChangeQuote,
  standing: Standing,
): z.output<typeof changeQuoteWire> {
  const { granted, missing } = quote
  return {
    hash: quote.hash,
    kind: quote.kind,
    planId: quote.terms.plan.planId,
    version: quote.terms.plan.version,
    steps: quote.terms.steps,
    from: quote.from.toString(),
    until: quote.until.toString(),
    days: quote.days,
    ofDays: quote.ofDays,
    periodDays: quote.terms.plan.periodDays,
    priceBefore: toWire(quote.priceBefore),
    priceAfter: toWire(quote.priceAfter),
    percentOff: quote.percentOff,
    rest: toWire(quote.rest),
    paidAlready: toWire(quote.paidAlready),
    due: toWire(quote.due),
    credit: toWire(standing.credit),
    missing: missing ? toWire(missing) : null,
    granted: {
      dataBytes: granted.data.toString(),
      voiceSeconds: Number(granted.voice),
      smsMessages: Number(granted.sms),
    },
    allowance: allowanceShown(offerFor(quote.terms).allowance),
    endsScheduled: quote.kind !== 'renewal' && standing.next !== null,
  }
}
