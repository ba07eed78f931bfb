import { expect, test } from 'vitest'
import {
  dataParts,
  daysBetween,
  formatAmount,
  formatData,
  formatMoment,
  formatMoney,
  formatMonth,
  formatNumberE164,
  isZero,
  negate,
  sameAmount,
  sum,
  zonesDiffer,
} from './format.ts'

const gbp = (amount: string) => ({ amount, currency: 'GBP' })
const night = '2026-11-30T23:59:00Z'

test('a moment says day, date, time and place', () => {
  const full = { zone: 'Europe/London', weekday: true, year: true, place: true }
  expect(formatMoment(night, full, 'en')).toBe('Mon 30 Nov 2026, 23:59 London')
  const plain = { zone: 'Europe/London', place: true }
  expect(formatMoment(night, plain, 'zh-CN')).toBe('11 月 30 日 23:59 伦敦时间')
  expect(formatMoment(night, { zone: 'Asia/Shanghai' }, 'zh-CN')).toBe('12 月 1 日 07:59')
})

test('a day is a moment without its time', () => {
  expect(formatMoment(night, { zone: 'Europe/London', precision: 'day' }, 'en')).toBe('30 Nov')
  expect(formatMoment('2026-09-01T12:00:00Z', { zone: 'UTC', precision: 'day' }, 'en')).toBe(
    '1 Sep',
  )
})

test('a month is named as each language names it', () => {
  expect(formatMonth('2026-11', 'en')).toBe('November 2026')
  expect(formatMonth('2026-09', 'zh-CN')).toBe('2026 年 9 月')
})

test('another zone matters only when its clock differs', () => {
  expect(zonesDiffer(night, 'Europe/London', 'Asia/Shanghai')).toBe(true)
  expect(zonesDiffer(night, 'Europe/London', 'Europe/Lisbon')).toBe(false)
})

test('money keeps every digit and uses the true minus', () => {
  expect(formatMoney(gbp('25.25'), 'en')).toBe('£25.25')
  expect(formatMoney(gbp('-1.35'), 'zh-CN')).toBe('\u2212£1.35')
  expect(formatMoney({ amount: '90071992547409.93', currency: 'EUR' }, 'en')).toBe(
    '€90,071,992,547,409.93',
  )
  expect(formatMoney({ amount: '500', currency: 'JPY' }, 'en')).toBe('¥500')
  expect(formatAmount(gbp('0.00'), 'en')).toBe('0.00')
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
})

test('days left round up and never go below zero', () => {
  expect(daysBetween('2026-11-01T00:00:00Z', '2026-11-02T00:00:01Z')).toBe(2)
  expect(daysBetween('2026-11-02T00:00:00Z', '2026-11-01T00:00:00Z')).toBe(0)
})

test('a number is grouped and keeps its digits', () => {
  expect(formatNumberE164('+447700900461')).toBe('+44 7700 900461')
  expect(formatNumberE164('+8613800138000').replaceAll(' ', '')).toBe('+8613800138000')
})
