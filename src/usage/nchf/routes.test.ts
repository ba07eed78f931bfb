import { pino } from 'pino'
import { sql } from 'kysely'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type H2Answer, type MadeLine, makeLines, openH2 } from '../../../test/charging.ts'
import { testDatabase } from '../../../test/database.ts'
import { seedCatalog } from '../../plans/store.ts'
import type { App } from '../../platform/app.ts'
import { openHttp2 } from '../../platform/http2.ts'
import { systemIds } from '../../platform/ids.ts'
import { openQueue } from '../../platform/queue.ts'
import { noticeQueues } from '../../notices/store.ts'
import { rejectPage } from '../reject-store.ts'
import { replayReject } from '../store.ts'
import { openCharger } from './batch-store.ts'
import { isProblem } from './problem.ts'
import { parseRanges } from './rating-group.ts'
import { readAsked } from './request.ts'
import { nchfBodyLimitBytes, registerNchfRoutes } from './routes.ts'

let app: App
let database: Awaited<ReturnType<typeof testDatabase>>
let chf: ReturnType<typeof openH2>
let stop: () => Promise<void>
let made = 0
const now = () => Temporal.Now.instant()

beforeAll(async () => {
  database = await testDatabase()
  const log = pino({ level: process.env['VIOLET_TEST_LOG'] ?? 'silent' })
  const queue = await openQueue(database.url, log, noticeQueues)
  const nchf = { host: 'localhost', port: 0, url: 'http://chf.example:80' }
  const config = { nchf, publicUrl: 'http://localhost:1' } as App['config']
  app = { config, db: database.db, clock: { now }, ids: systemIds(), log, queue } as App
  await seedCatalog(app.db, now())
  const server = openHttp2({ log, bodyLimitBytes: nchfBodyLimitBytes })
  registerNchfRoutes(server, app, openCharger(app))
  await server.listen({ port: 0, host: '127.0.0.1' })
  chf = openH2(`http://127.0.0.1:${(server.server.address() as AddressInfo).port}`)
  stop = async () => {
    await chf.close()
    await server.close()
    await queue.close()
    await database.drop()
  }
})
afterAll(() => stop())

const newLine = async (more: { dataBytes?: bigint; paidMinor?: bigint } = {}) =>
  (
    await makeLines(app.db, { count: 1, from: made++, at: now().subtract({ hours: 1 }), ...more })
  )[0]!

const at = '/nchf-convergedcharging/v3/chargingdata'
let sequence = 0
const request = ({ imsi }: Pick<MadeLine, 'imsi'>, usage: object[], more: object = {}) => ({
  subscriberIdentifier: `imsi-${imsi}`,
  nfConsumerIdentification: { nodeFunctionality: 'SMF', nFName: 'smf' },
  invocationTimeStamp: now().toString(),
  invocationSequenceNumber: sequence++,
  multipleUnitUsage: usage,
  ...more,
})
const ask = { ratingGroup: 1, requestedUnit: {} }
const used = (totalVolume: number) => ({
  ratingGroup: 1,
  usedUnitContainer: [{ localSequenceNumber: 1, totalVolume }],
})
const refIn = (answer: H2Answer) => answer.headers['location']!.split('/').at(-1)!
const purseOf = async ({ lineId }: MadeLine) => {
  const { rows } = await sql<Record<string, bigint>>`
    select remaining[1] as remaining, reserved[1] as reserved, held_minor as held, paid_minor as paid, version
    from purse where line_id = ${lineId}`.execute(app.db)
  return rows[0]!
}
const recordsOf = async ({ lineId }: MadeLine) =>
  (
    await sql<{ quantity: bigint; outcome: string; country: string }>`
      select quantity, outcome, country from usage_record where line_id = ${lineId} order by usage_id`.execute(
      app.db,
    )
  ).rows

