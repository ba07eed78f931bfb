import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogPlans } from '../../plans/catalog.ts'
import { type Kind, type Plan, planDocument } from '../../plans/plan.ts'
import { type Charge, type ChargedLine, decide as takeIn, nothingKnown } from '../intake.ts'
import type { Purse } from '../purse.ts'
import { rate } from '../rating.ts'
import { spend } from '../purse.ts'
import { quotaTerms } from './quota.ts'
import type { Asked, GroupAsk } from './request.ts'
import { decide, lapse } from './session.ts'
import type { LineFacts, Operation, Session } from './state.ts'

const plans = catalogPlans().map(({ document }) => planDocument.parse(document) as Plan)
// Every way that plans may round, on plans that have none of their own.
const roundings: Plan['rounding'][] = [
  {},
  { data: { first: 1_000_000n, following: 1_000_000n }, voice: { first: 60n, following: 60n } },
]
const t0 = Date.parse('2026-11-20T10:00:00Z') * 1000
const second = 1_000_000
const kinds = ['data', 'voice', 'sms'] as const
const groupOf: Readonly<Record<Kind, number>> = { data: 1, voice: 1000, sms: 2000 }
const sizes: Readonly<Record<Kind, bigint>> = { data: 40_000_000n, voice: 900n, sms: 6n }
const networks = {
  JP: { mcc: '440', mnc: '10' },
  GB: { mcc: '234', mnc: '10' },
  IN: { mcc: '404', mnc: '10' },
}

const minor = fc.bigInt({ min: 0n, max: 400n })
const anyPurse: fc.Arbitrary<Purse> = fc
  .record({
    promotional: minor,
    paid: minor,
    cap: fc.option(fc.bigInt({ min: 0n, max: 300n })),
    creditOrder: fc.constantFrom('promotional-first' as const, 'paid-first' as const),
    buckets: fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        part: fc.integer({ min: 0, max: 100 }),
        priority: fc.integer({ min: 0, max: 1 }),
        ends: fc.option(fc.integer({ min: -5, max: 40 })),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ buckets, ...money }) => ({
    ...money,
    held: 0n,
    spent: 0n,
    started: new Map(),
    buckets: buckets.map(({ kind, part, priority, ends }, index) => {
      const remaining = (sizes[kind] * BigInt(part)) / 50n
      return {
        bucketId: `b${index}`,
        kind,
        priority,
        granted: remaining,
        remaining,
        reserved: 0n,
        expiresUs: ends === null ? null : t0 + ends * second,
        noticed: 0,
      }
    }),
  }))

type Act = {
  session: number
  what: Operation | 'repeat' | 'abandon'
  kinds: readonly Kind[]
  /** How much of what was granted is used, in percent; over 100: the network lets more through. */
  usedPercent: number
  requested: GroupAsk['requested']
  country: keyof typeof networks
}
const anyAct: fc.Arbitrary<Act> = fc.record({
  session: fc.integer({ min: 0, max: 2 }),
  what: fc.constantFrom('create', 'update', 'update', 'update', 'release', 'repeat', 'abandon'),
  kinds: fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1, maxLength: 3 }),
  usedPercent: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 101, max: 250 })),
  requested: fc.oneof(
    fc.constant('any' as const),
    fc.constant(undefined),
    fc.bigInt({ min: 1n, max: 20_000_000n }),
  ),
  country: fc.constantFrom('JP', 'JP', 'GB', 'IN'),
})

type World = {
  facts: LineFacts
  sessions: Map<string, Session>
  granted: Map<string, bigint>
  charges: Charge[]
  last: Map<string, { operation: Operation; asked: Asked; isRefused: boolean }>
  nowUs: number
  overran: boolean
}

const sum = (all: readonly bigint[]) => all.reduce((total, one) => total + one, 0n)
const holdings = ({ sessions }: World) =>
  [...sessions.values()].flatMap(({ groups }) => groups.flatMap(({ holding }) => holding ?? []))

function checkHoldings(world: World) {
  const { purse } = world.facts
  const held = holdings(world)
  for (const { bucketId, reserved, remaining } of purse.buckets) {
    const own = held.flatMap(({ taken }) => taken).filter((one) => one.bucketId === bucketId)
    expect(reserved).toBe(sum(own.map(({ quantity }) => quantity)))
    expect(remaining >= 0n).toBe(true)
  }
  expect(purse.held).toBe(sum(held.map((one) => one.minor)))
}

let contents = 0

