/** What pages do with amounts, quantities and numbers before they are shown. */
import type { Locale } from '../values/locale.ts'
import {
  formatMoment,
  formatNumber,
  inSentence,
  type MomentStyle,
  writingOf,
} from '../values/writing.ts'

export type Money = { amount: string; currency: string }
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

/** True when the device's clock would show another time than the operator's at that instant. */
export function zonesDiffer(instant: string, zone: string, device: string): boolean {
  const show = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(
      new Date(instant),
    )
  return show(zone) !== show(device)
}

/** Decimal units, as networks sell them; one digit after the point only where it says something. */
export function dataParts(bytes: number, locale: Locale): { figure: string; unit: string } {
  const size = bytes <= 0 ? 3 : Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const scaled = bytes / 1000 ** size
  const figure = formatNumber(scaled, locale, scaled < 100 && size >= 3 ? 1 : 0)
  return { figure, unit: writingOf(locale).data[size] ?? '' }
}

export function formatData(bytes: number, locale: Locale): string {
  const { figure, unit } = dataParts(bytes, locale)
  return inSentence(`${figure} ${unit}`, locale)
}

/** "3:07" for a call. */
export function formatClock(seconds: number): string {
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0')
  const minutes = Math.floor(seconds / 60) % 60
  const hours = Math.floor(seconds / 3600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
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

/** A moment as it is read now: with its year where that is another, unless the page says whether it wants it. */
export function formatSeen(ms: number, now: number, style: MomentStyle, locale: Locale): string {
  const { format } = new Intl.DateTimeFormat('en', { timeZone: style.zone, year: 'numeric' })
  return formatMoment(ms, { year: format(ms) !== format(now), ...style }, locale)
}
