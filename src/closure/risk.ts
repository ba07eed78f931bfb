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

/** Changes within the policy's window. */
export function riskSignals(facts: Facts, now: Temporal.Instant): Signal[] {
  const from = riskSince(facts.policy, now)
  const isSince = (at: Temporal.Instant) => Temporal.Instant.compare(at, from) >= 0
  const changes = isSince(facts.subscriber.createdAt) ? ofYoung(facts) : ofOld(facts, isSince)
  const judged = facts.isJudged ? [{ key: 'identity-judged' as const, at: now }] : []
  return [...judged, ...changes.filter(({ at }) => isSince(at))]
}

const each = (key: Signal['key'], all: readonly Temporal.Instant[]): Signal[] =>
  all.map((at) => ({ key, at }))

/** The first download of a line bought within the window is no change. */
function ofOld(
  { contacts, removedAt, devicesAt, lines }: Facts,
  isSince: (at: Temporal.Instant) => boolean,
): Signal[] {
  const downloads = lines.flatMap(({ orderedAt, profileAt }) =>
    profileAt && !isSince(orderedAt) ? [profileAt] : [],
  )
  const added = contacts.map(({ addedAt }) => addedAt)
  return [
    ...each('contact-added', added),
    ...each('contact-removed', removedAt),
    ...each('device-added', devicesAt),
    ...each('sim-changed', downloads),
  ]
}

/**
 * An account that is younger than the window has firsts, which are no change: contacts until its first line is bought,
 * devices until that is in use, each line's download. Nobody's first act is to take away what was verified.
 */
function ofYoung({ contacts, former, devicesAt, lines, firstLine }: Facts): Signal[] {
  const added = contacts.flatMap(({ addedAt, verifiedAt }) =>
    verifiedAt && isAfter(addedAt, firstLine.orderedAt) ? [addedAt] : [],
  )
  const removed = former.map(({ removedAt }) => removedAt)
  const devices = devicesAt.filter((at) => isAfter(at, firstLine.activatedAt))
  const downloads = lines.flatMap(({ profileAt, activatedAt }) =>
    profileAt && isAfter(profileAt, activatedAt) ? [profileAt] : [],
  )
  return [
    ...each('contact-added', added),
    ...each('contact-removed', removed),
    ...each('device-added', devices),
    ...each('sim-changed', downloads),
  ]
}

function isAfter(at: Temporal.Instant, since: Temporal.Instant | null): boolean {
  return since !== null && Temporal.Instant.compare(at, since) > 0
}

/** What one reviewer alone does not decide; who judged an identity by looking is the first of two already. */
export function takesTwo(facts: Facts, now: Temporal.Instant): boolean {
  return riskOf({ ...facts, isJudged: false }, now) === 'high'
}

/** What was judged by looking is never as good as a code: a second person decides, after whoever was told had time to object. */
export function riskOf(facts: Facts, now: Temporal.Instant): Risk {
  return riskSignals(facts, now).length > 0 ? 'high' : 'low'
}
