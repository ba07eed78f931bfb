/** What other features know of payments: where a refund is, and the accounts that money is paid out to. */
import type { Money } from '../values/money.ts'

export type { Share } from './share.ts'

/** An account that money is paid out to; the provider checks that it is in the name. */
export type Account =
  | { kind: 'iban'; iban: string }
  | { kind: 'account'; country: string; bankCode: string; accountNumber: string }

export type TrackedRefund = {
  refundId: string
  orderId: string
  instrument: string
  amount: Money
  state: 'requested' | 'pending' | 'succeeded' | 'failed' | 'unclaimed'
  failure: string | null
  requestedAt: Temporal.Instant
  endedAt: Temporal.Instant | null
  /** Until when an account can be named; null while the card has not refused. */
  payoutUntil: Temporal.Instant | null
  payoutAttempt: number
  /** The last four characters of the account it goes to. */
  payoutTo: string | null
  payoutFailure: string | null
  /** An account has been named and the money is on its way there, or about to be. */
  hasAccount: boolean
  namedAt: Temporal.Instant | null
  /** A bank has not decided whether it takes the payment back; and when one decided last. */
  isDisputed: boolean
  decidedAt: Temporal.Instant | null
  /** When it was told that it is later than promised. */
  lateAt: Temporal.Instant | null
}

/** On its way, and neither its owner nor a bank is waited for. */
export function isOurs({ state, hasAccount, isDisputed }: TrackedRefund): boolean {
  const isUnderWay = state === 'requested' || state === 'pending'
  return !isDisputed && (isUnderWay || (state === 'failed' && hasAccount))
}

/** "visa 4471". */
export function instrumentName(instrument: { brand?: string; last4?: string } | null): string {
  return instrument ? `${instrument.brand ?? 'card'} ${instrument.last4 ?? ''}`.trim() : 'card'
}

/** ISO 13616: country, two check digits that make the whole 1 modulo 97, and what the country puts there. */
export function readIban(text: string): string | undefined {
  const iban = text.replace(/\s/g, '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return undefined
  const moved = iban.slice(4) + iban.slice(0, 4)
  const digits = moved.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))
  return BigInt(digits) % 97n === 1n ? iban : undefined
}

/** The last four characters tell its owner which one it is, and nobody else. */
export function maskAccount(account: Account): string {
  const whole = account.kind === 'iban' ? account.iban : account.accountNumber
  return whole.slice(-4)
}

export function accountOf(text: string): Account {
  return JSON.parse(text) as Account
}
