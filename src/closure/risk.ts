/** How odd a closure looks: recent changes of how the subscriber is reached, of their devices and SIMs, as an account taker would make them. */
import { before, type Policy } from '../policy/policy.ts'
import type { Risk } from './closure.ts'
import type { Facts } from './facts.ts'

export type Signal = {
  key: 'contact-added' | 'contact-removed' | 'device-added' | 'sim-changed' | 'identity-judged'
  at: Temporal.Instant
}

/** Since when a change counts, for a closure of a moment. */
export function riskSince({ rules, timeZone }: Policy, at: Temporal.Instant): Temporal.Instant {
  return before(at, rules.riskWindow.value, timeZone)
}

/** Changes within the policy's window; the first contacts, device and download of what is newer than that are no change. */
export function riskSignals(facts: Facts, now: Temporal.Instant): Signal[] {
  const { subscriber, contacts, removedAt, devicesAt, lines, isJudged, policy } = facts
  const from = riskSince(policy, now)
  const judged = isJudged ? [{ key: 'identity-judged' as const, at: now }] : []
  const isSince = (at: Temporal.Instant) => Temporal.Instant.compare(at, from) >= 0
  if (isSince(subscriber.createdAt)) return judged
  const changes = (key: Signal['key'], all: readonly Temporal.Instant[]) =>
    all.filter(isSince).map((at) => ({ key, at }))
  const downloads = lines.flatMap(({ orderedAt, profileAt }) =>
    profileAt && !isSince(orderedAt) ? [profileAt] : [],
  )
  return [
    ...judged,
    ...changes(
      'contact-added',
      contacts.map(({ addedAt }) => addedAt),
    ),
    ...changes('contact-removed', removedAt),
    ...changes('device-added', devicesAt),
    ...changes('sim-changed', downloads),
  ]
}

/** What one reviewer alone does not decide; who judged an identity by looking is the first of two already. */
export function takesTwo(facts: Facts, now: Temporal.Instant): boolean {
  return riskOf({ ...facts, isJudged: false }, now) === 'high'
}

/** What was judged by looking is never as good as a code: a second person decides, after whoever was told had time to object. */
export function riskOf(facts: Facts, now: Temporal.Instant): Risk {
  return riskSignals(facts, now).length > 0 ? 'high' : 'low'
}
