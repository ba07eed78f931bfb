import { expect, test } from 'vitest'
import { catalogPlans } from '../plans/catalog.ts'
import { planDocument, type PlanTerms } from '../plans/plan.ts'
import { type Bucket, capNews, free, hold, levelOf, noticing, type Purse, spend } from './purse.ts'
import { absorb, rate, reserve, roundUp, type Use } from './rating.ts'
import { microseconds } from './record.ts'

const catalog = new Map(catalogPlans().map(({ planId, document }) => [planId, document]))
const japan = planDocument.parse(catalog.get('japan-3gb-7d'))
const atUs = microseconds('2026-11-20T10:00:00Z')
const hourUs = 3_600_000_000

const use = (given: Partial<Use> = {}): Use => ({
  kind: 'data',
  quantity: 1_000_000n,
  country: 'JP',
  startedUs: atUs,
  ...given,
})
const bucket = (given: Partial<Bucket>): Bucket => ({
  bucketId: 'b1',
  kind: 'data',
  priority: 0,
  granted: 3_000_000_000n,
  remaining: 0n,
  reserved: 0n,
  expiresUs: atUs + 24 * hourUs,
  noticed: 0,
  ...given,
})
const purse = (
  remaining: bigint,
  promotional = 0n,
  paid = 0n,
  more: Partial<Purse> = {},
): Purse => ({
  buckets: [bucket({ remaining })],
  promotional,
  paid,
  held: 0n,
  creditOrder: 'promotional-first',
  cap: null,
  spent: 0n,
  started: new Map(),
  ...more,
})

test('inside the plan a use draws the bucket to the byte and costs nothing', () => {
  expect(rate(use({ quantity: 1234n }), purse(5000n, 100n, 100n), japan)).toEqual({
    taken: [{ bucketId: 'b1', quantity: 1234n }],
    fromBucket: 1234n,
    promotional: 0n,
    paid: 0n,
    absorbed: 0n,
    started: null,
    granted: 1234n,
    shortOf: null,
    outcome: 'charged',
  })
})

test('what the bucket lacks is charged in whole blocks, promotional credit first', () => {
  // 1.5 MB beyond the bucket are two blocks of 3p in Japan.
  const rated = rate(use({ quantity: 2_500_000n }), purse(1_000_000n, 4n, 100n), japan)
  expect(rated).toMatchObject({ fromBucket: 1_000_000n, promotional: 4n, paid: 2n, absorbed: 0n })
  const pinned = purse(1_000_000n, 4n, 5n, { creditOrder: 'paid-first' })
  expect(rate(use({ quantity: 2_500_000n }), pinned, japan)).toMatchObject({
    promotional: 1n,
    paid: 5n,
  })
})

test('a block that was bought is used up before the next is begun, at the same price only', () => {
  const before = purse(0n, 0n, 100n)
  const first = rate(use({ quantity: 200_000n }), before, japan)
  expect(first).toMatchObject({ paid: 3n, started: ['data:3', 800_000n] })
  const after = spend(before, first)
  expect(rate(use({ quantity: 800_000n }), after, japan)).toMatchObject({
    paid: 0n,
    started: ['data:3', 0n],
    outcome: 'charged',
  })
  expect(rate(use({ quantity: 800_000n, country: 'IN' }), after, japan)).toMatchObject({
    paid: 10n,
  })
})

test('outside the plan the bucket stays whole and the price is the country’s', () => {
  const rated = rate(use({ country: 'IN', quantity: 1n }), purse(9_000_000n, 0n, 25n), japan)
  expect(rated).toMatchObject({ taken: [], fromBucket: 0n, paid: 10n, absorbed: 0n })
})

test('a block is never paid in part: what can’t be paid whole is absorbed, and said why', () => {
  const rated = rate(use({ quantity: 3_000_000n }), purse(0n, 1n, 6n), japan)
  expect(rated).toMatchObject({
    promotional: 1n,
    paid: 5n,
    absorbed: 3n,
    granted: 2_000_000n,
    shortOf: 'credit',
    outcome: 'charged',
  })
  const broke = rate(use({ quantity: 3_000_000n }), purse(0n, 0n, 2n), japan)
  expect(broke).toMatchObject({ paid: 0n, absorbed: 9n, granted: 0n, outcome: 'absorbed' })
})

test('a spending cap ends what credit could still pay', () => {
  const capped = purse(0n, 0n, 100n, { cap: 10n, spent: 4n })
  const rated = rate(use({ quantity: 5_000_000n }), capped, japan)
  expect(rated).toMatchObject({ paid: 6n, granted: 2_000_000n, shortOf: 'cap', absorbed: 9n })
  expect(spend(capped, rated).spent).toBe(10n)
})

test('priority goes first, then the bucket that ends first; one that ended before the use is not touched', () => {
  const buckets = [
    { bucketId: 'late', expiresUs: atUs + 24 * hourUs },
    { bucketId: 'soon', expiresUs: atUs + 1 },
    { bucketId: 'over', expiresUs: atUs },
    { bucketId: 'never', expiresUs: null },
    { bucketId: 'first', expiresUs: null, priority: -1 },
  ].map((one) => bucket({ granted: 10n, remaining: 10n, ...one }))
  const rated = rate(use({ quantity: 35n }), purse(0n, 0n, 0n, { buckets }), japan)
  expect(rated.taken).toEqual([
    { bucketId: 'first', quantity: 10n },
    { bucketId: 'soon', quantity: 10n },
    { bucketId: 'late', quantity: 10n },
    { bucketId: 'never', quantity: 5n },
  ])
})

