/** What closing needs to know, read once under the owner's locks and handed to pure decisions. */
import type { Policy } from '../policy/policy.ts'
import type { PortState } from '../porting/porting.ts'
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
}

export type LinePort = {
  portId: string
  state: PortState
  recipient: string | null
  dueAt: Temporal.Instant | null
  endedAt: Temporal.Instant | null
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
    locale: 'en' | 'zh-CN'
    createdAt: Temporal.Instant
    exportedAt: Temporal.Instant | null
  }
  contacts: readonly ContactFacts[]
  /** When contacts that are gone were removed. */
  removedAt: readonly Temporal.Instant[]
  /** The lines that close. */
  lines: readonly LineFacts[]
  /** Lines of the same subscriber that stay. */
  staying: readonly { lineId: string; name: string; currency: string }[]
  refundable: readonly Refundable[]
  owedMinor: bigint
  policy: Policy
}

/** Verified channels that a confirmation code may go to: never a number that is closing. */
export function codeContacts({ contacts, lines }: Facts): ContactFacts[] {
  const closing = new Set(lines.map(({ msisdn }) => msisdn))
  return contacts.filter(({ verifiedAt, value }) => verifiedAt !== null && !closing.has(value))
}

/** What a line is called: its nickname, or its number, or its plan's short identifier. */
export function lineName({
  nickname,
  msisdn,
  lineId,
}: Pick<LineFacts, 'nickname' | 'msisdn' | 'lineId'>): string {
  return nickname || msisdn || lineId.slice(-6)
}
