/** What closing needs to know, read once under the owner's locks and handed to pure decisions. */
import type { Rate } from '../ledger/ledger.ts'
import type { Length, Policy } from '../policy/policy.ts'
import type { PortState } from '../porting/porting.ts'
import type { Peer } from '../renewals/renewals.ts'
import type { Representative } from '../subscribers/subscriber.ts'
import type { Locale } from '../values/locale.ts'
import type { Money } from '../values/money.ts'
import type { Segment } from '../values/wire.ts'
import type { Withheld } from './ends.ts'
import type { LineMoney, Refundable } from './settlement.ts'

export type LineFacts = LineMoney & {
  nickname: string
  msisdn: string | null
  imsi: string
  iccid: string
  state: 'ordered' | 'active' | 'suspended' | 'closing' | 'closed'
  profileState: string
  removal: 'confirmed' | 'unconfirmed' | 'never-downloaded'
  /** Charging sessions the network has not ended. */
  openSessions: number
  /** The latest way of its number to another operator; null: never asked for. */
  port: LinePort | null
  /** A number on its way to it: until when that is waited for. */
  arriving: { until: Temporal.Instant } | null
  /** When a phone downloaded or installed its eSIM. */
  profileAt: Temporal.Instant | null
  /** When its contract was made. */
  orderedAt: Temporal.Instant
  activatedAt: Temporal.Instant | null
  /** What was promised for staying; null: the line has neither a minimum term nor a notice. */
  term: Term | null
}

export type LinePort = {
  portId: string
  state: PortState
  recipient: string | null
  dueAt: Temporal.Instant | null
  endedAt: Temporal.Instant | null
}

export type Term = {
  /** None: only a notice binds. */
  months: number
  monthlyFee: Money
  fee: Money | null
  equipment: Money | null
  benefit: Money | null
  savedPercent: number
  taxPercent: number
  /** How long before its end that has to be asked for; absent: not at all. */
  notice?: Length | undefined
}

/** A payment that its owner's bank is asked to take back. */
export type DisputeFacts = {
  disputeId: string
  orderId: string
  lineId: string | null
  amount: Money
  /** What of it is set aside on its line. */
  held: Money
  /** What of it refunds of other cases wait for. */
  withheld: Money
}

export type ContactFacts = {
  contactId: string
  kind: 'email' | 'phone'
  value: string
  addedAt: Temporal.Instant
  verifiedAt: Temporal.Instant | null
}

export type Facts = {
  subscriber: {
    subscriberId: string
    name: string
    country: string
    locale: Locale
    createdAt: Temporal.Instant
    exportedAt: Temporal.Instant | null
  }
  contacts: readonly ContactFacts[]
  /** Verified contacts that are gone, for a while: they are told too. */
  former: readonly { kind: 'email' | 'phone'; value: string; removedAt: Temporal.Instant }[]
  /** When contacts that are gone were removed. */
  removedAt: readonly Temporal.Instant[]
  /** When each kind of device was first signed in. */
  devicesAt: readonly Temporal.Instant[]
  /** When the account's first line was bought and when the first was in use; null: never. */
  firstLine: { orderedAt: Temporal.Instant | null; activatedAt: Temporal.Instant | null }
  /** The lines that close. */
  lines: readonly LineFacts[]
  /** Lines of the same subscriber that stay. */
  staying: readonly { lineId: string; name: string; currency: string }[]
  /** Of an owner with peers the lines that a submitted closure ends, on whatever day. */
  leaving: ReadonlySet<string>
  /** All of the owner's lines that are not closed, where one has a multi-line discount or is a companion. */
  peers: readonly Peer[]
  /** Paid orders and what they can take back; what is disputed they can't. */
  refundable: readonly Refundable[]
  /** Credit of no line, one amount per currency; read only where the account ends. */
  accountCredit: readonly Money[]
  /** What other currencies can be changed for; read only where there is more than one. */
  rates?: readonly Rate[] | undefined
  /** The account ends with these lines, so that nothing can be kept on it. */
  endsAccount: boolean
  /** Closures of single lines that have not ended; read only where the account ends, since it ends after them. */
  settling: readonly { reference: string; name: string }[]
  /** What the subscriber owes, by line; of no line where the line is empty. */
  owed: readonly { lineId: string; amount: Money }[]
  /** Disputes the bank has not decided. */
  disputes: readonly DisputeFacts[]
  /** Those it decided against the operator: money its owner has back. */
  takenBack: readonly Withheld[]
  /** A guardian, or after a death who acts for the estate; null: the subscriber acts alone. */
  acting: Representative | null
  /** The subscriber has died and somebody acts for them. */
  died: boolean
  /** Nobody signed in and no code was right: a person judged that it is the subscriber who asks. */
  isJudged?: boolean
  /** Nobody but the operator asked for it: neither a term nor a notice binds, and nothing is kept for leaving early or for paying out. */
  byOperator?: boolean
  /** As it holds for the segment: today's, or what the case was submitted under. */
  policy: Policy
  segment: Segment
}

/** Verified channels that a confirmation code may go to: never a number that is closing; after a death none of who died. */
export function codeContacts({ contacts, lines, acting }: Facts): ContactFacts[] {
  if (acting?.kind === 'estate') return [contactOf(acting)]
  const closing = new Set(lines.map(({ msisdn }) => msisdn))
  return contacts.filter(({ verifiedAt, value }) => verifiedAt !== null && !closing.has(value))
}

function contactOf({ representativeId, email, addedAt }: Representative): ContactFacts {
  const kind = 'email'
  return { contactId: representativeId, kind, value: email, addedAt, verifiedAt: addedAt }
}

/** What a line is called: its nickname, or its number, or its plan's short identifier. */
export function lineName({
  nickname,
  msisdn,
  lineId,
}: Pick<LineFacts, 'nickname' | 'msisdn' | 'lineId'>): string {
  return nickname || msisdn || lineId.slice(-6)
}
