import { expect, test } from 'vitest'
import { catalogPlans } from '../../plans/catalog.ts'
import { type Plan, planDocument } from '../../plans/plan.ts'
import type { Purse } from '../purse.ts'
import { rate } from '../rating.ts'
import { isProblem } from './problem.ts'
import { quotaTerms } from './quota.ts'
import { parseRanges } from './rating-group.ts'
import { type Asked, atHome, readAsked } from './request.ts'
import { decide, lapse } from './session.ts'
import type { Decision, LineFacts, Operation, Session } from './state.ts'

const catalog = new Map(
  catalogPlans().map(({ planId, document }) => [planId, planDocument.parse(document)]),
)
const japan = catalog.get('japan-3gb-7d') as Plan
const second = 1_000_000
const t0 = Date.parse('2026-11-20T10:00:00Z') * 1000

const purse = (given: Partial<Purse> = {}, remaining = 1_000_000_000n): Purse => ({
  buckets: [
    {
      bucketId: 'b1',
      kind: 'data',
      priority: 0,
      granted: 3_000_000_000n,
      remaining,
      reserved: 0n,
      expiresUs: t0 + 86_400 * second,
      noticed: 0,
    },
  ],
  promotional: 0n,
  paid: 0n,
  held: 0n,
  creditOrder: 'promotional-first',
  cap: null,
  spent: 0n,
  started: new Map(),
  ...given,
})

const line = (given: Partial<LineFacts> = {}): LineFacts => ({
  state: 'active',
  plan: japan,
  purse: purse(),
  ...given,
})

let clock = 0
const body = (usage: object[], more: object = {}) => ({
  subscriberIdentifier: 'imsi-440100000000001',
  nfConsumerIdentification: { nodeFunctionality: 'SMF' },
  invocationTimeStamp: new Date(Date.UTC(2026, 10, 20) + clock++).toISOString(),
  invocationSequenceNumber: 0,
  multipleUnitUsage: usage,
  ...more,
})
const ask = (ratingGroup = 1, totalVolume?: number) => ({
  ratingGroup,
  requestedUnit: totalVolume === undefined ? {} : { totalVolume },
})
const used = (totalVolume: number, ratingGroup = 1) => ({
  ratingGroup,
  usedUnitContainer: [{ localSequenceNumber: 1, totalVolume }],
})
const read = (given: object): Asked => {
  const asked = readAsked(given, parseRanges(undefined)!)
  if (isProblem(asked)) throw new Error(JSON.stringify(asked))
  return asked
}

/** Plays requests against one line and one session. */
function play(start: LineFacts) {
  let facts = start
  let session: Session | undefined
  let nowUs = t0
  return {
    get line() {
      return facts
    },
    get session() {
      return session
    },
    set(given: Partial<LineFacts>) {
      facts = { ...facts, ...given }
    },
    wait(seconds: number) {
      nowUs += seconds * second
    },
    lapse() {
      const lapsed = lapse(session!, facts.purse)
      session = lapsed.session
      facts = { ...facts, purse: lapsed.purse }
    },
    send(operation: Operation, given: object): Decision {
      nowUs += second
      const step = {
        operation,
        sessionId: 'cs_1',
        asked: atHome(read(given), '440100000000001'),
        nowUs,
        terms: quotaTerms,
      }
      const decision = decide(session, facts, step)
      if (decision.kind === 'taken') {
        session = decision.session
        facts = { ...facts, purse: decision.purse }
      }
      return decision
    },
  }
}

const informed = (decision: Decision) => {
  if (decision.kind === 'refused') throw new Error(JSON.stringify(decision.problem))
  const answer = decision.kind === 'taken' ? decision.session.answer : decision.answer
  return answer.body?.multipleUnitInformation ?? []
}
const held = ({ buckets, held: minor }: Purse) => [
  buckets.reduce((sum, { reserved }) => sum + reserved, 0n),
  minor,
]

test('a quota is set aside in the bucket, with its validity and the threshold at a fifth', () => {
  const game = play(line())
  const [information] = informed(game.send('create', body([ask(1, 50_000_000)])))
  expect(information).toEqual({
    ratingGroup: 1,
    resultCode: 'SUCCESS',
    grantedUnit: { totalVolume: 50_000_000 },
    validityTime: 3600,
    volumeQuotaThreshold: 10_000_000,
  })
  expect(held(game.line.purse)).toEqual([50_000_000n, 0n])
  expect(game.session?.answer.status).toBe(201)
})

test('an update charges what was used as an offline record would be, and promises anew', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  const update = game.send('update', body([{ ...used(7_000_001), ...ask() }]))
  const [charge] = update.kind === 'taken' ? update.charges : []
  expect(charge?.record).toMatchObject({ kind: 'data', quantity: 7_000_001n, country: 'JP' })
  expect(charge?.rated).toEqual(rate(charge!.record, purse(), japan))
  expect(game.line.purse.buckets[0]?.remaining).toBe(1_000_000_000n - 7_000_001n)
  expect(held(game.line.purse)).toEqual([100_000_000n, 0n])
})

