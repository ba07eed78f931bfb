/** Contracts that were just made: within the window of the law their owner withdraws, and nothing is kept for leaving. */
import { type Policy, withdrawableUntil } from '../policy/policy.ts'
import type { Facts, LineFacts } from './facts.ts'

export function isFresh(policy: Policy, { orderedAt }: LineFacts, at: Temporal.Instant): boolean {
  const until = withdrawableUntil(policy, orderedAt)
  return until !== null && Temporal.Instant.compare(at, until) <= 0
}

/** Until when all that closes can be withdrawn from; null: something of it can't be. */
export function freshUntil(
  { policy, lines }: Facts,
  at: Temporal.Instant,
): Temporal.Instant | null {
  if (lines.length === 0 || !lines.every((line) => isFresh(policy, line, at))) return null
  const ends = lines.flatMap(({ orderedAt }) => withdrawableUntil(policy, orderedAt) ?? [])
  return ends.sort(Temporal.Instant.compare)[0] ?? null
}

/** Whatever the plan says of leaving early: of who withdraws, or did not ask to leave, what was not supplied comes back. */
export function asWithdrawn(facts: Facts, line: LineFacts, at: Temporal.Instant): LineFacts {
  if (line.unusedRefund !== 'none') return line
  const comesBack = facts.byOperator || isFresh(facts.policy, line, at)
  return comesBack ? { ...line, unusedRefund: 'lesser' } : line
}
