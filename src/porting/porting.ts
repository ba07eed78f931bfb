/** A number on its way to another operator: its states, what holds a code, and what each message makes of it. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import { type Policy, portableUntil, portCodeEnd, mayPort } from '../policy/policy.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { portOutWire } from './wire.ts'

/** The job that tells whoever closes lines that a port has changed. */
export const portChangedQueue = 'porting.changed'

export type PortState = 'issued' | 'pending' | 'completed' | 'failed' | 'expired' | 'cancelled'

export type PortOut = {
  readonly subscriberId: string
  readonly portId: string
  readonly lineId: string
  readonly msisdn: string
  readonly state: PortState
  readonly codeHash: string
  readonly triesLeft: number
  readonly codeExpiresAt: Temporal.Instant
  /** The other operator's name of this port, from its request on. */
  readonly reference: string | null
  readonly recipient: string | null
  /** When the number is to move. */
  readonly dueAt: Temporal.Instant | null
  readonly reason: string | null
  readonly createdAt: Temporal.Instant
  readonly endedAt: Temporal.Instant | null
  /** Nothing personal is kept of a port whose owner's account has ended. */
  readonly accountEnded: boolean
  readonly version: number
}

/** How often a wrong code may be tried before the code is worth nothing. */
export const portTries = 5
/** How far ahead the other operator may set the day. */
export const dueWithin = { hours: 30 * 24 } as const
/** How long after that day its word is waited for. */
export const silenceMax = { hours: 72 } as const

export const isOpen = ({ state }: Pick<PortOut, 'state'>) =>
  state === 'issued' || state === 'pending'

/** A change of how the subscriber is reached or of the eSIM, as an account taker would make it. */
export type Change = { kind: 'contact' | 'device' | 'sim'; at: Temporal.Instant }

const holdHours: Record<Change['kind'], number> = { contact: 7 * 24, sim: 7 * 24, device: 24 }

/** Until when no code is given; null: now. What a new account begins with is no change. */
export function heldUntil(
  changes: readonly Change[],
  createdAt: Temporal.Instant,
  now: Temporal.Instant,
): Temporal.Instant | null {
  let until: Temporal.Instant | null = null
  for (const { kind, at } of changes) {
    const hours = holdHours[kind]
    if (Temporal.Instant.compare(at, createdAt.add({ hours })) < 0) continue
    const end = at.add({ hours })
    if (Temporal.Instant.compare(end, now) <= 0) continue
    if (until === null || Temporal.Instant.compare(end, until) > 0) until = end
  }
  return until
}

/** What is asked about a line before its number may be given a code. */
export type Standing = {
  readonly msisdn: string | null
  /** Whether the number still is this line's: in use, or in the quarantine that followed. */
  readonly isOurs: boolean
  readonly locked: boolean
  readonly suspendedForFraud: boolean
  readonly overdue: boolean
  readonly lineEndedAt: Temporal.Instant | null
  /** Of a number in quarantine. */
  readonly keptUntil: Temporal.Instant | null
  /** Nobody signs in any more: who asks has the link of the last message. */
  readonly accountEnded: boolean
  /** The end of the account looked like somebody else's doing. */
  readonly suspicious: boolean
  /** A closure has begun to end this line, or one of its account. */
  readonly isEnding: boolean
  /** A closure of this line, or of its account, is stopped until it is known who asked. */
  readonly isFrozen: boolean
  readonly changes: readonly Change[]
  readonly subscribedAt: Temporal.Instant
  readonly latest: PortOut | undefined
  readonly policy: Policy
}

/** Why no code is given, or nothing. Ordered: what can't be helped first, then what its owner can do. */
export function whyNoCode(standing: Standing, now: Temporal.Instant): Refusal | undefined {
  const { msisdn, isOurs, latest, policy, overdue, lineEndedAt, keptUntil } = standing
  if (msisdn === null) return refuse('line-without-number')
  if (latest?.state === 'completed' || !isOurs) return refuse('number-gone')
  if (standing.isEnding) return refuse('past-point-of-no-return')
  if (standing.isFrozen) return refuse('closure-frozen')
  if (latest?.state === 'pending') return refuse('port-pending')
  const may = mayPort(policy, { overdue, endedAt: lineEndedAt, at: now })
  if (!may.allowed) return refuse(may.why === 'arrears' ? 'port-arrears' : 'number-gone')
  if (keptUntil && Temporal.Instant.compare(keptUntil, now) <= 0) return refuse('number-gone')
  if (standing.accountEnded && (standing.suspendedForFraud || standing.suspicious))
    return refuse('port-by-hand')
  if (standing.suspendedForFraud) return refuse('suspended-by-operator')
  if (standing.locked) return refuse('port-locked')
  const until = heldUntil(standing.changes, standing.subscribedAt, now)
  if (until) return refuse('port-held', { until: until.toString() }, { until: until.toString() })
  return undefined
}

/** How long a code lives: as the country says, else for thirty days. */
export function codeEnd(policy: Policy, now: Temporal.Instant): Temporal.Instant {
  return portCodeEnd(policy, now) ?? now.add({ hours: 30 * 24 })
}

/** Until when a number whose line has ended can leave: as the country says, and while it is nobody else's. */
export function leavesUntil({
  policy,
  lineEndedAt,
  keptUntil,
}: Pick<Standing, 'policy' | 'lineEndedAt' | 'keptUntil'>): Temporal.Instant | null {
  const until = lineEndedAt && portableUntil(policy, lineEndedAt)
  return earlier(until, keptUntil)
}

