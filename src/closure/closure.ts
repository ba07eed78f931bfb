/** The closure case: its states, what may happen in each, and what it does next. */
import type { Policy } from '../policy/policy.ts'
import { dueAgain, dueBy, mayClose } from '../policy/policy.ts'
import type { TrackedRefund } from '../payments/payments.ts'
import type { caseStates } from './wire.ts'

export type CaseState = (typeof caseStates)[number]

export type ClosureCase = {
  readonly subscriberId: string
  readonly caseId: string
  readonly reference: string
  readonly scope: 'line' | 'account'
  readonly lineId: string | null
  readonly state: CaseState
  readonly submittedAt: Temporal.Instant | null
  readonly dueAt: Temporal.Instant | null
  readonly endsAt: Temporal.Instant | null
  readonly serviceEndedAt: Temporal.Instant | null
  readonly closedAt: Temporal.Instant | null
  readonly failures: number
  readonly version: number
  /** Of a case that is stopped: where it goes on. */
  readonly attention?: { readonly resume: CaseState } | null
}

const withdrawable: ReadonlySet<CaseState> = new Set([
  'draft',
  'submitted',
  'verifying',
  'cooling_off',
  'in_review',
  'approved',
  'scheduled',
  'needs_customer',
  'on_hold',
  'frozen',
])
const ended: ReadonlySet<CaseState> = new Set(['closed', 'withdrawn', 'rejected'])

/** Where a case is on its way: of one that is stuck, where it stopped. */
export function standing({
  state,
  attention,
}: {
  state: CaseState
  attention: { resume: CaseState } | null
}): CaseState {
  return state === 'needs_attention' && attention ? attention.resume : state
}

/** Whether its review is due, also while staff hold it. */
export function isInReview({ state, attention }: Pick<ClosureCase, 'state' | 'attention'>) {
  return (state === 'on_hold' ? attention?.resume : state) === 'in_review'
}

export function mayWithdraw(state: CaseState): boolean {
  return withdrawable.has(state)
}

/** Until service begins to end a closure can be stopped by whoever is told of it. */
export function mayFreeze(state: CaseState): boolean {
  return withdrawable.has(state) && state !== 'draft'
}

export function hasEnded(state: CaseState): boolean {
  return ended.has(state)
}

export function isSubmitted(state: CaseState): boolean {
  return state !== 'draft' && !ended.has(state)
}

export type IfLate = Policy['rules']['ifLate']['value']
export type Risk = 'low' | 'high'

/** What the worker does next with a case. */
export type Move =
  | { kind: 'rest' }
  | { kind: 'wait'; until: Temporal.Instant | null }
  | {
      kind: 'enter'
      state: CaseState
      event: string
      dueAt: Temporal.Instant | null
      endsAt?: Temporal.Instant
    }
  | { kind: 'late'; event: 'review-late' | 'answer-late' }
  | { kind: 'late-refunds'; refunds: readonly LateRefund[]; wakeAt: Temporal.Instant | null }
  | { kind: 'remind'; dueAt: Temporal.Instant; wakeAt: Temporal.Instant }
  | { kind: 'step'; step: string }
  /** The operator called off what it closes with others. */
  | { kind: 'give-back' }

export type LateRefund = { refund: TrackedRefund; promisedAt: Temporal.Instant }
/** Those to be told of now, and when to look next. */
export type Lateness = { late: readonly LateRefund[]; next: Temporal.Instant | null }

export type Surroundings = {
  policy: Policy
  risk: Risk
  now: Temporal.Instant
  /** Steps in the order they are taken; those before service ends, then those that settle. */
  ending: readonly string[]
  settling: readonly string[]
  done: ReadonlySet<string>
  /** A message that tells of it, or that it goes on, has not left yet. */
  untold: boolean
  /** Somebody had stopped it and it was let go on: until when whoever is told of that can stop it again. */
  thawedUntil: Temporal.Instant | null
  /** What a late review comes to. */
  ifLate: IfLate
  /** The review, or the answer, was already marked late. */
  markedLate: boolean
  /** When an answer was asked for once more, the last time. */
  remindedAt: Temporal.Instant | null
  /** A number that is on its way to another operator: waited for, or asked about since it did not go. */
  port: PortWait
  /** Whose word it still takes, where a guardian acts. */
  consent: Consent
  /** Refunds that are later than promised. */
  refunds: Lateness
  /** Other closures of the account go on: it ends after them. */
  endsLast: boolean
  /** What it is closed with by the operator; one that its owner closes simply goes on. */
  bulk: 'goes-on' | 'paused' | 'called-off'
}

export type Consent = 'given' | 'guardian' | 'own'

export type PortWait =
  | { kind: 'none' }
  | { kind: 'wait'; until: Temporal.Instant }
  | { kind: 'ask' }

