/** The timeline of a case: what is done, what happens now, and what is to come, from its events. */
import type { z } from 'zod'
import type { Policy } from '../policy/policy.ts'
import { type CaseState, type ClosureCase, isInReview, isMarkedLate, laterOf } from './closure.ts'
import type { timelineRowWire } from './wire.ts'

export type TimelineRow = z.infer<typeof timelineRowWire>
export type CaseEvent = { kind: string; at: Temporal.Instant; detail: Record<string, string> }
type Key = TimelineRow['key']

type Stage = {
  key: Key
  /** The stage is over once one of these events stands in the case. */
  over: readonly string[]
  shown(c: ClosureCase, policy: Policy, events: readonly CaseEvent[]): boolean
  due(c: ClosureCase, events: readonly CaseEvent[]): string | null
}

const always = () => true
const never = () => null
const text = (at: Temporal.Instant | null) => at?.toString() ?? null
const approvals = ['approved-by-policy', 'approved', 'approved-because-late', 'number-ported']

const announced: Stage = { key: 'announced', over: ['announced'], shown: always, due: never }
/** Nobody asked for what the operator announced, so nobody checks who did. */
const firstOfAnnounced = 'service-ends'

const stages: readonly Stage[] = [
  { key: 'received', over: ['submitted'], shown: always, due: never },
  {
    key: 'guardian',
    over: ['authorised'],
    shown: (_c, _p, events) => has(events, 'guardian-asked'),
    due: never,
  },
  {
    key: 'identity-checked',
    over: ['identity-checked', 'waiting-time-over', ...approvals],
    shown: always,
    due: never,
  },
  {
    key: 'waiting-time',
    over: ['waiting-time-over', ...approvals],
    shown: (_, policy, events) =>
      !Temporal.Duration.from(policy.rules.coolingOff.value).blank ||
      has(events, 'waiting-time-over'),
    due: (c) => (c.state === 'cooling_off' ? text(c.dueAt) : null),
  },
  {
    key: 'appeal',
    over: ['appealed'],
    shown: (_c, _p, events) => has(events, 'appealed'),
    due: never,
  },
  {
    key: 'question',
    over: ['question-answered', 'question-withdrawn'],
    shown: (_c, _p, events) => has(events, 'question-asked'),
    due: never,
  },
  {
    key: 'review',
    over: approvals,
    shown: (c, policy, events) =>
      isInReview(c) ||
      has(events, 'question-asked') ||
      has(events, 'approved') ||
      (!policy.rules.autoApprove.value && !has(events, 'number-ported')),
    due: (c) => (isInReview(c) ? text(c.dueAt) : null),
  },
  {
    key: 'number-port',
    over: ['number-ported', 'port-ended'],
    shown: (_c, _p, events) => portEvent(events) !== undefined,
    due: (_, events) => portEvent(events)?.detail['due'] ?? null,
  },
  {
    key: 'own-consent',
    over: ['agreed-again'],
    shown: (_c, _p, events) => has(events, 'own-consent-asked'),
    due: never,
  },
  {
    key: 'texts-only',
    over: ['texts-ended', 'service-ended'],
    shown: (_c, _p, events) => graceUntil(events) !== undefined,
    due: (_, events) => graceUntil(events) ?? null,
  },
  {
    key: 'service-ends',
    over: ['service-ended'],
    shown: always,
    due: (c, events) =>
      graceUntil(events) ?? text(c.endsAt && laterOf(c.endsAt, thawUntil(events))),
  },
  {
    key: 'number-kept',
    over: ['service-ended'],
    shown: (_c, _p, events) => has(events, 'number-kept'),
    due: never,
  },
  {
    key: 'other-closures',
    over: ['money-settled'],
    shown: (_c, _p, events) => has(events, 'closures-wait'),
    due: never,
  },
  { key: 'money-settled', over: ['money-settled'], shown: always, due: never },
  {
    key: 'late-usage',
    over: ['late-usage-over'],
    shown: (_c, _p, events) => has(events, 'late-usage-waits'),
    due: never,
  },
  {
    key: 'bank-decides',
    over: ['money-finished'],
    shown: (_c, _p, events) => has(events, 'dispute-waits'),
    due: never,
  },
  {
    key: 'refund',
    over: ['refunds-ended'],
    shown: (_c, _p, events) => refundExpected(events),
    due: never,
  },
  { key: 'certificate', over: ['certificate-signed'], shown: always, due: never },
  { key: 'closed', over: ['closed'], shown: always, due: never },
]