/** No code outlives the time in which its number may leave. */
export function codeEndOf(standing: Standing, now: Temporal.Instant): Temporal.Instant {
  const end = codeEnd(standing.policy, now)
  return earlier(leavesUntil(standing), end) ?? end
}

const earlier = (a: Temporal.Instant | null, b: Temporal.Instant | null) =>
  a === null || (b !== null && Temporal.Instant.compare(b, a) < 0) ? b : a

/** What the other operator is told when it is refused; no more than it needs. */
export type PortRefusal =
  | 'number-unknown'
  | 'code-wrong'
  | 'code-expired'
  | 'locked'
  | 'not-portable'
  | 'already-pending'
  | 'not-pending'
  | 'reference-taken'

export type Verdict =
  | { kind: 'ok' }
  | { kind: 'wrong'; triesLeft: number }
  | { kind: 'no'; why: PortRefusal }

/** Judges the code that another operator brings. A wrong one costs a try, the last of which ends the code. */
export function judgeCode(
  port: PortOut | undefined,
  tried: { matches: boolean; locked: boolean; isEnding: boolean },
  now: Temporal.Instant,
): Verdict {
  if (!port || !isOpen(port)) return { kind: 'no', why: 'code-wrong' }
  if (port.state === 'pending') return { kind: 'no', why: 'already-pending' }
  if (port.triesLeft <= 0) return { kind: 'no', why: 'code-expired' }
  if (!tried.matches) return { kind: 'wrong', triesLeft: port.triesLeft - 1 }
  if (Temporal.Instant.compare(now, port.codeExpiresAt) >= 0)
    return { kind: 'no', why: 'code-expired' }
  if (tried.locked) return { kind: 'no', why: 'locked' }
  return tried.isEnding ? { kind: 'no', why: 'not-portable' } : { kind: 'ok' }
}

export type End =
  | { kind: 'completed' }
  | { kind: 'failed'; reason: string }
  /** The other operator takes its request back, the subscriber does, or somebody says that it was not them. */
  | { kind: 'cancelled'; by: 'subscriber' | 'operator' | 'freeze' }
  | { kind: 'silent' }

export type Ending = { state: PortState; reason: string | null }

/**
 * What an end makes of a port: a new state, nothing because it is so already, or a refusal. Messages come late, twice
 * and out of order, so only an open port ends; the one exception is a number that has moved although we gave up waiting.
 */
export function endingOf(port: PortOut, end: End): Ending | 'same' | PortRefusal {
  const state = stateAfter(end)
  if (port.state === state) return 'same'
  const moved = end.kind === 'completed' && port.state === 'expired' && port.reference !== null
  if (port.state === 'pending' || moved) return { state, reason: reasonOf(end) }
  const revoked = end.kind === 'cancelled' && end.by !== 'operator'
  if (port.state === 'issued' && (revoked || end.kind === 'silent'))
    return { state, reason: reasonOf(end) }
  return 'not-pending'
}

function stateAfter({ kind }: End): PortState {
  return kind === 'silent' ? 'expired' : kind
}

function reasonOf(end: End): string | null {
  if (end.kind === 'failed') return end.reason
  return end.kind === 'cancelled' ? `by-${end.by}` : null
}

/** When the sweep looks at a port that is open: its code runs out, or nothing more was heard of it. */
export function wakeOf(port: Pick<PortOut, 'state' | 'codeExpiresAt' | 'dueAt'>) {
  if (port.state === 'issued') return port.codeExpiresAt
  return port.state === 'pending' && port.dueAt ? port.dueAt.add(silenceMax) : null
}

const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `K7QXM-29DWF`: ten letters that are not mistaken for each other, from ten random bytes. */
export function makePortCode(random: Uint8Array): string {
  const letters = [...random.subarray(0, 10)]
    .map((byte) => alphabet[byte % alphabet.length])
    .join('')
  return `${letters.slice(0, 5)}-${letters.slice(5)}`
}

/** A code as it is compared: however it was typed. */
export function plainCode(typed: string): string {
  return typed.toUpperCase().replace(/[^0-9A-Z]/g, '')
}

const shown = (at: Temporal.Instant | null) => at?.toString() ?? null

/** A line's number and its way out, as its owner is shown it. */
export function portShown(
  { msisdn, locked, latest }: Pick<Standing, 'msisdn' | 'locked' | 'latest'>,
  no: Refusal | undefined,
  contacts: z.output<typeof portOutWire>['codeContacts'],
): z.output<typeof portOutWire> {
  return {
    msisdn,
    locked,
    refusal: no ? { code: no.refused, until: no.facts['until'] ?? null } : null,
    codeContacts: contacts,
    port: latest
      ? {
          portId: latest.portId,
          state: latest.state,
          codeExpiresAt: latest.codeExpiresAt.toString(),
          recipient: latest.recipient,
          dueAt: shown(latest.dueAt),
          endedAt: shown(latest.endedAt),
          reason: latest.reason,
        }
      : null,
  }
}

/** Codes are kept as this alone; the key is of the installation, so the hash cannot be searched for. */
export function hashPortCode(masterKey: Uint8Array, portId: string, typed: string): string {
  return macOf(masterKey, 'code', `${portId}:${plainCode(typed)}`)
}

export function macOf(masterKey: Uint8Array, use: 'code' | 'link', text: string): string {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', `violet port ${use}`, 32))
  return createHmac('sha256', key).update(text).digest('base64url')
}

export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
