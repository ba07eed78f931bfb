/** Until the day of a bulk closure its lines work as before: they renew, are topped up and changed, and every cent has its place. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { announced, bulkAt, staffMember } from './bulk-way.ts'
import { expectZeroSum, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, install, member, refundsOfCase, topUp } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

type Someone = Person & { email: string }

/** A line in use, with credit and renewal. */
async function inUse(plan = 'home-uk', credit = '30.00') {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, plan)
  await install(platform, lin, lineId)
  await topUp(lin, lineId, credit)
  await lin.patch(`/v1/lines/${lineId}/renewal`, { autoRenew: true })
  return { lin, lineId }
}

const lineOf = async (someone: Someone, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body

async function pass(lin: Someone, by: Temporal.DurationLike) {
  platform.clock.advance(by)
  await lin.signIn(lin.email)
}

const creditOf = async (lin: Someone, lineId: string, amount: string) =>
  until(
    () => lineOf(lin, lineId),
    ({ paidCredit }) => paidCredit.amount === amount,
    20_000,
  )

test('it renews, is topped up and buys an add-on; what is left of all that comes back, once and to the cent', async () => {
  const { lin, lineId } = await inUse()
  const day = 24 * 40 - 1
  const bulk = await announced(platform, [lineId], { hours: day })
  expect(await bulk.stateOf(lineId)).toBe('scheduled')
  expect((await lineOf(lin, lineId)).state).toBe('active')
  expect((await topUp(lin, lineId, '10.00')).state).toBe('paid')
  await creditOf(lin, lineId, '40.00')
  await pass(lin, { hours: 24 * 30, minutes: 5 })
  // 12.00 for the next thirty days.
  expect((await creditOf(lin, lineId, '28.00')).state).toBe('active')
  await pass(lin, { hours: 24 * 7 })
  const addon = { addonId: 'data-1gb-7d', version: 1 }
  expect((await lin.post(`/v1/lines/${lineId}/addons`, addon)).status).toBe(200)
  await creditOf(lin, lineId, '26.50')

  await pass(lin, { hours: 24 * 3 })
  await until(
    () => bulk.stateOf(lineId),
    (state) => state === 'closed',
    20_000,
  )
  const caseId = bulk.caseOf(lineId)
  const { body: closed } = await lin.get(`/v1/closures/${caseId}`)
  const [table] = closed.finalStatement
  // Ten of thirty days have begun, and three of the add-on's seven.
  const days = table.sources.find(({ kind }: { kind: string }) => kind === 'plan-days')
  expect(days.detail).toMatchObject({ daysLeft: '20', daysTotal: '30' })
  expect(sides(table).from[0]).toBe('paid-credit 26.50')
  expect(sides(table).from).toContain('plan-days 8.00')
  const back = table.sources.reduce(
    (sum: number, { amount }: { amount: { amount: string } }) => sum + Number(amount.amount),
    0,
  )
  expect(Number(table.refund.amount)).toBeCloseTo(back, 2)
  // The top-ups are gone back to first, each once.
  const refunds = await refundsOfCase(platform, caseId)
  expect(refunds.length).toBeGreaterThan(1)
  expect(refunds.every(([, times]) => times === 1)).toBe(true)
  await expectZeroSum(platform, caseId)
}, 90_000)

test('a plan that was changed meanwhile is settled as it stands on the day', async () => {
  const { lin, lineId } = await inUse('flex-europe')
  const bulk = await announced(platform, [lineId], { hours: 24 * 10 })
  const at = `/v1/lines/${lineId}/plan-change`
  const adjustment = { data: 10, voice: 2, sms: 1 }
  const { body: quote } = await lin.get(`${at}?when=now&data=10&voice=2&sms=1`)
  const changed = await lin.post(at, { when: 'now', adjustment, quoteHash: quote.hash })
  expect(changed.status).toBe(200)
  await pass(lin, { hours: 24 * 10, minutes: 1 })
  await until(
    () => bulk.stateOf(lineId),
    (state) => state === 'closed',
    20_000,
  )
  const { body: closed } = await lin.get(`/v1/closures/${bulk.caseOf(lineId)}`)
  expect(Number(closed.finalStatement[0].refund.amount)).toBeGreaterThan(0)
  await expectZeroSum(platform, bulk.caseOf(lineId))
}, 60_000)

test('held or frozen and let go it still works until its day; called off it goes on and renews', async () => {
  const { lin, lineId } = await inUse()
  const bulk = await announced(platform, [lineId], { hours: 24 * 40 })
  const amara = await staffMember(platform, 'reviewer')
  const caseId = bulk.caseOf(lineId)
  const token = freezeToken(platform.config.masterKey, caseId)
  expect((await person(platform).post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  const thaw = await amara.post(`/v1/staff/closures/${caseId}/thaw`, { note: 'it was Lin' })
  expect(thaw.status).toBe(200)
  await lin.signIn(lin.email)
  expect((await lineOf(lin, lineId)).state).toBe('active')
  expect((await topUp(lin, lineId, '10.00')).state).toBe('paid')
  const off = await bulk.farah.post(bulkAt(bulk.bulkId, '/call-off'))
  expect(off.body.progress.states).toEqual({ withdrawn: 1 })
  const after = await lineOf(lin, lineId)
  expect([after.state, after.closureCaseId, after.paidCredit.amount]).toEqual([
    ...['active', null, '40.00'],
  ])
  await pass(lin, { hours: 24 * 30, minutes: 5 })
  expect((await creditOf(lin, lineId, '28.00')).state).toBe('active')
}, 60_000)

test('what is spent first begins nothing new, so that it has a last paid day', async () => {
  const { lin, lineId } = await inUse()
  const bulk = await announced(platform, [lineId], { hours: 24, money: 'spend' })
  expect((await lineOf(lin, lineId)).state).toBe('closing')
  await pass(lin, { hours: 24 * 30, minutes: 5 })
  await until(
    () => bulk.stateOf(lineId),
    (state) => state === 'closed',
    20_000,
  )
  await expectZeroSum(platform, bulk.caseOf(lineId))
}, 60_000)
