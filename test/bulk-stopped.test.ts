/** Lines of a bulk closure that somebody has stopped: given back when it is called off, and never ended behind its back. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { closureJobs } from '../src/closure/steps.ts'
import type { Partners } from '../src/closure/steps/step.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { announced, bulkAt, staffMember } from './bulk-way.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, member } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const at = (caseId: string, action: string) => `/v1/staff/closures/${caseId}/${action}`
const lineState = async (someone: Person, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body.state
const afterwards = () => new Promise((done) => setTimeout(done, 1000))

test('called off, it gives back what was held, frozen or stuck as well, and its owner is told', async () => {
  const lin = await member(platform)
  const bought = [await buyLine(lin), await buyLine(lin), await buyLine(lin), await buyLine(lin)]
  const [held, frozen, stuck, plain] = bought.map(({ lineId }) => lineId) as [
    ...[string, string, string, string],
  ]
  const bulk = await announced(platform, [held, frozen, stuck, plain])
  const amara = await staffMember(platform, 'reviewer')
  const note = { note: 'a court asked' }
  expect((await amara.post(at(bulk.caseOf(held), 'hold'), note)).status).toBe(200)
  const token = freezeToken(platform.config.masterKey, bulk.caseOf(frozen))
  expect((await person(platform).post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  await lin.signIn(lin.email)
  const { subscriberId } = (await lin.get('/v1/me')).body
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  const caseId = bulk.caseOf(stuck)
  await job!.gaveUp({ subscriberId, caseId }, 'a bug', randomUUID())

  const off = await bulk.farah.post(bulkAt(bulk.bulkId, '/call-off'))
  expect(off.body).toMatchObject({ state: 'cancelled', progress: { states: { withdrawn: 4 } } })
  for (const lineId of [held, frozen, stuck, plain])
    expect(await lineState(lin, lineId)).toBe('ordered')
  const inbox = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(lin.email)}`)
  const { items } = (await inbox.json()) as { items: { subject: string }[] }
  expect(items.filter(({ subject }) => /goes on|stays/.test(subject)).length).toBe(4)
  platform.clock.advance({ hours: 49 })
  await afterwards()
  for (const lineId of [held, frozen, stuck, plain])
    expect(await lineState(lin, lineId)).toBe('ordered')
  expect((await amara.post(at(bulk.caseOf(held), 'thaw'), note)).body.code).toBe('nothing-to-retry')
}, 60_000)

/** A bulk closure of one line, which a reviewer holds. */
async function oneHeld() {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const bulk = await announced(platform, [lineId])
  const amara = await staffMember(platform, 'reviewer')
  const note = { note: 'a court asked' }
  await amara.post(at(bulk.caseOf(lineId), 'hold'), note)
  return { lin, lineId, bulk, amara, note }
}

test('let go while the others are paused it waits with them, and goes on when they do', async () => {
  const { lineId, bulk, amara, note } = await oneHeld()
  await bulk.farah.post(bulkAt(bulk.bulkId, '/pause'))
  platform.clock.advance({ hours: 49 })
  expect((await amara.post(at(bulk.caseOf(lineId), 'thaw'), note)).status).toBe(200)
  await afterwards()
  expect(await bulk.stateOf(lineId)).toBe('scheduled')
  expect((await bulk.farah.post(bulkAt(bulk.bulkId, '/resume'))).body.state).toBe('running')
  await until(
    () => bulk.stateOf(lineId),
    (state) => state === 'closed',
    20_000,
  )
}, 60_000)

test('what slipped through a calling off is given back once it is let go, and never closes', async () => {
  const { lin, lineId, bulk, amara, note } = await oneHeld()
  // As a version before left it.
  await platform.db
    .updateTable('closure_bulk')
    .set({ state: 'cancelled' })
    .where('bulk_id', '=', bulk.bulkId)
    .execute()
  platform.clock.advance({ hours: 49 })
  expect((await amara.post(at(bulk.caseOf(lineId), 'thaw'), note)).status).toBe(200)
  await until(
    () => bulk.stateOf(lineId),
    (state) => state === 'withdrawn',
  )
  expect(await lineState(lin, lineId)).toBe('ordered')
}, 60_000)
