/** Spending first: service goes on until what is paid ahead is over, and only what is left then goes anywhere. */
import { isZero } from '../values/money.ts'
import type { Choices } from './ends.ts'
import type { LineMoney } from './settlement.ts'

/** The end of the last paid day of closing lines; null where there is nothing to spend or no time to spend it in. */
export function spendUntil(
  lines: readonly LineMoney[],
  now: Temporal.Instant,
): Temporal.Instant | null {
  const hasCredit = lines.some((line) => !isZero(line.paid) || !isZero(line.prepaid))
  const ends = lines.flatMap(({ periodStart, periodDays }) =>
    periodStart ? [periodStart.add({ hours: 24 * periodDays })] : [],
  )
  const last = ends.sort(Temporal.Instant.compare).at(-1)
  return last && hasCredit && Temporal.Instant.compare(last, now) > 0 ? last : null
}

/** Until when the lines go on by their owner's choice; null: they end as soon as it is decided. */
export function wantedEnd(
  lines: readonly LineMoney[],
  { paid }: Choices,
  now: Temporal.Instant,
): Temporal.Instant | null {
  return paid?.spendFirst ? spendUntil(lines, now) : null
}
