/** Rules that cannot hold together, or look odd together: for whom, and from which day on. */
import { type Segment, segmentWire as segment } from '../values/wire.ts'
import { comparedFrom as start } from './length.ts'
import type { Finding } from './places.ts'
import { endOfAny, onDayOf, ruleFor } from './rule-for.ts'
import { type DayUnit, type Plan, plan, type Policy, type RuleName } from './schema.ts'
import type { Say } from './words/catalogs.ts'

type Found = { errors: Finding[]; warnings: Finding[] }
/** What holds for somebody on a day, and when a length of time is over there. */
type Held = {
  plan: Plan
  rule<Name extends RuleName>(name: Name): ReturnType<typeof ruleFor<Name>>
  end(length: Length, from?: Temporal.Instant): Temporal.Instant | null
}
type Look = (held: Held, words: Say) => Finding[]

/** From `today` on. What is the same later, or for others, is said once, with the first day from which it is so. */
export function combinations(policy: Policy, today: Temporal.PlainDate, words: Say): Found {
  const ends: Ends = new Map()
  const held = daysOf(policy, today).flatMap((day) => {
    const noon = day.toZonedDateTime({ timeZone: policy.timeZone, plainTime: '12:00' }).toInstant()
    return segment.options.flatMap((each) => {
      const rules = onDayOf(policy, noon, each)
      return plan.options.map((how) => ({ day, on: heldBy(rules, each, how, ends) }))
    })
  })
  const foundBy = (look: Look): Finding[] => {
    const first = new Map<string, Finding>()
    for (const { day, on } of held)
      for (const { path, message: what } of look(on, words)) {
        const isNow = day.equals(today)
        const message = isNow ? what : words('from-day', { day: day.toString(), what })
        if (!first.has(`${path} ${what}`)) first.set(`${path} ${what}`, { path, message })
      }
    return [...first.values()]
  }
  return { errors: foundBy(clashes), warnings: [...foundBy(hurries), ...foundBy(cutNotices)] }
}

/** Business days are looked at one by one, so no length is counted twice. */
type Ends = Map<string, Temporal.Instant | null>

function heldBy(policy: Policy, whose: Segment, how: Plan, ends: Ends): Held {
  return {
    plan: how,
    rule: (name) => ruleFor(policy, name, { segment: whose, plan: how }),
    end({ value, days }, from = start) {
      const key = [value, days, from, policy.rules.holidayCalendar.value].join(' ')
      const end = ends.get(key) ?? endOfAny(policy, { value, days }, from)
      ends.set(key, end)
      return end
    },
  }
}

/** The days on which another value begins to hold, and today. */
function daysOf({ rules }: Policy, today: Temporal.PlainDate): Temporal.PlainDate[] {
  type Facts = { validFrom?: string; validTo?: string; variants?: readonly Facts[] }
  const days = Object.values(rules as Record<string, Facts>)
    .flatMap((rule) => [rule, ...(rule.variants ?? [])])
    .flatMap(({ validFrom, validTo }) => [
      ...(validFrom ? [Temporal.PlainDate.from(validFrom)] : []),
      ...(validTo ? [Temporal.PlainDate.from(validTo).add({ days: 1 })] : []),
    ])
    // A rule is told the day in four digits of a year.
    .filter((day) => Temporal.PlainDate.compare(day, today) > 0 && day.year < 10_000)
  const later = [...new Map(days.map((day) => [day.toString(), day])).values()]
  return [today, ...later.sort(Temporal.PlainDate.compare)]
}

type Length = { value: string | null; days?: DayUnit | undefined }

function isLater(one: Temporal.Instant | null, other: Temporal.Instant | null): boolean {
  return one !== null && other !== null && Temporal.Instant.compare(one, other) > 0
}

function clashes({ plan: how, rule, end }: Held, words: Say): Finding[] {
  const found: Finding[] = []
  const say = (name: RuleName, message: string) =>
    found.push({ path: `rules.${name}.value`, message })
  const longer = (a: Length, b: Length) => isLater(end(a), end(b))
  const min = rule('quarantineMin')
  const max = rule('quarantineMax')
  const against = (value: Length, name: RuleName, other: Length) => ({
    value: String(value.value),
    name,
    other: String(other.value),
  })
  const [after, latest] = [rule('portAfterEnd'), rule('maxCloseTime')]
  const [waiting, odd] = [rule('coolingOff'), rule('riskWait')]
  if (longer(min, max)) say('quarantineMax', words('shorter', against(max, 'quarantineMin', min)))
  if (longer(after, min))
    say('quarantineMin', words('shorter', against(min, 'portAfterEnd', after)))
  if (longer(waiting, latest))
    say('coolingOff', words('longer', against(waiting, 'maxCloseTime', latest)))
  if (longer(odd, latest)) say('riskWait', words('longer', against(odd, 'maxCloseTime', latest)))
  if (how === 'prepaid') for (const message of wayOut(rule, words)) say('paidDispositions', message)
  if (rule('promoRefundable').value) say('promoRefundable', words('promo-stays'))
  for (const [currency, most] of Object.entries(rule('refundFeeMax').value ?? {})) {
    const fee = rule('refundFee').value[currency] ?? 0
    if (fee > most)
      say('refundFee', words('fee-above', { fee: String(fee), currency, most: String(most) }))
  }
  return found
}

/** What becomes of prepaid credit: what the law gives is offered, nothing it prohibits, and an account can end. */
function wayOut(rule: Held['rule'], words: Say): string[] {
  const right = rule('refundRight').value
  const offered = rule('paidDispositions').value
  const isRefunded = offered.includes('refund')
  if (right === 'prohibited' && isRefunded) return [words('offers-prohibited')]
  // A right that comes with a port needs no offer without one.
  if (right === 'any_end' && !isRefunded) return [words('offers-none', { right })]
  // To keep, to move and to spend need an account or a line that stays.
  if (isRefunded || offered.includes('donate')) return []
  return [words(right === 'prohibited' ? 'no-way-out.prohibited' : 'no-way-out')]
}

/** Reviews that have no time, or may have less than they are given. */
function hurries({ rule, end }: Held, words: Say): Finding[] {
  if (rule('autoApprove').value) return []
  const found: Finding[] = []
  const sla = rule('reviewSla')
  if (rule('ifLate').value === 'approved' && sla.value === 'PT0S')
    found.push({ path: 'rules.reviewSla.value', message: words('no-time') })
  const reviewed = end(sla, end(rule('coolingOff')) ?? start)
  if (isLater(reviewed, end(rule('maxCloseTime')))) {
    const message = words('less-time', { time: sla.value })
    found.push({ path: 'rules.maxCloseTime.value', message })
  }
  return found
}

/** Both may be law, as where one is of a switch: the shorter of them holds. */
function cutNotices({ plan: how, rule, end }: Held, words: Say): Finding[] {
  const [notice, latest] = [rule('noticeRule'), rule('maxCloseTime')]
  if (how === 'prepaid' || !isLater(end(notice), end(latest))) return []
  const lengths = { value: String(notice.value), other: String(latest.value) }
  return [{ path: 'rules.noticeRule.value', message: words('cut', lengths) }]
}
