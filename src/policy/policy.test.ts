import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { followed, packOf, packs, regionsIn, residences } from './packs.ts'
import { after, dueBy, readPolicy } from './policy.ts'
import { policySchema, publishedSchema } from './schema.ts'

const gb = packOf('GB')

test.each(packs)('the pack of $country is complete and reads as it was written', (pack) => {
  expect(readPolicy(JSON.parse(JSON.stringify(pack)))).toEqual(pack)
  expect(pack.review).toBe('operator: have this reviewed')
})

test('packs come for every country of the issue, one version each', () => {
  expect(packs.map(({ country }) => country).sort()).toEqual(
    'BE BR CN DE EU FR GB IN IT JP US US-CA'.split(' '),
  )
})

test('a value with Violet’s default as its source is marked D, and a D names no law alone', () => {
  for (const { country, rules } of packs) {
    for (const [name, rule] of Object.entries(rules)) {
      const isDefault = rule.source.startsWith('Violet default')
      expect(rule.confidence === 'D', `${country} ${name}`).toBe(isDefault)
    }
  }
})

test('what a pack is silent about comes from what it inherits', () => {
  expect(packOf('FR').rules.identityEvidence).not.toEqual(packOf('EU').rules.identityEvidence)
  expect(packOf('BE').rules.buttonLabels).toEqual(packOf('EU').rules.buttonLabels)
  expect(packOf('US-CA').rules.quarantineMax).toEqual(packOf('US').rules.quarantineMax)
  expect(packOf('GB').rules.withdrawalWindow.source).toBe('Consumer Contracts Regulations 2013')
  expect(packOf('JP').rules.maxCloseTime).toMatchObject({ value: null, confidence: 'D' })
})

test('the country picks the policy: its own, and for a member of the Union without one the Union’s', () => {
  expect(followed('GB')).toEqual(['GB'])
  expect(followed('ES')).toEqual(['ES', 'EU'])
  expect(followed('CH')).toEqual(['CH'])
  expect(followed('US-CA')).toEqual(['US-CA', 'US'])
  expect(followed('ES-CT')).toEqual(['ES-CT', 'ES', 'EU'])
  expect(regionsIn(packs.map(({ country }) => country))).toEqual(['US-CA'])
  const all = residences(packs.map(({ country }) => country))
  expect(all).toContain('ES')
  expect(all).toContain('JP')
  expect(all).not.toContain('EU')
  expect(all).not.toContain('US-CA')
  expect(residences(['GB', 'DE'])).toEqual(['DE', 'GB'])
})

test('an unknown field, a negative duration and a value without a source are refused', () => {
  expect(policySchema.safeParse({ ...gb, extra: 1 }).success).toBe(false)
  const negative = { ...gb.rules.coolingOff, value: '-PT1H' }
  expect(
    policySchema.safeParse({ ...gb, rules: { ...gb.rules, coolingOff: negative } }).success,
  ).toBe(false)
  const unsourced = { value: 'PT1H', confidence: 'D' }
  expect(
    policySchema.safeParse({ ...gb, rules: { ...gb.rules, coolingOff: unsourced } }).success,
  ).toBe(false)
})

test('calendar lengths follow the local calendar across a change of the clocks', () => {
  const start = Temporal.Instant.from('2026-10-24T12:00:00Z')
  expect(after(start, 'P1D', 'Europe/London').toString()).toBe('2026-10-25T13:00:00Z')
  expect(after(start, 'PT24H', 'Europe/London').toString()).toBe('2026-10-25T12:00:00Z')
})

test('a review asked for on a Friday is due on Monday, and after the holiday where there is one', () => {
  const friday = Temporal.Instant.from('2026-11-27T15:00:00Z')
  expect(dueBy(packOf('DE'), 'reviewSla', friday).toString()).toBe('2026-11-30T15:00:00Z')
  const beforeEaster = Temporal.Instant.from('2027-03-25T15:00:00Z')
  expect(dueBy(packOf('DE'), 'reviewSla', beforeEaster).toString()).toBe('2027-03-30T14:00:00Z')
  expect(dueBy(packOf('US'), 'reviewSla', beforeEaster).toString()).toBe('2027-03-26T15:00:00Z')
})

test('docs/schemas publishes the schema that is checked with', () => {
  const path = new URL('../../docs/schemas/policy.v2.json', import.meta.url)
  expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(publishedSchema(), null, 2)}\n`)
})