test('create, update and release: what was used is charged, what was set aside is given back', async () => {
  const line = await newLine()
  const created = await chf.post(at, request(line, [ask]))
  expect(created.status).toBe(201)
  expect(created.headers['location']).toMatch(
    /^http:\/\/chf\.example:80\/nchf-convergedcharging\/v3\/chargingdata\/[0-9a-f.]+$/,
  )
  expect(created.body).toMatchObject({
    invocationSequenceNumber: 0,
    multipleUnitInformation: [
      { ratingGroup: 1, resultCode: 'SUCCESS', grantedUnit: { totalVolume: 100_000_000 } },
    ],
    triggers: [{ triggerType: 'PLMN_CHANGE', triggerCategory: 'IMMEDIATE_REPORT' }],
  })
  const ref = refIn(created)
  expect(await purseOf(line)).toMatchObject({ remaining: 3_000_000_000n, reserved: 100_000_000n })
  const updated = await chf.post(
    `${at}/${ref}/update`,
    request(line, [{ ...used(80_000_000), ...ask }]),
  )
  expect([updated.status, updated.body.multipleUnitInformation[0].resultCode]).toEqual([
    200,
    'SUCCESS',
  ])
  expect(await purseOf(line)).toMatchObject({ remaining: 2_920_000_000n, reserved: 100_000_000n })
  const released = await chf.post(`${at}/${ref}/release`, request(line, [used(20_000_000)]))
  expect([released.status, released.body]).toEqual([204, undefined])
  expect(await purseOf(line)).toMatchObject({ remaining: 2_900_000_000n, reserved: 0n })
  expect(await recordsOf(line)).toEqual([
    { quantity: 80_000_000n, outcome: 'charged', country: 'JP' },
    { quantity: 20_000_000n, outcome: 'charged', country: 'JP' },
  ])
})

test('every request sent twice at once and again later counts once, and is answered alike', async () => {
  const line = await newLine({ dataBytes: 0n, paidMinor: 1000n })
  const twice = async (path: string, body: object) => {
    const again = { ...body, retransmissionIndicator: true }
    const both = await Promise.all([chf.post(path, body), chf.post(path, again)])
    const later = await chf.post(path, again)
    expect(
      new Set([...both, later].map(({ status, body: said }) => JSON.stringify([status, said])))
        .size,
    ).toBe(1)
    return later
  }
  const created = await twice(at, request(line, [ask]))
  const path = `${at}/${refIn(created)}`
  await twice(`${path}/update`, request(line, [{ ...used(10_000_000), ...ask }]))
  await twice(`${path}/release`, request(line, [used(5_000_000)]))
  // Fifteen blocks of 3p.
  expect(await purseOf(line)).toMatchObject({ paid: 955n, held: 0n })
  expect(await recordsOf(line)).toHaveLength(2)
})

test('the last money is the final unit; more than that is not given', async () => {
  const line = await newLine({ dataBytes: 0n, paidMinor: 10n })
  const created = await chf.post(at, request(line, [ask]))
  expect(created.body.multipleUnitInformation[0]).toMatchObject({
    grantedUnit: { totalVolume: 3_000_000 },
    finalUnitIndication: { finalUnitAction: 'TERMINATE' },
  })
  const path = `${at}/${refIn(created)}`
  const updated = await chf.post(`${path}/update`, request(line, [{ ...used(3_000_000), ...ask }]))
  expect(updated.body.multipleUnitInformation).toEqual([
    { ratingGroup: 1, resultCode: 'QUOTA_LIMIT_REACHED' },
  ])
  expect(await purseOf(line)).toMatchObject({ paid: 1n, held: 0n })
})

test('a hundred sessions of one line at once never promise more than there is', async () => {
  const line = await newLine({ dataBytes: 1_050_000_000n, paidMinor: 100n })
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, chargingId) =>
      chf.post(at, request(line, [ask], { chargingId })),
    ),
  )
  const granted = answers
    .flatMap(({ body }) => body.multipleUnitInformation)
    .reduce((sum: number, one) => sum + (one.grantedUnit?.totalVolume ?? 0), 0)
  // 1050 MB, and 33 blocks of 3p.
  expect(granted).toBe(1_083_000_000)
  await Promise.all(
    answers.map((one) => chf.post(`${at}/${refIn(one)}/release`, request(line, []))),
  )
  expect(await purseOf(line)).toMatchObject({ remaining: 1_050_000_000n, reserved: 0n, held: 0n })
})

test('somebody else changing the line meanwhile is noticed, and nothing is lost', async () => {
  const line = await newLine()
  const path = `${at}/${refIn(await chf.post(at, request(line, [ask])))}`
  await sql`update purse set version = version + 1, remaining[1] = 500000000 where line_id = ${line.lineId}`.execute(
    app.db,
  )
  const updated = await chf.post(
    `${path}/update`,
    request(line, [{ ...used(100_000_000), ...ask }]),
  )
  expect(updated.status).toBe(200)
  expect(await purseOf(line)).toMatchObject({ remaining: 400_000_000n })
  await sql`update line set state = 'suspended', suspensions = '{operator}' where line_id = ${line.lineId}`.execute(
    app.db,
  )
  const denied = await chf.post(at, request(line, [ask]))
  expect([denied.status, denied.body.cause]).toEqual([403, 'END_USER_REQUEST_DENIED'])
  const cut = await chf.post(`${path}/update`, request(line, [{ ...used(1), ...ask }]))
  expect(cut.body.multipleUnitInformation[0].resultCode).toBe('END_USER_SERVICE_DENIED')
  await sql`update line set state = 'active', suspensions = '{}' where line_id = ${line.lineId}`.execute(
    app.db,
  )
  expect((await chf.post(at, request(line, [ask]))).status).toBe(201)
})

