/** The day of a bulk closure: none that has passed, and what is agreed to late ends when it is agreed to. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { approveBulk, bulkAt, bulkCases, proposeBulk } from './bulk-way.ts'
import { expectZeroSum } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, install, member, topUp } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const inHours = (hours: number) => platform.clock.now().add({ hours }).toString()

async function used() {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  platform.clock.advance({ hours: 24 * 10 })
  await lin.signIn(lin.email)
  return { lin, lineId }
}

test('a day that has passed, or is more than a year ahead, is refused; so is its dry run', async () => {
  const { lineId } = await used()
  for (const endsAt of [inHours(-24 * 9), inHours(-1), inHours(24 * 367)])
    for (const dryRun of [true, false]) {
      const { status, body } = await proposeBulk(platform, { values: [lineId], endsAt, dryRun })
      expect([status, body.code, body.errors?.[0]?.path]).toEqual([
        422,
        'invalid-request',
        'endsAt',
      ])
    }
  // Another clock may be a little behind.
  const endsAt = platform.clock.now().subtract({ minutes: 1 }).toString()
  const { status } = await proposeBulk(platform, { values: [lineId], endsAt, dryRun: true })
  expect(status).toBe(200)
}, 60_000)

test('approved after its own day it ends with the approval, and the days until then are used', async () => {
  const { lin, lineId } = await used()
  const { body: proposed } = await proposeBulk(platform, { values: [lineId], endsAt: inHours(24) })
  const quoted = Number(proposed.totals.refund[0].amount)
  platform.clock.advance({ hours: 24 * 6 })
  const farah = await approveBulk(platform, proposed.bulkId)
  const { body: seen } = await farah.get(bulkAt(proposed.bulkId))
  const now = platform.clock.now().epochMilliseconds
  expect(now - Date.parse(seen.endsAt)).toBeLessThan(60_000)
  await until(
    async () => (await bulkCases(platform, proposed.bulkId))[0]?.state,
    (state) => state === 'closed',
    20_000,
  )
  const [{ caseId } = { caseId: '' }] = await bulkCases(platform, proposed.bulkId)
  await lin.signIn(lin.email)
  const { body: closed } = await lin.get(`/v1/closures/${caseId}`)
  const back = Number(closed.finalStatement[0].refund.amount)
  expect(back).toBeGreaterThan(0)
  expect(back).toBeLessThan(quoted)
  await expectZeroSum(platform, caseId)
}, 60_000)

test('the same lines proposed again answer as they stand proposed, or say what differs', async () => {
  const { lin, lineId } = await used()
  const asked = { values: [lineId, 'line_of_nobody'], networkRate: 50 }
  const again = async (more: object) => proposeBulk(platform, { ...asked, ...more })
  const { body: first } = await again({})
  await topUp(lin, lineId, '20.00')
  const second = await again({})
  expect([second.status, second.body]).toEqual([200, { ...first, isNew: false }])
  const said = await again({ endsAt: first.endsAt })
  expect(said.body).toEqual(second.body)
  const endsAt = Temporal.Instant.from(first.endsAt).add({ seconds: 1 }).toString()
  const other = { endsAt, reason: 'Another.', cohort: 10, lanes: 1, calls: 1, paymentsRate: 9 }
  const refused = await again({ ...other, networkRate: undefined })
  expect(refused.status).toBe(409)
  expect(refused.body).toMatchObject({
    code: 'bulk-proposed-otherwise',
    bulkId: first.bulkId,
    differing: ['endsAt', 'reason', 'cohort', 'lanes', 'calls', 'networkRate', 'paymentsRate'],
  })
  expect(refused.body.detail).toContain(`${first.bulkId}, and not in the same way: endsAt, reason,`)
  // Left out, the day is counted from the asking.
  platform.clock.advance({ hours: 25 })
  expect((await again({})).body.differing).toEqual(['endsAt'])
}, 60_000)
