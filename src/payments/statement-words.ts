/** What a printed or tabular statement says, in both languages, and how figures and days are written in it. */
import { decimal, type Money } from '../values/money.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type Locale = 'en' | 'zh-CN'
export type WordKey = keyof typeof en

const catalogs: Record<Locale, Record<WordKey, string>> = { en, 'zh-CN': zhCN }

export function say(locale: Locale, key: WordKey, facts: Record<string, string> = {}): string {
  return catalogs[locale][key].replace(/\{(\w+)\}/g, (whole, name: string) => facts[name] ?? whole)
}

/** `1,029.60` with a real minus; the table's head names the currency. */
export function formatAmount(amount: Money, locale: Locale): string {
  const text = decimal(amount)
  const digits = text.split('.')[1]?.length ?? 0
  const format = new Intl.NumberFormat(locale === 'en' ? 'en-GB' : locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return format.format(text as Intl.StringNumericLiteral).replace('-', '\u2212')
}

export function formatDay(day: Temporal.PlainDate, locale: Locale): string {
  if (locale === 'zh-CN') return `${day.year} 年 ${day.month} 月 ${day.day} 日`
  return `${day.day} ${monthOf(day)} ${day.year}`
}

/** Without the year where the table's period says it. */
export function formatShortDay(day: Temporal.PlainDate, locale: Locale): string {
  return locale === 'zh-CN' ? `${day.month} 月 ${day.day} 日` : `${day.day} ${monthOf(day)}`
}

export function formatCountry(code: string, locale: Locale): string {
  return new Intl.DisplayNames(locale, { type: 'region', fallback: 'code' }).of(code) ?? code
}

function monthOf(day: Temporal.PlainDate): string {
  const names = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'
  return names.split(' ')[day.month - 1] ?? ''
}
