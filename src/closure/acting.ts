/** Somebody acts for the subscriber of a closure: whose consent it still takes, and who is asked now. */
import { comesOfAge } from '../subscribers/subscriber.ts'
import type { ClosureCase, Consent } from './closure.ts'
import type { Facts } from './facts.ts'

/** When the owner agreed, by submitting or again, and when the guardian did, each the last time. */
export type Agreed = { own: Temporal.Instant | null; guardian: Temporal.Instant | null }

/**
 * A guardian authorises what a minor agreed to, each time it changes. Who has come of age meanwhile says it again, alone.
 */
export function consentOf(
  { acting, policy }: Pick<Facts, 'acting' | 'policy'>,
  { own, guardian }: Agreed,
  now: Temporal.Instant,
): Consent {
  if (acting?.kind !== 'guardian' || acting.bornOn === null) return 'given'
  const ofAge = comesOfAge(acting.bornOn, policy.rules.adultAge.value, policy.timeZone)
  if (Temporal.Instant.compare(now, ofAge) < 0) {
    const isCurrent = guardian !== null && isSince(guardian, own)
    return isCurrent ? 'given' : 'guardian'
  }
  return own !== null && isSince(own, ofAge) ? 'given' : 'own'
}

function isSince(at: Temporal.Instant, from: Temporal.Instant | null): boolean {
  return from === null || Temporal.Instant.compare(at, from) >= 0
}

/** What a code is for that whoever acts for somebody gets, and what one that its owner gets. */
export function codePurposeOf({ kind }: { kind: string }) {
  return kind === 'representative' ? 'authorise-closure' : 'confirm-closure'
}

/** Whose name an account has to be in: of who died, that of who acts for the estate. */
export function payeeOf({
  died,
  acting,
  subscriber,
}: Pick<Facts, 'died' | 'acting' | 'subscriber'>) {
  return died && acting ? acting.name : subscriber.name
}

type Event = { kind: string }
const asking = [
  'guardian-asked',
  'own-consent-asked',
  'quote-drifted',
  'port-asked',
  'agreed-again',
  'question-asked',
]

export type WaitsFor = 'owner' | 'guardian' | 'representative'

/** Who has to say something before a case goes on; null: nobody does. */
export function waitsFor(
  { state }: Pick<ClosureCase, 'state'>,
  { acting }: Pick<Facts, 'acting'>,
  events: readonly Event[],
): WaitsFor | null {
  if (state !== 'draft' && state !== 'needs_customer') return null
  if (acting?.kind === 'estate') return 'representative'
  if (state === 'draft') return 'owner'
  const last = events.findLast(({ kind }) => asking.includes(kind))
  return last?.kind === 'guardian-asked' && acting ? 'guardian' : 'owner'
}

const approvals = ['approved-by-policy', 'approved', 'approved-because-late', 'number-ported']

/** Where a case goes on once it has been agreed to: nobody gets past the checks by agreeing twice. */
export function backFromAsking(events: readonly Event[]): 'verifying' | 'scheduled' {
  return events.some(({ kind }) => approvals.includes(kind)) ? 'scheduled' : 'verifying'
}
