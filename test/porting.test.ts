/** Numbers that leave, against the whole platform: the code, the other operator's words, and what becomes of line, money and closure. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { sweepPorts } from '../src/porting/partner-store.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { otherOperator, type Someone } from './porting-partner.ts'
import {
  buyLine,
  draftClosure,
  install,
  member,
  refundsOfCase,
  submit,
  topUp,
  untilState,
} from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const { say, request, confirmation, portCode } = otherOperator(() => platform)

async function subscribed(options = {}) {
  const someone = (await member(platform, options)) as Someone
  const { lineId } = await buyLine(someone)
  const { line } = await install(platform, someone, lineId)
  return { someone, lineId, msisdn: line.msisdn as string }
}

const numberState = async (msisdn: string) => {
  const { rows } = await sql<{ state: string; line_id: string | null }>`
    select state, line_id from phone_number where msisdn = ${msisdn}`.execute(platform.db)
  return rows[0]
}
const cause = async (lineId: string) => {
  const { rows } = await sql<{ close_cause: string }>`
    select close_cause from line where line_id = ${lineId}`.execute(platform.db)
  return rows[0]?.close_cause
}
const events = async (caseId: string) => {
  const { rows } = await sql<{ kind: string }>`
    select kind from closure_event where case_id = ${caseId} order by seq`.execute(platform.db)
  return rows.map(({ kind }) => kind)
}

/** Every column of every table, the queue's included, that holds a text somewhere. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows: columns } = await sql<{ s: string; t: string; c: string }>`
    select table_schema as s, table_name as t, column_name as c from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'
      and data_type in ('text', 'jsonb')`.execute(platform.db)
  const found: string[] = []
  for (const { s, t, c } of columns) {
    const { rows } = await sql`select 1 from ${sql.table(`${s}.${t}`)}
      where ${sql.ref(c)}::text like ${`%${text}%`} limit 1`.execute(platform.db)
    if (rows.length > 0) found.push(`${t}.${c}`)
  }
  return found
}

test('the answer with a code is given again to who asks again under one key', async () => {
  const { someone, lineId } = await subscribed()
  const code = await confirmation(someone, lineId)
  const [path, key] = [`/v1/lines/${lineId}/port-out`, randomUUID()]
  const first = await someone.post(path, { code }, key)
  const second = await someone.post(path, { code }, key)
  expect([first.status, second.status]).toEqual([200, 200])
  expect(second.body).toEqual(first.body)
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  expect(await tablesWith(first.body.portCode.slice(0, 5))).toEqual([])
}, 60_000)

test('a number leaves with its code: the line closes as ported, its credit comes back, nothing is quarantined', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  await topUp(someone, lineId, '20.00')
  const code = await portCode(someone, lineId)
  expect(await tablesWith(code.slice(0, 5))).toEqual([])
  expect(await tablesWith(msisdn)).toContain('phone_number.msisdn')

  const reference = randomUUID()
  const pending = await request(msisdn, code, reference)
  expect(pending).toMatchObject({ status: 200, body: { reference, state: 'pending' } })
  expect((await request(msisdn, code, reference)).body).toEqual(pending.body)
  const { body: seen } = await someone.get(`/v1/lines/${lineId}/port-out`)
  expect(seen).toMatchObject({
    refusal: { code: 'port-pending' },
    port: { state: 'pending', recipient: 'Heron Mobile' },
  })
  expect((await someone.get(`/v1/lines/${lineId}`)).body.state).toBe('active')

  const done = await Promise.all([1, 2].map(() => say('port-out.completed', { reference })))
  expect(done.map(({ status, body }) => [status, body.state])).toEqual([
    [200, 'completed'],
    [200, 'completed'],
  ])
  const line = await until(
    async () => (await someone.get(`/v1/lines/${lineId}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )
  expect(await cause(lineId)).toBe('ported')
  expect(await numberState(msisdn)).toEqual({ state: 'ported-out', line_id: null })
  const { body: cases } = await someone.get('/v1/closures')
  expect(cases.items).toHaveLength(1)
  const closed = await untilState(someone, cases.items[0].caseId, 'closed')
  expect(closed.timeline.find(({ key }: { key: string }) => key === 'number-port')).toMatchObject({
    state: 'done',
  })
  const { body: certificate } = await someone.get(`/v1/closures/${closed.caseId}/certificate.json`)
  const payload = JSON.parse(
    Buffer.from((certificate.jws as string).split('.')[1]!, 'base64url').toString(),
  )
  expect(payload.lines[0]).toMatchObject({ numberKeptUnusedUntil: null })
  expect(payload.lines[0].numberPortedAt).toMatch(/^20/)
  const refunds = await refundsOfCase(platform, closed.caseId)
  expect(refunds.length).toBeGreaterThan(0)
  expect(refunds.every(([, times]) => times === 1)).toBe(true)
  expect(line.closedAt).not.toBeNull()
  expect((await say('port-out.failed', { reference, reason: 'x' })).body).toMatchObject({
    code: 'port-refused',
    reason: 'not-pending',
  })
}, 60_000)

test('a code is single use, dies after five wrong tries, and the newest counts', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  const first = await portCode(someone, lineId)
  const second = await portCode(someone, lineId)
  expect((await request(msisdn, first)).body).toMatchObject({ status: 409, reason: 'code-wrong' })
  for (let tries = 0; tries < 4; tries += 1) await request(msisdn, 'AAAAA-AAAAA')
  expect((await request(msisdn, second)).body).toMatchObject({ reason: 'code-expired' })
  const third = await portCode(someone, lineId)
  const reference = randomUUID()
  const asked = await Promise.all([
    request(msisdn, third, reference),
    request(msisdn, third, reference),
    request(msisdn, third),
  ])
  const won = asked.filter(({ status }) => status === 200)
  expect(won.length === 2 || won.length === 1).toBe(true)
  expect(new Set(won.map(({ body }) => body['reference'])).size).toBe(1)
  expect((await request('+447999999999', third)).body).toMatchObject({ reason: 'number-unknown' })
}, 60_000)

test('locked, a number stays: the code before is void, and unlocking takes a code to another channel', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  const code = await portCode(someone, lineId)
  const path = `/v1/lines/${lineId}/port-lock`
  const locked = await someone.put(path, { locked: true })
  expect(locked.body).toMatchObject({
    locked: true,
    refusal: { code: 'port-locked' },
    port: { state: 'cancelled' },
  })
  expect((await request(msisdn, code)).body).toMatchObject({ reason: 'code-wrong' })
  const again = await confirmation(someone, lineId)
  expect((await someone.post(`/v1/lines/${lineId}/port-out`, { code: again })).body.code).toBe(
    'port-locked',
  )
  expect((await someone.put(path, { locked: false })).body.code).toBe('code-not-asked')
  const wrong = again === '000000' ? '000001' : '000000'
  expect((await someone.put(path, { locked: false, code: wrong })).body.code).toBe('code-wrong')
  const open = await someone.put(path, { locked: false, code: again })
  expect(open.body).toMatchObject({ locked: false, refusal: null })
  const { rows } = await sql<{ action: string }>`
    select action from audit_entry where subject_id = ${lineId} and action like 'number.%'
    order by at, audit_id`.execute(platform.db)
  expect(rows.map(({ action }) => action)).toEqual(['number.locked', 'number.unlocked'])
}, 60_000)

test('only its owner sees, asks, revokes and locks; only who signs is heard', async () => {
  const { lineId, msisdn, someone } = await subscribed()
  const stranger = await member(platform)
  const path = `/v1/lines/${lineId}`
  expect((await stranger.get(`${path}/port-out`)).status).toBe(404)
  expect((await stranger.post(`${path}/port-out`, { code: '123456' })).status).toBe(404)
  expect((await stranger.post(`${path}/port-out/confirmation`, {})).status).toBe(404)
  expect((await stranger.delete(`${path}/port-out`)).status).toBe(404)
  expect((await stranger.put(`${path}/port-lock`, { locked: true })).status).toBe(404)
  const secret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
  const forged = await say('port-out.completed', { reference: randomUUID() }, secret)
  expect(forged).toMatchObject({ status: 401, body: { code: 'bad-signature' } })
  expect((await say('port-out.completed', { reference: randomUUID() })).status).toBe(404)
  expect((await say('port-out.completed', { reference: 'a b' })).status).toBe(422)
  expect((await say('port-out.moved', {})).status).toBe(422)
  const code = await portCode(someone, lineId)
  const year = platform.app.clock.now().add({ hours: 24 * 365 })
  expect((await request(msisdn, code, randomUUID(), year.toString())).status).toBe(422)
}, 60_000)

/** Nothing more is heard of it. */
async function passItsDay() {
  platform.clock.advance({ hours: 24 + 73 })
  await sweepPorts(platform.app)
}

