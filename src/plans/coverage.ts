/** Where a plan works and on whose networks, and what use costs in every other country: known before the flight. */
import type { z } from 'zod'
import { toWire } from '../values/money.ts'
import table from './catalog/partners.json' with { type: 'json' }
import { knownCountries } from './networks.ts'
import type { Plan } from './plan.ts'
import type { coverageWire } from './wire.ts'

export type Partner = { mcc: string; mnc: string; name: string }

const named = /^(\d{3})-(\d{2,3}) (\S.*)$/

/** The roaming partners of each country, as the catalog names them: `234-15 Vodafone`. */
export const partnersByCountry: ReadonlyMap<string, readonly Partner[]> = new Map(
  Object.entries(table.partners).map(([country, partners]) => [country, partners.map(partnerOf)]),
)

function partnerOf(text: string): Partner {
  const [, mcc, mnc, name] = named.exec(text) ?? []
  if (!mcc || !mnc || !name) throw new Error(`not a network: ${text}`)
  return { mcc, mnc, name }
}

/** Every country that has a price; those of the plan first. */
export function coverageOf(plan: Plan): z.output<typeof coverageWire> {
  const included = new Set(plan.countries)
  const ordered = [...knownCountries].sort((a, b) => rank(a) - rank(b))
  function rank(country: string) {
    return included.has(country) ? 0 : 1
  }
  const rows = ordered.flatMap((country) => {
    const group = plan.payAsYouGo.find(({ countries }) => countries.includes(country))
    if (!group) return []
    return [
      {
        country,
        included: included.has(country),
        networks: (partnersByCountry.get(country) ?? []).map((partner) => ({ ...partner })),
        dataPerMegabyte: toWire(group.dataPerMegabyte),
        voicePerMinute: toWire(group.voicePerMinute),
        smsEach: toWire(group.smsEach),
      },
    ]
  })
  return { planId: plan.planId, version: plan.version, countries: rows }
}
