/** Lengths of time that are no misprint of anything. */
import type { DayUnit } from './schema.ts'

/** No law counts in centuries, and the calendar itself has an end; business days are looked at one by one. */
const longest: Readonly<Record<DayUnit, string>> = {
  calendar: 'P100Y',
  business: 'P5Y',
  business_incl_saturday: 'P5Y',
}

/** A Monday morning with no day off near it: lengths are compared from there. */
export const comparedFrom = Temporal.Instant.from('2026-06-08T09:00:00Z')

/** The most there can be, as ISO 8601, where a length is longer. */
export function exceeded(length: string, days: DayUnit = 'calendar'): string | undefined {
  const most = longest[days]
  const from = comparedFrom.toZonedDateTimeISO('UTC')
  try {
    return Temporal.ZonedDateTime.compare(from.add(length), from.add(most)) > 0 ? most : undefined
  } catch {
    return most
  }
}
