/** The packs that come with Violet, each made complete by what it inherits, and which one a country follows. */
import be from './packs/be.json' with { type: 'json' }
import br from './packs/br.json' with { type: 'json' }
import cn from './packs/cn.json' with { type: 'json' }
import de from './packs/de.json' with { type: 'json' }
import defaults from './packs/default.json' with { type: 'json' }
import eu from './packs/eu.json' with { type: 'json' }
import fr from './packs/fr.json' with { type: 'json' }
import gb from './packs/gb.json' with { type: 'json' }
import india from './packs/in.json' with { type: 'json' }
import it from './packs/it.json' with { type: 'json' }
import jp from './packs/jp.json' with { type: 'json' }
import usCa from './packs/us-ca.json' with { type: 'json' }
import us from './packs/us.json' with { type: 'json' }
import { type Pack, packSchema, type Policy, policySchema, rulesSchema } from './schema.ts'

export const defaultRules = rulesSchema.parse(defaults)

const parsed = [eu, de, fr, be, it, gb, us, usCa, cn, br, india, jp].map((pack) =>
  packSchema.parse(pack),
)
const byCountry = new Map(parsed.map((pack) => [pack.country, pack]))

/** A document with every rule: what a pack is silent about comes from what it inherits, in the end from Violet's defaults. */
export function complete({ inherits, ...pack }: Pack): Policy {
  return policySchema.parse({ ...pack, rules: rulesOf({ inherits, ...pack }) })
}

function rulesOf({ inherits, rules }: Pack): Policy['rules'] {
  const above = byCountry.get(inherits)
  return { ...(above ? rulesOf(above) : defaultRules), ...given(rules) }
}

/** Without the rules that are spelled out as undefined. */
function given(rules: Pack['rules']): Partial<Policy['rules']> {
  return Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined))
}

export const packs: readonly Policy[] = parsed.map(complete)

export function packOf(country: string): Policy {
  const found = packs.find((pack) => pack.country === country)
  if (!found) throw new Error(`no pack comes with Violet for ${country}`)
  return found
}

/** ISO 3166-1 codes of the member states. */
export const unionMembers: readonly string[] =
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ')

/** Where somebody lives: a country, or a part of one where that has rules of its own. */
export function residenceOf(country: string, region: string | null): string {
  return region === null ? country : `${country}-${region}`
}

/** Parts of countries that have a published policy of their own. */
export function regionsIn(published: readonly string[]): readonly string[] {
  return [...new Set(published.filter((place) => place.includes('-')))].sort()
}

/**
 * Whose policies a residence follows, the first that is published: its own, that of the country it is a part of, or for
 * a member state that of the Union.
 */
export function followed(residence: string): readonly string[] {
  const [country = residence, region] = residence.split('-')
  if (region !== undefined) return [residence, ...followed(country)]
  return unionMembers.includes(country) ? [country, 'EU'] : [country]
}

/** Where people can live under published policies: whole countries, and every member state where the Union's is. */
export function residences(published: readonly string[]): readonly string[] {
  const countries = published.filter((country) => /^[A-Z]{2}$/.test(country) && country !== 'EU')
  const members = published.includes('EU') ? unionMembers : []
  return [...new Set([...countries, ...members])].sort()
}
