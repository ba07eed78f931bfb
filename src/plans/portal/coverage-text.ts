/** Finding a country of a coverage, and those that cost the same. */
import type { Coverage } from '../../portal/wire.ts'
import { fold } from './plan-search.ts'

export type Country = Coverage['countries'][number]

/** By the beginning of any word of its name in the page's language or English, or by its code; a whole name alone. */
export function findCountries(
  countries: readonly Country[],
  query: string,
  nameOf: (code: string) => string,
): Country[] {
  const wanted = fold(query)
  if (!wanted) return []
  const english = new Intl.DisplayNames('en', { type: 'region' })
  const found = countries.flatMap((row) => {
    const names = [nameOf(row.country), english.of(row.country) ?? ''].map(fold)
    if (names.includes(wanted) || row.country.toLowerCase() === wanted)
      return [{ row, whole: true }]
    const begins = names.some(
      (name) =>
        name.startsWith(wanted) || name.split(/[\s-]+/).some((word) => word.startsWith(wanted)),
    )
    // Chinese names have no spaces: any part of them counts.
    const within = /\p{Script=Han}/u.test(wanted) && names.some((name) => name.includes(wanted))
    return begins || within ? [{ row, whole: false }] : []
  })
  const whole = found.filter((one) => one.whole)
  return (whole.length > 0 ? whole : found).map(({ row }) => row)
}

/** Countries with the same prices, the cheapest first. */
export function byPrice(countries: readonly Country[]): Country[][] {
  const keyOf = ({ dataPerMegabyte, voicePerMinute, smsEach }: Country) =>
    [dataPerMegabyte, voicePerMinute, smsEach].map(({ amount }) => amount).join()
  const cost = ([first]: Country[]) => Number(first?.dataPerMegabyte.amount ?? 0)
  return [...Map.groupBy(countries, keyOf).values()].toSorted((a, b) => cost(a) - cost(b))
}
