import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { catalogPlans } from '../plans/catalog.ts'
import { blockPrice, blockSize, incrementsOf, type Plan, planDocument } from '../plans/plan.ts'
import { type ChargedLine, decide, nothingKnown } from './intake.ts'
import { type Bucket, free, hold, type Purse, spend } from './purse.ts'
import { rate, reserve, roundUp, type Rated, type Use } from './rating.ts'
import { microseconds, type UsageRecord } from './record.ts'

const runs = { numRuns: 10_000 }
const atUs = microseconds('2026-11-20T10:00:00Z')
const hourUs = 3_600_000_000
const [japan] = catalogPlans().filter(({ planId }) => planId === 'japan-3gb-7d')

type Rounding = 'none' | '60/60' | '60/1'
type Prices = { data: number; voice: number; sms: number }

/** A plan of Japan: what Japan and India cost beyond it, and how it rounds. */
function planOf(rounding: Rounding, jp: Prices, india: Prices): Plan {
  const price = (minor: number) => ({ amount: (minor / 100).toFixed(2), currency: 'GBP' })
  const group = (countries: string[], { data, voice, sms }: Prices) => ({
    countries,
    dataPerMegabyte: price(data),
    // Seconds are priced where calls are rounded to them.
    voicePerMinute: price(rounding === '60/1' ? voice * 60 : voice),
    smsEach: price(sms),
  })
  const document = {
    ...japan!.document,
    payAsYouGo: [group(['JP'], jp), group(['IN'], india)],
    rounding: rounding === 'none' ? {} : { voice: rounding, data: '1000000/1000000', sms: '1/1' },
  }
  return { planId: 'japan-3gb-7d', version: 1, ...planDocument.parse(document) }
}

const minor = fc.integer({ min: 1, max: 40 })
const prices = fc.record({ data: minor, voice: minor, sms: minor })
const rounding = fc.constantFrom<Rounding>('none', '60/60', '60/1')
const plans = fc.tuple(rounding, prices, prices).map((given) => planOf(...given))
const kinds = fc.constantFrom('data' as const, 'voice' as const, 'sms' as const)
const size = { data: 5_000_000, voice: 400, sms: 6 }

const buckets = fc
  .array(
    fc.tuple(kinds, fc.integer({ min: 0, max: 1000 }), fc.option(fc.integer({ min: -2, max: 3 }))),
    {
      maxLength: 5,
    },
  )
  .map((all): Bucket[] =>
    all.map(([kind, share, ends], index) => ({
      bucketId: `b${index}`,
      kind,
      priority: 0,
      granted: BigInt(size[kind] * 3),
      remaining: BigInt(Math.floor((size[kind] * 3 * share) / 1000)),
      reserved: 0n,
      expiresUs: ends === null ? null : atUs + ends * hourUs,
      noticed: 0,
    })),
  )
const purses = (credit: number) =>
  fc
    .record({
      buckets,
      promotional: fc.integer({ min: 0, max: credit }).map(BigInt),
      paid: fc.integer({ min: 0, max: credit }).map(BigInt),
      creditOrder: fc.constantFrom('promotional-first' as const, 'paid-first' as const),
      cap: fc.option(fc.integer({ min: 0, max: credit * 2 }).map(BigInt)),
    })
    .map((purse): Purse => ({ ...purse, held: 0n, spent: 0n, started: new Map() }))

const use = fc
  .tuple(
    kinds,
    fc.integer({ min: 1, max: 1000 }),
    fc.constantFrom('JP', 'IN'),
    fc.integer({ min: 0, max: 7_000 }),
  )
  .map(([kind, share, country, seconds]) => ({
    kind,
    quantity: BigInt(Math.max(1, Math.floor((size[kind] * share) / 1000))),
    country,
    startedUs: atUs + seconds * 1_000_000,
  }))
const uses = fc.array(use, { minLength: 1, maxLength: 8 })

const left = ({ buckets: own }: Purse) => own.reduce((sum, { remaining }) => sum + remaining, 0n)
const credit = ({ promotional, paid }: Purse) => promotional + paid
const begun = ({ started }: Purse) => [...started.values()].reduce((sum, units) => sum + units, 0n)

