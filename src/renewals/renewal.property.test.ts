import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { settle } from '../closure/settlement.ts'
import { periodFrom } from '../lines/line.ts'
import { catalogPlans } from '../plans/catalog.ts'
import { type Allowance, type Plan, planDocument } from '../plans/plan.ts'
import { money } from '../values/money.ts'
import { isRefusal } from '../values/refusal.ts'
import { type ChangeQuote, quoteChange } from './change.ts'
import type { Peer } from './peers.ts'
import {
  dueOn,
  kinds,
  nextTerms,
  offerFor,
  percentNext,
  priceAt,
  restOf,
  type Standing,
} from './renewal.ts'

const document = catalogPlans().find(({ planId }) => planId === 'flex-europe')!.document
const flex: Plan = { planId: 'flex-europe', version: 1, ...planDocument.parse(document) }
const start = Temporal.Instant.from('2026-11-01T10:00:00Z')
const pounds = (minor: bigint) => money(minor, 'GBP')

const steps = fc.record({
  data: fc.integer({ min: 1, max: 50 }),
  voice: fc.integer({ min: 0, max: 20 }),
  sms: fc.integer({ min: 0, max: 20 }),
})
const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('change' as const), steps }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('schedule' as const), steps }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('use' as const), share: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('top-up' as const), minor: fc.nat(5000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renewal' as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('others' as const), count: fc.nat(3) }) },
)
const life = fc.array(fc.tuple(act, fc.integer({ min: 0, max: 24 * 20 })), { maxLength: 25 })

const other: Peer = {
  lineId: 'other',
  state: 'active',
  autoRenew: true,
  periodEnd: periodFrom(start, 30),
  plan: flex,
  next: { plan: flex, steps: null },
}

/** A line as the stores would leave it: the same decisions, with the books beside them. */
type World = {
  standing: Standing
  now: Temporal.Instant
  paidIn: bigint
  earned: bigint
  granted: Allowance
}

function born(): World {
  const { price, allowance } = offerFor({ plan: flex, steps: { data: 5, voice: 2, sms: 1 } })
  const standing: Standing = {
    subscriberId: 's',
    lineId: 'l',
    nickname: '',
    state: 'active',
    plan: flex,
    steps: { data: 5, voice: 2, sms: 1 },
    autoRenew: false,
    periodStart: start,
    periodEnd: periodFrom(start, 30),
    prepaid: price,
    prepaidFrom: null,
    prepaidDays: 30,
    percentOff: 0,
    peers: [],
    credit: pounds(0n),
    free: allowance,
    next: null,
    remindedFor: null,
    waitingSince: null,
    changes: 0,
  }
  return { standing, now: start, paidIn: price.minor, earned: 0n, granted: allowance }
}

function agree(world: World, quote: ChangeQuote): World {
  const { standing } = world
  const { terms, due, days, until, granted, kind } = quote
  const changes = standing.changes + 1
  if (kind === 'renewal')
    return { ...world, standing: { ...standing, next: terms, autoRenew: true, changes } }
  const isPeriod = kind === 'period'
  const kept = isPeriod ? 0n : quote.paidAlready.minor
  const before: Allowance = isPeriod ? { data: 0n, voice: 0n, sms: 0n } : world.granted
  const free: Allowance = isPeriod ? { data: 0n, voice: 0n, sms: 0n } : standing.free
  const plus = (had: Allowance): Allowance => ({
    data: had.data + granted.data,
    voice: had.voice + granted.voice,
    sms: had.sms + granted.sms,
  })
  return {
    ...world,
    earned: world.earned + standing.prepaid.minor - kept,
    granted: plus(before),
    standing: {
      ...standing,
      ...terms,
      prepaid: pounds(kept + due.minor),
      prepaidFrom: isPeriod ? null : until.subtract({ hours: 24 * days }),
      prepaidDays: isPeriod ? 30 : days,
      percentOff: isPeriod ? quote.percentOff : standing.percentOff,
      periodStart: isPeriod ? quote.from : standing.periodStart,
      periodEnd: until,
      credit: pounds(standing.credit.minor - due.minor),
      free: plus(free),
      next: null,
      waitingSince: null,
      changes,
    },
  }
}

function tick(world: World, now: Temporal.Instant): World {
  const at = { ...world, now }
  const due = dueOn(at.standing, now)
  if (due.do === 'end')
    return {
      ...at,
      earned: at.earned + at.standing.prepaid.minor,
      standing: { ...at.standing, prepaid: pounds(0n), autoRenew: false, next: null },
    }
  if (due.do === 'wait') return { ...at, standing: { ...at.standing, waitingSince: now } }
  if (due.do !== 'renew') return at
  const { steps: chosen } = nextTerms(at.standing)
  const quote = quoteChange(at.standing, { when: 'now', steps: chosen }, now)
  assert(!isRefusal(quote))
  // What renews by itself costs what a new period by hand would, and what was scheduled said.
  assert.equal(quote.due.minor, due.price.minor)
  assert.equal(quote.percentOff, percentNext(at.standing, flex, now))
  return agree(at, quote)
}

