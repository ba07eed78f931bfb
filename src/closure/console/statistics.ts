/** Figures put in order for charts: shares, ranks, and the days as CSV. */
import type { CaseState } from '../../console/wire.ts'

export type Ranked = { key: string; count: number; share: number }

export function ranked(counts: Readonly<Record<string, number>>): Ranked[] {
  return withShares(Object.entries(counts)).sort((left, right) => right.count - left.count)
}

// Named here because the schema that knows them would bring its whole library into the page.
const states: readonly CaseState[] = [
  'draft',
  'submitted',
  'verifying',
  'cooling_off',
  'in_review',
  'needs_customer',
  'on_hold',
  'frozen',
  'approved',
  'scheduled',
  'executing',
  'settling',
  'needs_attention',
  'closed',
  'withdrawn',
  'rejected',
]
const order: readonly string[] = states

/** In the order a case goes through them. */
export function rankedByState(counts: Readonly<Record<string, number>>): Ranked[] {
  return withShares(Object.entries(counts)).sort(
    (left, right) => order.indexOf(left.key) - order.indexOf(right.key),
  )
}

function withShares(entries: [string, number][]): Ranked[] {
  const total = entries.reduce((sum, [, count]) => sum + count, 0)
  return entries
    .filter(([, count]) => count > 0)
    .map(([key, count]) => ({ key, count, share: total === 0 ? 0 : count / total }))
}

type Day = { day: string; submitted: number; closed: number; withdrawn: number }

export function perDayCsv(days: readonly Day[]): string {
  const rows = days.map(({ day, submitted, closed, withdrawn }) =>
    [day, submitted, closed, withdrawn].join(','),
  )
  return ['day,submitted,closed,withdrawn', ...rows, ''].join('\r\n')
}
