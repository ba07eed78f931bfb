/** Contracts that were just made: within the window of the law their owner withdraws, and nothing is kept for leaving. */
import { withdrawableUntil } from '../policy/policy.ts'
import type { Facts, LineFacts } from './facts.ts'

/** Who withdraws, or did not ask to leave, leaves whatever their term and their plan say. */
export function leavesFree(
  { policy, byOperator }: Facts,
  { orderedAt }: LineFacts,
  at: Temporal.Instant,
): boolean {
  if (byOperator) return true
  const until = withdrawableUntil(policy, orderedAt)
  return until !== null && Temporal.Instant.compare(at, until) <= 0
}

/** Until when all that closes can be withdrawn from; null: something of it can't be. */
export function freshUntil(
  { policy, lines }: Facts,
  at: Temporal.Instant,
): Temporal.Instant | null {
  const ends = lines.flatMap(({ orderedAt }) => withdrawableUntil(policy, orderedAt) ?? [])
  const [first] = ends.sort(Temporal.Instant.compare)
  if (!first || ends.length < lines.length) return null
  return Temporal.Instant.compare(at, first) <= 0 ? first : null
}

/** What was not supplied comes back, also where the plan says otherwise. */
export function asWithdrawn(facts: Facts, line: LineFacts, at: Temporal.Instant): LineFacts {
  if (line.unusedRefund !== 'none' || !leavesFree(facts, line, at)) return line
  return { ...line, unusedRefund: 'lesser' }
}
