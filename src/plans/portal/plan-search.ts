/** Finding a plan by country or name, in any of the languages. */
import type { Plan } from '../../portal/wire.ts'

export function countriesOf(plans: readonly Plan[]): string[] {
  return [...new Set(plans.flatMap((plan) => plan.countries))]
}

export function cheapest(plans: readonly Plan[]): Plan | undefined {
  return plans.toSorted((a, b) => Number(a.price.amount) - Number(b.price.amount))[0]
}

type Found = { plans: Plan[]; country?: string }

/** A country's name wins over a plan's: "Japan" also finds the Asia plans that work there. */
export function findPlans(
  plans: readonly Plan[],
  query: string,
  countryName: (code: string) => string,
  words: (texts: Record<string, string>) => string,
): Found {
  const wanted = fold(query)
  if (!wanted) return { plans: [...plans] }
  const codes = countriesOf(plans)
  const named = codes.filter((code) =>
    namesOf(code, countryName).some((name) => name.startsWith(wanted)),
  )
  const byCountry = plans.filter((plan) => plan.countries.some((code) => named.includes(code)))
  const byName = plans.filter((plan) => fold(words(plan.name)).includes(wanted))
  const found = plans.filter((plan) => byCountry.includes(plan) || byName.includes(plan))
  const country = named.length === 1 ? named[0] : undefined
  return country ? { plans: byCountry, country } : { plans: found }
}

function namesOf(code: string, countryName: (code: string) => string): string[] {
  const english = new Intl.DisplayNames('en', { type: 'region' }).of(code) ?? code
  return [countryName(code), english, code].map(fold)
}

export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .trim()
}
