/** The ledger's words: accounts, places, postings, and the statements they add up to. */
import assert from 'node:assert/strict'
import { isZero, type Money, subtract } from '../values/money.ts'
import { percentOf, taxShare } from '../values/tax.ts'
import type { Tax } from './tax.ts'

export { changed, exchangeRounding, type Rate, ratesAt } from './exchange.ts'

/** What the operator owes a subscriber, or a subscriber the operator; a balance row exists for each. */
export const subscriberAccounts = [
  'paid-credit',
  'promotional-credit',
  'plan-prepaid',
  'addon-prepaid',
  'refunds-payable',
  'held',
  'late-usage-reserve',
  'owed',
] as const
/** The operator's own accounts: their balance is the sum of their postings, so that no row is hot. */
export const operatorAccounts = [
  'payments-clearing',
  'plan-revenue',
  'usage-revenue',
  'tax-payable',
  'promotions-granted',
  'promotions-forfeited',
  'donations-payable',
  'unclaimed',
  // What was unclaimed for so long that the law leaves it to the operator.
  'unclaimed-lapsed',
  'absorbed-loss',
  // Where one currency goes and another comes from; per pair, what the operator has exchanged.
  'exchange',
] as const

export type SubscriberAccount = (typeof subscriberAccounts)[number]
export type LedgerAccount = SubscriberAccount | (typeof operatorAccounts)[number]

export const transferKinds = [
  'top-up',
  'plan-payment',
  'plan-days-used',
  'plan-change',
  'plan-return',
  'plan-renewal',
  'addon',
  'addon-used',
  'credit-move',
  'usage',
  'promotion',
  'settlement',
  'refund',
  'refund-failed',
  'unclaimed-ended',
  'hold',
  'hold-ended',
  'late-usage',
  'chargeback',
  'arrears-paid',
  'exchange',
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

const revenue: ReadonlySet<LedgerAccount> = new Set(['plan-revenue', 'usage-revenue'])

/**
 * Splits what becomes revenue in one transfer into net and tax. Prices include tax, so what the subscriber pays stays
 * the same. One rounding per transfer and currency: half-up on the transfer's whole taxable amount. What promotional
 * credit pays for carries no tax, since nobody paid for it. `detail` belongs into the transfer's.
 */
export function earn(
  postings: readonly Posting[],
  { country, rate }: Tax,
): { postings: Posting[]; detail: Record<string, string> } {
  const grossBefore = new Map<string, bigint>()
  let taxed = false
  const split = postings.flatMap((posting): Posting[] => {
    const { from, to, amount } = posting
    if (!revenue.has(to.account) || from.account === 'promotional-credit') return [posting]
    const before = grossBefore.get(amount.currency) ?? 0n
    const after = before + amount.minor
    grossBefore.set(amount.currency, after)
    // The difference of two running shares: together exactly the share of the whole.
    const tax = { ...amount, minor: taxShare(after, rate) - taxShare(before, rate) }
    if (isZero(tax)) return [posting]
    taxed = true
    const net = subtract(amount, tax)
    const toTax: Posting = { from, to: { account: 'tax-payable' }, amount: tax }
    return isZero(net) ? [toTax] : [{ from, to, amount: net }, toTax]
  })
  const detail = taxed ? { taxCountry: country ?? '', taxRate: percentOf(rate) } : {}
  return { postings: split, detail: { ...detail } }
}