function withRounding(rounding: Record<string, string>): PlanTerms {
  const document = structuredClone(catalog.get('japan-3gb-7d'))!
  const group = { dataPerMegabyte: '1.00', voicePerMinute: '0.60', smsEach: '0.10' }
  const price = (amount: string) => ({ amount, currency: 'GBP' })
  return planDocument.parse({
    ...document,
    rounding,
    payAsYouGo: document.payAsYouGo.map(({ countries }) => ({
      countries,
      dataPerMegabyte: price(group.dataPerMegabyte),
      voicePerMinute: price(group.voicePerMinute),
      smsEach: price(group.smsEach),
    })),
  })
}

test.each([
  ['60/60', 61n, 120n, 120n],
  ['60/1', 61n, 61n, 61n],
  ['60/1', 5n, 60n, 60n],
  ['30/6', 31n, 36n, 36n],
  ['1/1', 61n, 61n, 61n],
])('%s: a call of %i seconds counts %i', (name, seconds, counted, minor) => {
  const plan = withRounding({ voice: name })
  const call = use({ kind: 'voice', quantity: seconds, country: 'IN' })
  expect(roundUp(seconds, plan.rounding.voice!)).toBe(counted)
  expect(rate(call, purse(0n, 0n, 1000n), plan).paid).toBe(minor)
  const own = [bucket({ kind: 'voice', granted: 1000n, remaining: 1000n })]
  const covered = rate({ ...call, country: 'JP' }, purse(0n, 0n, 0n, { buckets: own }), plan)
  expect(covered).toMatchObject({ fromBucket: counted, paid: 0n })
})

test('increments of a call go across buckets, then to credit; a rest below one increment stays', () => {
  const plan = withRounding({ voice: '60/60' })
  const buckets = [70n, 75n].map((remaining, index) =>
    bucket({ bucketId: `v${index}`, kind: 'voice', granted: 100n, remaining }),
  )
  const call = use({ kind: 'voice', quantity: 170n })
  expect(rate(call, purse(0n, 0n, 500n, { buckets }), plan)).toMatchObject({
    taken: [
      { bucketId: 'v0', quantity: 70n },
      { bucketId: 'v1', quantity: 50n },
    ],
    paid: 60n,
    granted: 170n,
  })
})

test('an increment that would not cost whole minor units makes no plan', () => {
  const document = { ...catalog.get('japan-3gb-7d')!, rounding: { data: '1000/1000' } }
  expect(planDocument.safeParse(document).success).toBe(false)
  expect(planDocument.safeParse({ ...document, rounding: { sms: '3/2' } }).success).toBe(false)
})

test('what is granted to one session is granted to no other; what was used is paid all the same', () => {
  const before = purse(5_000_000n, 0n, 6n)
  const one = reserve(use({ quantity: 6_000_000n }), before, japan)
  expect(one).toEqual({
    taken: [{ bucketId: 'b1', quantity: 5_000_000n }],
    granted: 6_000_000n,
    minor: 3n,
    shortOf: null,
  })
  const held = hold(before, one)
  const two = reserve(use({ quantity: 9_000_000n }), held, japan)
  expect(two).toMatchObject({ taken: [], granted: 1_000_000n, minor: 3n, shortOf: 'credit' })
  expect(rate(use({ quantity: 9_000_000n }), held, japan)).toMatchObject({
    fromBucket: 5_000_000n,
    paid: 6n,
  })
  expect(free(held, one)).toEqual(before)
})

test('on a closed line nothing is taken, and its worth is noted', () => {
  expect(absorb(use({ quantity: 1_000_001n }), japan)).toMatchObject({
    taken: [],
    absorbed: 6n,
    granted: 0n,
    outcome: 'absorbed',
  })
})

test('the owner hears at 50, at 80 and at 100 percent, once', () => {
  const left = (remaining: bigint) => levelOf({ granted: 1000n, remaining })
  const levels = [1000n, 501n, 500n, 201n, 200n, 1n, 0n].map(left)
  expect(levels).toEqual([0, 0, 50, 50, 80, 80, 100])
  const first = noticing(purse(500_000_000n))
  expect(first.told.map(({ bucketId }) => bucketId)).toEqual(['b1'])
  expect(noticing(first.purse).told).toEqual([])
})

test('of the spending cap its owner hears at 80 percent, when it is reached, and when what is left buys nothing', () => {
  const at = (spent: bigint, cap: bigint | null = 100n): Purse => ({ ...purse(0n), cap, spent })
  const news = (before: bigint, after: bigint, isShort = false) =>
    capNews(at(before), at(after), isShort)
  expect([news(0n, 79n), news(79n, 80n), news(80n, 99n), news(99n, 100n)]).toEqual([
    null,
    80,
    null,
    100,
  ])
  expect(news(0n, 100n)).toBe(100)
  expect(news(90n, 90n, true)).toBe(100)
  expect(news(100n, 100n)).toBeNull()
  expect(capNews(at(0n, null), at(500n, null), true)).toBeNull()
})
