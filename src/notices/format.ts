/** Money, moments and quantities as messages are told of them. */
import type { Locale } from '../values/locale.ts'
import {
  formatNumber,
  formatMoment as momentText,
  formatMoney as moneyText,
  writingOf,
} from '../values/writing.ts'

/** `25.25 GBP` → `£25.25`; what is not of that shape is shown as it is. */
export function formatMoney(text: string, locale: Locale): string {
  const [, amount, currency] = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text) ?? []
  return amount && currency ? moneyText({ amount, currency }, locale) : text
}

/** "Mon 30 Nov 2026, 23:59 London", "2026 年 11 月 30 日（周一）23:59 伦敦时间". */
export function formatMoment(instant: string, locale: Locale, zone: string): string {
  return momentText(msOf(instant), { zone, weekday: true, year: true, place: true }, locale)
}

/** "30 Nov 2026", "2026 年 11 月 30 日". */
export function formatDay(instant: string, locale: Locale, zone: string): string {
  return momentText(msOf(instant), { zone, year: true, precision: 'day' }, locale)
}

function msOf(instant: string): number {
  return Temporal.Instant.from(instant).epochMilliseconds
}

/** Decimal units, as networks sell them. */
export function formatBytes(bytes: number, locale: Locale): string {
  const size = bytes <= 0 ? 2 : Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const figure = formatNumber(bytes / 1000 ** size, locale, size >= 3 ? 1 : 0)
  return `${figure} ${writingOf(locale).data[size]}`
}