function live(world: World, [what, hours]: readonly [ReturnType<typeof pick>, number]): World {
  const at = tick(world, world.now.add({ hours }))
  const { standing, now } = at
  if (what.do === 'top-up') {
    const credit = pounds(standing.credit.minor + BigInt(what.minor))
    return { ...at, paidIn: at.paidIn + BigInt(what.minor), standing: { ...standing, credit } }
  }
  if (what.do === 'others')
    return {
      ...at,
      standing: { ...standing, peers: Array.from({ length: what.count }, () => other) },
    }
  if (what.do === 'renewal') return { ...at, standing: { ...standing, autoRenew: what.on } }
  if (what.do === 'use') {
    const left = (quantity: bigint) => (quantity * BigInt(100 - what.share)) / 100n
    const { data, voice, sms } = standing.free
    const free = { data: left(data), voice: left(voice), sms: left(sms) }
    return { ...at, standing: { ...standing, free } }
  }
  const when = what.do === 'change' ? 'now' : 'renewal'
  const quote = quoteChange(standing, { when, steps: what.steps }, now)
  if (isRefusal(quote) || quote.missing) return at
  const after = agree(at, quote)
  assert.equal(standing.credit.minor - after.standing.credit.minor, quote.due.minor)
  return after
}
const pick = () => fc.sample(act, 1)[0]!

function check({ standing, now, paidIn, earned, granted }: World) {
  const { credit, prepaid, free, prepaidFrom, periodStart, prepaidDays } = standing
  assert(credit.minor >= 0n && prepaid.minor >= 0n && earned >= 0n)
  assert.equal(credit.minor + prepaid.minor + earned, paidIn, 'every cent is somewhere')
  const whole = priceAt(standing, standing.percentOff)
  assert(prepaid.minor <= whole.minor, 'no more is paid ahead than a period costs')
  for (const kind of kinds) assert(free[kind] >= 0n && granted[kind] >= 0n)
  // Closing now: what comes back and what is earned are all there is.
  const closed = settle(
    [
      {
        lineId: 'l',
        paid: credit,
        promotional: pounds(0n),
        prepaid,
        periodDays: prepaidDays,
        unusedRefund: 'days',
        periodStart: prepaidFrom ?? periodStart,
        dataGranted: granted.data,
        dataRemaining: free.data,
        addons: [],
        shares: [],
      },
    ],
    { paid: { disposition: 'refund' }, promotional: null },
    [{ orderId: 'o', lineId: 'l', instrument: 'card', left: pounds(paidIn) }],
    { promotional: [], canMove: false },
    now,
    'GBP',
  )
  const used = closed.earned.reduce((sum, { amount }) => sum + amount.minor, 0n)
  assert.equal(closed.refund.minor + used + earned, paidIn)
}

test('whatever is changed, renewed and topped up: what is paid was shown, and every cent is somewhere', () => {
  fc.assert(
    fc.property(life, (acts) => {
      let world = born()
      for (const one of acts) {
        world = live(world, one)
        check(world)
      }
    }),
    { numRuns: 3000 },
  )
}, 60_000)

test('turned up and down again in one day, nothing is gained: no money, no allowance', () => {
  fc.assert(
    fc.property(
      fc.array(steps, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 24 * 29 - 1 }),
      (turns, hours) => {
        let world = { ...born(), now: start.add({ hours }) }
        const { standing } = world
        world = { ...world, paidIn: 109_00n, standing: { ...standing, credit: pounds(100_00n) } }
        const first = { ...standing.steps! }
        for (const chosen of [...turns, first]) {
          const quote = quoteChange(world.standing, { when: 'now', steps: chosen }, world.now)
          if (!isRefusal(quote) && !quote.missing) world = agree(world, quote)
        }
        const same = kinds.every((kind) => world.standing.steps![kind] === first[kind])
        if (!same) return
        assert.deepEqual(world.granted, born().granted)
        const { prepaidDays, prepaid, credit } = world.standing
        assert.equal(credit.minor + prepaid.minor + world.earned, 109_00n)
        if (world.standing.changes > 0) {
          const worth = (900n * BigInt(prepaidDays)) / 30n
          assert.equal(prepaid.minor, worth)
          assert.equal(world.earned, 900n - worth)
          assert.equal(credit.minor, 100_00n)
        }
      },
    ),
    { numRuns: 3000 },
  )
}, 60_000)

test('what is granted for the days left is never less than their share, and less than a block more', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 30 }), (chosen, days) => {
      const { allowance } = offerFor({ plan: flex, steps: chosen })
      const rest = restOf(allowance, days, 30)
      const block = { data: 1_000_000n, voice: 60n, sms: 1n }
      for (const kind of kinds) {
        const over = rest[kind] * 30n - allowance[kind] * BigInt(days)
        assert(over >= 0n && over < block[kind] * 30n && rest[kind] % block[kind] === 0n)
      }
    }),
    { numRuns: 1000 },
  )
})