test.each(['failed', 'expired'])(
  'Hard case 7: a pending port pauses the closure; %s, it asks again and never closes by itself',
  async (how) => {
    const { someone, lineId, msisdn } = await subscribed()
    const code = await portCode(someone, lineId)
    const reference = randomUUID()
    await request(msisdn, code, reference)
    const draft = await draftClosure(someone, 'line', lineId)
    const row = draft.readiness.find(({ key }: { key: string }) => key === 'port')
    expect(row).toMatchObject({ state: 'to-do', detail: { recipient: 'Heron Mobile' } })
    await submit(someone, draft)
    const paused = await until(
      async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body,
      ({ state, timeline }) =>
        state === 'approved' && timeline.some(({ key }: { key: string }) => key === 'number-port'),
    )
    expect(paused.timeline.find(({ state }: { state: string }) => state === 'now').key).toBe(
      'number-port',
    )
    expect((await someone.get(`/v1/lines/${lineId}`)).body.state).toBe('closing')

    if (how === 'failed') await say('port-out.failed', { reference, reason: 'no such customer' })
    else await passItsDay()
    const asked = await untilState(someone, draft.caseId, 'needs_customer')
    if (how === 'failed') {
      const { rows } = await sql<object>`
        select p.reason, left(p.reason, 8) as raw, a.reason as why, a.note, left(a.note, 8) as raw_note
        from port_out p join audit_entry a on a.subscriber_id = p.subscriber_id and a.action = 'port.failed'
        where p.line_id = ${lineId}`.execute(platform.db)
      const why = 'the other operator could not take the number'
      const said = { reason: 'no such customer', note: 'no such customer' }
      expect(rows).toEqual([{ ...said, why, raw: 'sealed:1', raw_note: 'sealed:1' }])
    }
    expect(await events(draft.caseId)).toContain('port-ended')
    platform.clock.advance({ hours: 24 * 3 })
    await new Promise((done) => setTimeout(done, 500))
    expect((await someone.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('needs_customer')
    expect(await numberState(msisdn)).toMatchObject({ state: 'assigned' })

    await submit(someone, asked)
    await untilState(someone, draft.caseId, 'closed')
    expect(await cause(lineId)).toBe('closure')
    expect(await numberState(msisdn)).toMatchObject({ state: 'quarantined' })
  },
  60_000,
)

test('Hard case 7: completed while a closure waits, the line closes as ported and the case goes on to its end', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  const code = await portCode(someone, lineId)
  const reference = randomUUID()
  await request(msisdn, code, reference)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'approved')
  await say('port-out.completed', { reference })
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect(await cause(lineId)).toBe('ported')
  expect(await numberState(msisdn)).toMatchObject({ state: 'ported-out' })
  expect(closed.canWithdraw).toBe(false)
  expect((await someone.get('/v1/closures')).body.items).toHaveLength(1)
}, 60_000)

