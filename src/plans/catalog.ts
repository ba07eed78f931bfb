/** The catalog Violet comes with, made from its data files and checked as it is read. */
import { z } from 'zod'
import { countryWire, wordsWire } from '../values/wire.ts'
import numbers from './catalog/numbers.json' with { type: 'json' }
import travel from './catalog/travel.json' with { type: 'json' }
import withNumber from './catalog/with-number.json' with { type: 'json' }
import zoneData from './catalog/zones.json' with { type: 'json' }
import { planDocument, type PlanDocument, type TermDocument, type Zone } from './plan.ts'

const currency = 'GBP'
const bytesInGigabyte = 1_000_000_000n

const zones = z
  .array(
    z.object({
      zoneId: z.string(),
      name: wordsWire,
      countries: z.array(countryWire).min(1),
      payAsYouGo: z
        .object({ dataPerMegabyte: z.string(), voicePerMinute: z.string(), smsEach: z.string() })
        .optional(),
    }),
  )
  .parse(zoneData)

export type CatalogPlan = { planId: string; document: PlanDocument }

export function catalogZones(): Zone[] {
  return zones.map(({ zoneId, name, countries }) => ({ zoneId, name, countries }))
}

/** A bare amount is in the catalog's currency. */
type WrittenTerm = Omit<TermDocument, 'fee' | 'equipment' | 'benefit'> & {
  fee?: string
  equipment?: string
  benefit?: string
}
/** A plan with a number, as `with-number.json` writes it. */
export type WrittenPlan = (typeof withNumber)[number] & { term?: WrittenTerm }
export const writtenPlans: readonly WrittenPlan[] = withNumber

/** It throws where a plan is none, and says which and why. */
export function catalogPlans(written = writtenPlans): CatalogPlan[] {
  const plans = [...plansWithNumber(written), ...travelPlans()]
  for (const { planId, document } of plans) {
    const { error } = planDocument.safeParse(document)
    if (error) throw new Error(`plan ${planId} of the catalog:\n${z.prettifyError(error)}`)
  }
  return plans
}

const amount = (text: string) => ({ amount: text, currency })

function zoneOf(zoneId: string) {
  const zone = zones.find((one) => one.zoneId === zoneId)
  if (!zone) throw new Error(`the catalog has no zone ${zoneId}`)
  return zone
}

/** Zones that carry prices, in the order of the file: the first one that has a country prices it. */
function payAsYouGo(): PlanDocument['payAsYouGo'] {
  const taken = new Set<string>()
  return zones.flatMap(({ countries, payAsYouGo: prices }) => {
    if (!prices) return []
    const own = countries.filter((country) => !taken.has(country))
    for (const country of own) taken.add(country)
    return [
      {
        countries: own,
        dataPerMegabyte: amount(prices.dataPerMegabyte),
        voicePerMinute: amount(prices.voicePerMinute),
        smsEach: amount(prices.smsEach),
      },
    ]
  })
}

function plansWithNumber(written: readonly WrittenPlan[]): CatalogPlan[] {
  return written.map(({ planId, multiLine, term, ...plan }) => ({
    planId,
    document: {
      ...plan,
      kind: plan.kind as PlanDocument['kind'],
      unusedRefund: plan.unusedRefund as PlanDocument['unusedRefund'],
      price: amount(plan.price),
      renews: false,
      ...(multiLine && { multiLine }),
      ...(term && { term: termOf(term) }),
      countries: zoneOf(plan.zoneId).countries,
      dials: plan.dials.map((dial) => ({
        ...dial,
        kind: dial.kind as 'data' | 'voice' | 'sms',
        pricePerStep: amount(dial.pricePerStep),
      })),
      payAsYouGo: payAsYouGo(),
    },
  }))
}

function termOf({ fee, equipment, benefit, ...term }: WrittenTerm): TermDocument {
  return {
    ...term,
    ...(fee !== undefined && { fee: amount(fee) }),
    ...(equipment !== undefined && { equipment: amount(equipment) }),
    ...(benefit !== undefined && { benefit: amount(benefit) }),
  }
}

function travelPlans(): CatalogPlan[] {
  return Object.entries(travel.offers).flatMap(([zoneId, offers]) => {
    const zone = zoneOf(zoneId)
    const summary = zone.countries.length === 1 ? travel.summaryOfOne : travel.summaryOfMany
    return offers.map(({ gigabytes, days, price }) => {
      const fill = (sentences: Record<string, string>) =>
        filled(sentences, zone.name, {
          gigabytes: String(gigabytes),
          days: String(days),
          countries: String(zone.countries.length),
        })
      const document: PlanDocument = {
        kind: 'travel',
        name: fill(travel.name),
        summary: fill(summary),
        zoneId,
        countries: zone.countries,
        price: amount(price),
        periodDays: days,
        renews: false,
        allowance: {
          data: (BigInt(gigabytes) * bytesInGigabyte).toString(),
          voice: '0',
          sms: '0',
        },
        dials: [],
        numberCountry: null,
        unusedRefund: travel.unusedRefund as PlanDocument['unusedRefund'],
        payAsYouGo: payAsYouGo(),
      }
      return { planId: `${zoneId}-${gigabytes}gb-${days}d`, document }
    })
  })
}

function filled(
  sentences: Record<string, string>,
  zoneName: Record<string, string>,
  facts: Record<string, string>,
): Record<string, string> {
  const entries = Object.entries(sentences).map(([locale, sentence]) => {
    const all: Record<string, string> = { ...facts, zone: zoneName[locale] ?? '' }
    return [locale, sentence.replace(/\{(\w+)\}/g, (_, name: string) => all[name] ?? '')]
  })
  return Object.fromEntries(entries) as Record<string, string>
}

/** The telephone numbers of the seeded inventory. */
export function catalogNumbers(): { msisdn: string; country: string }[] {
  return numbers.ranges.flatMap(({ country, first, count }) =>
    Array.from({ length: count }, (_, index) => ({
      country,
      msisdn: `+${BigInt(first.slice(1)) + BigInt(index)}`,
    })),
  )
}
