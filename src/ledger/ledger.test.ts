import fc from 'fast-check'
import { expect, test } from 'vitest'
import { money } from '../values/money.ts'
import { taxShare } from '../values/tax.ts'
import { earn, entriesOf, type LedgerAccount, type Posting } from './ledger.ts'

const gb = { country: 'GB', rate: 2000n }
const to = (from: LedgerAccount, account: LedgerAccount, minor: bigint): Posting => ({
  from: { account: from, lineId: 'line_1' },
  to: { account },
  amount: money(minor, 'GBP'),
})

test('what is earned is split into net and tax; the subscriber pays the same', () => {
  const { postings, detail } = earn([to('paid-credit', 'usage-revenue', 1200n)], gb)
  expect(postings).toEqual([
    to('paid-credit', 'usage-revenue', 1000n),
    to('paid-credit', 'tax-payable', 200n),
  ])
  expect(detail).toEqual({ taxCountry: 'GB', taxRate: '20' })
})

test('refunds, moves and what promotional credit pays carry no tax', () => {
  const untaxed = [
    to('paid-credit', 'refunds-payable', 1200n),
    to('promotional-credit', 'usage-revenue', 1200n),
    to('promotional-credit', 'promotions-forfeited', 1200n),
    to('plan-prepaid', 'paid-credit', 1200n),
  ]
  expect(earn(untaxed, gb)).toEqual({ postings: untaxed, detail: {} })
})

const account = fc.constantFrom<LedgerAccount>('paid-credit', 'promotional-credit', 'plan-prepaid')
const target = fc.constantFrom<LedgerAccount>('usage-revenue', 'plan-revenue', 'refunds-payable')
const posting = fc
  .tuple(account, target, fc.bigInt(1n, 100_000n), fc.constantFrom('GBP', 'EUR', 'JPY'))
  .map(([from, into, minor, code]): Posting => ({
    from: { account: from, lineId: 'line_1' },
    to: { account: into },
    amount: money(minor, code),
  }))

test('for any transfer and rate: one rounding per currency, each source pays exactly the gross', () => {
  fc.assert(
    fc.property(fc.array(posting, { maxLength: 8 }), fc.bigInt(0n, 10_000n), (given, rate) => {
      const { postings } = earn(given, { country: 'XX', rate })
      entriesOf(postings) // No posting of nothing.
      expect(sums(postings, ({ from }) => from.account)).toEqual(
        sums(given, ({ from }) => from.account),
      )
      const taxable = given.filter(
        (one) => one.from.account !== 'promotional-credit' && one.to.account !== 'refunds-payable',
      )
      const expected = new Map(
        [...sums(taxable, () => 'tax')]
          .map(([key, gross]): [string, bigint] => [key, taxShare(gross, rate)])
          .filter(([, tax]) => tax > 0n),
      )
      const taxes = postings.filter((one) => one.to.account === 'tax-payable')
      expect(sums(taxes, () => 'tax')).toEqual(expected)
    }),
    { numRuns: 10_000 },
  )
})

function sums(postings: readonly Posting[], nameOf: (posting: Posting) => string) {
  const totals = new Map<string, bigint>()
  for (const one of postings) {
    const key = `${nameOf(one)} ${one.amount.currency}`
    totals.set(key, (totals.get(key) ?? 0n) + one.amount.minor)
  }
  return totals
}