/** One request; its charges that stay within the quota are covered to the last unit. */
function send(world: World, operation: Operation, id: string, act: Act, asked: Asked) {
  const step = { operation, sessionId: id, asked, nowUs: world.nowUs, terms: quotaTerms }
  const decision = decide(world.sessions.get(id), world.facts, step)
  world.last.set(id, { operation, asked, isRefused: decision.kind === 'refused' })
  if (decision.kind !== 'taken') return decision
  for (const charge of decision.charges) {
    world.charges.push(charge)
    const granted = world.granted.get(`${id} ${charge.record.kind} ${charge.record.country}`) ?? 0n
    // What is let through beyond a quota is paid from all there is, also from what others were promised.
    world.overran ||= charge.record.quantity > granted
    if (!world.overran) expect(charge.rated.absorbed).toBe(0n)
  }
  for (const { ratingGroup } of asked.groups)
    for (const key of [...world.granted.keys()])
      if (key.startsWith(`${id} ${kindOfGroup(ratingGroup)} `)) world.granted.delete(key)
  const { body } = decision.session.answer
  for (const { ratingGroup, grantedUnit } of body?.multipleUnitInformation ?? []) {
    if (!grantedUnit) continue
    const [units] = Object.values(grantedUnit) as number[]
    world.granted.set(`${id} ${kindOfGroup(ratingGroup)} ${act.country}`, BigInt(units!))
  }
  world.sessions.set(id, decision.session)
  world.facts = { ...world.facts, purse: decision.purse }
  return decision
}

const kindOfGroup = (group: number): Kind =>
  group < 1000 ? 'data' : group < 2000 ? 'voice' : 'sms'

function askedOf(world: World, id: string, act: Act, operation: Operation): Asked {
  const groups = act.kinds.map((kind): GroupAsk => {
    const key = [...world.granted.keys()].find((one) => one.startsWith(`${id} ${kind} `))
    const granted = key ? world.granted.get(key)! : 0n
    const quantity = (granted * BigInt(act.usedPercent)) / 100n
    const country = (key?.split(' ')[2] ?? act.country) as keyof typeof networks
    const one = { quantity, startedUs: undefined, endedUs: undefined, plmn: networks[country] }
    return {
      ratingGroup: groupOf[kind],
      kind,
      requested: operation === 'release' ? undefined : act.requested,
      used: quantity > 0n && operation !== 'create' ? [one] : [],
    }
  })
  const contentHash = `content-${contents++}`
  const plmn = networks[act.country]
  return {
    sequence: 0,
    invokedUs: world.nowUs,
    contentHash,
    identity: undefined,
    plmn,
    event: undefined,
    groups,
  }
}

function perform(world: World, act: Act) {
  const id = `cs_${act.session}`
  world.nowUs += second
  const session = world.sessions.get(id)
  if (act.what === 'repeat') {
    const again = world.last.get(id)
    if (!again || !session) return
    const before = world.facts
    const charged = world.charges.length
    const { kind } = send(world, again.operation, id, act, again.asked)
    expect(kind).toBe(again.isRefused ? 'refused' : 'repeated')
    expect([world.facts, world.charges.length]).toEqual([before, charged])
    return
  }
  if (act.what === 'abandon') {
    if (!session) return
    const lapsed = lapse(session, world.facts.purse)
    world.sessions.set(id, lapsed.session)
    world.facts = { ...world.facts, purse: lapsed.purse }
    for (const key of [...world.granted.keys()])
      if (key.startsWith(`${id} `)) world.granted.delete(key)
    return
  }
  send(world, act.what, id, act, askedOf(world, id, act, act.what))
}

test('whatever sessions do, no value is made or lost, nothing is promised twice, and all is given back', () => {
  const anyPlan = fc.tuple(fc.constantFrom(...plans), fc.constantFrom(...roundings))
  fc.assert(
    fc.property(anyPurse, anyPlan, fc.array(anyAct, { maxLength: 14 }), (purse, plan, acts) => {
      const world: World = {
        facts: { state: 'active', plan: { ...plan[0], rounding: plan[1] }, purse },
        sessions: new Map(),
        granted: new Map(),
        charges: [],
        last: new Map(),
        nowUs: t0,
        overran: false,
      }
      for (const act of acts) {
        perform(world, act)
        checkHoldings(world)
      }
      for (const [id, session] of world.sessions) {
        const ended = lapse(session, world.facts.purse)
        world.sessions.set(id, ended.session)
        world.facts = { ...world.facts, purse: ended.purse }
      }
      const after = world.facts.purse
      expect([after.held, sum(after.buckets.map(({ reserved }) => reserved))]).toEqual([0n, 0n])
      const rated = world.charges.map((charge) => charge.rated)
      expect(purse.promotional - after.promotional).toBe(sum(rated.map((one) => one.promotional)))
      expect(purse.paid - after.paid).toBe(sum(rated.map((one) => one.paid)))
      const left = ({ buckets }: Purse) => sum(buckets.map(({ remaining }) => remaining))
      expect(left(purse) - left(after)).toBe(sum(rated.map((one) => one.fromBucket)))
      expect(after.buckets.every(({ remaining }) => remaining >= 0n)).toBe(true)
      if (purse.cap !== null) expect(after.spent <= purse.cap).toBe(true)
      expect(new Set(world.charges.map(({ record }) => record.usageId)).size).toBe(
        world.charges.length,
      )
    }),
    { numRuns: 10_000 },
  )
}, 120_000)

