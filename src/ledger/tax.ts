/** Which tax a subscriber's country puts on telecommunications at a moment: rates as data, with source and validity. */
import assert from 'node:assert/strict'
import { rateOf, type TaxRate } from '../values/tax.ts'
import data from './tax-rates.json' with { type: 'json' }

/** Null country: the subscriber has not said where they live, so no tax is taken out. */
export type Tax = { readonly country: string | null; readonly rate: TaxRate }

/** One row of the data: `percent` on the net price, valid from a day until the day before another, in UTC. */
export type Row = {
  country: string
  percent: string
  validFrom: string
  validTo?: string
  /** Null: Violet's default, which is not law. */
  source: string | null
  confidence: string
  note?: string
}
type Period = { from: Temporal.Instant; to: Temporal.Instant | null; rate: TaxRate }

const byCountry = readRates(data.rates)

/** The tax of a country at a moment; a country without a row has none. */
export function taxOfCountry(country: string | null, at: Temporal.Instant): Tax {
  const period = byCountry.get(country ?? '')?.find((one) => isWithin(one, at))
  return { country, rate: period?.rate ?? 0n }
}

/** Reads the data and refuses what contradicts itself: two rates for one day, a default that names a source. */
export function readRates(rows: readonly Row[]): ReadonlyMap<string, readonly Period[]> {
  const periods = new Map<string, Period[]>()
  for (const { country, percent, validFrom, validTo, source, confidence } of rows) {
    const rate = rateOf(percent)
    assert(/^[A-Z]{2}$/.test(country) && rate !== undefined, `no tax rate: ${country} ${percent}`)
    assert((source === null) === (confidence === 'D'), `${country}: a rate is sourced or a default`)
    const one = { from: dayStart(validFrom), to: validTo ? dayStart(validTo) : null, rate }
    const own = periods.get(country) ?? []
    assert(!one.to || isBefore(one.from, one.to), `${country}: a rate ends after it begins`)
    assert(
      own.every((other) => isOver(other, one.from) || isOver(one, other.from)),
      `${country}: two rates for one day`,
    )
    periods.set(country, [...own, one])
  }
  return periods
}

function dayStart(day: string): Temporal.Instant {
  return Temporal.PlainDate.from(day).toZonedDateTime('UTC').toInstant()
}

function isBefore(a: Temporal.Instant, b: Temporal.Instant): boolean {
  return Temporal.Instant.compare(a, b) < 0
}

function isOver({ to }: Period, at: Temporal.Instant): boolean {
  return to !== null && !isBefore(at, to)
}

function isWithin(period: Period, at: Temporal.Instant): boolean {
  return !isBefore(at, period.from) && !isOver(period, at)
}
