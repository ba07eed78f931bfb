/** What a country's rules decide about closing: one versioned document, each value with its source and confidence. */
import { firstSchema, upgrade } from './first-format.ts'
import { endOf, msUntil } from './rule-for.ts'
import { type Policy, policySchema, withLaterRules } from './schema.ts'

export {
  earlyFeeOf,
  feeOf,
  type Leaving,
  mayPayOut,
  paidDispositions,
  type UnclaimedEnd,
  unclaimedEndOf,
} from './dues.ts'
export { exceeded } from './length.ts'
export { residenceOf } from './packs.ts'
export {
  arrearsBlock,
  mayAskIdCopy,
  mayClose,
  mayPort,
  needsSecondReview,
  noticeEnd,
  numberKeptUntil,
  portableUntil,
  portCodeEnd,
  withdrawableUntil,
} from './rights.ts'
export {
  dayIn,
  endOfAny,
  forSegment,
  type Length,
  onDayOf,
  type Pinned,
  ruleFor,
  type Whom,
} from './rule-for.ts'
export { dayUnit, isDuration, type Policy, type RuleName } from './schema.ts'

/** A stored document of any format; it throws on one that was never a policy. */
export function readPolicy(document: unknown): Policy {
  const isFirst = typeof document === 'object' && document !== null && !('format' in document)
  return policySchema.parse(
    isFirst ? upgrade(firstSchema.parse(document)) : withLaterRules(document),
  )
}

/** A rule of calendar length counted from a moment, on the operator's local calendar. */
export function after(start: Temporal.Instant, length: string, timeZone: string): Temporal.Instant {
  return start.toZonedDateTimeISO(timeZone).add(Temporal.Duration.from(length)).toInstant()
}

/** So long before a moment, on the operator's local calendar. */
export function before(end: Temporal.Instant, length: string, timeZone: string): Temporal.Instant {
  return end.toZonedDateTimeISO(timeZone).subtract(Temporal.Duration.from(length)).toInstant()
}

type Timed = 'coolingOff' | 'riskWait' | 'reviewSla' | 'refundDeadline'

/** When the time that a rule gives is over, counted in the days it is given in. */
export function dueBy(policy: Policy, name: Timed, start: Temporal.Instant): Temporal.Instant {
  return endOf(policy, policy.rules[name], start)
}

/** How much of that time is left until it is over. */
export function leftMsOf(
  policy: Policy,
  name: Timed,
  now: Temporal.Instant,
  dueAt: Temporal.Instant,
): number {
  return msUntil(policy, policy.rules[name], now, dueAt)
}

/** When what was left of it is over, if it goes on from another moment. */
export function dueAgain(
  policy: Policy,
  name: Timed,
  start: Temporal.Instant,
  leftMs: number,
): Temporal.Instant {
  const value = Temporal.Duration.from({ milliseconds: leftMs }).toString()
  return endOf(policy, { ...policy.rules[name], value }, start)
}