/** The next move of a submitted case. After `executing` it only goes forward. */
export function nextMove(c: ClosureCase, around: Surroundings): Move {
  switch (c.state) {
    case 'submitted':
      return { kind: 'enter', state: 'verifying', event: 'identity-checking', dueAt: null }
    case 'verifying':
      return consentMove(around) ?? leaveVerifying(c, around)
    case 'cooling_off':
      if (isBefore(around.now, c.dueAt)) return { kind: 'wait', until: c.dueAt }
      return untoldMove(around) ?? enterReview(c, around, 'waiting-time-over')
    case 'in_review':
      return overdue(c, around)
    case 'needs_customer':
      return unanswered(c, around)
    case 'approved':
      return (
        portMove(around) ?? {
          kind: 'enter',
          state: 'scheduled',
          event: 'scheduled',
          dueAt: null,
          endsAt: c.endsAt ?? around.now,
        }
      )
    case 'scheduled':
      if (around.bulk === 'called-off') return { kind: 'give-back' }
      if (isBefore(around.now, endOfWait(c, around)))
        return { kind: 'wait', until: endOfWait(c, around) }
      return (
        untoldMove(around) ??
        pausedMove(around) ??
        consentMove(around) ??
        portMove(around) ?? {
          kind: 'enter',
          state: 'executing',
          event: 'service-ending',
          dueAt: null,
        }
      )
    case 'executing':
      return (
        nextStep(around.ending, around) ?? {
          kind: 'enter',
          state: 'settling',
          event: 'service-ended',
          dueAt: null,
        }
      )
    case 'settling':
      return (
        lateRefunds(around) ??
        othersMove(around) ??
        nextStep(around.settling, around) ?? { kind: 'rest' }
      )
    // Whatever has stopped it: what was promised of its refunds is looked at all the same.
    case 'needs_attention':
      return lateRefunds(around) ?? { kind: 'wait', until: around.refunds.next }
    // Held it is late as any other, and no clock decides it.
    case 'on_hold':
      return isInReview(c) ? overdue(c, { ...around, ifLate: 'escalated' }) : { kind: 'rest' }
    default:
      return { kind: 'rest' }
  }
}

/** Who has not been told had no time to object. A message that can't arrive fails for good in the end. */
function untoldMove({ untold, now }: Surroundings): Move | undefined {
  return untold ? { kind: 'wait', until: now.add({ minutes: 15 }) } : undefined
}

function endOfWait({ endsAt }: ClosureCase, { thawedUntil }: Surroundings) {
  return laterOf(endsAt, thawedUntil)
}

export function laterOf(one: Temporal.Instant, other: Temporal.Instant | null): Temporal.Instant
export function laterOf(
  one: Temporal.Instant | null,
  other: Temporal.Instant | null,
): Temporal.Instant | null
export function laterOf(
  one: Temporal.Instant | null,
  other: Temporal.Instant | null,
): Temporal.Instant | null {
  if (one === null || other === null) return one ?? other
  return Temporal.Instant.compare(one, other) < 0 ? other : one
}

/** Taken up again it is woken with the others; should that be lost it looks itself. */
function pausedMove({ bulk, now }: Surroundings): Move | undefined {
  return bulk === 'paused' ? { kind: 'wait', until: now.add({ hours: 1 }) } : undefined
}

/** Nothing ends while a number is on its way; one that did not go is asked about, never simply closed. */
function portMove({ port, now }: Surroundings): Move | undefined {
  // Past its time it is looked at again and again: what may still move is never left behind.
  if (port.kind === 'wait')
    return { kind: 'wait', until: isBefore(now, port.until) ? port.until : now.add({ hours: 1 }) }
  if (port.kind === 'none') return undefined
  return {
    kind: 'enter',
    state: 'needs_customer',
    event: 'port-asked',
    dueAt: askedUntil(now).dueAt,
  }
}

/** A minor's closure takes the guardian's word; one who came of age meanwhile says it again, alone. */
function consentMove({ consent, now }: Surroundings): Move | undefined {
  if (consent === 'given') return undefined
  const event = consent === 'guardian' ? 'guardian-asked' : 'own-consent-asked'
  return { kind: 'enter', state: 'needs_customer', event, dueAt: askedUntil(now).dueAt }
}

/**
 * How long an answer is waited for, and when it is asked for once more. Violet's own rule: laws say how long a person
 * may think, and none that their silence is a yes. So nothing ends by it and nothing is taken back; a person looks.
 */
const answerWithin = { hours: 24 * 30 }
const remindAfter = { hours: 24 * 15 }

/** By when what is asked now should be answered, and when it is looked at first. */
export function askedUntil(now: Temporal.Instant) {
  return { dueAt: now.add(answerWithin), wakeAt: now.add(remindAfter) }
}

