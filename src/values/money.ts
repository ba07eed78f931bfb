/** Money as whole minor units of one ISO 4217 currency; there is no division, only named rounding. */
import assert from 'node:assert/strict'

declare const currencyBrand: unique symbol
export type Currency = string & { readonly [currencyBrand]: true }
export type Money = { readonly minor: bigint; readonly currency: Currency }
export type MoneyWire = { amount: string; currency: string }

/** Digits after the decimal point by ISO 4217; these are the currencies Violet accepts. */
export const minorDigits: Readonly<Record<string, number>> = {
  AED: 2,
  AUD: 2,
  BHD: 3,
  BRL: 2,
  CAD: 2,
  CHF: 2,
  CNY: 2,
  CZK: 2,
  DKK: 2,
  EUR: 2,
  GBP: 2,
  HKD: 2,
  HUF: 2,
  IDR: 2,
  ILS: 2,
  INR: 2,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  MXN: 2,
  MYR: 2,
  NOK: 2,
  NZD: 2,
  OMR: 3,
  PHP: 2,
  PLN: 2,
  RON: 2,
  SAR: 2,
  SEK: 2,
  SGD: 2,
  THB: 2,
  TND: 3,
  TRY: 2,
  TWD: 2,
  USD: 2,
  VND: 0,
  ZAR: 2,
}

export function isCurrency(code: string): code is Currency {
  return Object.hasOwn(minorDigits, code)
}

export function currency(code: string): Currency {
  assert(isCurrency(code), `not a known ISO 4217 currency: ${code}`)
  return code
}

export function money(minor: bigint, code: string): Money {
  return { minor, currency: currency(code) }
}

export function zero(code: string): Money {
  return money(0n, code)
}

export function add(a: Money, b: Money): Money {
  assert.equal(a.currency, b.currency, 'money of two currencies is never added')
  return { minor: a.minor + b.minor, currency: a.currency }
}

export function subtract(a: Money, b: Money): Money {
  return add(a, negate(b))
}

export function negate(a: Money): Money {
  return { minor: -a.minor, currency: a.currency }
}

export function isZero(a: Money): boolean {
  return a.minor === 0n
}

export function lesser(a: Money, b: Money): Money {
  assert.equal(a.currency, b.currency, 'money of two currencies is never compared')
  return a.minor <= b.minor ? a : b
}

export function sum(amounts: readonly Money[], code: string): Money {
  return amounts.reduce(add, zero(code))
}

/** The share `part / whole` of an amount, rounded down to a whole minor unit; the rest stays with the caller. */
export function shareRoundedDown(amount: Money, part: bigint, whole: bigint): Money {
  assert(whole > 0n && part >= 0n && part <= whole, 'a share lies between nothing and the whole')
  assert(amount.minor >= 0n, 'only amounts of zero or more are shared out')
  return { minor: (amount.minor * part) / whole, currency: amount.currency }
}

/** `25.25` for 2525 minor units of GBP. */
export function decimal({ minor, currency: code }: Money): string {
  const digits = minorDigits[code] ?? 2
  const sign = minor < 0n ? '-' : ''
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0')
  if (digits === 0) return sign + text
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

export function toWire(amount: Money): MoneyWire {
  return { amount: decimal(amount), currency: amount.currency }
}

/** Reads the wire form; undefined when the currency is unknown or the amount has a wrong number of decimals. */
export function fromWire({ amount, currency: code }: MoneyWire): Money | undefined {
  if (!isCurrency(code)) return undefined
  const digits = minorDigits[code] ?? 2
  const shape = digits === 0 ? /^-?\d{1,15}$/ : new RegExp(`^-?\\d{1,15}(\\.\\d{${digits}})?$`)
  if (!shape.test(amount)) return undefined
  const [whole = '0', fraction = ''] = amount.split('.')
  return { minor: BigInt(whole + fraction.padEnd(digits, '0')), currency: code }
}
