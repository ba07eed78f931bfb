import fc from 'fast-check'
import { expect, test } from 'vitest'
import { percentOf, rateOf, taxShare } from './tax.ts'

const cases = { numRuns: 20_000 }
const gross = fc.oneof(fc.bigInt(0n, 5_000n), fc.bigInt(0n, 9_007_199_254_740_993n))
const rate = fc.oneof(
  fc.bigInt(0n, 10_000n),
  fc.constantFrom(0n, 500n, 810n, 1900n, 2000n, 10_000n),
)

test('net and tax are the gross, and the tax is the nearest whole unit, a half going up', () => {
  fc.assert(
    fc.property(gross, rate, (amount, percent) => {
      const tax = taxShare(amount, percent)
      const net = amount - tax
      expect(net + tax).toBe(amount)
      expect(tax >= 0n && net >= 0n).toBe(true)
      // The exact share is amount × rate / parts: within half a unit, and a tie is rounded up.
      const parts = 10_000n + percent
      const off = 2n * (tax * parts - amount * percent)
      expect(off > -parts && off <= parts).toBe(true)
    }),
    cases,
  )
})

test('more gross never means less tax or less net', () => {
  fc.assert(
    fc.property(gross, rate, fc.bigInt(0n, 10_000n), (amount, percent, more) => {
      const [less, greater] = [taxShare(amount, percent), taxShare(amount + more, percent)]
      expect(greater >= less && greater - less <= more).toBe(true)
    }),
    cases,
  )
})

test.each([
  [1200n, 2000n, 200n],
  [1000n, 2000n, 167n],
  [1n, 2000n, 0n],
  [3n, 2000n, 1n], // 0.5 exactly
  [3n, 10_000n, 2n], // 1.5 exactly
  [119n, 1900n, 19n],
  [0n, 2000n, 0n],
  [5n, 0n, 0n],
])('%s minor units at rate %s hold %s of tax', (amount, percent, tax) => {
  expect(taxShare(amount, percent)).toBe(tax)
})

test('an amount below zero or a rate beyond 100 % is a bug, not a tax', () => {
  expect(() => taxShare(-1n, 2000n)).toThrow(/zero or more/)
  expect(() => taxShare(1n, 10_001n)).toThrow(/100 %/)
})

test('percentages are read and written with at most two decimals', () => {
  fc.assert(
    fc.property(rate, (one) => rateOf(percentOf(one)) === one),
    cases,
  )
  for (const wrong of ['', '-1', '20,5', '8.123', '100.01', '1e1', ' 20']) {
    expect(rateOf(wrong)).toBeUndefined()
  }
})
