/** What money becomes at a rate: exact, half up, in currencies with no, two or three decimals; rates out of date and unreadable. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { money } from '../values/money.ts'
import { changed, type Rate, ratesAt, readRate } from './exchange.ts'

const rateOf = (from: string, into: string, rate: string): Rate => ({
  from,
  into,
  rate,
  source: 'a bank',
  asOf: Temporal.Instant.from('2026-11-25T15:00:00Z'),
  validUntil: Temporal.Instant.from('2026-11-27T15:00:00Z'),
  atMost: null,
})

test.each([
  ['USD', 310n, 'GBP', '0.7903', 245n],
  ['USD', 1n, 'GBP', '0.5', 1n],
  ['USD', 1n, 'GBP', '0.49999999', 0n],
  ['JPY', 500n, 'GBP', '0.0052', 260n],
  ['GBP', 260n, 'JPY', '192.3', 500n],
  ['KWD', 1500n, 'EUR', '3', 450n],
  ['EUR', 450n, 'KWD', '0.33333333', 1500n],
  ['EUR', 0n, 'GBP', '0.8', 0n],
])('%s %i in %s at %s is %i minor units', (from, minor, into, rate, becomes) => {
  expect(changed(money(minor, from), rateOf(from, into, rate))).toEqual(money(becomes, into))
})

test('what it becomes is never more than half a minor unit from the exact amount', () => {
  const digits = fc.stringMatching(/^[1-9][0-9]{0,3}(\.[0-9]{1,8})?$/)
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), digits, (minor, rate) => {
      const { minor: becomes } = changed(money(minor, 'EUR'), rateOf('EUR', 'USD', rate))
      const [whole = '', fraction = ''] = rate.split('.')
      const scale = 10n ** BigInt(fraction.length)
      const twiceOff = 2n * (becomes * scale - minor * BigInt(whole + fraction))
      expect(twiceOff > -scale && twiceOff <= scale).toBe(true)
    }),
  )
})

test('a rate is quoted from its moment until it is over', () => {
  const rate = rateOf('USD', 'GBP', '0.7903')
  const at = (text: string) => ratesAt([rate], Temporal.Instant.from(text)).length
  expect(at('2026-11-25T14:59:59Z')).toBe(0)
  expect(at('2026-11-25T15:00:00Z')).toBe(1)
  expect(at('2026-11-27T14:59:59Z')).toBe(1)
  expect(at('2026-11-27T15:00:00Z')).toBe(0)
})

const good = [
  'USD',
  'GBP',
  '0.7903',
  '2026-11-25T15:00:00Z',
  '2026-11-27T15:00:00Z',
  '20.00',
  'ECB',
]
test.each([
  [0, 'XXX', 'currency'],
  [1, 'USD', 'currency'],
  [2, '0.00', 'rate'],
  [2, '-1', 'rate'],
  [2, '1e3', 'rate'],
  [3, 'yesterday', 'moment'],
  [4, '2026-11-25T15:00:00Z', 'validity'],
  [5, '0.00', 'amount'],
  [5, '20.0', 'amount'],
  [6, ' ', 'source'],
])('a row of rates whose cell %i is "%s" is refused for its %s', (at, text, bad) => {
  expect(readRate(good.with(at, text))).toEqual({ bad })
  expect(readRate(good)).toMatchObject({ from: 'USD', into: 'GBP', atMost: money(2000n, 'USD') })
})
