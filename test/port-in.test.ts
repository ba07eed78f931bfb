/** Numbers that come, against the whole platform: asked for once whatever is lost, the line's own once they have moved. */
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { sweepNumbers } from '../src/lines/number-store.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { clearingHouse } from './porting-hub.ts'
import { otherOperator, type Someone } from './porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
const hub = clearingHouse(() => platform)
const { say, request, portCode } = otherOperator(() => platform)
beforeAll(async () => {
  platform = await testPlatform({ numbers: true })
}, 60_000)
afterAll(async () => {
  await platform.close()
})
beforeEach(async () => void (await hub.faults({})))

let made = 0
const theirs = () => `+4474009${String((made += 1)).padStart(5, '0')}`

async function subscribed() {
  const someone = (await member(platform)) as Someone
  const { lineId } = await buyLine(someone)
  const { line } = await install(platform, someone, lineId)
  return { someone, lineId, interim: line.msisdn as string, path: `/v1/lines/${lineId}/port-in` }
}

const numberRow = async (msisdn: string) => {
  const { rows } = await sql<{ state: string; line_id: string | null; ported_in: boolean }>`
    select state, line_id, ported_in from phone_number where msisdn = ${msisdn}`.execute(
    platform.db,
  )
  return rows[0]
}
const stateIs = (someone: Someone, path: string, state: string) =>
  until(
    async () => (await someone.get(path)).body.port,
    (port) => port?.state === state,
    20_000,
  )

test('a number comes: asked for once although answers are lost, then the line’s own, the interim one rests', async () => {
  const { someone, lineId, interim, path } = await subscribed()
  const msisdn = theirs()
  await hub.faults({ resetAfterSuccess: 1, fail500: 1, duplicateWebhooks: true })
  const asked = await someone.post(path, { msisdn, code: 'MOVE-1234' })
  expect(asked).toMatchObject({ status: 202, body: { port: { state: 'asked', msisdn } } })
  expect(await numberRow(msisdn)).toMatchObject({ state: 'arriving' })
  const { rows } = await sql<{ all: string }>`
    select to_jsonb(p)::text as all from port_in p where line_id = ${lineId}`.execute(platform.db)
  expect(rows[0]!.all).not.toContain('MOVE-1234')
  platform.clock.advance({ minutes: 3 })
  await until(
    async () => (await hub.of(msisdn)).length,
    (count) => count === 1,
    // A job that failed comes again after a pause that doubles.
    40_000,
  )
  platform.clock.advance({ minutes: 3 })
  await stateIs(someone, path, 'pending')
  expect(await hub.of(msisdn)).toMatchObject([{ way: 'to-violet', state: 'pending', taken: 1 }])
  expect((await someone.post(path, { msisdn: theirs(), code: 'X-1234' })).body.code).toBe(
    'number-arriving',
  )

  await hub.end(msisdn, 'complete')
  await stateIs(someone, path, 'completed')
  const { body: line } = await someone.get(`/v1/lines/${lineId}`)
  expect([line.msisdn, line.state]).toEqual([msisdn, 'active'])
  expect(await numberRow(msisdn)).toEqual({ state: 'assigned', line_id: lineId, ported_in: true })
  expect(await numberRow(interim)).toMatchObject({ state: 'quarantined' })
  const { rows: identity } = await sql<{ imsi: string }>`
    select imsi from line where line_id = ${lineId}`.execute(platform.db)
  await until(
    async () => (await platform.gateways.network.find(identity[0]!.imsi))?.msisdn,
    (known) => known === msisdn,
    20_000,
  )
}, 60_000)

test('refused or stopped, the interim number stays and the other leaves the inventory', async () => {
  const { someone, interim, lineId, path } = await subscribed()
  const msisdn = theirs()
  await someone.post(path, { msisdn, code: 'WRONG-1' })
  const failed = await stateIs(someone, path, 'failed')
  expect(failed.reason).toBe('code-wrong')
  expect(await numberRow(msisdn)).toBeUndefined()
  await someone.post(path, { msisdn, code: 'MOVE-1' })
  await stateIs(someone, path, 'pending')
  expect((await someone.delete(path)).body.port.stopping).toBe(true)
  await stateIs(someone, path, 'cancelled')
  expect(await numberRow(msisdn)).toBeUndefined()
  expect((await someone.get(`/v1/lines/${lineId}`)).body.msisdn).toBe(interim)

  await someone.post(path, { msisdn, code: 'MOVE-2' })
  const pending = await stateIs(someone, path, 'pending')
  const [port] = await hub.of(msisdn)
  await hub.faults({ dropWebhooks: 1 })
  await hub.end(msisdn, 'complete')
  // Stopped too late: it had moved already.
  await someone.delete(path)
  await stateIs(someone, path, 'completed')
  expect(pending.portId).toBe(port!.reference)
  expect((await someone.get(`/v1/lines/${lineId}`)).body.msisdn).toBe(msisdn)
}, 60_000)

