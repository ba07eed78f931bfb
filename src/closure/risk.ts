/** How odd a closure looks: recent changes of how the subscriber is reached, as an account taker would make them. */
import type { Risk } from './closure.ts'
import type { Facts } from './facts.ts'

export type Signal = {
  key: 'contact-added' | 'contact-removed' | 'identity-judged'
  at: Temporal.Instant
}

/** Changes within this time before a closure count. */
export const riskWindowHours = 7 * 24

/** Changes within the last week of an account that is older than that; a new account's first contacts are no change. */
export function riskSignals(
  { subscriber, contacts, removedAt, isJudged }: Facts,
  now: Temporal.Instant,
): Signal[] {
  const from = now.subtract({ hours: riskWindowHours })
  const judged = isJudged ? [{ key: 'identity-judged' as const, at: now }] : []
  if (Temporal.Instant.compare(subscriber.createdAt, from) > 0) return judged
  const recent = (at: Temporal.Instant) => Temporal.Instant.compare(at, from) >= 0
  return [
    ...judged,
    ...contacts.flatMap(({ addedAt }) =>
      recent(addedAt) ? [{ key: 'contact-added' as const, at: addedAt }] : [],
    ),
    ...removedAt.flatMap((at) => (recent(at) ? [{ key: 'contact-removed' as const, at }] : [])),
  ]
}

/** What one reviewer alone does not decide; who judged an identity by looking is the first of two already. */
export function takesTwo(facts: Facts, now: Temporal.Instant): boolean {
  return riskOf({ ...facts, isJudged: false }, now) === 'high'
}

export function riskOf(facts: Facts, now: Temporal.Instant): Risk {
  // What was judged by looking is never as good as a code: a second person decides, after whoever was told had time to object.
  if (facts.isJudged) return 'high'
  const { length } = riskSignals(facts, now)
  if (length === 0) return 'low'
  return length === 1 ? 'medium' : 'high'
}
