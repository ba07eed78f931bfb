import fc from 'fast-check'
import { expect, test } from 'vitest'
import { locales } from '../values/locale.ts'
import { money } from '../values/money.ts'
import { daysOf, type Running, unusedOf } from './addon.ts'
import { catalogAddons } from './catalog.ts'

const from = Temporal.Instant.from('2026-11-01T10:00:00Z')
const hours = (count: number) => from.add({ hours: count })
const running = (more: Partial<Running> = {}): Running => ({
  bucketId: 'b',
  kind: 'data',
  name: {},
  paid: money(700n, 'GBP'),
  from,
  until: hours(7 * 24),
  granted: 1000n,
  remaining: 1000n,
  ...more,
})

test('what comes back is the smaller of unused days and unused quantity; a day that has begun is used', () => {
  expect(daysOf(running(), hours(1))).toEqual({ left: 6, total: 7 })
  expect(unusedOf(running(), hours(1)).minor).toBe(600n)
  expect(unusedOf(running({ remaining: 100n }), hours(1)).minor).toBe(70n)
  expect(unusedOf(running(), hours(0)).minor).toBe(700n)
  expect(unusedOf(running(), hours(7 * 24)).minor).toBe(0n)
  expect(unusedOf(running(), hours(30 * 24)).minor).toBe(0n)
  expect(unusedOf(running({ remaining: 0n }), hours(1)).minor).toBe(0n)
})

test('never more than was paid, and never more later or with less left', () => {
  const act = fc.record({
    paid: fc.bigInt({ min: 1n, max: 100_000n }),
    days: fc.integer({ min: 1, max: 366 }),
    at: fc.integer({ min: 0, max: 400 * 24 }),
    granted: fc.bigInt({ min: 1n, max: 10n ** 12n }),
    share: fc.nat(100),
  })
  fc.assert(
    fc.property(act, ({ paid, days, at, granted, share }) => {
      const remaining = (granted * BigInt(share)) / 100n
      const one = running({ paid: money(paid, 'GBP'), until: hours(24 * days), granted, remaining })
      const back = unusedOf(one, hours(at)).minor
      expect(back >= 0n && back <= paid).toBe(true)
      expect(unusedOf(one, hours(at + 1)).minor <= back).toBe(true)
      expect(unusedOf({ ...one, remaining: remaining / 2n }, hours(at)).minor <= back).toBe(true)
    }),
  )
})

test('the catalog has each kind, in every language, each id once', () => {
  const addons = catalogAddons()
  expect(new Set(addons.map(({ addonId }) => addonId)).size).toBe(addons.length)
  expect(new Set(addons.map(({ document }) => document.kind))).toEqual(
    new Set(['data', 'voice', 'sms']),
  )
  for (const { document } of addons) expect(Object.keys(document.name)).toEqual(locales)
})
