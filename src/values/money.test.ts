import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, decimal, fromWire, money, shareRoundedDown, subtract, toWire } from './money.ts'

test('minor units and decimals by currency', () => {
  expect(decimal(money(2525n, 'GBP'))).toBe('25.25')
  expect(decimal(money(-5n, 'GBP'))).toBe('-0.05')
  expect(decimal(money(754n, 'JPY'))).toBe('754')
  expect(decimal(money(1n, 'KWD'))).toBe('0.001')
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }),
      fc.constantFrom('GBP', 'JPY', 'KWD'),
      (minor, code) => {
        expect(fromWire(toWire(money(minor, code)))).toEqual(money(minor, code))
      },
    ),
  )
})

test('an unknown currency, too many decimals and words are not money', () => {
  expect(fromWire({ amount: '1.00', currency: 'XXX' })).toBeUndefined()
  expect(fromWire({ amount: '1.005', currency: 'GBP' })).toBeUndefined()
  expect(fromWire({ amount: '1.00', currency: 'JPY' })).toBeUndefined()
  expect(fromWire({ amount: 'ten', currency: 'GBP' })).toBeUndefined()
  expect(() => money(1n, 'constructor')).toThrow(/ISO 4217/)
})

test('currencies never mix, and a share is never more than the whole', () => {
  expect(() => add(money(1n, 'GBP'), money(1n, 'EUR'))).toThrow(/two currencies/)
  expect(() => subtract(money(1n, 'GBP'), money(1n, 'EUR'))).toThrow(/two currencies/)
  expect(shareRoundedDown(money(1000n, 'GBP'), 1n, 3n)).toEqual(money(333n, 'GBP'))
  expect(() => shareRoundedDown(money(1000n, 'GBP'), 4n, 3n)).toThrow(/share/)
})
