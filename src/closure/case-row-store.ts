/** A case as its row holds it: read whole, and written a change at a time; what people wrote is sealed. */
import type { Selectable } from 'kysely'
import { personal, personalOrGone } from '../platform/personal.ts'
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
    attention: withNote(row.attention as Attention | null, row.hold_note),
    decision: decisionFrom(row),
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

type Decision = NonNullable<StoredCase['decision']>

const holdStep = 'hold'
const heldSentence = 'a member of staff holds it'

function decisionFrom(row: Selectable<CaseRow>): Decision | null {
  if (row.decision === null) return null
  return { ...(row.decision as Omit<Decision, 'note'>), note: row.decision_note ?? '' }
}

/** What a case is held for is said by a person; where it stands is the program's. */
function withNote(attention: Attention | null, note: string | null): Attention | null {
  if (attention === null || !note) return attention
  const { before } = attention
  return {
    ...attention,
    ...(attention.step === holdStep && { what: note }),
    ...(before && { before: withNote(before, note) ?? before }),
  }
}

const noteIn = (attention: Attention | null): string | null =>
  attention && (attention.step === holdStep ? attention.what : noteIn(attention.before ?? null))

/** A part that is undefined keeps its value. */
function notesOf({ attention, decision }: CaseChange, c?: CaseKey) {
  const said = (field: string, note: string | null) =>
    note && c
      ? personalOrGone(
          { subscriberId: c.subscriberId, category: 'complaints', field, record: c.caseId },
          note,
        )
      : note
  const { note, ...decided } = decision ?? { note: null }
  return {
    attention: attention && withNote(attention, noteIn(attention) && heldSentence),
    hold_note:
      attention === undefined ? undefined : said('closure_case.hold_note', noteIn(attention)),
    decision: decision && decided,
    decision_note: decision === undefined ? undefined : said('closure_case.decision_note', note),
  }
}

type CaseKey = Pick<StoredCase, 'subscriberId' | 'caseId'>
const keptWith = { reason_text: 'contacts', appeal_text: 'complaints' } as const

function sealedWords(
  c: CaseKey | undefined,
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
export function columnsOf(change: CaseChange, c?: CaseKey) {
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
    ...notesOf(change, c),
    claimed_by: change.claimedBy,
    claimed_until: change.claimedUntil,
  }
}

export const changeable = Object.keys(columnsOf({}))
