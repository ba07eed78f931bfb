import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from '../../test/way.ts'
import { person, type Person, until } from '../main/demo-person.ts'
import { bringAccess, sweepAccess } from './access-steps.ts'
import { reopenLines, startClosingLines } from './closing-store.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

async function served() {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone)
  await install(platform, someone, lineId)
  const row = await platform.db
    .selectFrom('line')
    .select(['imsi', 'subscriber_id'])
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const at = `/v1/lines/${lineId}`
  const settled = () =>
    platform.db
      .selectFrom('line')
      .select('access_due_at')
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
  // Asked only then, so that a poll uses up no fault that was ordered for the job.
  const network = async (state: string) => {
    await until(settled, (line) => line.access_due_at === null)
    expect(await platform.gateways.network.find(row.imsi)).toMatchObject({ state })
  }
  return { someone, lineId, at, imsi: row.imsi, subscriberId: row.subscriber_id, network }
}

async function staff(email: string): Promise<Person> {
  const someone = person(platform)
  expect((await someone.signInAsStaff(email)).status).toBe(200)
  return someone
}

const faults = (wanted: object) =>
  fetch(`${platform.urls.network}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wanted),
  })
const trail = async (lineId: string) =>
  platform.db
    .selectFrom('audit_entry')
    .select(['action', 'actor_kind', 'reason', 'note', 'detail'])
    .where('subject_id', '=', lineId)
    .where('action', 'in', ['line.suspended', 'line.resumed'])
    .orderBy('at')
    .orderBy('audit_id')
    .execute()
const templates = async (subscriberId: string) =>
  (
    await platform.db
      .selectFrom('notice')
      .select('template')
      .where('subscriber_id', '=', subscriberId)
      .where('template', 'in', ['line-suspended', 'line-resumed'])
      .execute()
  ).map(({ template }) => template)

test('suspended by its subscriber: the network drops it, a notice goes, it is in the audit; resumed, all is back', async () => {
  const { someone, lineId, at, subscriberId, network } = await served()
  const [first, second] = await Promise.all([
    someone.post(`${at}/suspend`),
    someone.post(`${at}/suspend`),
  ])
  expect([first.status, second.status]).toEqual([200, 200])
  expect(first.body).toMatchObject({ state: 'suspended', suspendedBy: ['subscriber'] })
  await network('suspended')
  const resumed = await someone.post(`${at}/resume`)
  expect(resumed.body).toMatchObject({ state: 'active', suspendedBy: [] })
  await network('active')
  expect((await someone.post(`${at}/resume`)).body).toMatchObject({ state: 'active' })
  expect((await trail(lineId)).map(({ action }) => action)).toEqual([
    'line.suspended',
    'line.resumed',
  ])
  expect((await templates(subscriberId)).sort()).toEqual(['line-resumed', 'line-suspended'])
})

test('what staff suspend no subscriber lifts, nobody else’s line is touched, and fraud is not told', async () => {
  const { someone, lineId, at, subscriberId, network } = await served()
  const stranger = await member(platform)
  for (const wish of ['suspend', 'resume'])
    expect((await stranger.post(`${at}/${wish}`)).status).toBe(404)
  const [support, reviewer, finance] = [
    await staff('support@violet.example'),
    await staff('reviewer@violet.example'),
    await staff('finance@violet.example'),
  ]
  const path = `/v1/staff/subscribers/${subscriberId}/lines/${lineId}`
  const fraud = { cause: 'fraud', reason: 'SIM swap reported' }
  expect((await finance.post(`${path}/suspend`, fraud)).body.code).toBe('not-your-role')
  expect((await someone.post(`${path}/suspend`, fraud)).status).toBe(401)
  expect((await support.post(`${path}/suspend`, { cause: 'fraud' })).status).toBe(422)
  expect((await support.post(`${path}/suspend`, { ...fraud, cause: 'subscriber' })).status).toBe(
    422,
  )
  expect((await support.post(`${path}/suspend`, fraud)).body).toMatchObject({
    state: 'suspended',
    suspensions: ['fraud'],
  })
  await network('suspended')
  expect((await someone.get(at)).body).toMatchObject({ suspendedBy: ['operator'] })
  expect(JSON.stringify((await someone.get(at)).body)).not.toContain('fraud')
  const no = await someone.post(`${at}/resume`)
  expect([no.status, no.body.code]).toEqual([409, 'suspended-by-operator'])
  expect((await someone.post(`${at}/suspend`)).body.suspendedBy).toEqual(['subscriber', 'operator'])
  const lift = { cause: 'fraud', reason: 'identity proven' }
  expect((await support.post(`${path}/resume`, lift)).body.code).toBe('not-your-role')
  expect((await reviewer.post(`${path}/resume`, lift)).body).toMatchObject({
    state: 'suspended',
    suspensions: ['subscriber'],
  })
  expect((await someone.post(`${at}/resume`)).body).toMatchObject({ state: 'active' })
  await network('active')
  expect(
    (await trail(lineId)).map(({ actor_kind, reason, note }) => `${actor_kind}: ${note ?? reason}`),
  ).toEqual([
    'staff: SIM swap reported',
    'subscriber: asked by the subscriber',
    'staff: identity proven',
    'subscriber: asked by the subscriber',
  ])
  const stray = `/v1/staff/subscribers/${subscriberId}/lines/line_none`
  expect((await support.post(`${stray}/suspend`, fraud)).status).toBe(404)
})

test('what the network does before its answer is lost, or does not do, is done once in the end', async () => {
  const { someone, at, network } = await served()
  await faults({ resetAfterSuccess: 1, fail500: 1 })
  await someone.post(`${at}/suspend`)
  await network('suspended')
  await faults({ fail500: 1 })
  await someone.post(`${at}/resume`)
  await network('active')
})

test('suspended, resumed, suspended at once: the network ends as the line does', async () => {
  const { someone, at, network } = await served()
  await faults({ delayMs: 80 })
  await someone.post(`${at}/suspend`)
  await someone.post(`${at}/resume`)
  await someone.post(`${at}/suspend`)
  await faults({})
  await network('suspended')
  await new Promise((done) => setTimeout(done, 300))
  await network('suspended')
})

test('a change that no job settled is sent again by the sweep', async () => {
  const { lineId, network } = await served()
  await platform.db
    .updateTable('line')
    .set({
      state: 'suspended',
      suspensions: ['operator'],
      version: 99,
      access_due_at: platform.app.clock.now(),
    })
    .where('line_id', '=', lineId)
    .execute()
  await sweepAccess(platform.app)
  await network('suspended')
})

test('what the network was not told before a closure it is told once that is withdrawn', async () => {
  const { someone, at, lineId, subscriberId, imsi, network } = await served()
  await someone.post(`${at}/suspend`)
  await network('suspended')
  await faults({ fail500: 1000 })
  await someone.post(`${at}/resume`)
  const [key, { app, db, gateways }] = [{ subscriberId, lineId }, platform]
  await db.transaction().execute((trx) => startClosingLines(trx, [key]))
  await faults({})
  await bringAccess(app, gateways.network, key)
  expect(await gateways.network.find(imsi)).toMatchObject({ state: 'suspended' })
  await db.transaction().execute((trx) => reopenLines(trx, app, app.clock.now(), [key]))
  platform.clock.advance({ minutes: 6 })
  await sweepAccess(app)
  await network('active')
})

test('a line that is not installed, is closing or has closed is neither suspended nor resumed; withdrawn, it is suspended again', async () => {
  const { someone, at, lineId, imsi } = await served()
  const { lineId: ordered } = await buyLine(someone)
  expect((await someone.post(`/v1/lines/${ordered}/suspend`)).body.code).toBe('line-not-active')
  await someone.post(`${at}/suspend`)
  const draft = await draftClosure(someone, 'line', lineId)
  const { caseId } = (await submit(someone, draft)).body
  const refusals = await Promise.all(
    ['suspend', 'resume'].map(async (wish) => (await someone.post(`${at}/${wish}`)).body.code),
  )
  expect(refusals.every((code) => code === 'line-closing' || code === 'line-closed')).toBe(true)
  await untilState(someone, caseId, 'closed')
  for (const wish of ['suspend', 'resume'])
    expect((await someone.post(`${at}/${wish}`)).body.code).toBe('line-closed')
  expect(await platform.gateways.network.find(imsi)).toBeUndefined()
})

test('staff see how many numbers there are by country and type; nobody else does', async () => {
  const support = await staff('support@violet.example')
  const { body } = await support.get('/v1/staff/numbers')
  const gb = body.items.find(({ country }: { country: string }) => country === 'GB')
  expect(gb).toMatchObject({ type: 'mobile', reserved: 0 })
  expect(gb.assigned).toBeGreaterThan(0)
  expect(gb.available).toBeGreaterThan(0)
  expect((await person(platform).get('/v1/staff/numbers')).status).toBe(401)
})