test('an account waits for the number of one of its lines, and ends with it', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  const other = await buyLine(someone)
  const code = await portCode(someone, lineId)
  const reference = randomUUID()
  await request(msisdn, code, reference)
  const draft = await draftClosure(someone, 'account')
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'approved')
  await say('port-out.completed', { reference })
  await until(
    () => cause(lineId),
    (why) => why === 'ported',
    20_000,
  )
  await until(
    () => cause(other.lineId),
    (why) => why === 'closure',
    20_000,
  )
}, 60_000)

test('nothing more is heard: it expires after the day and a while; a late word that it moved is believed', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  const code = await portCode(someone, lineId)
  const reference = randomUUID()
  await request(msisdn, code, reference)
  platform.clock.advance({ hours: 24 + 71 })
  await sweepPorts(platform.app)
  const state = async () => (await someone.get(`/v1/lines/${lineId}/port-out`)).body.port.state
  expect(await state()).toBe('pending')
  platform.clock.advance({ hours: 2 })
  await sweepPorts(platform.app)
  expect(await state()).toBe('expired')
  expect(await numberState(msisdn)).toMatchObject({ state: 'assigned' })
  expect((await say('port-out.completed', { reference })).body.state).toBe('completed')
  await until(
    () => cause(lineId),
    (why) => why === 'ported',
    20_000,
  )
}, 60_000)