export function timeline(
  c: ClosureCase,
  policy: Policy,
  events: readonly CaseEvent[],
): TimelineRow[] {
  if (c.state === 'draft') return []
  const first = stages.findIndex(({ key }) => key === firstOfAnnounced)
  const way = has(events, 'announced') ? [announced, ...stages.slice(first)] : stages
  const rows = way
    .filter((stage) => stage.shown(c, policy, events))
    .map((stage): TimelineRow => {
      const event = overBy(stage, events)
      const detail = detailOf(stage.key, events)
      // A request is received when it is made, though it was shown later who makes it.
      const at = stage.key === 'received' ? (c.submittedAt ?? event?.at) : event?.at
      if (event && at)
        return { key: stage.key, state: 'done', at: at.toString(), due: null, detail }
      return {
        key: stage.key,
        state: 'to-come',
        at: null,
        due: stage.due(c, events) ?? detail['until'] ?? null,
        detail,
      }
    })
  const stop = stopRow(c.state, events)
  if (stop) return [...rows.filter(({ state }) => state === 'done'), stop]
  const current = rows.find(({ state }) => state === 'to-come')
  const refund = rows.find(({ key, state }) => key === 'refund' && state === 'to-come')
  if (current) current.state = current.key === 'review' && isLate(c, events) ? 'late' : 'now'
  if (refund && hasLateRefund(events)) refund.state = 'late'
  return rows
}

/** Refunds are waited for beside other things. */
const refundWords = ['refund-late', 'refund-sent', 'refund-failed', 'paid-out', 'charged-back']
function hasLateRefund(events: readonly CaseEvent[]): boolean {
  const words = events.filter(({ kind }) => refundWords.includes(kind))
  const last = new Map(words.map(({ kind, detail }) => [detail['refund'], kind]))
  return [...last.values()].includes('refund-late')
}

function isLate(c: ClosureCase, events: readonly CaseEvent[]): boolean {
  return isMarkedLate(c, events.findLast(({ kind }) => kind === 'review-late')?.at)
}

function overBy({ key, over }: Stage, events: readonly CaseEvent[]): CaseEvent | undefined {
  // What can be asked again, as a number can set out again after it did not go: there the last word counts.
  const kinds = lastWords[key]
  if (!kinds) return events.find(({ kind }) => over.includes(kind))
  const last = events.findLast(({ kind }) => kinds.includes(kind))
  return last && over.includes(last.kind) ? last : undefined
}

const portKinds = ['port-pending', 'port-ended', 'number-ported']
const lastWords: Partial<Record<Key, readonly string[]>> = {
  question: ['question-asked', 'question-answered', 'question-withdrawn'],
  'number-port': portKinds,
  guardian: ['guardian-asked', 'authorised'],
  'own-consent': ['own-consent-asked', 'agreed-again'],
}
function portEvent(events: readonly CaseEvent[]): CaseEvent | undefined {
  return events.findLast(({ kind }) => portKinds.includes(kind))
}

const stops = {
  withdrawn: 'withdrawn',
  rejected: 'rejected',
  needs_attention: 'needs-attention',
  frozen: 'frozen',
} as const

function stopRow(state: CaseState, events: readonly CaseEvent[]): TimelineRow | undefined {
  if (!(state in stops)) return undefined
  const kind = stops[state as keyof typeof stops]
  const event = events.findLast((one) => one.kind === kind)
  const row = { key: kind, at: event?.at.toString() ?? null, due: null, detail: {} } as const
  return { ...row, state: state === 'needs_attention' || state === 'frozen' ? 'late' : 'done' }
}

function detailOf(key: Key, events: readonly CaseEvent[]): Record<string, string> {
  if (key === 'number-port') return { how: portOutcome(events) }
  return events.findLast(({ kind }) => kind === saidBy[key])?.detail ?? {}
}

const saidBy: Partial<Record<Key, string>> = {
  refund: 'money-settled',
  'other-closures': 'closures-wait',
  'late-usage': 'late-usage-waits',
  'number-kept': 'number-kept',
}

function portOutcome(events: readonly CaseEvent[]): string {
  const last = portEvent(events)
  return last?.kind === 'number-ported' ? 'ported' : (last?.detail['how'] ?? 'pending')
}

function refundExpected(events: readonly CaseEvent[]): boolean {
  return events.some(
    ({ kind, detail }) =>
      (kind === 'money-settled' || kind === 'submitted') && Number(detail['refunds'] ?? 0) > 0,
  )
}

function graceUntil(events: readonly CaseEvent[]): string | undefined {
  return events.find(({ kind }) => kind === 'service-ending')?.detail['textsUntil']
}

/** Nothing of what was stopped and let go on ends before. */
function thawUntil(events: readonly CaseEvent[]): Temporal.Instant | null {
  const until = events.findLast(({ kind }) => kind === 'thawed')?.detail['until']
  return until === undefined ? null : Temporal.Instant.from(until)
}

function has(events: readonly CaseEvent[], wanted: string): boolean {
  return events.some(({ kind }) => kind === wanted)
}
