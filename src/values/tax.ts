/** The tax inside a tax-inclusive price: one share, one named rounding, and nothing made or lost. */
import assert from 'node:assert/strict'

/** A rate in hundredths of a percent, on the net price: `2000n` is 20 %. */
export type TaxRate = bigint

const whole = 10_000n

/**
 * The tax contained in a gross amount, in the same minor units: gross × rate / (100 % + rate),
 * rounded half-up to a whole minor unit. The net is what is left: net + tax = gross, always.
 */
export function taxShare(gross: bigint, rate: TaxRate): bigint {
  assert(gross >= 0n, 'tax is taken from amounts of zero or more')
  assert(rate >= 0n && rate <= whole, 'a tax rate lies between nothing and 100 %')
  const parts = whole + rate
  return (2n * gross * rate + parts) / (2n * parts)
}

/** `8.1` for 810n hundredths of a percent. */
export function percentOf(rate: TaxRate): string {
  const fraction = (rate % 100n).toString().padStart(2, '0').replace(/0+$/, '')
  return fraction === '' ? `${rate / 100n}` : `${rate / 100n}.${fraction}`
}

/** Reads a percentage of at most two decimals; undefined for anything else or above 100. */
export function rateOf(percent: string): TaxRate | undefined {
  const [, digits, fraction = ''] = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(percent) ?? []
  if (digits === undefined) return undefined
  const rate = BigInt(digits + fraction.padEnd(2, '0'))
  return rate <= whole ? rate : undefined
}