const problemOf = ({ status, headers, body }: H2Answer) => [
  status,
  headers['content-type'],
  body.cause,
]
const json = 'application/problem+json; charset=utf-8'

test('bad requests get one clear problem with its cause', async () => {
  const line = await newLine()
  const good = request(line, [ask])
  expect(problemOf(await chf.post(at, '{"a":'))).toEqual([400, json, 'INVALID_MSG_FORMAT'])
  expect(problemOf(await chf.post(at, []))).toEqual([400, json, 'INVALID_MSG_FORMAT'])
  const { invocationTimeStamp: _, ...untimed } = good
  const missing = await chf.post(at, untimed)
  expect(problemOf(missing)).toEqual([400, json, 'MANDATORY_IE_MISSING'])
  expect(missing.body.invalidParams[0].param).toBe('/invocationTimeStamp')
  const wrong = { ...good, invocationSequenceNumber: -1 }
  expect(problemOf(await chf.post(at, wrong))).toEqual([400, json, 'MANDATORY_IE_INCORRECT'])
  for (const totalVolume of [-5, 1.5, 1e16, '7']) {
    const absurd = await chf.post(
      at,
      request(line, [{ ...used(0), usedUnitContainer: [{ localSequenceNumber: 1, totalVolume }] }]),
    )
    expect(problemOf(absurd)).toEqual([400, json, 'OPTIONAL_IE_INCORRECT'])
    expect(absurd.body.invalidParams[0].param).toBe(
      '/multipleUnitUsage/0/usedUnitContainer/0/totalVolume',
    )
  }
  const { subscriberIdentifier: __, ...nobody } = good
  expect(problemOf(await chf.post(at, nobody))).toEqual([400, json, 'MANDATORY_IE_MISSING'])
  const unknown = request({ imsi: '999990000000000' }, [ask])
  expect(problemOf(await chf.post(at, unknown))).toEqual([404, json, 'USER_UNKNOWN'])
  expect(problemOf(await chf.post(at, 'a=b', 'text/plain'))).toEqual([
    415,
    json,
    'UNSUPPORTED_MEDIA_TYPE',
  ])
  expect(problemOf(await chf.post(at, { ...good, padding: 'x'.repeat(300_000) }))).toEqual([
    413,
    json,
    'PAYLOAD_TOO_LARGE',
  ])
  expect(problemOf(await chf.send('GET', at))).toEqual([405, json, 'METHOD_NOT_ALLOWED'])
  expect(problemOf(await chf.post('/nchf-convergedcharging/v9/chargingdata', good))).toEqual([
    404,
    json,
    'RESOURCE_URI_STRUCTURE_NOT_FOUND',
  ])
})

test('a session of nobody’s, of another line’s, or one that was released is not there', async () => {
  const [line, other] = [await newLine(), await newLine()]
  const ref = refIn(await chf.post(at, request(line, [ask])))
  const [subscriber, , session] = ref.split('.')
  const foreign = `${subscriber}.${other.lineId.slice(5)}.${session}`
  for (const name of ['x', foreign, `${'0'.repeat(32)}.${'0'.repeat(32)}.${'0'.repeat(32)}`])
    expect(problemOf(await chf.post(`${at}/${name}/update`, request(line, [ask])))).toEqual([
      404,
      json,
      'CONTEXT_NOT_FOUND',
    ])
  await chf.post(`${at}/${ref}/release`, request(line, []))
  expect(problemOf(await chf.post(`${at}/${ref}/update`, request(line, [used(1)])))).toEqual([
    404,
    json,
    'CONTEXT_NOT_FOUND',
  ])
  expect(await recordsOf(line)).toEqual([])
})

