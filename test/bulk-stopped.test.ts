/** Lines of a bulk closure that somebody has stopped: given back when it is called off, and never ended behind its back. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelBulk } from '../src/closure/bulk-off-store.ts'
import { bulkJobs } from '../src/closure/bulk-steps.ts'
import { freezeToken } from '../src/closure/freeze.ts'
import { closureJobs } from '../src/closure/steps.ts'
import type { Partners } from '../src/closure/steps/step.ts'
import { bulkActCommand } from '../src/main/closure.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { announced, bulkAt, staffMember } from './bulk-way.ts'
import { system } from '../src/platform/audit.ts'
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
const isGoingOn = ({ subject }: { subject: string }) => /goes on|stays/.test(subject)
async function mailsTo({ email }: { email: string }): Promise<{ subject: string }[]> {
  const inbox = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(email)}`)
  return ((await inbox.json()) as { items: { subject: string }[] }).items
}
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
  const items = await mailsTo(lin)
  expect(items.filter(isGoingOn).length).toBe(4)
  platform.clock.advance({ hours: 49 })
  await afterwards()
  for (const lineId of [held, frozen, stuck, plain])
    expect(await lineState(lin, lineId)).toBe('ordered')
  expect((await amara.post(at(bulk.caseOf(held), 'thaw'), note)).body.code).toBe('nothing-to-retry')
}, 60_000)

/** As a version before left it. */
const setCancelled = (bulkId: string) =>
  platform.db
    .updateTable('closure_bulk')
    .set({ state: 'cancelled' })
    .where('bulk_id', '=', bulkId)
    .execute()

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
  await setCancelled(bulk.bulkId)
  const { body } = await bulk.farah.get(bulkAt(bulk.bulkId))
  expect(body).toMatchObject({ state: 'cancelled', progress: { givingBack: 1 } })
  platform.clock.advance({ hours: 49 })
  expect((await amara.post(at(bulk.caseOf(lineId), 'thaw'), note)).status).toBe(200)
  await until(
    () => bulk.stateOf(lineId),
    (state) => state === 'withdrawn',
  )
  expect(await lineState(lin, lineId)).toBe('ordered')
}, 60_000)

test('called off at the command line, or by a process that dies right after, every line is given back', async () => {
  const lin = await member(platform)
  const bought = [await buyLine(lin), await buyLine(lin), await buyLine(lin)]
  const [typed, died, failed] = bought.map(({ lineId }) => lineId) as [string, string, string]
  const first = await announced(platform, [typed])
  const second = await announced(platform, [died])
  const third = await announced(platform, [failed])
  let said = ''
  const { config, app } = platform
  expect(await bulkActCommand(config, 'call-off', first.bulkId, (text) => (said += text))).toBe(0)
  expect(said).toMatch(/cancelled[^]*withdrawn +1\n/)
  await cancelBulk(app, { bulkId: second.bulkId }, system)
  await until(
    () => second.stateOf(died),
    (state) => state === 'withdrawn',
    20_000,
  )
  // Of one that can't be given back with the others, each line goes alone.
  await setCancelled(third.bulkId)
  const [job] = bulkJobs(app, platform.gateways as never)
  await job!.gaveUp({ bulkId: third.bulkId }, 'a bug', randomUUID())
  await until(
    () => third.stateOf(failed),
    (state) => state === 'withdrawn',
    20_000,
  )
  for (const lineId of [typed, died, failed]) expect(await lineState(lin, lineId)).toBe('ordered')
  const told = await until(
    () => mailsTo(lin),
    (mails) => mails.filter(isGoingOn).length > 2,
  )
  expect(told.filter(isGoingOn)).toHaveLength(3)
}, 60_000)
