/** Which value of a rule holds: for whom, on which day, counted in which days. */
import { termEnd } from './business-days.ts'
import { defaultRules } from './packs.ts'
import type { DayUnit, Plan, Policy, RuleName, Segment } from './schema.ts'

export type Whom = { segment: Segment; plan: Plan; on?: Temporal.PlainDate }
export const prepaidConsumer: Whom = { segment: 'consumer', plan: 'prepaid' }

type Rules = Policy['rules']
type Period = { validFrom?: string | undefined; validTo?: string | undefined }

/** The first variant that fits, else the rule itself; outside the time they are in force, Violet's default. */
export function ruleFor<Name extends RuleName>(
  policy: Policy,
  name: Name,
  whom: Whom = prepaidConsumer,
): Omit<Rules[Name], 'variants'> {
  type Variant = Omit<Rules[Name], 'variants'> & Period & { segment?: Segment[]; plan?: Plan[] }
  const rule = policy.rules[name]
  const variants = (rule.variants ?? []) as unknown as Variant[]
  const fitting = variants.find(
    (variant) =>
      (variant.segment?.includes(whom.segment) ?? true) &&
      (variant.plan?.includes(whom.plan) ?? true) &&
      inForce(variant, whom.on),
  )
  return fitting ?? (inForce(rule, whom.on) ? rule : defaultRules[name])
}

/** From the first day to the last, both included; on no day in particular everything is. */
function inForce({ validFrom, validTo }: Period, on: Temporal.PlainDate | undefined): boolean {
  if (on === undefined) return true
  const day = on.toString()
  return (validFrom === undefined || validFrom <= day) && (validTo === undefined || day <= validTo)
}

/** When a length of time is over in the country of a policy. */
export function endOf(
  policy: Policy,
  rule: { value: string; days?: DayUnit | undefined },
  start: Temporal.Instant,
): Temporal.Instant {
  return termEnd(start, rule.value, {
    unit: rule.days ?? 'calendar',
    zone: policy.timeZone,
    calendar: policy.rules.holidayCalendar.value,
  })
}

/** Null where there is no such length. */
export function endOfAny(
  policy: Policy,
  { value, days }: { value: string | null; days?: DayUnit | undefined },
  start: Temporal.Instant,
): Temporal.Instant | null {
  return value === null ? null : endOf(policy, { value, days }, start)
}
