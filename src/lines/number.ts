/** A row of a file of numbers: read strictly, so that the inventory holds E.164 numbers and nothing else. */
import {
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import { splitLine } from '../values/csv.ts'

export const numberKinds = ['mobile', 'fixed', 'toll-free', 'voip', 'other'] as const
export type NumberKind = (typeof numberKinds)[number]
export type NewNumber = {
  readonly msisdn: string
  readonly country: string
  readonly kind: NumberKind
}

/** `docs/numbers.md` explains each. */
export type BadNumber =
  | 'missing-column'
  | 'not-e164'
  | 'not-possible'
  | 'country-missing'
  | 'country-differs'
  | 'type-missing'
  | 'type-unknown'
  | 'type-differs'
  | 'twice'
  | 'differs'

export type NumberColumns = { msisdn: number; country: number; kind: number; count: number }

/** Where the columns stand; undefined without one for the number. */
export function numberColumns(header: string): NumberColumns | undefined {
  const names = (splitLine(header, ',') ?? []).map((name) => name.trim().toLowerCase())
  const msisdn = names.indexOf('msisdn')
  if (msisdn < 0) return undefined
  return {
    msisdn,
    country: names.indexOf('country'),
    kind: names.indexOf('type'),
    count: names.length,
  }
}

export function readNumber(line: string, columns: NumberColumns): NewNumber | { bad: BadNumber } {
  const cells = splitLine(line, ',')
  if (!cells || cells.length < columns.count) return { bad: 'missing-column' }
  const cell = (at: number) => (at < 0 ? '' : (cells[at]?.trim() ?? ''))
  const msisdn = cell(columns.msisdn)
  if (!/^\+[1-9]\d{6,14}$/.test(msisdn)) return { bad: 'not-e164' }
  const parsed = parsePhoneNumberFromString(msisdn)
  if (!parsed?.isPossible()) return { bad: 'not-possible' }
  const country = countryOf(cell(columns.country), parsed)
  if (typeof country !== 'string') return country
  const kind = kindOf(cell(columns.kind), parsed.getType())
  return typeof kind === 'string' ? { msisdn, country, kind } : kind
}

type Parsed = NonNullable<ReturnType<typeof parsePhoneNumberFromString>>

function countryOf(
  given: string,
  { country, countryCallingCode }: Parsed,
): string | { bad: BadNumber } {
  if (given === '') return country ?? { bad: 'country-missing' }
  if (!/^[A-Z]{2}$/.test(given) || !isSupportedCountry(given)) return { bad: 'country-differs' }
  // Several countries share a code; which of them has the number is not always known.
  const fits = country ? country === given : getCountryCallingCode(given) === countryCallingCode
  return fits ? given : { bad: 'country-differs' }
}

const kindsOf: Partial<Record<string, readonly NumberKind[]>> = {
  MOBILE: ['mobile'],
  FIXED_LINE: ['fixed'],
  FIXED_LINE_OR_MOBILE: ['mobile', 'fixed'],
  TOLL_FREE: ['toll-free'],
  VOIP: ['voip'],
}

function kindOf(given: string, known: string | undefined): NumberKind | { bad: BadNumber } {
  const allowed = known === undefined ? undefined : (kindsOf[known] ?? ['other'])
  if (given === '') return allowed?.[0] ?? { bad: 'type-missing' }
  const kind = numberKinds.find((one) => one === given)
  if (!kind) return { bad: 'type-unknown' }
  return !allowed || allowed.includes(kind) ? kind : { bad: 'type-differs' }
}