test('no value is made or lost: each unit comes from a bucket, a paid block or one the operator bears', () => {
  fc.assert(
    fc.property(plans, purses(3000), uses, (plan, purse, all) => {
      let before = purse
      for (const one of all) {
        const rated = rate(one, before, plan)
        const after = spend(before, rated)
        const charged = rated.promotional + rated.paid
        assert.equal(credit(before) - credit(after), charged)
        assert.equal(after.spent - before.spent, charged)
        assert.equal(left(before) - left(after), rated.fromBucket)
        assert(after.promotional >= 0n && after.paid >= 0n)
        assert(after.buckets.every(({ remaining }) => remaining >= 0n))
        if (purse.cap !== null) assert(after.spent <= purse.cap)
        const first = before.creditOrder === 'promotional-first'
        if (first ? rated.paid > 0n : rated.promotional > 0n) {
          assert.equal(first ? after.promotional : after.paid, 0n)
        }
        units(one, rated, before, after, plan)
        before = after
      }
    }),
    runs,
  )
}, 180_000)

/** What was used is exactly what buckets gave and blocks covered, with what is left of the last block. */
function units(one: Use, rated: Rated, before: Purse, after: Purse, plan: Plan) {
  const price = blockPrice(plan, one.country, one.kind)!.minor
  const money = rated.promotional + rated.paid + rated.absorbed
  const increments = incrementsOf(plan, one.kind)
  if (increments) {
    const step = (price * increments.following) / blockSize[one.kind]
    assert.equal(money % step, 0n)
    const bought = (money / step) * increments.following
    assert.equal(rated.fromBucket + bought, roundUp(one.quantity, increments))
    return
  }
  assert.equal(money % price, 0n)
  const bought = (money / price) * blockSize[one.kind]
  assert.equal(rated.fromBucket + bought + begun(before) - begun(after), one.quantity)
  // Nothing is borne that could have been paid.
  const budget = after.cap === null ? credit(after) : min(credit(after), after.cap - after.spent)
  if (rated.absorbed > 0n) assert(budget < price)
}
const min = (a: bigint, b: bigint) => (a < b ? a : b)

const line = (plan: Plan, purse: Purse): ChargedLine => ({
  subscriberId: 'sub_a',
  lineId: 'line_a',
  currency: 'GBP',
  version: 0n,
  state: 'active',
  country: 'GB',
  activatedUs: 0,
  plan,
  purse,
  usedUntil: { data: 0, voice: 0, sms: 0 },
  exhausted: false,
  sessions: '',
})
const records = (all: readonly Use[]): UsageRecord[] =>
  all.map(({ kind, quantity, country }, index) => ({
    usageId: `u${index}`,
    imsi: '234990000000001',
    kind,
    quantity,
    country,
    startedUs: atUs + index * 60_000_000,
    endedUs: atUs + index * 60_000_000,
    mcc: '440',
    mnc: '10',
  }))

test('batches never matter: however records are cut, each is charged the same', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(plans, purses(2000), uses, cuts, (plan, purse, all, sizes) => {
      const given = records(all)
      const whole = decide(line(plan, purse), given, nothingKnown, Number.MAX_SAFE_INTEGER).change!
      let current = line(plan, purse)
      const apart = []
      for (let at = 0, n = 0; at < given.length; at += sizes[n++]!) {
        const part = given.slice(at, at + sizes[n]!)
        const { change } = decide(current, part, nothingKnown, Number.MAX_SAFE_INTEGER)
        apart.push(...change!.charges)
        const { purse: after, usedUntil, exhausted } = change!
        current = { ...current, purse: after, usedUntil, exhausted }
      }
      assert.deepEqual(
        apart.map(({ rated }) => rated),
        whole.charges.map(({ rated }) => rated),
      )
      assert.deepEqual(current.purse, whole.purse)
    }),
    runs,
  )
}, 180_000)

