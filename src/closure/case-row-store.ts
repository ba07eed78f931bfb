/** A case as its row holds it: read whole, and written a change at a time; what people wrote is sealed. */
import type { Selectable } from 'kysely'
import { personal } from '../platform/personal.ts'
import type { ClosureCase as CaseRow } from '../platform/tables.ts'
import type { Attention, PolicyOfCase, ShownBy, StoredCase } from './case.ts'
import type { CaseState, Risk } from './closure.ts'
import { type Choices, choicesIn } from './ends.ts'
import type { QuoteWire } from './quote.ts'

export function caseFrom(row: Selectable<CaseRow>): StoredCase {
  const choices = row.choices as Partial<Choices>
  return {
    subscriberId: row.subscriber_id,
    caseId: row.case_id,
    reference: row.reference,
    scope: row.scope as 'line' | 'account',
    lineId: row.line_id,
    state: row.state as CaseState,
    policyCountry: row.policy_country,
    policyVersion: row.policy_version,
    policySegment: row.policy_segment as StoredCase['policySegment'],
    choices: choicesIn(choices),
    closingLines: row.closing_lines as string[] | null,
    quote: row.quote as QuoteWire | null,
    reason: row.reason,
    reasonText: row.reason_text,
    appealedAt: row.appealed_at,
    appealText: row.appeal_text,
    attention: row.attention as Attention | null,
    decision: row.decision as StoredCase['decision'],
    claimedBy: row.claimed_by,
    claimedUntil: row.claimed_until,
    createdAt: row.created_at,
    bulkId: row.bulk_id,
    shownBy: row.shown_by as StoredCase['shownBy'],
    submittedAt: row.submitted_at,
    dueAt: row.due_at,
    endsAt: row.ends_at,
    serviceEndedAt: row.service_ended_at,
    closedAt: row.closed_at,
    failures: row.failures,
    version: row.version,
  }
}

export type CaseChange = Partial<PolicyOfCase> & {
  state?: CaseState
  choices?: Choices
  closingLines?: readonly string[]
  quote?: QuoteWire
  risk?: Risk
  reason?: string | null
  reasonText?: string | null
  appealedAt?: Temporal.Instant
  appealText?: string
  submittedAt?: Temporal.Instant
  shownBy?: ShownBy
  dueAt?: Temporal.Instant | null
  /** When the sweep wakes the case; null: nothing to wait for. */
  wakeAt?: Temporal.Instant | null
  /** Null: as soon as it is decided. */
  endsAt?: Temporal.Instant | null
  serviceEndedAt?: Temporal.Instant
  closedAt?: Temporal.Instant
  failures?: number
  attention?: Attention | null
  decision?: StoredCase['decision']
  claimedBy?: string | null
  claimedUntil?: Temporal.Instant | null
}

const keptWith = { reason_text: 'contacts', appeal_text: 'complaints' } as const

function sealedWords(
  c: Pick<StoredCase, 'subscriberId' | 'caseId'> | undefined,
  column: keyof typeof keptWith,
  text: string | null | undefined,
) {
  if (!c || !text) return text
  const { subscriberId, caseId } = c
  const field = `closure_case.${column}`
  return personal({ subscriberId, category: keptWith[column], field, record: caseId }, text)
}

/** A part that is undefined keeps its value. */
export const policyColumns = <Of extends Partial<PolicyOfCase>>(of: Of) => ({
  policy_country: of.policyCountry as Of['policyCountry'],
  policy_version: of.policyVersion as Of['policyVersion'],
  policy_segment: of.policySegment as Of['policySegment'],
})

/** A column that is undefined keeps its value. */
export function columnsOf(change: CaseChange, c?: Pick<StoredCase, 'subscriberId' | 'caseId'>) {
  return {
    state: change.state,
    ...policyColumns(change),
    choices: change.choices,
    closing_lines: change.closingLines,
    quote: change.quote,
    quote_hash: change.quote?.hash,
    risk: change.risk,
    reason: change.reason,
    reason_text: sealedWords(c, 'reason_text', change.reasonText),
    appealed_at: change.appealedAt,
    appeal_text: sealedWords(c, 'appeal_text', change.appealText),
    submitted_at: change.submittedAt,
    shown_by: change.shownBy,
    due_at: change.dueAt,
    wake_at: change.wakeAt,
    ends_at: change.endsAt,
    service_ended_at: change.serviceEndedAt,
    closed_at: change.closedAt,
    failures: change.failures,
    attention: change.attention,
    decision: change.decision,
    claimed_by: change.claimedBy,
    claimed_until: change.claimedUntil,
  }
}

export const changeable = Object.keys(columnsOf({}))
