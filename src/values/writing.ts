/** Money, moments, numbers and lists as a person of each language writes them. */
import { directionOf, type Locale } from './locale.ts'

type Writing = {
  /** English here is 24-hour, day before month; Arabic keeps the digits that bills and phones show. */
  tag: string
  /** Between names, between the parts of a remark, between sentences, after a label. */
  list: string
  remark: string
  sentence: string
  label: string
  /** Bytes and their thousands. */
  data: readonly string[]
}

const data = ['B', 'kB', 'MB', 'GB', 'TB']
const latin: Omit<Writing, 'tag'> = {
  list: ', ',
  remark: ', ',
  sentence: ' ',
  label: ': ',
  data,
}
const han: Omit<Writing, 'tag'> = { list: '、', remark: '，', sentence: '', label: ': ', data }

const writings: Readonly<Record<Locale, Writing>> = {
  en: { tag: 'en-GB', ...latin },
  'zh-CN': { tag: 'zh-CN', ...han },
  'zh-TW': { tag: 'zh-TW', ...han },
  ja: { tag: 'ja', ...han, remark: '、' },
  es: { tag: 'es', ...latin },
  fr: { tag: 'fr', ...latin, label: '\u00a0: ', data: ['o', 'ko', 'Mo', 'Go', 'To'] },
  de: { tag: 'de', ...latin },
  ar: { tag: 'ar-u-nu-latn', ...latin, list: '، ', remark: '، ' },
}

export function writingOf(locale: Locale): Writing {
  return writings[locale]
}

export type MoneyText = { readonly amount: string; readonly currency: string }

export function formatMoney({ amount, currency }: MoneyText, locale: Locale): string {
  return figure(amount, locale, symbolOf(currency))
}

/** With its sign, whichever that is. */
export function formatChange({ amount, currency }: MoneyText, locale: Locale): string {
  return figure(amount, locale, { ...symbolOf(currency), signDisplay: 'always' })
}

const symbolOf = (currency: string): Intl.NumberFormatOptions => ({
  style: 'currency',
  currency,
  currencyDisplay: 'narrowSymbol',
})