test('what can’t be charged is kept as a reject with its reason, once however often it is sent', async () => {
  const line = await newLine()
  const ref = refIn(await chf.post(at, request(line, [ask])))
  await chf.post(`${at}/${ref}/release`, request(line, []))
  const late = request(line, [used(4711)])
  for (const _ of [1, 2]) await chf.post(`${at}/${ref}/release`, late)
  await chf.post(at, { subscriberIdentifier: `imsi-${line.imsi}`, wrong: true })
  const other = refIn(await chf.post(at, request(line, [ask])))
  const odd = { ...used(5), ratingGroup: 77_777 }
  await chf.post(`${at}/${other}/update`, request(line, [odd]))
  const { rows } = await sql`
    select reason, imsi, times, record ->> 'kind' as kind, record ->> 'quantity' as quantity from usage_reject
    where source = 'online' and imsi = ${line.imsi} order by reason`.execute(app.db)
  const { imsi } = line
  expect(rows).toEqual([
    { reason: 'invalid', imsi, times: 1, kind: null, quantity: null },
    { reason: 'session-ended', imsi, times: 2, kind: 'data', quantity: '4711' },
    { reason: 'unknown-rating-group', imsi, times: 1, kind: null, quantity: '5' },
  ])
  expect(await recordsOf(line)).toEqual([])
})

test('a report that came after the release is taken in on replay, without naming the SIM', async () => {
  const line = await newLine()
  const ref = refIn(await chf.post(at, request(line, [ask])))
  await chf.post(`${at}/${ref}/release`, request(line, []))
  const { subscriberIdentifier: _, ...unnamed } = request(line, [used(4242)])
  expect((await chf.post(`${at}/${ref}/update`, unnamed)).status).toBe(404)
  const { items } = await rejectPage(app.db, { state: 'open', reason: 'session-ended', limit: 50 })
  const reject = items.find(({ imsi }) => imsi === line.imsi)!
  expect(await replayReject(app, reject.rejectId)).toEqual({ outcome: 'replayed' })
  // Nobody said where: the phone was at home, by its SIM.
  expect(await recordsOf(line)).toEqual([{ quantity: 4242n, outcome: 'charged', country: 'JP' }])
})

test('two nodes never promise the same twice, and each answers what the other took', async () => {
  const [here, there] = [openCharger(app), openCharger(app)]
  const line = await newLine({ dataBytes: 300_000_000n })
  const asked = (usage: object[], more: object = {}) => {
    const read = readAsked(request(line, usage, more), parseRanges(undefined)!)
    if (isProblem(read)) throw new Error(read.cause)
    return read
  }
  const first = asked([ask])
  const opened = await here.create(first)
  expect(await there.create(first)).toEqual(opened)
  if (isProblem(opened)) throw new Error(opened.cause)
  const { ref } = opened
  // Both remember the line; each takes turns, and finds out that its memory is old.
  for (let turn = 0; turn < 6; turn += 1) {
    const node = turn % 2 === 0 ? there : here
    const update = asked([{ ...used(1_000_000), ...ask }])
    expect(await node.update(ref, update)).toMatchObject({ answer: { status: 200 } })
  }
  const both = await Promise.all(
    Array.from({ length: 8 }, (_, chargingId) =>
      (chargingId % 2 === 0 ? here : there).create(asked([ask], { chargingId })),
    ),
  )
  const granted = both.map((one) =>
    isProblem(one) ? [] : (one.answer.body?.multipleUnitInformation ?? []),
  )
  const units = granted.flat().map(({ grantedUnit }) => Object.values(grantedUnit ?? {})[0] ?? 0)
  // 300 MB, less 6 that were used, less 100 that the first session holds.
  expect(units.reduce((sum, one) => sum + one, 0)).toBe(194_000_000)
  expect(await purseOf(line)).toMatchObject({ remaining: 294_000_000n, reserved: 294_000_000n })
  expect(isProblem(await here.release(ref, asked([])))).toBe(false)
  expect(await there.update(ref, asked([used(1)]))).toMatchObject({ cause: 'CONTEXT_NOT_FOUND' })
})

test('a message is paid before it is sent, by the number of the line', async () => {
  const line = await newLine({ paidMinor: 35n })
  await sql`update line set msisdn = '+447700900999' where line_id = ${line.lineId}`.execute(app.db)
  await sql`insert into phone_number (msisdn, country, state, subscriber_id, line_id)
    values ('+447700900999', 'GB', 'assigned', ${line.subscriberId}, ${line.lineId})`.execute(
    app.db,
  )
  const sms = { ratingGroup: 2000, requestedUnit: { serviceSpecificUnits: 1 } }
  const event = {
    subscriberIdentifier: 'msisdn-447700900999',
    oneTimeEvent: true,
    oneTimeEventType: 'IEC',
  }
  const send = () => chf.post(at, request(line, [sms], event))
  const sent = [await send(), await send(), await send()]
  // Fifteen pence each in Japan, which the plan does not cover; the third can't be paid.
  expect(sent.map(({ status }) => status)).toEqual([201, 201, 403])
  expect(sent[2]?.body.cause).toBe('QUOTA_LIMIT_REACHED')
  expect(await purseOf(line)).toMatchObject({ paid: 5n, held: 0n })
})
