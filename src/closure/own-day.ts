/** A day of one's own: its owner says on which day service ends, and until then it goes on, and renews, as before. */
import type { Policy } from '../policy/policy.ts'
import { beginsUntil, percentOffAt, priceAt } from '../renewals/renewals.ts'
import type { Money } from '../values/money.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import type { Choices } from './ends.ts'
import { type Facts, type LineFacts, lineName } from './facts.ts'

/** What a line does until its end. */
export type GoingOn = {
  lineId: string
  name: string
  /** Its last paid day, where that comes first and nothing renews; null: it does not. */
  planEnds: Temporal.Instant | null
  /** Null: nothing renews before the day. */
  renews: { times: number; first: Temporal.Instant; price: Money; comesBack: boolean } | null
}
export type OwnDay = { on: string; until: Temporal.Instant }

/**
 * When a day is over by the clock of the policy: its last minute, 23:59, and not the midnight that has the name of the next
 * day already. A day on which the clock changes is as long as it is.
 */
export function endOfDay({ timeZone }: Pick<Policy, 'timeZone'>, day: string): Temporal.Instant {
  const next = Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime(timeZone)
  return next.toInstant().subtract({ minutes: 1 })
}

/** The end of the day that was chosen; null: none was, or it is over. */
export function ownDayEnd(
  { policy }: Pick<Facts, 'policy'>,
  { endsOn }: Choices,
  now: Temporal.Instant,
): Temporal.Instant | null {
  if (!endsOn) return null
  const end = endOfDay(policy, endsOn)
  return Temporal.Instant.compare(end, now) > 0 ? end : null
}

/** The days there are to choose from: today, and a year of them. */
export function daysFrom({ timeZone }: Pick<Policy, 'timeZone'>, now: Temporal.Instant) {
  const today = now.toZonedDateTimeISO(timeZone).toPlainDate()
  return { from: today.toString(), to: today.add({ years: 1 }).toString() }
}

/** What was submitted has its day: who wants another takes it back and asks anew. */
export function checkDay(
  { policy }: Pick<Facts, 'policy'>,
  { endsOn = null }: Choices,
  submitted: Choices | null,
  now: Temporal.Instant,
): Refusal | undefined {
  if (submitted)
    return endsOn === (submitted.endsOn ?? null)
      ? undefined
      : refuse('choice-not-allowed', { disposition: 'endsOn' })
  const { from, to } = daysFrom(policy, now)
  if (endsOn === null || (from <= endsOn && endsOn <= to)) return undefined
  return refuse('end-day-out-of-range', { from, to })
}

export function ownDayOf(facts: Facts, choices: Choices, now: Temporal.Instant): OwnDay | null {
  const until = ownDayEnd(facts, choices, now)
  return until && { on: choices.endsOn!, until }
}

/** What renews before its end, and at what price. */
export function goesOn(
  { peers }: Pick<Facts, 'peers'>,
  line: LineFacts,
  now: Temporal.Instant,
  until: Temporal.Instant,
): GoingOn {
  const { lineId } = line
  const named = { lineId, name: lineName(line), planEnds: null, renews: null }
  const own = peers.find((peer) => peer.lineId === lineId)
  if (!own?.periodEnd) return named
  const begins = beginsUntil(own, now, until)
  const [first] = begins
  if (!first) return { ...named, planEnds: endsBefore(own.periodEnd, now, until) }
  const others = peers.filter((peer) => peer !== own)
  const price = priceAt(own.next, percentOffAt(own.next.plan, others, first))
  const comesBack = own.next.plan.unusedRefund !== 'none'
  return { ...named, renews: { times: begins.length, first, price, comesBack } }
}

function endsBefore(end: Temporal.Instant, now: Temporal.Instant, until: Temporal.Instant) {
  const isBetween =
    Temporal.Instant.compare(end, now) > 0 && Temporal.Instant.compare(end, until) < 0
  return isBetween ? end : null
}

/** Of whom a day was chosen, or a contract may bind a line, all lines are read, as those that renew are quoted. */
export function mayGoOn(
  all: readonly { subscriberId: string; choices?: Pick<Choices, 'endsOn'> }[],
  linesOf: ReadonlyMap<string, readonly Pick<LineFacts, 'term'>[]>,
): string[] {
  const isBound = (id: string) => linesOf.get(id)?.some(({ term }) => term !== null)
  return all.flatMap(({ subscriberId: id, choices }) =>
    choices?.endsOn || isBound(id) ? [id] : [],
  )
}
