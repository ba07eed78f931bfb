/** The days a statement is about: whole days where the operator is, first and the one after the last. */
import { type Refusal, refuse } from '../values/refusal.ts'

export type Period = {
  /** Half-open: `from` belongs to it, `to` does not. */
  readonly from: Temporal.Instant
  readonly to: Temporal.Instant
  readonly firstDay: Temporal.PlainDate
  readonly lastDay: Temporal.PlainDate
}

export const periodDaysMax = 366

/** Reads two days, `YYYY-MM-DD`; refuses what is no day, runs backwards, or is longer than a year. */
export function readPeriod(
  { from, to }: { from: string; to: string },
  timeZone: string,
): Period | Refusal {
  const first = dayOf(from)
  const after = dayOf(to)
  if (!first || !after) return refuse('period-not-valid')
  const days = first.until(after).days
  if (days < 1 || days > periodDaysMax) return refuse('period-not-valid')
  return {
    from: first.toZonedDateTime(timeZone).toInstant(),
    to: after.toZonedDateTime(timeZone).toInstant(),
    firstDay: first,
    lastDay: after.subtract({ days: 1 }),
  }
}

function dayOf(text: string): Temporal.PlainDate | undefined {
  if (!/^[12]\d{3}-\d{2}-\d{2}$/.test(text)) return undefined
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' })
  } catch {
    return undefined
  }
}
