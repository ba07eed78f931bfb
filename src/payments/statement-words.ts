/** What a printed or tabular statement says in each language, and how figures and days are written in it. */
import type { Locale } from '../values/locale.ts'
import { decimal, type Money } from '../values/money.ts'
import { filled, formatAmount, formatMoment } from '../values/writing.ts'
import { catalogs, type Words } from './words/catalogs.ts'

export type WordKey = keyof Words

export function say(locale: Locale, key: WordKey, facts: Record<string, string> = {}): string {
  return filled(catalogs[locale][key], facts, locale)
}

/** `1,029.60` with a real minus; the table's head names the currency. */
export function amountText(amount: Money, locale: Locale): string {
  return formatAmount(decimal(amount), locale)
}

export function formatDay(day: Temporal.PlainDate, locale: Locale): string {
  return dayText(day, locale, true)
}

/** Without the year where the table's period says it. */
export function formatShortDay(day: Temporal.PlainDate, locale: Locale): string {
  return dayText(day, locale, false)
}

function dayText(day: Temporal.PlainDate, locale: Locale, year: boolean): string {
  const noon = day.toZonedDateTime({ timeZone: 'UTC', plainTime: '12:00' }).epochMilliseconds
  return formatMoment(noon, { zone: 'UTC', precision: 'day', year }, locale)
}