test('its owner stops a number on its way, and the other operator cannot complete what was stopped', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  const code = await portCode(someone, lineId)
  const reference = randomUUID()
  await request(msisdn, code, reference)
  expect((await someone.put(`/v1/lines/${lineId}/port-lock`, { locked: true })).body.code).toBe(
    'port-pending',
  )
  const stopped = await someone.delete(`/v1/lines/${lineId}/port-out`)
  expect(stopped.body.port).toMatchObject({ state: 'cancelled', reason: 'by-subscriber' })
  expect((await someone.delete(`/v1/lines/${lineId}/port-out`)).status).toBe(200)
  expect((await say('port-out.completed', { reference })).body).toMatchObject({
    reason: 'not-pending',
    state: 'cancelled',
  })
  expect(await numberState(msisdn)).toMatchObject({ state: 'assigned', line_id: lineId })
}, 60_000)

test('a number in quarantine still leaves with whom it was taken from, and is not released under way', async () => {
  const { someone, lineId, msisdn } = await subscribed()
  await buyLine(someone)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'closed')
  const code = await portCode(someone, lineId)
  const reference = randomUUID()
  expect((await request(msisdn, code, reference)).body.state).toBe('pending')
  await say('port-out.completed', { reference })
  expect(await numberState(msisdn)).toEqual({ state: 'ported-out', line_id: null })
  expect(await cause(lineId)).toBe('closure')
  expect((await someone.get('/v1/closures')).body.items).toHaveLength(1)
}, 60_000)

test('a changed contact holds the code', async () => {
  const { someone, lineId } = await subscribed()
  platform.clock.advance({ hours: 24 * 8 })
  await sql`update subscriber_contact set added_at = added_at - interval '8 days'
    where subscriber_id = (select subscriber_id from line where line_id = ${lineId})`.execute(
    platform.db,
  )
  await sql`update subscriber set created_at = created_at - interval '9 days'
    where subscriber_id = (select subscriber_id from line where line_id = ${lineId})`.execute(
    platform.db,
  )
  await someone.post('/v1/me/contacts', { kind: 'phone', value: '+447700900123' })
  const { body } = await someone.get(`/v1/lines/${lineId}/port-out`)
  expect(body.refusal.code).toBe('port-held')
  expect(Date.parse(body.refusal.until)).toBeGreaterThan(platform.app.clock.now().epochMilliseconds)
  const code = await confirmation(someone, lineId)
  expect((await someone.post(`/v1/lines/${lineId}/port-out`, { code })).body).toMatchObject({
    status: 409,
    code: 'port-held',
  })
}, 60_000)

test('staff see what is under way before codes that are merely out', async () => {
  const [out, under] = [await subscribed(), await subscribed()]
  await portCode(out.someone, out.lineId)
  await request(under.msisdn, await portCode(under.someone, under.lineId))
  expect((await out.someone.get('/v1/staff/ports')).status).toBe(401)
  const staff = person(platform)
  await staff.signInAsStaff('support@violet.example')
  const { body } = await staff.get('/v1/staff/ports')
  const rows = body.items as { lineId: string; state: string; recipient: string | null }[]
  const places = [under.lineId, out.lineId].map((id) => rows.findIndex((row) => row.lineId === id))
  expect(places[0]).toBeGreaterThanOrEqual(0)
  expect(places[1]).toBeGreaterThan(places[0]!)
  expect(rows[places[0]!]).toMatchObject({ state: 'pending', recipient: 'Heron Mobile' })
}, 60_000)
