/** Money, moments, quantities and countries as a person of each language writes them. */

export type Money = { amount: string; currency: string }
export type Locale = 'en' | 'zh-CN'

/** English here is 24-hour, day before month. */
const tags: Record<Locale, string> = { en: 'en-GB', 'zh-CN': 'zh-CN' }

export function formatMoney(money: Money, locale: Locale): string {
  return new Intl.NumberFormat(tags[locale], {
    style: 'currency',
    currency: money.currency,
    currencyDisplay: 'narrowSymbol',
  })
    .format(money.amount as Intl.StringNumericLiteral)
    .replace('-', '\u2212')
}

/** The bare figure, for a table whose head names the currency. */
export function formatAmount(money: Money, locale: Locale): string {
  const digits = money.amount.split('.')[1]?.length ?? 0
  return new Intl.NumberFormat(tags[locale], { minimumFractionDigits: digits })
    .format(money.amount as Intl.StringNumericLiteral)
    .replace('-', '\u2212')
}

export function isZero(money: Money): boolean {
  return !/[1-9]/.test(money.amount)
}

export function isNegative(money: Money): boolean {
  return money.amount.startsWith('-') && !isZero(money)
}

/** Exact sum of decimal strings of one currency. */
export function sum(amounts: readonly Money[]): Money | undefined {
  const first = amounts[0]
  if (!first || amounts.some((money) => money.currency !== first.currency)) return undefined
  const digits = Math.max(...amounts.map((money) => money.amount.split('.')[1]?.length ?? 0))
  const total = amounts.reduce((so, money) => so + minor(money.amount, digits), 0n)
  return { amount: decimal(total, digits), currency: first.currency }
}

