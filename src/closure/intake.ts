/** Closing asked for without signing in: what is given, what may be asked for it, and what anybody may see of it. */
import type { z } from 'zod'
import type { Policy } from '../policy/policy.ts'
import { ruleFor } from '../policy/policy.ts'
import type { CaseState } from './closure.ts'
import { type answersWire, type intakeStates, typedEvidence } from './intake-wire.ts'
import type { TimelineRow } from './timeline.ts'

export type IntakeState = (typeof intakeStates)[number]
export type TypedEvidence = (typeof typedEvidence)[number]
export type Answers = z.infer<typeof answersWire>

/** What a row holds sealed. */
export type Given = {
  by: 'number' | 'email' | 'iccid'
  value: string
  contact: { kind: 'email' | 'phone'; value: string }
  answers: Answers
  /** What a reviewer asks for, in their words. */
  note: string
  /** What a member of staff noted on refusing it, for staff alone. */
  said?: string
}

export type Intake = {
  readonly caseId: string
  readonly reference: string
  readonly state: IntakeState
  readonly scope: 'line' | 'account'
  readonly reason: string | null
  readonly residence: string
  readonly locale: string
  readonly given: Given
  readonly receivedAt: Temporal.Instant
  readonly dueAt: Temporal.Instant
  readonly wakeAt: Temporal.Instant | null
  readonly codeHash: string | null
  readonly codeAt: Temporal.Instant | null
  readonly codeTries: number
  readonly codesSent: readonly Temporal.Instant[]
  readonly codeWanted: boolean
  readonly asked: string | null
  readonly answeredAt: Temporal.Instant | null
  readonly decidedBy: string | null
  readonly refusal: string | null
  readonly endedAt: Temporal.Instant | null
  /** By when a person judges what was answered. */
  readonly reviewBy: Temporal.Instant | null
  /** When it was told that nobody has. */
  readonly lateAt: Temporal.Instant | null
  readonly version: number
}

/** Violet's own: how long it may take to show who asks, and how long a request that has ended is kept. */
export const proofDays = 14
export const keptDays = 30
/** Requests from one place, behind which many may sit, in an hour; and for one way to be reached in a day. */
export const fromPerHourMax = 100
export const contactPerDayMax = 5
/** Whoever was reached before is told of so many in a day, and no more: nobody is flooded by a stranger. */
export const tellingsPerDayMax = 3
/** With five tries each, guessing a code of one request stays hopeless. */
export const codesMax = 6

const open: ReadonlySet<IntakeState> = new Set(['received', 'waiting', 'in-review'])
export function isOpen({ state }: Pick<Intake, 'state'>): boolean {
  return open.has(state)
}

type Dated = Pick<Intake, 'state' | 'dueAt' | 'reviewBy' | 'lateAt'>

/** By when it is judged; one that was answered before there was such a day, by the day it was open until. */
export function judgedBy({ dueAt, reviewBy }: Pick<Intake, 'dueAt' | 'reviewBy'>) {
  return reviewBy ?? dueAt
}

/** What waits for a person, also where its owner stopped it, which who asked does not learn. */
export function isJudgedLate(intake: Dated, now: Temporal.Instant): boolean {
  const { state, reviewBy, lateAt } = intake
  if (lateAt !== null || (state !== 'in-review' && reviewBy === null)) return false
  return Temporal.Instant.compare(judgedBy(intake), now) <= 0
}

/** When a request is looked at next: nobody but a person ends one that waits for them. */
export function wakesAt(intake: Dated): Temporal.Instant | null {
  const { state, dueAt, reviewBy, lateAt } = intake
  if (state === 'in-review') return lateAt === null ? judgedBy(intake) : null
  const isFirst = reviewBy !== null && Temporal.Instant.compare(reviewBy, dueAt) < 0
  return isFirst && lateAt === null ? reviewBy : dueAt
}

/** The last digits of a card that name it, in the spelling they are kept in; undefined: too few, or no digits. */
export function cardEnding(typed: string): string | undefined {
  const digits = typed.replaceAll(/[\s-]/g, '').replace(/F$/i, '')
  return /^\d{8,20}$/.test(digits) ? digits : undefined
}

/** What may be asked so that a person can judge who asks; nothing but what the policy names. */
export function evidenceFor(policy: Policy): TypedEvidence[] {
  const allowed: readonly string[] = ruleFor(policy, 'identityEvidence').value
  return typedEvidence.filter((kind) => allowed.includes(kind))
}

/** That, and what a reviewer asked for by the rules of the account. */
export function answerable(policy: Policy, asked: string | null): TypedEvidence[] {
  const more = typedEvidence.filter((kind) => asked?.split(',').includes(kind))
  return [...new Set([...evidenceFor(policy), ...more])]
}

/** What of an answer nobody may ask, so that it is never kept. */
export function notAsked(policy: Policy, answers: Answers, asked: string | null): string[] {
  const may: readonly string[] = answerable(policy, asked)
  return Object.keys(answers).filter((kind) => !may.includes(kind))
}

export type Shown = { state: CaseState; proof: 'needed' | 'judged' | 'not-shown' | null }

/**
 * What anybody with the reference sees. One that its owner stopped looks as if nobody had answered: who asks learns
 * nothing about whether there is such a line.
 */
export function shownState(
  { state, dueAt, answeredAt, asked }: Pick<Intake, 'state' | 'dueAt' | 'answeredAt' | 'asked'>,
  now: Temporal.Instant,
): Shown {
  if (state === 'withdrawn') return { state: 'withdrawn', proof: null }
  if (state === 'opened') return { state: 'verifying', proof: null }
  const isOver = Temporal.Instant.compare(now, dueAt) >= 0
  if (state === 'refused' || state === 'expired' || (state === 'stopped' && isOver))
    return { state: 'rejected', proof: 'not-shown' }
  if (state === 'in-review' || (state === 'stopped' && answeredAt !== null && asked === null))
    return { state: 'verifying', proof: 'judged' }
  return { state: 'needs_customer', proof: 'needed' }
}

/** The same rows as a closure has, as far as anything is known before it is shown who asks. */
export function intakeTimeline(intake: Intake, now: Temporal.Instant): TimelineRow[] {
  const { state, proof } = shownState(intake, now)
  const row = (key: TimelineRow['key'], more: Partial<TimelineRow> = {}): TimelineRow => ({
    key,
    state: 'to-come',
    at: null,
    due: null,
    detail: {},
    ...more,
  })
  const received = row('received', { state: 'done', at: intake.receivedAt.toString() })
  if (state === 'withdrawn' || state === 'rejected') {
    const at = intake.state === 'stopped' ? intake.dueAt : (intake.endedAt ?? intake.dueAt)
    return [received, row(state, { state: 'done', at: at.toString() })]
  }
  const due = proof === 'needed' ? intake.dueAt.toString() : null
  return [
    received,
    row('identity-checked', { state: 'now', due }),
    row('service-ends'),
    row('money-settled'),
    row('certificate'),
    row('closed'),
  ]
}

/** How far what was answered agrees with what is known; null: nothing is known to hold it against. */
export function agrees(given: string, known: readonly string[]): boolean | null {
  if (known.length === 0) return null
  const plain = (text: string) =>
    text
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}@.]/gu, '')
  return known.some((one) => plain(one) === plain(given))
}
