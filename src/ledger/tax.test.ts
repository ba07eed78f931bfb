import { expect, test } from 'vitest'
import { readRates, type Row, taxOfCountry } from './tax.ts'

const at = (text: string) => Temporal.Instant.from(text)

test.each([
  ['GB', '2026-11-25T12:00:00Z', 2000n],
  ['DE', '2026-11-25T12:00:00Z', 1900n],
  ['CN', '2025-12-31T23:59:59.999Z', 600n],
  ['CN', '2026-01-01T00:00:00Z', 900n],
  ['CN', '2001-01-01T00:00:00Z', 0n],
  ['US', '2026-11-25T12:00:00Z', 0n],
  ['XX', '2026-11-25T12:00:00Z', 0n],
])('%s at %s: %s hundredths of a percent', (country, moment, rate) => {
  expect(taxOfCountry(country, at(moment))).toEqual({ country, rate })
})

test('whoever has not said where they live pays the price without a tax share', () => {
  expect(taxOfCountry(null, at('2026-11-25T12:00:00Z'))).toEqual({ country: null, rate: 0n })
})

const row: Row = {
  country: 'GB',
  percent: '20',
  validFrom: '2020-01-01',
  source: 'a law',
  confidence: 'S?',
}
test.each<[string, Row[], RegExp]>([
  ['overlapping', [row, { ...row, validFrom: '2021-01-01' }], /two rates for one day/],
  ['unreadable', [{ ...row, percent: '20,5' }], /no tax rate/],
  ['ending early', [{ ...row, validTo: '2019-01-01' }], /ends after it begins/],
  ['without a source, not marked', [{ ...row, source: null }], /sourced or a default/],
  ['a default that claims a source', [{ ...row, confidence: 'D' }], /sourced or a default/],
])('data that is %s is refused', (_, rows, message) => {
  expect(() => readRates(rows)).toThrow(message)
})
