/** A closure case with all that is stored of it. */
import { lastingLines } from './agreed-end.ts'
import type { Pinned } from '../policy/policy.ts'
import type { Segment } from '../values/wire.ts'
import { type CaseState, type ClosureCase, hasEnded } from './closure.ts'
import type { Facts } from './facts.ts'
import type { QuoteWire } from './quote.ts'
import type { Choices } from './settlement.ts'

export type Attention = {
  step: string
  what: string
  advice: string
  since: string
  resume: CaseState
  /** What it was stopped for already, and is again once this is over. */
  before?: Attention
}
export type ShownBy = 'code' | 'reviewer'
export type StoredCase = ClosureCase & {
  policyCountry: string
  policyVersion: number
  policySegment: Segment
  choices: Choices
  /** Pinned when service begins to end; null before. */
  closingLines: readonly string[] | null
  quote: QuoteWire | null
  reason: string | null
  reasonText: string | null
  /** Its owner did not accept that it was rejected. */
  appealedAt: Temporal.Instant | null
  appealText: string | null
  attention: Attention | null
  decision: { decision: string; reasonCode: string; note: string; staffId: string } | null
  claimedBy: string | null
  claimedUntil: Temporal.Instant | null
  createdAt: Temporal.Instant
  /** The operator closes it, with others; null: its owner asked. */
  bulkId: string | null
  /** How it was shown who asks, where nobody signed in; null: by signing in. */
  shownBy: ShownBy | null
}

/** What a reviewer asked whose closure it is; as long as it is open the clock of the review stands. */
export type Question = {
  questionId: string
  text: string
  askedAt: Temporal.Instant
  answer: string | null
  /** Of the time for the review. */
  leftMs: number
  /** Answered, taken back, or over with the review; null: it is open. */
  endedAt: Temporal.Instant | null
}

export function openQuestion(questions: readonly Question[]): Question | undefined {
  return questions.find(({ endedAt }) => endedAt === null)
}

/** Whoever only a reviewer knows for who they are has no way to sign in and answer. */
export function mayAnswer({ shownBy }: Pick<StoredCase, 'shownBy'>): boolean {
  return shownBy !== 'reviewer'
}

/** Whether its owner chooses and agrees: a draft, or one that asks for that and not for an answer. */
export function isEditable(
  { state }: Pick<StoredCase, 'state'>,
  questions: readonly Question[],
): boolean {
  return state === 'draft' || (state === 'needs_customer' && !openQuestion(questions))
}

/** Until when days are counted as used: to when it was received; what is spent first, goes on to a day, or the operator ends, to the end. */
export function countedTo(c: StoredCase): Temporal.Instant | null {
  const lasts = lastingLines(c.quote).size > 0
  const toTheEnd = c.bulkId !== null || c.choices.paid?.spendFirst || lasts
  return toTheEnd ? c.endsAt : c.submittedAt
}

/**
 * Lines that work and renew as before until their case executes: by a term, by their owner's own day, or because the
 * operator has announced a day. What is spent first begins nothing new, or there would be no last paid day.
 */
export function goingOn(
  c: Pick<StoredCase, 'bulkId' | 'choices' | 'quote' | 'closingLines'>,
): ReadonlySet<string> {
  if (c.bulkId === null) return lastingLines(c.quote)
  return new Set(c.choices.paid?.spendFirst ? [] : c.closingLines)
}

/**
 * Whether a case keeps another from being submitted. A line whose service has ended only waits for its money: its account
 * can close, and settles after it.
 */
export function isInTheWay(
  one: Pick<StoredCase, 'scope' | 'lineId' | 'state' | 'submittedAt' | 'serviceEndedAt'>,
  wanted: Pick<StoredCase, 'scope' | 'lineId'>,
): boolean {
  if (hasEnded(one.state)) return false
  if (one.scope === 'account') return one.submittedAt !== null
  if (wanted.scope === 'account') return one.submittedAt !== null && one.serviceEndedAt === null
  return one.lineId === wanted.lineId
}

/** A rejection by a person can be appealed against once. */
export function mayAppeal(c: Pick<StoredCase, 'state' | 'appealedAt' | 'bulkId'>): boolean {
  return c.state === 'rejected' && c.appealedAt === null && c.bulkId === null
}

/** The policy a case is pinned to, or none yet: then the newest of the subscriber's country; and the day that its rules hold on. */
export type Pin = { at: Temporal.Instant; of?: Pinned }

/** A draft follows the newest policy; from submission on the case keeps the one it was submitted under, as it held then. */
export function pinOf(c: StoredCase, now: Temporal.Instant): Pin {
  if (c.state === 'draft') return { at: now }
  return { at: c.submittedAt ?? now, of: pinnedOf(c) }
}

export type PolicyOfCase = Pick<StoredCase, 'policyCountry' | 'policyVersion' | 'policySegment'>

export function pinnedOf({ policyCountry, policyVersion, policySegment }: PolicyOfCase): Pinned {
  return { country: policyCountry, version: policyVersion, segment: policySegment }
}

/** What a case that is submitted now is pinned to. */
export function pinnedTo({ policy, segment }: Pick<Facts, 'policy' | 'segment'>): PolicyOfCase {
  return {
    policyCountry: policy.country,
    policyVersion: policy.version,
    policySegment: segment,
  }
}
