import { expect, test } from 'vitest'
import { type Locale, locales } from '../values/locale.ts'
import {
  dataParts,
  daysBetween,
  formatData,
  formatNumberE164,
  formatSeen,
  isZero,
  negate,
  sameAmount,
  sum,
  zonesDiffer,
} from './format.ts'

const gbp = (amount: string) => ({ amount, currency: 'GBP' })
const night = '2026-11-30T23:59:00Z'

test('another zone matters only when its clock differs', () => {
  expect(zonesDiffer(night, 'Europe/London', 'Asia/Shanghai')).toBe(true)
  expect(zonesDiffer(night, 'Europe/London', 'Europe/Lisbon')).toBe(false)
})

test('sums are exact, and never across currencies', () => {
  expect(sum([gbp('0.10'), gbp('0.20'), gbp('-0.30')])).toEqual(gbp('0.00'))
  expect(sum([gbp('1.00'), { amount: '1.00', currency: 'EUR' }])).toBeUndefined()
  expect(sum([])).toBeUndefined()
  expect(sum([gbp('-0.05'), gbp('0.01')])).toEqual(gbp('-0.04'))
})

test('zero, sign and equality are of the amount, not of its spelling', () => {
  expect(isZero(gbp('-0.00'))).toBe(true)
  expect(negate(gbp('0.00'))).toEqual(gbp('0.00'))
  expect(sameAmount(gbp('5.0'), gbp('5.00'))).toBe(true)
  expect(sameAmount(gbp('5.00'), gbp('5.01'))).toBe(false)
})

test('data is in decimal units with the digits that matter', () => {
  expect(formatData(12_600_000_000, 'en')).toBe('12.6 GB')
  expect(formatData(400_000_000, 'en')).toBe('400 MB')
  expect(formatData(999, 'en')).toBe('999 B')
  expect(dataParts(0, 'en')).toEqual({ figure: '0', unit: 'GB' })
  expect(formatData(12_600_000_000, 'fr')).toBe('12,6 Go')
})

test('where text runs from right to left, a quantity keeps its own order', () => {
  expect(formatData(12_600_000_000, 'ar')).toBe('\u206812.6 GB\u2069')
})

test('days left round up and never go below zero', () => {
  expect(daysBetween('2026-11-01T00:00:00Z', '2026-11-02T00:00:01Z')).toBe(2)
  expect(daysBetween('2026-11-02T00:00:00Z', '2026-11-01T00:00:00Z')).toBe(0)
})

test('a number is grouped and keeps its digits', () => {
  expect(formatNumberE164('+447700900461')).toBe('+44 7700 900461')
  expect(formatNumberE164('+8613800138000').replaceAll(' ', '')).toBe('+8613800138000')
})

const lateYear = Date.UTC(2026, 11, 31, 23, 30)
const seen = (ms: number, style: object = {}, locale: Locale = 'en', now = lateYear) =>
  formatSeen(ms, now, { zone: 'Europe/London', ...style }, locale)

test('a date has its year where that is not the one it is read in, whatever is past or to come', () => {
  expect(seen(Date.UTC(2026, 0, 2, 9))).toBe('2 Jan, 09:00')
  expect(seen(Date.UTC(2027, 0, 2, 9))).toBe('2 Jan 2027, 09:00')
  expect(seen(Date.UTC(2025, 11, 31, 9), { precision: 'day' })).toBe('31 Dec 2025')
  expect(seen(Date.UTC(2027, 0, 4, 9), { weekday: true })).toBe('Mon 4 Jan 2027, 09:00')
  for (const locale of locales) {
    expect(seen(Date.UTC(2026, 5, 5), { precision: 'day' }, locale)).not.toContain('2026')
    expect(seen(Date.UTC(2027, 5, 5), { precision: 'day' }, locale)).toContain('2027')
  }
})

test('the year turns with the clock of the zone that is shown', () => {
  const soon = lateYear + 3600_000
  expect(seen(soon, { precision: 'day' })).toBe('1 Jan 2027')
  expect(seen(soon, { precision: 'day', zone: 'Asia/Shanghai' })).toBe('1 Jan')
  expect(seen(soon, { precision: 'day', zone: 'America/New_York' })).toBe('31 Dec')
  expect(seen(lateYear, { precision: 'day' }, 'en', soon)).toBe('31 Dec 2026')
})

test('a page that says whether it wants the year has its way', () => {
  expect(seen(lateYear, { precision: 'day', year: true })).toBe('31 Dec 2026')
  expect(seen(Date.UTC(2027, 0, 2), { precision: 'day', year: false })).toBe('2 Jan')
})
