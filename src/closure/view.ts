/** A closure case as the API shows it, from what was read. */
import type { z } from 'zod'
import { waitsFor } from './acting.ts'
import { lateMeans } from './approvals.ts'
import { mayWithdraw, standing } from './closure.ts'
import { codeContacts, type ContactFacts, type Facts, lineName } from './facts.ts'
import { hasLeft } from './ported.ts'
import type { QuoteWire } from './quote.ts'
import type { ReadinessRow } from './readiness.ts'
import { isOurs, type TrackedRefund } from '../payments/payments.ts'
import { toWire } from '../values/money.ts'
import { mayAppeal, type Question, type StoredCase } from './case.ts'
import { type CaseEvent, timeline } from './timeline.ts'
import type { closureWire, publicClosureWire } from './wire.ts'

export type ClosureView = z.infer<typeof closureWire>
export type PublicView = z.infer<typeof publicClosureWire>

export type Seen = {
  c: StoredCase
  facts: Facts
  events: readonly CaseEvent[]
  rows: readonly ReadinessRow[]
  quote: QuoteWire | null
  certificateSignedAt: Temporal.Instant | null
  kept: readonly {
    category: string
    basis: string
    until: Temporal.Instant | null
    erasedAt: Temporal.Instant | null
  }[]
  refunds: readonly TrackedRefund[]
  finalStatement: QuoteWire['currencies'] | null
  questions: readonly Question[]
}

export function viewOf(seen: Seen): ClosureView {
  const { c, facts } = seen
  const [line] = facts.lines
  const isLine = c.scope === 'line' && line !== undefined
  const at = `/v1/closures/${c.caseId}`
  return {
    caseId: c.caseId,
    reference: c.reference,
    scope: c.scope,
    lineId: c.lineId,
    lineName: isLine ? lineName(line) : null,
    msisdn: isLine ? line.msisdn : null,
    state: c.state,
    policy: policyOf(c, facts),
    readiness: [...seen.rows],
    choices: choicesOf(c),
    reason: c.reason as ClosureView['reason'],
    reasonText: c.reasonText,
    quote: seen.quote,
    codeContacts: codeContacts(facts).map(contactOf),
    timeline: timeline(c, facts.policy, seen.events),
    waitsFor: waitsFor(c, facts, seen.events),
    questions: seen.questions.map(questionShown),
    canWithdraw: c.bulkId === null && mayWithdraw(standing(c)) && !hasLeft(c, facts),
    dueAt: text(c.dueAt),
    createdAt: c.createdAt.toString(),
    submittedAt: text(c.submittedAt),
    serviceEndedAt: text(c.serviceEndedAt),
    closedAt: text(c.closedAt),
    rejection:
      c.state === 'rejected' && c.decision
        ? { code: c.decision.reasonCode, note: c.decision.note, canAppeal: mayAppeal(c) }
        : null,
    certificate: seen.certificateSignedAt && {
      signedAt: seen.certificateSignedAt.toString(),
      jsonUrl: `${at}/certificate.json`,
      pdfUrl: `${at}/certificate.pdf`,
    },
    kept: seen.kept.map(({ category, basis, until, erasedAt }) => ({
      category,
      basis,
      until: text(until),
      erasedAt: text(erasedAt),
    })),
    refunds: seen.refunds.map(refundShown),
    finalStatement: seen.finalStatement,
  }
}

/** The same progress for anybody with the reference: nothing personal, no amounts, no names, no numbers. */
export function publicViewOf(
  { c, facts, events }: Pick<Seen, 'c' | 'facts' | 'events'>,
  operator: string,
): PublicView {
  return {
    reference: c.reference,
    scope: c.scope,
    state: c.state,
    timeline: timeline(c, facts.policy, events).map(({ detail: _, ...row }) => row),
    dueAt: text(c.dueAt),
    ifLate: lateMeans(c, facts, c.submittedAt ?? c.createdAt),
    operator,
    proof: null,
  }
}

function policyOf(c: StoredCase, facts: Facts): ClosureView['policy'] {
  const { policy } = facts
  const { reasonMode, autoApprove, buttonLabels } = policy.rules
  return {
    country: policy.country,
    version: policy.version,
    reasonMode: reasonMode.value,
    reviewed: !autoApprove.value,
    ifLate: lateMeans(c, facts, c.submittedAt ?? c.createdAt),
    buttonLabels: buttonLabels.value,
  }
}

function choicesOf({ choices }: StoredCase): ClosureView['choices'] {
  const plain = <Disposition extends string>(
    choice: { disposition: Disposition; toLineId?: string | undefined } | null,
  ) =>
    choice && {
      disposition: choice.disposition,
      ...(choice.toLineId && { toLineId: choice.toLineId }),
    }
  const { paid, promotional, shared, exchange, texts, endsOn } = choices
  return {
    paid: paid && { ...plain(paid)!, ...(paid.spendFirst && { spendFirst: true }) },
    promotional: plain(promotional),
    ...(shared && { shared }),
    ...(exchange !== undefined && { exchange }),
    ...(texts && { texts }),
    ...(endsOn !== undefined && { endsOn }),
  }
}

/** Where one refund is, and what its owner can do about it. */
function refundShown(refund: TrackedRefund): ClosureView['refunds'][number] {
  const { refundId, instrument, amount, state, failure, payoutUntil, payoutTo } = refund
  const isOpen = state === 'failed' && !refund.hasAccount
  return {
    refundId,
    instrument,
    amount: toWire(amount),
    state: state === 'failed' ? (refund.hasAccount ? 'paying-out' : 'needs-account') : state,
    failure,
    requestedAt: refund.requestedAt.toString(),
    endedAt: text(refund.endedAt),
    accountUntil: isOpen ? text(payoutUntil) : null,
    accountEnding: payoutTo,
    accountFailure: isOpen ? refund.payoutFailure : null,
    isLate: refund.lateAt !== null && isOurs(refund),
  }
}

function questionShown({ questionId, text: asked, askedAt, answer, endedAt }: Question) {
  return { questionId, text: asked, askedAt: askedAt.toString(), answer, endedAt: text(endedAt) }
}

function contactOf({ contactId, kind, value, addedAt, verifiedAt }: ContactFacts) {
  return { contactId, kind, value, addedAt: addedAt.toString(), verifiedAt: text(verifiedAt) }
}

function text(at: Temporal.Instant | null): string | null {
  return at === null ? null : at.toString()
}