test('what cannot come is refused with the reason, and only the owner announces', async () => {
  const { someone, path } = await subscribed()
  const other = await subscribed()
  const code = async (msisdn: string) =>
    (await someone.post(path, { msisdn, code: 'MOVE-1' })).body.code
  expect(await code('12345')).toBe('number-not-portable')
  expect(await code('+442079460000')).toBe('number-not-portable')
  expect(await code('+4915112345678')).toBe('number-other-country')
  expect(await code(other.interim)).toBe('number-here')
  const msisdn = theirs()
  await other.someone.post(other.path, { msisdn, code: 'MOVE-1' })
  expect(await code(msisdn)).toBe('number-here')
  const stranger = await member(platform)
  expect((await stranger.get(path)).status).toBe(404)
  expect((await stranger.post(path, { msisdn: theirs(), code: 'MOVE-1' })).status).toBe(404)
  expect((await stranger.delete(path)).status).toBe(404)
}, 60_000)

test('a closure waits for a number that is coming, and takes it with the line to the end', async () => {
  const { someone, lineId, path } = await subscribed()
  const msisdn = theirs()
  await someone.post(path, { msisdn, code: 'MOVE-1' })
  await stateIs(someone, path, 'pending')
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'approved')
  await new Promise((done) => setTimeout(done, 500))
  expect((await someone.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('approved')
  await hub.end(msisdn, 'complete')
  await untilState(someone, draft.caseId, 'closed')
  expect(await numberRow(msisdn)).toMatchObject({ state: 'quarantined', ported_in: true })
  // Given up, it goes back to whose range it is, and never to another of our subscribers.
  platform.clock.advance({ hours: 24 * 100 })
  await sweepNumbers(platform.app)
  expect(await numberRow(msisdn)).toMatchObject({ state: 'ported-out' })
}, 60_000)

test('a number of ours that left comes back', async () => {
  const first = await subscribed()
  const reference = crypto.randomUUID()
  await request(first.interim, await portCode(first.someone, first.lineId), reference)
  await say('port-out.completed', { reference })
  expect(await numberRow(first.interim)).toMatchObject({ state: 'ported-out', ported_in: false })
  const { someone, path, lineId } = await subscribed()
  await someone.post(path, { msisdn: first.interim, code: 'MOVE-1' })
  await stateIs(someone, path, 'pending')
  await hub.end(first.interim, 'complete')
  await stateIs(someone, path, 'completed')
  expect(await numberRow(first.interim)).toEqual({
    state: 'assigned',
    line_id: lineId,
    ported_in: false,
  })
}, 60_000)

test('another operator takes a number over the clearing house, whatever is lost or said twice on the way', async () => {
  const { someone, lineId, interim } = await subscribed()
  await hub.take(interim, 'AAAAA-AAAAA')
  const refused = async () => (await hub.of(interim))[0]
  expect(await until(refused, (port) => port?.state === 'refused', 20_000)).toMatchObject({
    reason: 'code-wrong',
  })

  await hub.faults({ dropWebhooks: 2, duplicateWebhooks: true })
  await hub.take(interim, await portCode(someone, lineId))
  const state = async () => (await hub.of(interim))[0]?.state
  await until(state, (now) => now === 'pending', 20_000)
  await someone.delete(`/v1/lines/${lineId}/port-out`)
  // Its owner stopped it: it has not moved, whatever the day brings.
  await hub.end(interim, 'complete')
  await until(state, (now) => now === 'cancelled', 20_000)
  expect((await someone.get(`/v1/lines/${lineId}`)).body.state).toBe('active')

  await hub.take(interim, await portCode(someone, lineId))
  await until(state, (now) => now === 'pending', 20_000)
  platform.clock.advance({ hours: 25 })
  await until(state, (now) => now === 'completed', 20_000)
  await until(
    async () => (await someone.get(`/v1/lines/${lineId}`)).body.state,
    (now) => now === 'closed',
    20_000,
  )
  expect(await numberRow(interim)).toMatchObject({ state: 'ported-out' })
}, 90_000)
