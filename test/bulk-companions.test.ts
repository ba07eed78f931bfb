/** Hard case 5 beside other closures: no companion is left behind by a bulk closure, nor by a main line that ends later. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { announced, approveBulk, bulkAt, bulkCases, proposeBulk } from './bulk-way.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, pay, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const endsToo = 'companion-line-ends'

async function withWatch(mains = 1) {
  const lin = await member(platform)
  const lines: string[] = []
  for (let at = 0; at < mains; at += 1) lines.push((await buyLine(lin)).lineId)
  const watch = (await buyLine(lin, 'companion-uk')).lineId
  return { lin, mains: lines as [string, ...string[]], watch }
}

async function dry(values: readonly string[]) {
  const { body } = await proposeBulk(platform, { values, dryRun: true })
  return [body.totals.lines, body.totals.refused]
}

test('Hard case 5: the last line that a companion goes with takes part in a bulk closure only with it', async () => {
  const {
    mains: [main],
    watch,
  } = await withWatch()
  const alone = await member(platform)
  const { lineId: other } = await buyLine(alone)
  expect(await dry([main, other])).toEqual([1, { 'strands-line': 1 }])
  expect(await dry([main, other, watch])).toEqual([3, {}])
  expect(await dry([watch])).toEqual([1, {}])

  const two = await withWatch(2)
  expect(await dry([two.mains[0]])).toEqual([1, {}])
  expect(await dry(two.mains)).toEqual([0, { 'strands-line': 2 }])
  expect(await dry([...two.mains, two.watch])).toEqual([3, {}])
}, 60_000)

test('Hard case 5: it is looked at again when the lines are opened, and no companion begins beside lines that end', async () => {
  const {
    lin,
    mains: [main],
    watch,
  } = await withWatch()
  const order = async () => (await lin.post('/v1/orders', { planId: 'companion-uk' })).body
  const early = await order()
  const inOne = await announced(platform, [main, watch], { cohort: 1 })
  expect(await inOne.stateOf(main)).toBe('scheduled')

  // Until its day the line works as before, and no other companion begins beside it.
  expect((await lin.get(`/v1/lines/${main}`)).body.state).toBe('ordered')
  const { status, body: price } = await lin.get('/v1/orders/quote?planId=companion-uk')
  expect([status, price.code, (await order()).code]).toEqual([409, ...Array(2).fill(endsToo)])
  await pay(early.checkoutUrl)
  const ended = await until(
    async () => (await lin.get(`/v1/orders/${early.orderId}`)).body,
    ({ state }) => state !== 'open',
  )
  expect(ended).toMatchObject({ state: 'expired', lineId: null })
  expect((await buyLine(lin)).line.state).toBe('ordered')
  expect((await order()).state).toBe('open')

  const late = await member(platform)
  const { lineId } = await buyLine(late)
  const { lineId: untouched } = await buyLine(await member(platform))
  const endsAt = platform.clock.now().add({ hours: 48 }).toString()
  const { body } = await proposeBulk(platform, { values: [lineId, untouched], endsAt })
  expect(body.totals.lines).toBe(2)
  // A companion that is bought before the second approval.
  await buyLine(late, 'companion-uk')
  const farah = await approveBulk(platform, body.bulkId)
  const { progress } = await until(
    async () => (await farah.get(bulkAt(body.bulkId))).body,
    ({ progress: { waiting } }) => waiting === 0,
    20_000,
  )
  expect(progress.refused).toEqual({ 'strands-line': 1 })
  expect((await bulkCases(platform, body.bulkId)).map((one) => one.lineId)).toEqual([untouched])
}, 60_000)

test('Hard case 5: a main line that ends on its owner’s own day, or in a bulk closure, is none to stay with', async () => {
  const { lin, mains, watch } = await withWatch(2)
  const [first, second] = mains as [string, string]
  const draft = await draftClosure(lin, 'line', first)
  const endsOn = platform.clock
    .now()
    .add({ hours: 24 * 40 })
    .toString()
    .slice(0, 10)
  const { body: chosen } = await lin.patch(`/v1/closures/${draft.caseId}`, {
    choices: { ...draft.choices, endsOn },
  })
  expect((await submit(lin, chosen)).status).toBe(202)
  await untilState(lin, draft.caseId, 'scheduled')
  const last = await draftClosure(lin, 'line', second)
  const row = last.readiness.find(({ key }: { key: string }) => key === 'dependants')
  expect(row).toMatchObject({ state: 'blocks', detail: { lineId: watch } })
  platform.clock.advance({ minutes: 2 })
  expect((await submit(lin, last)).body.code).toBe('blocked')
  expect(await dry([second])).toEqual([0, { 'strands-line': 1 }])
  // The companion itself may go, whatever becomes of the others.
  const its = await draftClosure(lin, 'line', watch)
  expect(its.readiness.map(({ key }: { key: string }) => key)).not.toContain('dependants')

  const two = await withWatch(2)
  await announced(platform, [two.mains[0]])
  const beside = await draftClosure(two.lin, 'line', two.mains[1])
  expect(beside.readiness.map(({ key }: { key: string }) => key)).toContain('dependants')
}, 90_000)