type Told = { use: Use; parts: number[] | null }
const told = fc.array(
  fc.tuple(
    use,
    fc.option(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 4 })),
  ),
  { minLength: 1, maxLength: 6 },
)

/** Parts of a session in steps of its own, offline records whole: all of it shuffled, sessions in their order. */
function events(all: readonly Told[], seeds: readonly number[]) {
  const queues = all.map(({ use: one, parts }) => partsOf(one, parts))
  const out: (Use & { session: number; online: boolean; more: bigint })[] = []
  for (let n = 0; queues.some((queue) => queue.length > 0); n += 1) {
    const waiting = queues.flatMap((queue, index) => (queue.length > 0 ? [index] : []))
    const session = waiting[(seeds[n % seeds.length]! + n) % waiting.length]!
    const part = queues[session]!.shift()!
    out.push({ ...part, session, online: all[session]!.parts !== null, more: part.quantity * 2n })
  }
  return out
}

function partsOf(one: Use, shares: number[] | null): Use[] {
  if (!shares) return [one]
  const total = BigInt(shares.reduce((sum, share) => sum + share, 0))
  let [done, before, running] = [0n, 0n, 0n]
  const parts: Use[] = []
  for (const share of shares) {
    running += BigInt(share)
    done = (one.quantity * running) / total
    if (done > before) parts.push({ ...one, quantity: done - before, before })
    before = done
  }
  return parts
}

/** Charges in the order told; each report of a session gives its grant back, is rated, and holds the next. */
function play(plan: Plan, purse: Purse, all: readonly Told[], seeds: readonly number[]) {
  let current = purse
  const holds = new Map<number, ReturnType<typeof reserve>>()
  const sums = new Map<string, bigint>()
  for (const { session, online, more, ...part } of events(all, seeds)) {
    const held = holds.get(session)
    if (held) current = free(current, held)
    const rated = rate(part, current, plan)
    current = spend(current, rated)
    for (const what of ['fromBucket', 'absorbed'] as const) {
      const key = `${part.kind} ${part.country} ${what}`
      sums.set(key, (sums.get(key) ?? 0n) + rated[what])
    }
    if (!online) continue
    const next = reserve(
      { ...part, quantity: more, before: (part.before ?? 0n) + part.quantity },
      current,
      plan,
    )
    holds.set(session, next)
    current = hold(current, next)
  }
  for (const held of holds.values()) current = free(current, held)
  return { purse: current, sums }
}

/** The same in all; which of several buckets gave it may differ. */
function same(one: ReturnType<typeof play>, other: ReturnType<typeof play>) {
  assert.equal(credit(one.purse), credit(other.purse))
  assert.equal(left(one.purse), left(other.purse))
  assert.deepEqual(one.sums, other.sums)
}

const seeds = fc.array(fc.nat(), { minLength: 4, maxLength: 12 })

test('online and offline, in any order: with credit enough the same use costs the same', () => {
  fc.assert(
    fc.property(plans, purses(0), told, seeds, seeds, (plan, purse, given, one, two) => {
      const rich = { ...purse, paid: 1_000_000_000n, cap: null }
      const mixed = given.map(([what, parts]) => ({ use: what, parts }))
      const offline = given.map(([what]) => ({ use: what, parts: null }))
      const first = play(plan, rich, mixed, one)
      same(play(plan, rich, mixed, two), first)
      same(play(plan, rich, offline, two), first)
    }),
    runs,
  )
}, 180_000)

test('and where credit or the cap ends, as long as the uses cost the same', () => {
  fc.assert(
    fc.property(
      plans,
      purses(60),
      told,
      kinds,
      seeds,
      seeds,
      (plan, purse, given, kind, one, two) => {
        const alike = given.map(([what, parts]) => ({
          use: {
            ...what,
            kind,
            country: 'JP',
            quantity: BigInt(Math.max(1, Number(what.quantity) % size[kind])),
          },
          parts,
        }))
        const first = play(plan, purse, alike, one)
        same(play(plan, purse, alike, two), first)
      },
    ),
    runs,
  )
}, 180_000)