test('a report that asks for nothing gives its quota back; release gives back every one', () => {
  const game = play(line())
  game.send('create', body([ask(1), ask(2)]))
  expect(held(game.line.purse)).toEqual([200_000_000n, 0n])
  game.send('update', body([used(1000)]))
  expect(held(game.line.purse)).toEqual([100_000_000n, 0n])
  const released = game.send('release', body([used(5000, 2)]))
  expect(released).toMatchObject({ session: { state: 'released', answer: { status: 204 } } })
  expect(held(game.line.purse)).toEqual([0n, 0n])
  expect(game.line.purse.buckets[0]?.remaining).toBe(1_000_000_000n - 6000n)
})

test('the last of bucket and credit is given with the final-unit indication, then the limit is reached', () => {
  // 2 MB left in the bucket and 7p: two blocks of 3p in Japan.
  const game = play(line({ purse: purse({ paid: 7n }, 2_000_000n) }))
  const [first] = informed(game.send('create', body([ask()])))
  expect(first).toMatchObject({
    resultCode: 'SUCCESS',
    grantedUnit: { totalVolume: 4_000_000 },
    finalUnitIndication: { finalUnitAction: 'TERMINATE' },
  })
  expect(first?.volumeQuotaThreshold).toBeUndefined()
  expect(held(game.line.purse)).toEqual([2_000_000n, 6n])
  const [second_] = informed(game.send('update', body([ask(2)])))
  expect(second_).toEqual({ ratingGroup: 2, resultCode: 'QUOTA_LIMIT_REACHED' })
  const [last] = informed(game.send('update', body([{ ...used(4_000_000), ...ask() }])))
  expect(last).toEqual({ ratingGroup: 1, resultCode: 'QUOTA_LIMIT_REACHED' })
  expect(game.line.purse.paid).toBe(1n)
})

test('what can’t be rated says so, and holds up nothing else', () => {
  const game = play(line())
  const informations = informed(game.send('create', body([ask(9999), ask(1)])))
  expect(informations.map(({ resultCode }) => resultCode)).toEqual(['RATING_FAILED', 'SUCCESS'])
  const abroad = { pDUSessionChargingInformation: plmn('999', '99') }
  const [nowhere] = informed(game.send('update', body([{ ...used(1), ...ask() }], abroad)))
  expect(nowhere).toEqual({ ratingGroup: 1, resultCode: 'RATING_FAILED' })
  expect(held(game.line.purse)).toEqual([0n, 0n])
})

const plmn = (mcc: string, mnc: string) => ({
  pduSessionInformation: { servingCNPlmnId: { mcc, mnc } },
})

test('the serving network sets the price: abroad the bucket stays whole', () => {
  const game = play(line({ purse: purse({ paid: 25n }) }))
  const abroad = { pDUSessionChargingInformation: plmn('404', '10') }
  const [india] = informed(game.send('create', body([ask(1, 1_000_000)], abroad)))
  expect(india).toMatchObject({ grantedUnit: { totalVolume: 1_000_000 } })
  expect(held(game.line.purse)).toEqual([0n, 10n])
})

test('the same request again is answered from the session, and charges nothing', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  const again = body([{ ...used(1_000_000), ...ask() }])
  const first = game.send('update', again)
  const before = game.line.purse
  const retransmitted = { ...again, retransmissionIndicator: true }
  const repeat = game.send('update', retransmitted)
  expect(repeat).toEqual({
    kind: 'repeated',
    answer: (first as { session: Session }).session.answer,
  })
  game.send('update', body([{ ...used(2), ...ask() }]))
  // One from before the last: charged already, no quota given twice.
  expect(game.send('update', again)).toMatchObject({ kind: 'repeated', answer: { status: 200 } })
  expect(game.line.purse.buckets[0]?.remaining).toBe(before.buckets[0]!.remaining - 2n)
})

test('the same sequence number with other content is another request', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  for (let times = 0; times < 3; times += 1)
    expect(game.send('update', body([used(10)])).kind).toBe('taken')
  expect(game.line.purse.buckets[0]?.remaining).toBe(1_000_000_000n - 30n)
})

test('after release an update is refused, and so is a second release that says something else', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  const release = body([used(10)])
  game.send('release', release)
  expect(game.send('release', release)).toMatchObject({ kind: 'repeated' })
  for (const operation of ['update', 'release'] as const)
    expect(game.send(operation, body([used(10)]))).toMatchObject({
      kind: 'refused',
      problem: { status: 404, cause: 'CONTEXT_NOT_FOUND' },
    })
})

test('an update that was charged and comes again after the release is answered, not turned away', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  const update = body([used(10)])
  game.send('update', update)
  game.send('release', body([]))
  expect(game.send('update', update)).toMatchObject({ kind: 'repeated', answer: { status: 200 } })
})