/** The bare figure, for a table whose head names the currency. */
export function formatAmount(amount: string, locale: Locale): string {
  const digits = amount.split('.')[1]?.length ?? 0
  return figure(amount, locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function figure(amount: string, locale: Locale, style: Intl.NumberFormatOptions): string {
  // Arabic has its sums as they stand on cards and bills: the sign, the symbol and the figure from the left.
  const isRightToLeft = directionOf(locale) === 'rtl'
  const text = new Intl.NumberFormat(isRightToLeft ? 'en' : writings[locale].tag, style)
    .format(amount as Intl.StringNumericLiteral)
    .replace('-', '\u2212')
  return isRightToLeft ? `\u2066${text}\u2069` : text
}

export function formatNumber(value: number, locale: Locale, digitsMax = 0): string {
  return new Intl.NumberFormat(writings[locale].tag, { maximumFractionDigits: digitsMax }).format(
    value,
  )
}

export type MomentStyle = {
  zone: string
  precision?: 'minute' | 'day'
  weekday?: boolean
  year?: boolean
  place?: boolean
}

/** "Mon 30 Nov 2026, 23:59 London", "2026 年 11 月 30 日（周一）23:59 伦敦时间". */
export function formatMoment(ms: number, style: MomentStyle, locale: Locale): string {
  const { zone, place = false } = style
  const text = locale === 'en' || locale.startsWith('zh') ? inHouse : inIntl
  return `${text(ms, style, locale)}${place ? ` ${zoneName(zone, locale)}` : ''}`
}

const options = ({ zone, precision, weekday, year }: MomentStyle): Intl.DateTimeFormatOptions => ({
  ...(weekday && { weekday: 'short' }),
  ...(year && { year: 'numeric' }),
  month: 'short',
  day: 'numeric',
  ...(precision !== 'day' && { hour: '2-digit', minute: '2-digit' }),
  hourCycle: 'h23',
  timeZone: zone,
})

function inIntl(ms: number, style: MomentStyle, locale: Locale): string {
  return new Intl.DateTimeFormat(writings[locale].tag, options(style)).format(ms)
}

/** English without the comma after the day's name, Chinese with room around its figures. */
function inHouse(ms: number, style: MomentStyle, locale: Locale): string {
  const { precision = 'minute', weekday = false, year = false } = style
  const parts = new Intl.DateTimeFormat(writings[locale].tag, {
    ...options({ ...style, precision: 'minute', weekday: true, year: true }),
    ...(locale !== 'en' && { month: 'numeric' }),
  }).formatToParts(ms)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  const clock = precision === 'minute' ? `${of('hour')}:${of('minute')}` : ''
  if (locale === 'en') {
    const date = `${of('day')} ${of('month').replace('Sept', 'Sep')}`
    const full = `${weekday ? `${of('weekday')} ` : ''}${date}${year ? ` ${of('year')}` : ''}`
    return clock ? `${full}, ${clock}` : full
  }
  const date = `${year ? `${of('year')} 年 ` : ''}${of('month')} 月 ${of('day')} 日`
  if (weekday) return `${date}（${of('weekday')}）${clock}`
  return clock ? `${date} ${clock}` : date
}

/** What each language says of the places that are named most often. */
const zones: Readonly<Record<string, Partial<Record<Locale, string>>>> = {
  'Europe/London': {
    'zh-CN': '伦敦时间',
    'zh-TW': '倫敦時間',
    ja: 'ロンドン時間',
    es: 'hora de Londres',
    fr: 'heure de Londres',
    de: 'Londoner Zeit',
    ar: 'بتوقيت لندن',
  },
  'Asia/Shanghai': { 'zh-CN': '北京时间', 'zh-TW': '北京時間' },
  UTC: { 'zh-CN': '协调世界时' },
}

/** The city where a language writes it as the zone's name does, else what its readers call that time. */
export function zoneName(zone: string, locale: Locale): string {
  const known = zones[zone]?.[locale]
  if (known) return known
  const isLatin = !/^(zh|ja|ar)/.test(locale)
  if (isLatin || zone === 'UTC') return zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone
  const style: Intl.DateTimeFormatOptions = { timeZone: zone, timeZoneName: 'shortGeneric' }
  const parts = new Intl.DateTimeFormat(writings[locale].tag, style).formatToParts()
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone
}

/** "November 2026" for "2026-11". */
export function formatMonth(month: string, locale: Locale): string {
  const [year = '', number = ''] = month.split('-')
  if (locale.startsWith('zh')) return `${year} 年 ${Number(number)} 月`
  const style: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'long', timeZone: 'UTC' }
  return new Intl.DateTimeFormat(writings[locale].tag, style).format(
    Date.UTC(Number(year), Number(number) - 1, 15),
  )
}

export function formatCountry(place: string, locale: Locale): string {
  const [code = place, part] = place.split('-')
  try {
    const name = new Intl.DisplayNames(writings[locale].tag, { type: 'region' }).of(code) ?? code
    return part ? `${name} (${part})` : name
  } catch {
    return place
  }
}

const rightToLeft = /[\u0590-\u08ff]/
/** A word, a code, a web address: nothing at its ends that the sentence around it could turn around. */
const keepsOrder = /^(?:\p{Script=Latin}.*[\p{Script=Latin}\p{Nd}]|\p{Nd}+|\p{Script=Latin})$/u

/** A sentence with its facts in their places; one that is missing leaves nothing. */
export function filled(
  sentence: string,
  facts: Readonly<Record<string, string>>,
  locale: Locale,
): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => inSentence(facts[name] ?? '', locale))
}

/**
 * A value inside a sentence. In one that runs from right to left a value of another script keeps its own order (UAX #9,
 * isolates), or a phone number would be read from its end. A code that is copied gets no marks into it.
 */
export function inSentence(value: string, locale: Locale): string {
  if (directionOf(locale) === 'ltr' || value === '') return value
  if (rightToLeft.test(value) || keepsOrder.test(value)) return value
  return `\u2068${value}\u2069`
}
