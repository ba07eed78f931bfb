/** The ledger's words: accounts, places, postings, and the statements they add up to. */
import assert from 'node:assert/strict'
import type { Money } from '../values/money.ts'

/** What the operator owes a subscriber, or a subscriber the operator; a balance row exists for each. */
export const subscriberAccounts = [
  'paid-credit',
  'promotional-credit',
  'plan-prepaid',
  'refunds-payable',
  'owed',
] as const
/** The operator's own accounts: their balance is the sum of their postings, so that no row is hot. */
export const operatorAccounts = [
  'payments-clearing',
  'plan-revenue',
  'usage-revenue',
  'promotions-granted',
  'promotions-forfeited',
  'donations-payable',
  'unclaimed',
  'absorbed-loss',
] as const

export type SubscriberAccount = (typeof subscriberAccounts)[number]
export type LedgerAccount = SubscriberAccount | (typeof operatorAccounts)[number]

export const transferKinds = [
  'top-up',
  'plan-payment',
  'plan-days-used',
  'usage',
  'promotion',
  'settlement',
  'refund',
  'refund-failed',
] as const
export type TransferKind = (typeof transferKinds)[number]

export type Place = { readonly account: LedgerAccount; readonly lineId?: string | undefined }
export type Posting = { readonly from: Place; readonly to: Place; readonly amount: Money }
export type Balance = {
  readonly account: SubscriberAccount
  readonly lineId: string
  readonly amount: Money
}

/** One signed entry of the journal: money that left a place is negative, money that arrived positive. */
export type Entry = {
  readonly account: LedgerAccount
  readonly lineId: string
  readonly amount: Money
}

/** The two entries of every posting; together they are zero per currency by construction. */
export function entriesOf(postings: readonly Posting[]): Entry[] {
  return postings.flatMap(({ from, to, amount }) => {
    assert(amount.minor > 0n, 'a posting moves more than nothing, in the direction it names')
    return [
      { ...entryPlace(from), amount: { ...amount, minor: -amount.minor } },
      { ...entryPlace(to), amount },
    ]
  })
}

function entryPlace({ account, lineId }: Place) {
  return { account, lineId: lineId ?? '' }
}
