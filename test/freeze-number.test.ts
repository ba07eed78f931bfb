/** "This wasn't me" keeps the number: codes that are out, ports under way, and numbers that are gone all the same. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { person, until } from '../src/main/demo-person.ts'
import { sweepPorts } from '../src/porting/partner-store.ts'
import { lockSubscriber } from '../src/subscribers/store.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { otherOperator, type Someone } from './porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const { say, request, confirmation, portCode } = otherOperator(() => platform)

/** A German closure waits for a reviewer, so that it can be frozen. */
async function withCode() {
  const jan = (await member(platform, { country: 'DE' })) as Someone
  const { lineId, msisdn } = await withNumber(jan)
  const code = await portCode(jan, lineId)
  return { jan, lineId, msisdn, code }
}

async function withNumber(jan: Someone) {
  const { lineId } = await buyLine(jan)
  const { line } = await install(platform, jan, lineId)
  return { lineId, msisdn: line.msisdn as string }
}

async function close(jan: Someone, scope: 'line' | 'account', lineId: string, state = 'in_review') {
  const draft = await draftClosure(jan, scope, scope === 'line' ? lineId : undefined)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, state)
  return draft.caseId as string
}

async function freeze(jan: Someone, caseId: string) {
  const token = freezeToken(platform.config.masterKey, caseId)
  expect((await person(platform).post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  expect((await jan.signIn(jan.email)).status).toBe(200)
}

async function reviewer() {
  const amara = person(platform)
  await amara.signInAsStaff('reviewer@violet.example')
  return amara
}

const numberState = async (msisdn: string) =>
  (
    await sql<{ state: string }>`select state from phone_number where msisdn = ${msisdn}`.execute(
      platform.db,
    )
  ).rows[0]?.state

test.each(['line', 'account'] as const)(
  'a code that was out is worth nothing once a closure of the %s is frozen, and its owner gets the number back into hand',
  async (scope) => {
    const { jan, lineId, msisdn, code } = await withCode()
    const caseId = await close(jan, scope, lineId)
    await freeze(jan, caseId)
    expect((await request(msisdn, code)).body).toMatchObject({ status: 409, reason: 'code-wrong' })
    const path = `/v1/lines/${lineId}`
    const { body: seen } = await jan.get(`${path}/port-out`)
    expect(seen).toMatchObject({
      locked: true,
      refusal: { code: 'closure-frozen' },
      port: { state: 'cancelled', reason: 'by-freeze' },
    })
    const unlock = await confirmation(jan, lineId)
    const open = await jan.put(`${path}/port-lock`, { locked: false, code: unlock })
    expect(open.body).toMatchObject({ locked: false, refusal: { code: 'closure-frozen' } })
    const asked = await confirmation(jan, lineId)
    expect((await jan.post(`${path}/port-out`, { code: asked })).body.code).toBe('closure-frozen')

    expect((await jan.post(`/v1/closures/${caseId}/withdraw`)).body.state).toBe('withdrawn')
    expect((await request(msisdn, await portCode(jan, lineId))).body.state).toBe('pending')
  },
  60_000,
)

test.each(['line', 'account'] as const)(
  'a request without signing in about the %s is stopped with its codes and ports, and no other line is touched',
  async (scope) => {
    const { jan, lineId, msisdn, code } = await withCode()
    const other = await withNumber(jan)
    const otherCode = await portCode(jan, other.lineId)
    const reference = randomUUID()
    expect((await request(msisdn, code, reference)).body.state).toBe('pending')
    const [by, value] = scope === 'line' ? ['number', msisdn] : ['email', jan.email]
    const asked = { scope, by, value, contact: jan.email, country: 'DE', locale: 'en' }
    const started = await person(platform).post('/v1/closures/intake', asked)
    const caseId = String(started.body.token).split('.')[0]!
    const token = freezeToken(platform.config.masterKey, caseId)
    const visitor = person(platform)
    await until(
      () => visitor.post('/v1/closures/freeze/look', { token }),
      ({ body }) => body.asked === true,
    )
    const of = async (id: string) => (await jan.get(`/v1/lines/${id}/port-out`)).body
    expect(await of(lineId)).toMatchObject({ locked: false, port: { state: 'pending' } })
    for (const _ of [1, 2])
      expect((await visitor.post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
    const kept = { locked: true, port: { state: 'cancelled', reason: 'by-freeze' } }
    expect(await of(lineId)).toMatchObject({ ...kept, refusal: { code: 'port-locked' } })
    expect((await say('port-out.completed', { reference })).body.reason).toBe('not-pending')
    expect(await numberState(msisdn)).toBe('assigned')
    const untouched = { locked: false, port: { state: 'issued' } }
    expect(await of(other.lineId)).toMatchObject(scope === 'line' ? untouched : kept)
    const { body } = await request(other.msisdn, otherCode)
    expect(body).toMatchObject(scope === 'line' ? { state: 'pending' } : { status: 409 })
  },
  60_000,
)

test('thawed by a reviewer, its owner unlocks the number as any other', async () => {
  const { jan, lineId } = await withCode()
  const caseId = await close(jan, 'line', lineId)
  await freeze(jan, caseId)
  const amara = await reviewer()
  const thawed = await amara.post(`/v1/staff/closures/${caseId}/thaw`, { note: 'it was Jan' })
  expect(thawed.body.closure.state).toBe('in_review')
  const path = `/v1/lines/${lineId}`
  expect((await jan.get(`${path}/port-out`)).body.refusal.code).toBe('port-locked')
  const code = await confirmation(jan, lineId)
  const open = await jan.put(`${path}/port-lock`, { locked: false, code })
  expect(open.body).toMatchObject({ locked: false, refusal: null })
}, 60_000)

test('a number that is on its way is stopped: the other operator can’t complete it', async () => {
  const { jan, lineId, msisdn, code } = await withCode()
  const reference = randomUUID()
  expect((await request(msisdn, code, reference)).body.state).toBe('pending')
  const caseId = await close(jan, 'line', lineId)
  await freeze(jan, caseId)
  expect((await say('port-out.completed', { reference })).body).toMatchObject({
    code: 'port-refused',
    reason: 'not-pending',
  })
  expect(await numberState(msisdn)).toBe('assigned')
  expect((await jan.get(`/v1/closures/${caseId}`)).body.state).toBe('frozen')
}, 60_000)

test.each(['line', 'account'] as const)(
  'a number that left all the same stops the frozen closure of its %s at a person, and closes nothing',
  async (scope) => {
    const { jan, lineId, msisdn, code } = await withCode()
    const reference = randomUUID()
    await request(msisdn, code, reference)
    platform.clock.advance({ hours: 24 + 73 })
    await sweepPorts(platform.app)
    // What went silent may still have moved, and is believed.
    const caseId = await close(jan, scope, lineId)
    await freeze(jan, caseId)
    expect((await say('port-out.completed', { reference })).body.state).toBe('completed')
    const amara = await reviewer()
    const at = `/v1/staff/closures/${caseId}`
    const stopped = await until(
      async () => (await amara.get(at)).body,
      ({ closure }) => closure.state !== 'frozen',
    )
    expect(stopped).toMatchObject({ closure: { state: 'needs_attention' }, chainIntact: true })
    expect(stopped.attention.advice).toMatch(/give the number back/)
    platform.clock.advance({ hours: 24 * 40 })
    await new Promise((done) => setTimeout(done, 1000))
    expect((await amara.get(at)).body.closure.state).toBe('needs_attention')
    expect((await jan.get(`/v1/lines/${lineId}`)).body.state).not.toBe('closed')
    if (scope === 'line')
      expect((await amara.post(`${at}/retry`)).body.closure.state).toBe('in_review')
  },
  60_000,
)

test('its owner is locked before the case, as by whoever submits: a tap never ends in a deadlock', async () => {
  const jan = (await member(platform, { country: 'DE' })) as Someone
  const { lineId } = await buyLine(jan)
  const caseId = await close(jan, 'line', lineId)
  const { subscriberId } = (await jan.get('/v1/me')).body
  const token = freezeToken(platform.config.masterKey, caseId)
  const tap = await platform.db.transaction().execute(async (trx) => {
    await lockSubscriber(trx, subscriberId)
    const tapped = person(platform).post('/v1/closures/freeze', { token })
    const waiting = () =>
      sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%"subscriber"%'`.execute(
        platform.db,
      )
    await until(waiting, ({ rows }) => rows.length > 0)
    // What waits for the owner does not hold the case.
    await sql`select from closure_case where case_id = ${caseId} for update nowait`.execute(trx)
    return { tapped }
  })
  expect((await tap.tapped).body.frozen).toBe(true)
}, 60_000)
