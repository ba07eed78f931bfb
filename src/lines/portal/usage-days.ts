/** Sums of usage gathered for charts and lists: by day, by country, by kind. */
import type { UsageSums } from '../../portal/wire.ts'

export type UsageSum = UsageSums['rows'][number]
export type Kind = UsageSum['kind']
export type UsageDay = { day: string; rows: readonly UsageSum[] }

const kinds: readonly Kind[] = ['data', 'voice', 'sms']

/** In one order, whatever was used first. */
export function kindsUsed(rows: readonly UsageSum[]): Kind[] {
  return kinds.filter((kind) => rows.some((row) => row.kind === kind))
}

/** The newest first, as the rows come. */
export function byDay(rows: readonly UsageSum[]): UsageDay[] {
  return [...Map.groupBy(rows, ({ day }) => day)].map(([day, own]) => ({ day, rows: own }))
}

/** What was used of a kind on each day, from the first to the last, nothing included. */
export function daysOf({ from, until, rows }: UsageSums, kind: Kind): number[] {
  const start = Date.parse(from)
  const count = (Date.parse(until) - start) / 86_400_000 + 1
  const own = rows.filter((row) => row.kind === kind)
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(start + at * 86_400_000).toISOString().slice(0, 10)
    return total(own.filter((row) => row.day === day))
  })
}

export type CountrySum = { country: string; quantity: number }

/** What was used of a kind in each country, the most first. */
export function countriesOf(rows: readonly UsageSum[], kind: Kind): CountrySum[] {
  const own = rows.filter((row) => row.kind === kind)
  return [...Map.groupBy(own, ({ country }) => country)]
    .map(([country, all]) => ({ country, quantity: total(all) }))
    .toSorted((a, b) => b.quantity - a.quantity || a.country.localeCompare(b.country))
}

export function total(rows: readonly Pick<UsageSum, 'quantity'>[]): number {
  return rows.reduce((so, { quantity }) => so + Number(quantity), 0)
}