function unanswered({ dueAt }: ClosureCase, { now, remindedAt, markedLate }: Surroundings): Move {
  // Asked before there was a day, or stopped meanwhile: the time begins anew.
  if (dueAt === null) return { kind: 'remind', ...askedUntil(now) }
  const askedAt = dueAt.subtract(answerWithin)
  const remindAt = askedAt.add(remindAfter)
  if (isBefore(now, remindAt)) return { kind: 'wait', until: remindAt }
  if (!isBefore(now, dueAt))
    return markedLate ? { kind: 'wait', until: null } : { kind: 'late', event: 'answer-late' }
  const isReminded = remindedAt !== null && Temporal.Instant.compare(remindedAt, askedAt) > 0
  return isReminded ? { kind: 'wait', until: dueAt } : { kind: 'remind', dueAt, wakeAt: dueAt }
}

function leaveVerifying(c: ClosureCase, around: Surroundings): Move {
  const until = waitUntil(around.policy, around.risk, c.submittedAt ?? around.now)
  if (Temporal.Instant.compare(until, around.now) <= 0)
    return enterReview(c, around, 'identity-checked')
  return { kind: 'enter', state: 'cooling_off', event: 'identity-checked', dueAt: until }
}

/** Until when a closure waits before anybody decides: as policy says, and longer where something looks odd. */
function waitUntil(policy: Policy, risk: Risk, from: Temporal.Instant): Temporal.Instant {
  const byPolicy = dueBy(policy, 'coolingOff', from)
  if (risk === 'low') return byPolicy
  return laterOf(byPolicy, dueBy(policy, 'riskWait', from))
}

type Reviewing = { receivedAt: Temporal.Instant; from: Temporal.Instant; leftMs?: number }

/**
 * By when a person decides: in the time that a review has, or sooner where the country lets a closure take no longer. What
 * waited until that time was over is looked at for as long as a review may take. A review whose clock stood goes on with
 * what was left.
 */
export function reviewedBy(
  policy: Policy,
  { receivedAt, from, leftMs }: Reviewing,
): Temporal.Instant {
  const due =
    leftMs === undefined
      ? dueBy(policy, 'reviewSla', from)
      : dueAgain(policy, 'reviewSla', from, leftMs)
  const { by } = mayClose(policy, { overdue: false, receivedAt })
  const binds = by !== null && isBefore(from, by) && isBefore(by, due)
  return binds ? by : due
}

const goesThrough = ({ rules }: Policy, risk: Risk) => rules.autoApprove.value && risk === 'low'

/** Whether a person decides on a closure that was received at a moment, and by when, if every step takes the time it may. */
export function decisionOn(policy: Policy, risk: Risk, receivedAt: Temporal.Instant) {
  const from = waitUntil(policy, risk, receivedAt)
  if (goesThrough(policy, risk)) return { reviewed: false, by: from }
  return { reviewed: true, by: reviewedBy(policy, { receivedAt, from }) }
}

/** Straight through where policy allows it and nothing looks odd; otherwise a person decides by a deadline. */
function enterReview(c: ClosureCase, { policy, risk, now }: Surroundings, event: string): Move {
  if (goesThrough(policy, risk)) {
    return { kind: 'enter', state: 'approved', event: 'approved-by-policy', dueAt: null }
  }
  const dueAt = reviewedBy(policy, { receivedAt: c.submittedAt ?? now, from: now })
  return { kind: 'enter', state: 'in_review', event, dueAt }
}

function overdue(c: ClosureCase, { ifLate, now, markedLate }: Surroundings): Move {
  if (isBefore(now, c.dueAt)) return { kind: 'wait', until: c.dueAt }
  if (ifLate === 'approved') {
    return { kind: 'enter', state: 'approved', event: 'approved-because-late', dueAt: null }
  }
  return markedLate ? { kind: 'wait', until: null } : { kind: 'late', event: 'review-late' }
}

/** A review has one day by which it is decided; an appeal, or an answer, gives the next one its own. */
export function isMarkedLate(
  { dueAt }: Pick<ClosureCase, 'dueAt'>,
  lateAt: Temporal.Instant | undefined,
): boolean {
  if (!lateAt || !dueAt) return lateAt !== undefined
  // Events are kept to the millisecond.
  return Temporal.Instant.compare(lateAt.add({ milliseconds: 1 }), dueAt) > 0
}

/** What other closures bring to the account is settled with it. The last of them wakes it, sooner than this. */
function othersMove({ endsLast, now }: Surroundings): Move | undefined {
  return endsLast ? { kind: 'wait', until: now.add({ hours: 24 }) } : undefined
}

function lateRefunds({ refunds: { late, next } }: Surroundings): Move | undefined {
  return late.length === 0 ? undefined : { kind: 'late-refunds', refunds: late, wakeAt: next }
}

function nextStep(steps: readonly string[], { done }: Surroundings): Move | undefined {
  const step = steps.find((name) => !done.has(name))
  return step === undefined ? undefined : { kind: 'step', step }
}

function isBefore(now: Temporal.Instant, due: Temporal.Instant | null): boolean {
  return due !== null && Temporal.Instant.compare(now, due) < 0
}

/** How long to leave a failing partner alone, and when to ask a person: eight tries over about four minutes. */
export const failuresMax = 8

export function backoffMs(failures: number): number {
  return Math.min(1000 * 2 ** (failures - 1), 60_000)
}
