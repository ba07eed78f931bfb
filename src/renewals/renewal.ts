/** What a line's plan is set to, and what is due on it: a reminder, the next period, a wait for credit, or the end. */
import { daysLeft, type LineState, remindAt } from '../lines/line.ts'
import { type Allowance, blockSize, type Kind, type Plan } from '../plans/plan.ts'
import { type Adjustment, discounted, type Offer, offerOf } from '../plans/plans.ts'
import { type Money, subtract } from '../values/money.ts'
import { isRefusal } from '../values/refusal.ts'
import { nextBegin, type Peer, percentOffAt } from './peers.ts'

export const kinds = ['data', 'voice', 'sms'] as const satisfies readonly Kind[]

/** A plan version with its dials; null steps: it has none. */
export type Terms = { readonly plan: Plan; readonly steps: Adjustment | null }

/** A line as its owner's plan stands on it, read under its lock. */
export type Standing = Terms & {
  readonly subscriberId: string
  readonly lineId: string
  readonly nickname: string
  readonly state: LineState
  readonly autoRenew: boolean
  readonly periodStart: Temporal.Instant | null
  readonly periodEnd: Temporal.Instant | null
  /** Paid ahead and not earned, for so many whole days from a moment. */
  readonly prepaid: Money
  readonly prepaidFrom: Temporal.Instant | null
  readonly prepaidDays: number
  /** What this period was bought at; a change within it keeps that. */
  readonly percentOff: number
  /** The owner's other lines, where plans of any of them have a multi-line discount or are companions. */
  readonly peers: readonly Peer[]
  /** Paid credit that no session has set aside. Promotional credit pays for use, not for plans. */
  readonly credit: Money
  /** What is left of this period's allowance and granted to no session. */
  readonly free: Allowance
  /** What the next period begins with, where it is not the same again. */
  readonly next: Terms | null
  readonly remindedFor: Temporal.Instant | null
  readonly waitingSince: Temporal.Instant | null
  /** Raised by every change of the above. */
  readonly changes: number
}

/** How long a period that could not be paid waits for credit. */
export const waitDays = 7
const lookAgainHours = 6
/** A period that begins this soon after the one before continues it; later it begins when it is paid. */
const seamlessMinutes = 60

/** The steps a line has that chose none: as included. */
export function stepsOf(plan: Plan, chosen: Adjustment | null): Adjustment | null {
  if (plan.dials.length === 0) return null
  if (chosen) return chosen
  const included = (kind: Kind) => plan.dials.find((one) => one.kind === kind)?.included ?? 0
  return { data: included('data'), voice: included('voice'), sms: included('sms') }
}

/** What terms cost and hold in a whole period. They were sold as such, so nothing of them is refused. */
export function offerFor({ plan, steps }: Terms): Offer {
  const offer = offerOf(plan, steps ?? undefined)
  if (isRefusal(offer)) throw new Error(`${plan.planId} has steps that were never sold`)
  return offer
}

/** What terms cost in a whole period at a discount. */
export function priceAt(terms: Terms, percentOff: number): Money {
  return discounted(offerFor(terms).price, percentOff)
}

/** Percent off the next period, if it begins with a plan. */
export function percentNext(
  { peers, periodEnd }: Pick<Standing, 'peers' | 'periodEnd'>,
  plan: Plan,
  now: Temporal.Instant,
): number {
  return percentOffAt(plan, peers, nextBegin({ periodEnd }, now))
}

/** A companion whose last line to go with has closed. */
export function isStranded({ plan, peers }: Pick<Standing, 'plan' | 'peers'>): boolean {
  if (plan.kind !== 'companion') return false
  return !peers.some((peer) => peer.plan.kind !== 'companion' && peer.plan.numberCountry !== null)
}

/** The part of an allowance that is for the days left, in whole blocks, rounded up. */
export function restOf(allowance: Allowance, days: number, of: number): Allowance {
  const rest = (kind: Kind) => {
    const whole = blockSize[kind] * BigInt(of)
    return ((allowance[kind] * BigInt(days) + whole - 1n) / whole) * blockSize[kind]
  }
  return { data: rest('data'), voice: rest('voice'), sms: rest('sms') }
}

