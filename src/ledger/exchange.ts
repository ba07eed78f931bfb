/** Rates that money is changed at: quoted by somebody, on a day, for a while; and what an amount becomes at one. */
import assert from 'node:assert/strict'
import { fromWire, isCurrency, minorDigits, type Money, money } from '../values/money.ts'

/** How the part of a minor unit is rounded that no coin exists for; named wherever a rate is. */
export const exchangeRounding = 'half-up'

export type Rate = {
  readonly from: string
  readonly into: string
  /** Units of `into` for one unit of `from`, a decimal string. */
  readonly rate: string
  readonly source: string
  readonly asOf: Temporal.Instant
  readonly validUntil: Temporal.Instant
  /** Larger balances are not changed at it; null: agreed to already. */
  readonly atMost: Money | null
}

const shape = /^(\d{1,9})(?:\.(\d{1,8}))?$/

/** What an amount becomes, rounded half up to a whole minor unit of the other currency. */
export function changed({ minor, currency }: Money, { from, into, rate }: Rate): Money {
  assert.equal(currency, from, 'money is changed at a rate of its own currency')
  const parts = shape.exec(rate)
  assert(parts && minor >= 0n, `no rate: ${rate}`)
  const [, whole = '', fraction = ''] = parts
  const digits = fraction.length + (minorDigits[from] ?? 2) - (minorDigits[into] ?? 2)
  const product = minor * BigInt(whole + fraction)
  if (digits <= 0) return money(product * 10n ** BigInt(-digits), into)
  const unit = 10n ** BigInt(digits)
  return money((2n * product + unit) / (2n * unit), into)
}

/** The rates that may be quoted at a moment. */
export function ratesAt(rates: readonly Rate[], now: Temporal.Instant): Rate[] {
  return rates.filter(
    ({ asOf, validUntil }) =>
      Temporal.Instant.compare(asOf, now) <= 0 && Temporal.Instant.compare(now, validUntil) < 0,
  )
}

export const rateColumns = ['from', 'into', 'rate', 'asOf', 'validUntil', 'atMost', 'source']
export type BadRate = 'currency' | 'rate' | 'moment' | 'validity' | 'amount' | 'source'

/** One row of a file of rates, by `rateColumns`. */
export function readRate(cells: readonly string[]): Rate | { bad: BadRate } {
  const [from = '', into = '', rate = '', asOfText = '', untilText = '', most = '', source = ''] =
    cells.map((cell) => cell.trim())
  if (!isCurrency(from) || !isCurrency(into) || from === into) return { bad: 'currency' }
  if (!shape.test(rate) || /^[0.]+$/.test(rate)) return { bad: 'rate' }
  const [asOf, validUntil] = [momentOf(asOfText), momentOf(untilText)]
  if (!asOf || !validUntil) return { bad: 'moment' }
  if (Temporal.Instant.compare(validUntil, asOf) <= 0) return { bad: 'validity' }
  const atMost = fromWire({ amount: most, currency: from })
  if (!atMost || atMost.minor <= 0n) return { bad: 'amount' }
  if (source === '' || source.length > 200) return { bad: 'source' }
  return { from, into, rate, asOf, validUntil, atMost, source }
}

function momentOf(text: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(text)
  } catch {
    return undefined
  }
}