test('one session after another charges what the same records charge offline', () => {
  fc.assert(
    fc.property(
      anyPurse,
      fc.constantFrom(...plans),
      fc.array(anyAct, { maxLength: 10 }),
      (purse, plan, acts) => {
        const world: World = {
          facts: { state: 'active', plan, purse },
          sessions: new Map(),
          granted: new Map(),
          charges: [],
          last: new Map(),
          nowUs: t0,
          overran: false,
        }
        // One session and one rating group: nobody else holds anything.
        const own = { session: 0, kinds: ['data' as const] }
        for (const act of acts) if (act.what !== 'release') perform(world, { ...act, ...own })
        const offline = world.charges.reduce(
          (left, { record }) => spend(left, rate(record, left, plan)),
          purse,
        )
        const ended = [...world.sessions.values()].reduce(
          (p, one) => lapse(one, p).purse,
          world.facts.purse,
        )
        expect(ended).toEqual(offline)
      },
    ),
    { numRuns: 10_000 },
  )
}, 120_000)

/** The same use as files tell it: one record for each session and kind, in any order and any batches. */
function offline({ facts, charges }: World, purse: Purse, seeds: readonly number[]) {
  const seedAt = (index: number) => seeds[index % seeds.length]!
  const uses = Map.groupBy(charges, ({ record }) => `${record.usageId.slice(0, 4)} ${record.kind}`)
  const shuffled = [...uses]
    .map(([usageId, own], index) => ({ usageId, own, rank: (seedAt(index) * (index + 1)) % 101 }))
    .sort((one, other) => one.rank - other.rank)
  const records = shuffled.map(({ usageId, own }, index) => ({
    ...own[0]!.record,
    usageId,
    imsi: '440100000000001',
    quantity: sum(own.map(({ record }) => record.quantity)),
    startedUs: t0 + index,
    endedUs: t0 + index,
  }))
  let line: ChargedLine = {
    subscriberId: 'sub_1',
    lineId: 'line_1',
    currency: 'GBP',
    version: 1n,
    activatedUs: 0,
    usedUntil: { data: 0, voice: 0, sms: 0 },
    exhausted: false,
    country: 'GB',
    sessions: '',
    ...facts,
    purse,
  }
  for (let at = 0, n = 0; at < records.length; n += 1) {
    const size = 1 + (seedAt(n) % 4)
    const batch = records.slice(at, at + size)
    const { change } = takeIn(line, batch, nothingKnown, Number.MAX_SAFE_INTEGER)
    expect(change?.charges).toHaveLength(batch.length)
    line = { ...line, purse: change!.purse, usedUntil: change!.usedUntil }
    at += size
  }
  return line.purse
}

test('sessions of all kinds at once charge what files of the same use charge, in any order and any batches', () => {
  fc.assert(
    fc.property(
      anyPurse,
      fc.constantFrom(...plans),
      fc.constantFrom(...roundings),
      fc.array(anyAct, { maxLength: 14 }),
      fc.array(fc.nat(), { minLength: 4, maxLength: 9 }),
      (given, plan, rounding, acts, seeds) => {
        // Credit enough, one country and buckets without an end: then who comes first makes no difference.
        const buckets = given.buckets.map((bucket) => ({ ...bucket, expiresUs: null }))
        const purse = { ...given, buckets, paid: 1_000_000_000n, cap: null }
        const world: World = {
          facts: { state: 'active', plan: { ...plan, rounding }, purse },
          sessions: new Map(),
          granted: new Map(),
          charges: [],
          last: new Map(),
          nowUs: t0,
          overran: false,
        }
        for (const act of acts) perform(world, { ...act, country: 'JP' })
        const online = [...world.sessions.values()].reduce(
          (left, session) => lapse(session, left).purse,
          world.facts.purse,
        )
        const files = offline(world, purse, seeds)
        const left = ({ promotional, paid, buckets: all }: Purse) => [
          promotional + paid,
          ...kinds.map((kind) =>
            sum(all.filter((one) => one.kind === kind).map(({ remaining }) => remaining)),
          ),
        ]
        expect(left(files)).toEqual(left(online))
      },
    ),
    { numRuns: 10_000 },
  )
}, 120_000)
