/** Money, moments and quantities as a person of each language writes them. */
import type { Locale } from './notice.ts'

/** English here is 24-hour, day before month. */
const tags: Record<Locale, string> = { en: 'en-GB', 'zh-CN': 'zh-CN' }

/** `25.25 GBP` → `£25.25`; what is not of that shape is shown as it is. */
export function formatMoney(text: string, locale: Locale): string {
  const [, amount, currency] = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text) ?? []
  if (!amount || !currency) return text
  return new Intl.NumberFormat(tags[locale], {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  })
    .format(amount as Intl.StringNumericLiteral)
    .replace('-', '\u2212')
}

/** The bare figure, for a table whose head names the currency. */
export function formatAmount(amount: string, locale: Locale): string {
  const digits = amount.split('.')[1]?.length ?? 0
  return new Intl.NumberFormat(tags[locale], { minimumFractionDigits: digits })
    .format(amount as Intl.StringNumericLiteral)
    .replace('-', '\u2212')
}

/** "Mon 30 Nov 2026, 23:59 London", "2026 年 11 月 30 日（周一）23:59 伦敦时间". */
export function formatMoment(instant: string, locale: Locale, zone: string): string {
  const of = partsOf(instant, locale, zone)
  const clock = `${of('hour')}:${of('minute')}`
  if (locale === 'zh-CN') {
    const date = `${of('year')} 年 ${of('month')} 月 ${of('day')} 日（${of('weekday')}）`
    return `${date}${clock} ${zoneName(zone, locale)}`
  }
  return `${of('weekday')} ${englishDay(of)}, ${clock} ${zoneName(zone, locale)}`
}

/** "30 Nov 2026", "2026 年 11 月 30 日". */
export function formatDay(instant: string, locale: Locale, zone: string): string {
  const of = partsOf(instant, locale, zone)
  if (locale === 'zh-CN') return `${of('year')} 年 ${of('month')} 月 ${of('day')} 日`
  return englishDay(of)
}

function partsOf(instant: string, locale: Locale, zone: string) {
  const parts = new Intl.DateTimeFormat(tags[locale], {
    weekday: 'short',
    day: 'numeric',
    month: locale === 'en' ? 'short' : 'numeric',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  }).formatToParts(Temporal.Instant.from(instant).epochMilliseconds)
  return (type: string) => parts.find((part) => part.type === type)?.value ?? ''
}

function englishDay(of: (type: string) => string): string {
  return `${of('day')} ${of('month').replace('Sept', 'Sep')} ${of('year')}`
}

const zonesInChinese: Record<string, string> = {
  'Europe/London': '伦敦时间',
  'Asia/Shanghai': '北京时间',
  UTC: '协调世界时',
}

function zoneName(zone: string, locale: Locale): string {
  const place = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone
  return locale === 'en' ? place : (zonesInChinese[zone] ?? place)
}

const dataUnits = ['B', 'kB', 'MB', 'GB', 'TB']

/** Decimal units, as networks sell them. */
export function formatBytes(bytes: number, locale: Locale): string {
  const size = bytes <= 0 ? 2 : Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const scaled = bytes / 1000 ** size
  const format = new Intl.NumberFormat(tags[locale], { maximumFractionDigits: size >= 3 ? 1 : 0 })
  return `${format.format(scaled)} ${dataUnits[size]}`
}
