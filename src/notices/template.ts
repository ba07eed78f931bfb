/** What each message is made of: its facts, its buttons, its tables. The words are in the catalogs. */
import type { NoticeParams, TemplateName } from './notice.ts'
import type { WordKey } from './words.ts'

type ParamName<T extends TemplateName> = keyof NoticeParams[T] & string

export type Template<Param extends string = string> = {
  /** Rows under the text, in this order; a row whose value is missing is left out. */
  readonly facts: readonly Param[]
  /** The first is the button, the rest are links; one whose address is missing is left out. */
  readonly actions?: readonly { label: WordKey; url: Param }[]
  /** Sentences chosen by a value: `${key}.${value}`. */
  readonly variants?: readonly { key: string; by: Param }[]
  /** A code is the message; nothing else stands beside it. */
  readonly hasCode?: boolean
  /** The reader should act if this wasn't them. */
  readonly warns?: boolean
  readonly tables?: 'statement' | 'erased'
}

export const templates: { readonly [T in TemplateName]: Template<ParamName<T>> } = {
  'sign-in-code': { facts: [], hasCode: true },
  'staff-sign-in-code': { facts: [], hasCode: true },
  'contact-code': { facts: [], hasCode: true },
  'closure-code': { facts: ['reference'], hasCode: true },
  'passkey-code': { facts: [], hasCode: true },
  'number-code': { facts: ['lineName'], hasCode: true },
  'port-code-given': {
    facts: ['lineName', 'msisdn', 'at', 'codeEndsAt'],
    actions: [{ label: 'port-code-given.action', url: 'url' }],
    warns: true,
  },
  'number-unlocked': {
    facts: ['lineName', 'msisdn', 'at'],
    actions: [{ label: 'number-unlocked.action', url: 'url' }],
    warns: true,
  },
  'port-pending': {
    facts: ['lineName', 'msisdn', 'recipient', 'movesAt'],
    actions: [{ label: 'port-pending.action', url: 'url' }],
    warns: true,
  },
  'port-completed': {
    facts: ['lineName', 'msisdn', 'recipient', 'at'],
    actions: [{ label: 'port-completed.action', url: 'url' }],
    warns: true,
  },
  'port-ended': {
    facts: ['lineName', 'msisdn', 'recipient', 'at'],
    variants: [{ key: 'port-ended.body', by: 'how' }],
    actions: [{ label: 'port-ended.action', url: 'url' }],
  },
  'port-after-end': {
    facts: ['msisdn', 'recipient', 'at', 'movesAt', 'codeEndsAt'],
    variants: [{ key: 'port-after-end.body', by: 'how' }],
    actions: [{ label: 'port-after-end.action', url: 'url' }],
  },
  'number-arrived': {
    facts: ['lineName', 'msisdn', 'at'],
    actions: [{ label: 'number-arrived.action', url: 'url' }],
    warns: true,
  },
  'number-stayed-away': {
    facts: ['lineName', 'msisdn', 'at'],
    actions: [{ label: 'number-stayed-away.action', url: 'url' }],
  },
  'new-device': {
    facts: ['device', 'at'],
    actions: [{ label: 'new-device.action', url: 'url' }],
    warns: true,
  },
  'contact-added': {
    facts: ['contact', 'at'],
    actions: [{ label: 'contact-added.action', url: 'url' }],
    warns: true,
  },
  'contact-removed': {
    facts: ['contact', 'at'],
    actions: [{ label: 'contact-removed.action', url: 'url' }],
    warns: true,
  },
  'passkey-added': {
    facts: ['passkey', 'at'],
    actions: [{ label: 'passkey-added.action', url: 'url' }],
    warns: true,
  },
  'passkey-removed': {
    facts: ['passkey', 'at'],
    actions: [{ label: 'passkey-removed.action', url: 'url' }],
    warns: true,
  },
  'order-paid': {
    facts: ['item', 'lineName', 'amount', 'instrument', 'at'],
    actions: [
      { label: 'order-paid.install', url: 'installUrl' },
      { label: 'order-paid.action', url: 'url' },
    ],
  },
  'line-active': {
    facts: ['plan', 'msisdn'],
    actions: [{ label: 'line-active.action', url: 'url' }],
  },
  'line-suspended': {
    facts: ['at'],
    actions: [{ label: 'line-suspended.action', url: 'url' }],
    warns: true,
  },
  'line-resumed': {
    facts: ['at'],
    actions: [{ label: 'line-resumed.action', url: 'url' }],
  },
  'usage-low': {
    facts: ['lineName', 'remaining'],
    variants: [{ key: 'usage-low.body', by: 'percent' }],
    actions: [{ label: 'usage-low.action', url: 'url' }],
  },
  'cap-reached': {
    facts: ['lineName', 'spent', 'cap'],
    variants: [{ key: 'cap-reached.body', by: 'percent' }],
    actions: [{ label: 'cap-reached.action', url: 'url' }],
  },
  'plan-changed': {
    facts: ['lineName', 'plan', 'fromAt', 'amount', 'credited', 'price'],
    variants: [{ key: 'plan-changed.body', by: 'what' }],
    actions: [{ label: 'plan-changed.action', url: 'url' }],
    warns: true,
  },
  'plan-reminder': {
    facts: ['lineName', 'plan', 'periodEndsAt', 'price', 'missing'],
    variants: [{ key: 'plan-reminder.body', by: 'how' }],
    actions: [{ label: 'plan-reminder.action', url: 'url' }],
  },
  'plan-renewed': {
    facts: ['lineName', 'plan', 'amount', 'periodEndsAt'],
    actions: [{ label: 'plan-renewed.action', url: 'url' }],
  },
  'plan-waits': {
    facts: ['lineName', 'plan', 'price', 'missing', 'waitsUntil'],
    actions: [{ label: 'plan-waits.action', url: 'url' }],
  },
  'plan-version': {
    facts: ['lineName', 'plan', 'price'],
    actions: [{ label: 'plan-version.action', url: 'url' }],
  },
  'plan-ended': {
    facts: ['lineName', 'plan', 'at'],
    actions: [{ label: 'plan-ended.action', url: 'url' }],
  },
  'closure-received': {
    facts: ['reference', 'submittedAt', 'dueAt', 'endsAt', 'refund'],
    variants: [{ key: 'closure-received.late', by: 'ifLate' }],
    actions: [
      { label: 'closure-received.action', url: 'progressUrl' },
      { label: 'closure-received.second', url: 'withdrawUrl' },
      { label: 'closure-received.freeze', url: 'freezeUrl' },
    ],
    warns: true,
  },
  'closure-announced': {
    facts: ['reference', 'endsAt', 'refund', 'reason'],
    variants: [{ key: 'closure-announced.money', by: 'money' }],
    actions: [{ label: 'closure-announced.action', url: 'progressUrl' }],
  },
  'closure-called-off': {
    facts: ['reference', 'at'],
    actions: [{ label: 'closure-called-off.action', url: 'url' }],
  },
  'closure-act': {
    facts: ['reference', 'subscriberName'],
    variants: [{ key: 'closure-act.body', by: 'kind' }],
    actions: [{ label: 'closure-act.action', url: 'url' }],
  },
  'closure-of-age': {
    facts: ['reference'],
    actions: [
      { label: 'closure-of-age.action', url: 'url' },
      { label: 'closure-agree-again.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-question': {
    facts: ['reference'],
    actions: [
      { label: 'closure-question.action', url: 'url' },
      { label: 'closure-agree-again.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-late': {
    facts: ['reference', 'promisedAt'],
    actions: [
      { label: 'closure-received.action', url: 'url' },
      { label: 'closure-agree-again.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-withdrawn': {
    facts: ['reference', 'at'],
    actions: [{ label: 'closure-withdrawn.action', url: 'url' }],
    warns: true,
  },
  'closure-approved': {
    facts: ['reference', 'at', 'endsAt', 'refund'],
    actions: [
      { label: 'closure-approved.action', url: 'progressUrl' },
      { label: 'closure-approved.second', url: 'withdrawUrl' },
      { label: 'closure-approved.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-rejected': {
    facts: ['reference'],
    variants: [{ key: 'closure-rejected.reason', by: 'reasonCode' }],
    actions: [{ label: 'closure-rejected.action', url: 'url' }],
  },
  'closure-agree-again': {
    facts: ['reference'],
    actions: [
      { label: 'closure-agree-again.action', url: 'url' },
      { label: 'closure-agree-again.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-alert': {
    facts: ['reference', 'at'],
    actions: [{ label: 'closure-alert.action', url: 'freezeUrl' }],
    warns: true,
  },
  'closure-thawed': {
    facts: ['reference', 'waitsUntil'],
    actions: [{ label: 'closure-alert.action', url: 'freezeUrl' }],
    warns: true,
  },
  'closure-asked': {
    facts: ['reference', 'at'],
    actions: [{ label: 'closure-asked.action', url: 'freezeUrl' }],
    warns: true,
  },
  'closure-intake': {
    facts: ['reference', 'dueAt'],
    variants: [{ key: 'closure-intake.body', by: 'how' }],
    actions: [{ label: 'closure-intake.action', url: 'url' }],
  },
  'closure-frozen': {
    facts: ['reference', 'at'],
    actions: [{ label: 'closure-frozen.action', url: 'url' }],
  },
  'closure-port-stayed': {
    facts: ['reference'],
    actions: [
      { label: 'closure-port-stayed.action', url: 'url' },
      { label: 'closure-agree-again.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-port-choose': {
    facts: ['reference'],
    actions: [
      { label: 'closure-port-choose.action', url: 'url' },
      { label: 'closure-agree-again.freeze', url: 'freezeUrl' },
    ],
  },
  'closure-service-ended': {
    facts: ['reference', 'endedAt', 'numberKeptUntil'],
    actions: [{ label: 'closure-service-ended.action', url: 'progressUrl' }],
  },
  'closure-closed': {
    facts: ['reference', 'closedAt'],
    actions: [
      { label: 'closure-closed.action', url: 'progressUrl' },
      { label: 'closure-closed.take', url: 'takeUrl' },
      { label: 'closure-closed.delete', url: 'deleteUrl' },
    ],
    tables: 'statement',
  },
  'closure-removal-confirmed': {
    facts: ['reference', 'at'],
    actions: [{ label: 'closure-removal-confirmed.action', url: 'progressUrl' }],
  },
  'refund-sent': { facts: ['reference', 'amount', 'instrument', 'at'] },
  'refund-failed': {
    facts: ['reference', 'amount', 'instrument', 'at', 'until'],
    variants: [{ key: 'refund-failed.failure', by: 'failure' }],
    actions: [{ label: 'refund-failed.action', url: 'url' }],
  },
  'refund-late': {
    facts: ['reference', 'amount', 'refundBy'],
    actions: [{ label: 'closure-received.action', url: 'url' }],
  },
  'payout-failed': {
    facts: ['reference', 'amount', 'until'],
    variants: [{ key: 'payout-failed.failure', by: 'failure' }],
    actions: [{ label: 'payout-failed.action', url: 'url' }],
  },
  erased: { facts: ['reference', 'at'], tables: 'erased' },
  'ticket-answered': {
    facts: ['subject'],
    actions: [{ label: 'ticket-answered.action', url: 'url' }],
  },
}

const moments = new Set([
  'at',
  'submittedAt',
  'dueAt',
  'endsAt',
  'endedAt',
  'closedAt',
  'numberKeptUntil',
  'fromAt',
  'periodEndsAt',
  'waitsUntil',
  'movesAt',
  'codeEndsAt',
  'promisedAt',
  'refundBy',
  'takeUntil',
  'until',
])
const amounts = new Set(['amount', 'refund', 'price', 'missing', 'credited', 'cap', 'spent'])

/** How the value of a parameter is written. */
export function paramKind(name: string): 'moment' | 'money' | 'text' {
  if (moments.has(name)) return 'moment'
  return amounts.has(name) ? 'money' : 'text'
}