test('more than a phone can use, at once or in a time no network leaves open, is no charge', () => {
  const game = play(line({ purse: purse({ paid: 1_000_000n }) }))
  game.send('create', body([ask(1), ask(2)]))
  const before = game.line.purse.buckets[0]!.remaining
  const decision = game.send('update', body([{ ...used(1_000_000_000_001), ...ask() }, used(7, 2)]))
  expect(informed(decision)).toEqual([{ ratingGroup: 1, resultCode: 'RATING_FAILED' }])
  expect(decision).toMatchObject({
    charges: [{ record: { quantity: 7n } }],
    unrated: [{ ask: { ratingGroup: 1 }, reason: 'absurd' }],
  })
  expect(game.line.purse.buckets[0]?.remaining).toBe(before - 7n)
  const days = { timeofFirstUsage: '2026-11-17T09:59:00Z', timeofLastUsage: '2026-11-20T10:00:00Z' }
  const container = { localSequenceNumber: 3, totalVolume: 5, pDUContainerInformation: days }
  const usage = [{ ratingGroup: 1, usedUnitContainer: [container] }]
  expect(game.send('release', body(usage))).toMatchObject({
    charges: [],
    unrated: [{ reason: 'absurd' }],
  })
})

test('a session that was silent for days is charged for what it used, in the last two of them', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  game.lapse()
  game.wait(5 * 86_400)
  const late = game.send('release', body([used(3000)]))
  const [charge] = late.kind === 'taken' ? late.charges : []
  expect(charge?.record.endedUs).toBe(charge!.record.startedUs + 2 * 86_400 * second)
})

test('a lapsed session holds nothing, and a late report still counts', () => {
  const game = play(line())
  game.send('create', body([ask()]))
  game.lapse()
  expect(held(game.line.purse)).toEqual([0n, 0n])
  expect(game.session?.state).toBe('lapsed')
  game.send('release', body([used(3000)]))
  expect(game.line.purse.buckets[0]?.remaining).toBe(1_000_000_000n - 3000n)
})

test.each(['ordered', 'suspended', 'closed'] as const)(
  'a line that is %s opens no session',
  (state) => {
    const game = play(line({ state }))
    expect(game.send('create', body([ask()]))).toMatchObject({
      kind: 'refused',
      problem: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
    })
  },
)

test('a closing line goes on as before; a closed one is charged nothing and given nothing', () => {
  const game = play(line({ state: 'closing' }))
  game.send('create', body([ask()]))
  game.lapse()
  game.set({ state: 'closed' })
  const update = game.send('update', body([{ ...used(5_000_000), ...ask() }]))
  expect(informed(update)).toEqual([{ ratingGroup: 1, resultCode: 'END_USER_SERVICE_DENIED' }])
  expect(update).toMatchObject({ charges: [{ rated: { outcome: 'absorbed', fromBucket: 0n } }] })
  expect(game.session?.state).toBe('lapsed')
  expect(game.line.purse.buckets[0]?.remaining).toBe(1_000_000_000n)
})

test('an immediate event is charged whole or not at all', () => {
  const sms = { ratingGroup: 2000, requestedUnit: { serviceSpecificUnits: 2 } }
  const event = { oneTimeEvent: true, oneTimeEventType: 'IEC' }
  const price = 100n
  const rich = play(line({ purse: purse({ paid: price }) }))
  const paid = rich.send('create', body([sms], event))
  expect(paid).toMatchObject({ kind: 'taken', session: { state: 'released' } })
  expect(informed(paid)).toEqual([
    { ratingGroup: 2000, resultCode: 'SUCCESS', grantedUnit: { serviceSpecificUnits: 2 } },
  ])
  expect(rich.line.purse.paid).toBeLessThan(price)
  expect(play(line()).send('create', body([sms], event))).toMatchObject({
    kind: 'refused',
    problem: { status: 403, cause: 'QUOTA_LIMIT_REACHED' },
  })
})

test('an event told after it happened is charged as a record would be, unless the line never was in service', () => {
  const event = { oneTimeEvent: true, oneTimeEventType: 'PEC' }
  for (const state of ['active', 'suspended', 'closing', 'closed'] as const)
    expect(play(line({ state })).send('create', body([used(10)], event))).toMatchObject({
      kind: 'taken',
      charges: [{ rated: { outcome: state === 'closed' ? 'absorbed' : 'charged' } }],
    })
  expect(play(line({ state: 'ordered' })).send('create', body([used(10)], event)).kind).toBe(
    'refused',
  )
})

test('what was used in two countries is two records', () => {
  const at = (mcc: string, mnc: string) => ({
    pDUContainerInformation: {
      userLocationInformation: { nrLocation: { tai: { plmnId: { mcc, mnc }, tac: '000001' } } },
    },
  })
  const game = play(line({ purse: purse({ paid: 1000n }) }))
  game.send('create', body([ask()]))
  const containers = [
    { localSequenceNumber: 1, totalVolume: 10, ...at('440', '10') },
    { localSequenceNumber: 2, uplinkVolume: 5, downlinkVolume: 6, ...at('404', '10') },
    { localSequenceNumber: 3, totalVolume: 7, ...at('440', '10') },
  ]
  const decision = game.send('release', body([{ ratingGroup: 1, usedUnitContainer: containers }]))
  const charges = decision.kind === 'taken' ? decision.charges : []
  expect(charges.map(({ record }) => [record.country, record.quantity])).toEqual([
    ['JP', 17n],
    ['IN', 11n],
  ])
})
