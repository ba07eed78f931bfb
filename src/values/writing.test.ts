import { describe, expect, test } from 'vitest'
import { type Locale, locales } from './locale.ts'
import {
  filled,
  formatAmount,
  formatChange,
  formatCountry,
  formatMoment,
  formatMoney,
  formatMonth,
  inSentence,
  zoneName,
} from './writing.ts'

const night = Date.UTC(2026, 10, 30, 23, 59)
const london = 'Europe/London'
const money = (amount: string, currency = 'GBP') => ({ amount, currency })

const full: Record<Locale, string> = {
  en: 'Mon 30 Nov 2026, 23:59 London',
  'zh-CN': '2026 年 11 月 30 日（周一）23:59 伦敦时间',
  'zh-TW': '2026 年 11 月 30 日（週一）23:59 倫敦時間',
  ja: '2026年11月30日(月) 23:59 ロンドン時間',
  es: 'lun, 30 nov 2026, 23:59 hora de Londres',
  fr: 'lun. 30 nov. 2026, 23:59 heure de Londres',
  de: 'Mo., 30. Nov. 2026, 23:59 Londoner Zeit',
  ar: 'الاثنين، 30 نوفمبر 2026، 23:59 بتوقيت لندن',
}
const day: Record<Locale, string> = {
  en: '30 Nov',
  'zh-CN': '11 月 30 日',
  'zh-TW': '11 月 30 日',
  ja: '11月30日',
  es: '30 nov',
  fr: '30 nov.',
  de: '30. Nov.',
  ar: '30 نوفمبر',
}
const month: Record<Locale, string> = {
  en: 'November 2026',
  'zh-CN': '2026 年 11 月',
  'zh-TW': '2026 年 11 月',
  ja: '2026年11月',
  es: 'noviembre de 2026',
  fr: 'novembre 2026',
  de: 'November 2026',
  ar: 'نوفمبر 2026',
}
const minus: Record<Locale, string> = {
  en: '\u2212£1,025.25',
  'zh-CN': '\u2212£1,025.25',
  'zh-TW': '\u2212£1,025.25',
  ja: '\u2212£1,025.25',
  es: '\u22121025,25 £',
  fr: '\u22121 025,25 £',
  de: '\u22121.025,25 £',
  ar: '\u2066\u2212£1,025.25\u2069',
}
/** Without marks of direction, and with plain spaces. */
const plain = (text: string) =>
  text.replaceAll(/[\u200e\u200f\u061c]/g, '').replaceAll(/[\u00a0\u202f]/g, ' ')

describe.each(locales)('in %s', (locale) => {
  test('a moment says day, date, time and place', () => {
    const style = { zone: london, weekday: true, year: true, place: true }
    expect(formatMoment(night, style, locale)).toBe(full[locale])
  })

  test('a day is a moment without its time', () => {
    expect(formatMoment(night, { zone: london, precision: 'day' }, locale)).toBe(day[locale])
  })

  test('a month has its name', () => {
    expect(formatMonth('2026-11', locale)).toBe(month[locale])
  })

  test('money uses the true minus and the figures of a bill', () => {
    expect(plain(formatMoney(money('-1025.25'), locale))).toBe(minus[locale])
  })

  test('a country has a name', () => {
    expect(formatCountry('JP', locale)).not.toBe('JP')
    expect(formatCountry('not a code', locale)).toBe('not a code')
    expect(formatCountry('US-CA', locale)).toBe(`${formatCountry('US', locale)} (CA)`)
  })
})

test('a moment is told on the clock of its zone', () => {
  expect(formatMoment(night, { zone: 'Asia/Shanghai' }, 'zh-CN')).toBe('12 月 1 日 07:59')
  expect(formatMoment(night, { zone: 'Asia/Shanghai' }, 'de')).toBe('1. Dez., 07:59')
  const september = Date.UTC(2026, 8, 1, 12)
  expect(formatMoment(september, { zone: 'UTC', precision: 'day' }, 'en')).toBe('1 Sep')
})

test('money keeps every digit, and its sign where that is asked for', () => {
  expect(formatChange(money('3.50'), 'en')).toBe('+£3.50')
  expect(formatChange(money('-3.50'), 'zh-CN')).toBe('\u2212£3.50')
  expect(plain(formatChange(money('3.50'), 'de'))).toBe('+3,50 £')
  expect(formatMoney(money('90071992547409.93', 'EUR'), 'en')).toBe('€90,071,992,547,409.93')
  expect(formatMoney(money('500', 'JPY'), 'en')).toBe('¥500')
  expect(formatAmount('0.00', 'en')).toBe('0.00')
  expect(plain(formatAmount('90071992547409.93', 'fr'))).toBe('90 071 992 547 409,93')
})

test('a zone is the city for Latin letters, and what readers call that time elsewhere', () => {
  expect(zoneName('America/New_York', 'es')).toBe('New York')
  expect(zoneName('Europe/Madrid', 'ja')).toBe('スペイン時間')
  expect(zoneName('UTC', 'ar')).toBe('UTC')
})

test('in text from right to left a value of another script stands apart, so that it keeps its order', () => {
  expect(inSentence('+44 7700 900461', 'ar')).toBe('\u2068+44 7700 900461\u2069')
  expect(inSentence('30 نوفمبر', 'ar')).toBe('30 نوفمبر')
  expect(inSentence('+44 7700 900461', 'de')).toBe('+44 7700 900461')
  expect(filled('{a} {b} {a}', { a: 'x' }, 'en')).toBe('x  x')
  expect(inSentence('Travel (2)', 'ar')).toBe('\u2068Travel (2)\u2069')
  for (const code of ['204518', 'VC-7K3M-92QF', 'http://localhost/x', 'UK Home']) {
    expect(inSentence(code, 'ar')).toBe(code)
  }
  expect(filled('إلى {a}', { a: '12.6 GB' }, 'ar')).toBe('إلى \u206812.6 GB\u2069')
})
