import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { catalogPlans } from './catalog.ts'
import { coverageOf, partnersByCountry } from './coverage.ts'
import { countryOf, knownCountries } from './networks.ts'
import { planDocument } from './plan.ts'

const plans = catalogPlans().map(({ planId, document }) => ({
  planId,
  version: 1,
  ...planDocument.parse(document),
}))
const flex = plans.find(({ planId }) => planId === 'flex-europe')!
const world = JSON.parse(readFileSync(new URL('portal/world.json', import.meta.url), 'utf8')) as {
  land: Record<string, { d: string }>
  spots: Record<string, unknown>
}

test('every partner is in the country it stands for, as rating sees it, and there once', () => {
  for (const [country, partners] of partnersByCountry) {
    expect(knownCountries).toContain(country)
    for (const { mcc, mnc } of partners)
      expect([mcc, mnc, countryOf(mcc, mnc)]).toEqual([mcc, mnc, country])
    expect(new Set(partners.map(({ mcc, mnc }) => `${mcc}-${mnc}`)).size).toBe(partners.length)
  }
})

test('every country of every plan has a partner, and a place on the map', () => {
  const sold = new Set(plans.flatMap(({ countries }) => countries))
  for (const country of sold) {
    expect([country, partnersByCountry.get(country)?.length ?? 0]).not.toEqual([country, 0])
    expect([country, country in world.land || country in world.spots]).toEqual([country, true])
  }
  const nowhere = knownCountries.filter((code) => !(code in world.land) && !(code in world.spots))
  expect(nowhere).toEqual([])
})

test('a plan’s countries come first, and every other country has its price', () => {
  const { countries } = coverageOf(flex)
  expect(countries.map(({ country }) => country).sort()).toEqual([...knownCountries])
  const included = countries.slice(0, flex.countries.length)
  expect(included.map(({ country }) => country).sort()).toEqual([...flex.countries].sort())
  expect(included.every((row) => row.included)).toBe(true)
  expect(countries.find(({ country }) => country === 'JP')).toMatchObject({
    included: false,
    dataPerMegabyte: { amount: '0.03', currency: 'GBP' },
    voicePerMinute: { amount: '0.25' },
    networks: [{ mcc: '440', mnc: '10', name: 'docomo' }, {}, {}],
  })
})

test('no outline jumps to the other side of the map', () => {
  for (const [code, { d }] of Object.entries(world.land)) {
    const steps = [...d.replaceAll(/M[\d -]+l/g, '').matchAll(/(-?\d+)[ ]?(-?\d+)/g)]
    expect([code, steps.filter(([, x]) => Math.abs(Number(x)) > 300)]).toEqual([code, []])
  }
})