/** Whole days that are paid ahead and have not begun. */
export function paidDaysLeft(standing: Standing, now: Temporal.Instant): number {
  const { prepaidFrom, periodStart, prepaidDays } = standing
  return daysLeft({ start: prepaidFrom ?? periodStart, days: prepaidDays }, now)
}

export function isOver({ periodEnd }: Pick<Standing, 'periodEnd'>, now: Temporal.Instant): boolean {
  return periodEnd !== null && Temporal.Instant.compare(periodEnd, now) <= 0
}

export function nextTerms(standing: Standing): Terms {
  return standing.next ?? { plan: standing.plan, steps: standing.steps }
}

/** Nobody pays for days that are past: a period that is late begins when it is paid. */
export function nextStart({ periodEnd }: Standing, now: Temporal.Instant): Temporal.Instant {
  // The database keeps microseconds, and a bucket ends with its period to the last of them.
  const fresh = now.round({ smallestUnit: 'microsecond', roundingMode: 'floor' })
  if (periodEnd === null) return fresh
  const late = now.epochMilliseconds - periodEnd.epochMilliseconds
  return late >= 0 && late < seamlessMinutes * 60_000 ? periodEnd : fresh
}

/** What a price needs more than there is; undefined: it can be paid. */
export function missingFor(price: Money, credit: Money): Money | undefined {
  return price.minor > credit.minor ? subtract(price, credit) : undefined
}

export type Due =
  /** Null: nobody needs to look any more. */
  | { do: 'nothing'; lookAt: Temporal.Instant | null }
  | { do: 'remind'; lookAt: Temporal.Instant; price: Money; missing: Money | undefined }
  | { do: 'renew'; terms: Terms; price: Money; percentOff: number; start: Temporal.Instant }
  | { do: 'wait'; first: boolean; lookAt: Temporal.Instant; price: Money; missing: Money }
  | { do: 'end'; why: 'renewal-off' | 'no-credit' | 'no-line-to-go-with' }

/** What is due on a line now. A line that is closing or closed begins nothing and is told nothing. */
export function dueOn(standing: Standing, now: Temporal.Instant): Due {
  const { state, periodEnd, plan } = standing
  if (state === 'closed' || periodEnd === null) return { do: 'nothing', lookAt: null }
  const soon = now.add({ hours: lookAgainHours })
  if (state === 'closing') return { do: 'nothing', lookAt: soon }
  const terms = nextTerms(standing)
  const percentOff = percentNext(standing, terms.plan, now)
  const price = priceAt(terms, percentOff)
  const missing = missingFor(price, standing.credit)
  if (!isOver(standing, now)) {
    const at = remindAt(periodEnd, plan.periodDays)
    if (at === null || standing.remindedFor?.equals(periodEnd))
      return { do: 'nothing', lookAt: periodEnd }
    if (Temporal.Instant.compare(now, at) < 0) return { do: 'nothing', lookAt: at }
    return { do: 'remind', lookAt: periodEnd, price, missing }
  }
  if (!standing.autoRenew) return { do: 'end', why: 'renewal-off' }
  if (isStranded({ ...standing, ...terms })) return { do: 'end', why: 'no-line-to-go-with' }
  if (missing === undefined && state === 'active')
    return { do: 'renew', terms, price, percentOff, start: nextStart(standing, now) }
  // Who is suspended is not charged; the wait for credit ends, the wait for service does not.
  const giveUpAt = periodEnd.add({ hours: 24 * waitDays })
  if (missing === undefined) return { do: 'nothing', lookAt: soon }
  if (Temporal.Instant.compare(now, giveUpAt) >= 0) return { do: 'end', why: 'no-credit' }
  const lookAt = Temporal.Instant.compare(soon, giveUpAt) < 0 ? soon : giveUpAt
  return { do: 'wait', first: standing.waitingSince === null, lookAt, price, missing }
}
