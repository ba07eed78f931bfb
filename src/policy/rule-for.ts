/** Which value of a rule holds: for whom, on which day, counted in which days. */
import { type Counting, passingMs, termEnd } from './business-days.ts'
import { defaultRules } from './packs.ts'
import type { Segment } from '../values/wire.ts'
import type { DayUnit, Plan, Policy, RuleName } from './schema.ts'

export type Whom = { segment: Segment; plan: Plan }
export const prepaidConsumer: Whom = { segment: 'consumer', plan: 'prepaid' }

/** What a case is pinned to: a version, and for whom. */
export type Pinned = { country: string; version: number; segment: Segment }

type Rules = Policy['rules']
type Period = { validFrom?: string | undefined; validTo?: string | undefined }

/** The first variant that fits, else the rule itself. */
export function ruleFor<Name extends RuleName>(
  policy: Policy,
  name: Name,
  whom: Whom = prepaidConsumer,
): Omit<Rules[Name], 'variants'> {
  type Variant = Omit<Rules[Name], 'variants'> & { segment?: Segment[]; plan?: Plan[] }
  const rule = policy.rules[name]
  const variants = (rule.variants ?? []) as unknown as Variant[]
  const fitting = variants.find(
    ({ segment, plan }) =>
      (segment?.includes(whom.segment) ?? true) && (plan?.includes(whom.plan) ?? true),
  )
  return fitting ?? rule
}

/**
 * What holds for one segment on the day of a moment, where the policy is: rules and variants in force then, and Violet's
 * default where a rule is not. Of the variants only those for postpaid plans are left; a rule is what holds for prepaid ones.
 */
export function onDayOf(
  policy: Policy,
  at: Temporal.Instant,
  segment: Segment = 'consumer',
): Policy {
  const day = dayIn(policy.timeZone, at)
  const names = Object.keys(policy.rules) as RuleName[]
  const rules = Object.fromEntries(
    names.map((name) => [name, ruleOn(policy.rules[name], name, day)]),
  )
  return forSegment({ ...policy, rules: rules as Rules }, segment)
}

/** What of a policy holds for one segment, on whatever day. */
export function forSegment(policy: Policy, segment: Segment): Policy {
  const names = Object.keys(policy.rules) as RuleName[]
  const rules = Object.fromEntries(
    names.map((name) => {
      const prepaid = ruleFor(policy, name, { segment, plan: 'prepaid' })
      const postpaid = ruleFor(policy, name, { segment, plan: 'postpaid' })
      const variants = [{ ...factsOf(postpaid), plan: ['postpaid'] }]
      return [name, { ...factsOf(prepaid), ...(postpaid !== prepaid && { variants }) }]
    }),
  )
  return { ...policy, rules: rules as unknown as Rules }
}

/** Of a rule or a variant, without for whom it is. */
function factsOf(rule: object): object {
  const whom = new Set(['variants', 'segment', 'plan'])
  return Object.fromEntries(Object.entries(rule).filter(([key]) => !whom.has(key)))
}

/** The day of a moment somewhere, YYYY-MM-DD. */
export function dayIn(zone: string, at: Temporal.Instant): string {
  return at.toZonedDateTimeISO(zone).toPlainDate().toString()
}

/** A rule as it holds on a day, YYYY-MM-DD. */
export function ruleOn<Name extends RuleName>(whole: Rules[Name], name: Name, day: string) {
  const { variants, ...rule } = whole
  const holding = (variants ?? []).filter((variant) => isInForce(variant, day))
  const own = isInForce(rule, day) ? rule : defaultRules[name]
  return holding.length > 0 ? { ...own, variants: holding } : own
}

/** From the first day to the last, both included. */
function isInForce({ validFrom, validTo }: Period, day: string): boolean {
  return (validFrom === undefined || validFrom <= day) && (validTo === undefined || day <= validTo)
}

/** In calendar days unless it says otherwise. */
export type Length = { value: string; days?: DayUnit | undefined }

/** When a length of time is over in the country of a policy. */
export function endOf(policy: Policy, rule: Length, start: Temporal.Instant): Temporal.Instant {
  return termEnd(start, rule.value, countingOf(policy, rule))
}

/** How much of it is left until then, in the days it is given in: a weekend takes nothing away of business days. */
export function msUntil(
  policy: Policy,
  rule: Pick<Length, 'days'>,
  now: Temporal.Instant,
  end: Temporal.Instant,
): number {
  return passingMs(now, end, countingOf(policy, rule))
}

function countingOf({ timeZone, rules }: Policy, { days }: Pick<Length, 'days'>): Counting {
  return { unit: days ?? 'calendar', zone: timeZone, calendar: rules.holidayCalendar.value }
}

/** Null where there is no such length. */
export function endOfAny(
  policy: Policy,
  { value, days }: { value: string | null; days?: DayUnit | undefined },
  start: Temporal.Instant,
): Temporal.Instant | null {
  return value === null ? null : endOf(policy, { value, days }, start)
}
