import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogPlans } from '../plans/catalog.ts'
import { blockPrice, planDocument, type PlanTerms } from '../plans/plan.ts'
import { absorb, blockSize, levelOf, type Purse, rate, spend, type Use } from './rating.ts'

const catalog = new Map(
  catalogPlans().map(({ planId, document }) => [planId, planDocument.parse(document)]),
)
const japan = catalog.get('japan-3gb-7d') as PlanTerms
const at = Temporal.Instant.from('2026-11-20T10:00:00Z')
const later = at.add({ hours: 24 })

const use = (given: Partial<Use> = {}): Use => ({
  kind: 'data',
  quantity: 1_000_000n,
  country: 'JP',
  startedAt: at,
  ...given,
})
const purse = (remaining: bigint, promotional = 0n, paid = 0n): Purse => ({
  buckets: [{ bucketId: 'b1', kind: 'data', granted: 3_000_000_000n, remaining, expiresAt: later }],
  promotional,
  paid,
})

test('inside the plan a use draws the bucket to the byte and costs nothing', () => {
  const rated = rate(use({ quantity: 1234n }), purse(5000n, 100n, 100n), japan)
  expect(rated).toEqual({
    taken: [{ bucketId: 'b1', quantity: 1234n }],
    fromBucket: 1234n,
    promotional: 0n,
    paid: 0n,
    absorbed: 0n,
    outcome: 'charged',
  })
})

test('what the bucket lacks is charged in whole blocks, promotional credit first', () => {
  // 1.5 MB beyond the bucket are two blocks of 3p in Japan.
  const rated = rate(use({ quantity: 2_500_000n }), purse(1_000_000n, 4n, 100n), japan)
  expect(rated).toMatchObject({ fromBucket: 1_000_000n, promotional: 4n, paid: 2n, absorbed: 0n })
})

test('outside the plan the bucket stays whole and the price is the country’s', () => {
  const rated = rate(use({ country: 'IN', quantity: 1n }), purse(9_000_000n, 0n, 25n), japan)
  expect(rated).toMatchObject({ taken: [], fromBucket: 0n, paid: 10n, absorbed: 0n })
})

test('a block is never paid in part: what can’t be paid whole is absorbed', () => {
  const rated = rate(use({ quantity: 3_000_000n }), purse(0n, 1n, 6n), japan)
  expect(rated).toMatchObject({ promotional: 1n, paid: 5n, absorbed: 3n, outcome: 'charged' })
  const broke = rate(use({ quantity: 3_000_000n }), purse(0n, 0n, 2n), japan)
  expect(broke).toMatchObject({ paid: 0n, absorbed: 9n, outcome: 'absorbed' })
})

test('the bucket that ends first goes first; one that ended before the use is not touched', () => {
  const buckets = [
    { bucketId: 'late', expiresAt: later },
    { bucketId: 'soon', expiresAt: at.add({ minutes: 1 }) },
    { bucketId: 'over', expiresAt: at },
    { bucketId: 'never', expiresAt: null },
  ].map((one) => ({ ...one, kind: 'data' as const, granted: 10n, remaining: 10n }))
  const rated = rate(use({ quantity: 25n }), { buckets, promotional: 0n, paid: 0n }, japan)
  expect(rated.taken).toEqual([
    { bucketId: 'soon', quantity: 10n },
    { bucketId: 'late', quantity: 10n },
    { bucketId: 'never', quantity: 5n },
  ])
})

test('on a closed line nothing is taken, and its worth is noted', () => {
  expect(absorb(use({ quantity: 1_000_001n }), japan)).toEqual({
    taken: [],
    fromBucket: 0n,
    promotional: 0n,
    paid: 0n,
    absorbed: 6n,
    outcome: 'absorbed',
  })
})

test('the owner hears at 80 and at 100 percent', () => {
  const left = (remaining: bigint) => levelOf({ granted: 1000n, remaining })
  expect([left(1000n), left(201n), left(200n), left(1n), left(0n)]).toEqual([0, 0, 80, 80, 100])
})

const minor = fc.bigInt({ min: 0n, max: 5_000n })
const units = fc.bigInt({ min: 0n, max: 40_000_000n })
const kind = fc.constantFrom('data' as const, 'voice' as const, 'sms' as const)
const anyPurse = fc.record({
  promotional: minor,
  paid: minor,
  buckets: fc
    .array(
      fc
        .record({
          kind,
          remaining: units,
          ends: fc.option(fc.integer({ min: -3, max: 3 }), { nil: null }),
        })
        .map(({ kind: of, remaining, ends }) => ({
          bucketId: '',
          kind: of,
          granted: remaining,
          remaining,
          expiresAt: ends === null ? null : at.add({ hours: ends }),
        })),
      { maxLength: 5 },
    )
    .map((buckets) => buckets.map((bucket, index) => ({ ...bucket, bucketId: `b${index}` }))),
})
const anyUse = fc.record({
  kind,
  quantity: fc.bigInt({ min: 1n, max: 60_000_000n }),
  country: fc.constantFrom('JP', 'GB', 'US', 'IN', 'FR'),
  startedAt: fc.constant(at),
})
const anyPlan = fc.constantFrom(...catalog.values())

test('no value is made or lost: every unit came from a bucket, a paid block, or an absorbed one', () => {
  fc.assert(
    fc.property(anyUse, anyPurse, anyPlan, (one, before, plan) => {
      const rated = rate(one, before, plan)
      const after = spend(before, rated)
      const price = blockPrice(plan, one.country, one.kind)!.minor
      const charged = rated.promotional + rated.paid
      // Credit: what left the purse is what was charged, promotional before paid, in whole blocks.
      expect(before.promotional - after.promotional + before.paid - after.paid).toBe(charged)
      if (rated.paid > 0n) expect(after.promotional).toBe(0n)
      expect(charged % price).toBe(0n)
      expect(rated.absorbed % price).toBe(0n)
      expect(after.promotional >= 0n && after.paid >= 0n).toBe(true)
      // Buckets: what left them is what was taken from them, and none went below zero.
      const left = (purse: Purse) =>
        purse.buckets.reduce((sum, { remaining }) => sum + remaining, 0n)
      expect(left(before) - left(after)).toBe(rated.fromBucket)
      expect(after.buckets.every(({ remaining }) => remaining >= 0n)).toBe(true)
      // The rest is exactly covered by paid and absorbed blocks.
      const blocks = (charged + rated.absorbed) / price
      const rest = one.quantity - rated.fromBucket
      const size = blockSize[one.kind]
      expect(blocks * size >= rest && blocks * size < rest + size).toBe(true)
      // Nothing is absorbed that could have been paid.
      if (rated.absorbed > 0n) expect(after.promotional + after.paid < price).toBe(true)
    }),
    { numRuns: 500 },
  )
})