export function negate(money: Money): Money {
  if (isZero(money)) return money
  const { amount } = money
  return { ...money, amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}` }
}

/** Exact: an amount times a whole number. */
export function times({ amount, currency }: Money, count: number): Money {
  const digits = amount.split('.')[1]?.length ?? 0
  return { amount: decimal(minor(amount, digits) * BigInt(count), digits), currency }
}

/** "12,5" and "12.50" are the same amount; undefined when it is none, or outside the limits. */
export function readMoney(text: string, min: number, max: number): string | undefined {
  const plain = text.trim().replace(',', '.')
  if (!/^\d{1,6}(\.\d{1,2})?$/.test(plain)) return undefined
  const [whole = '0', fraction = ''] = plain.split('.')
  const amount = `${Number(whole)}.${fraction.padEnd(2, '0')}`
  return Number(amount) >= min && Number(amount) <= max ? amount : undefined
}

export function sameAmount(left: Money, right: Money): boolean {
  const rest = sum([left, negate(right)])
  return rest !== undefined && isZero(rest)
}

function minor(amount: string, digits: number): bigint {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.')
  const value = BigInt(whole + fraction.padEnd(digits, '0'))
  return amount.startsWith('-') ? -value : value
}

function decimal(value: bigint, digits: number): string {
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const fraction = digits > 0 ? `.${text.slice(text.length - digits)}` : ''
  return `${value < 0n ? '-' : ''}${whole}${fraction}`
}

type Precision = 'minute' | 'day'
export type MomentStyle = {
  zone: string
  precision?: Precision
  weekday?: boolean
  year?: boolean
  place?: boolean
}

/** "Mon 30 Nov 2026, 23:59 London", "2026 年 11 月 30 日 23:59 伦敦时间". */
export function formatMoment(instant: string, style: MomentStyle, locale: Locale): string {
  const { zone, precision = 'minute', weekday = false, year = false, place = false } = style
  const parts = new Intl.DateTimeFormat(tags[locale], {
    weekday: 'short',
    day: 'numeric',
    month: locale === 'en' ? 'short' : 'numeric',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  }).formatToParts(new Date(instant))
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  const clock = `${of('hour')}:${of('minute')}`
  if (locale === 'zh-CN') {
    const date = `${year ? `${of('year')} 年 ` : ''}${of('month')} 月 ${of('day')} 日`
    const day = weekday ? `${date}（${of('weekday')}）` : date
    const time = precision === 'minute' ? `${weekday ? '' : ' '}${clock}` : ''
    return `${day}${time}${place ? ` ${zoneName(zone, locale)}` : ''}`
  }
  const month = of('month').replace('Sept', 'Sep')
  const day = weekday ? `${of('weekday')} ${of('day')}` : of('day')
  const date = year ? `${day} ${month} ${of('year')}` : `${day} ${month}`
  const time = precision === 'minute' ? `, ${clock}` : ''
  return `${date}${time}${place ? ` ${zoneName(zone, locale)}` : ''}`
}

const zonesInChinese: Record<string, string> = {
  'Europe/London': '伦敦时间',
  'Asia/Shanghai': '北京时间',
  UTC: '协调世界时',
}

export function zoneName(zone: string, locale: Locale): string {
  if (locale === 'en') return zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone
  const known = zonesInChinese[zone]
  if (known) return known
  const style: Intl.DateTimeFormatOptions = { timeZone: zone, timeZoneName: 'shortGeneric' }
  const parts = new Intl.DateTimeFormat('zh-CN', style).formatToParts()
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone
}

/** "November 2026" for "2026-11". */
export function formatMonth(month: string, locale: Locale): string {
  const [year = '', number = ''] = month.split('-')
  if (locale === 'zh-CN') return `${year} 年 ${Number(number)} 月`
  const style: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'long', timeZone: 'UTC' }
  return new Intl.DateTimeFormat(tags[locale], style).format(new Date(`${month}-15T12:00:00Z`))
}

/** True when the device's clock would show another time than the operator's at that instant. */
export function zonesDiffer(instant: string, zone: string, device: string): boolean {
  const show = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(
      new Date(instant),
    )
  return show(zone) !== show(device)
}

export function formatNumber(value: number, locale: Locale, digitsMax = 0): string {
  return new Intl.NumberFormat(tags[locale], { maximumFractionDigits: digitsMax }).format(value)
}

const dataUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Decimal units, as networks sell them; one digit after the point only where it says something. */
export function dataParts(bytes: number, locale: Locale): { figure: string; unit: string } {
  const size = bytes <= 0 ? 3 : Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const scaled = bytes / 1000 ** size
  const figure = formatNumber(scaled, locale, scaled < 100 && size >= 3 ? 1 : 0)
  return { figure, unit: dataUnits[size] ?? 'B' }
}

export function formatData(bytes: number, locale: Locale): string {
  const { figure, unit } = dataParts(bytes, locale)
  return `${figure} ${unit}`
}

/** "3:07" for a call. */
export function formatClock(seconds: number): string {
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0')
  const minutes = Math.floor(seconds / 60) % 60
  const hours = Math.floor(seconds / 3600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

export function formatCountry(code: string, locale: Locale): string {
  try {
    return new Intl.DisplayNames(tags[locale], { type: 'region' }).of(code) ?? code
  } catch {
    return code
  }
}

/** Whole days from one instant to another, never below zero. */
export function daysBetween(from: string, to: string): number {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000
  return Math.max(0, Math.ceil(days))
}

/** "+44 7700 900461": groups only, the digits stay. */
export function formatNumberE164(msisdn: string): string {
  const digits = msisdn.replace(/\D/g, '')
  const codes = ['44', '86', '81', '49', '33', '39', '34', '32', '91', '55', '7', '1']
  const code = codes.find((prefix) => digits.startsWith(prefix)) ?? digits.slice(0, 3)
  const rest = digits.slice(code.length)
  const cut = rest.length > 9 ? 4 : 3
  return `+${code} ${rest.slice(0, cut)} ${rest.slice(cut)}`
}

/** "l••••e@example.com" stays readable and safe to show on a screen others may see. */
export function formatMasked(address: string): string {
  return address.replace(/\*+/g, '••••')
}
