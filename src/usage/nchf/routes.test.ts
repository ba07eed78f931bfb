import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { H2Answer } from '../../../test/charging.ts'
import { ask, at, type Chf, openChf, refIn, request, used } from '../../../test/chf.ts'
import { openCharger } from './batch-store.ts'
import { isProblem } from './problem.ts'
import { parseRanges } from './rating-group.ts'
import { readAsked } from './request.ts'

let chf: Chf
beforeAll(async () => (chf = await openChf()))
afterAll(() => chf.stop())

test('create, update and release: what was used is charged, what was set aside is given back', async () => {
  const line = await chf.newLine()
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
  expect(await chf.purseOf(line)).toMatchObject({
    remaining: 3_000_000_000n,
    reserved: 100_000_000n,
  })
  const updated = await chf.post(
    `${at}/${ref}/update`,
    request(line, [{ ...used(80_000_000), ...ask }]),
  )
  expect([updated.status, updated.body.multipleUnitInformation[0].resultCode]).toEqual([
    200,
    'SUCCESS',
  ])
  expect(await chf.purseOf(line)).toMatchObject({
    remaining: 2_920_000_000n,
    reserved: 100_000_000n,
  })
  const released = await chf.post(`${at}/${ref}/release`, request(line, [used(20_000_000)]))
  expect([released.status, released.body]).toEqual([204, undefined])
  expect(await chf.purseOf(line)).toMatchObject({ remaining: 2_900_000_000n, reserved: 0n })
  expect(await chf.recordsOf(line)).toEqual([
    { quantity: 80_000_000n, outcome: 'charged', country: 'JP' },
    { quantity: 20_000_000n, outcome: 'charged', country: 'JP' },
  ])
})

test('every request sent twice at once and again later counts once, and is answered alike', async () => {
  const line = await chf.newLine({ dataBytes: 0n, paidMinor: 1000n })
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
  expect(await chf.purseOf(line)).toMatchObject({ paid: 955n, held: 0n })
  expect(await chf.recordsOf(line)).toHaveLength(2)
})

test('the last money is the final unit; more than that is not given', async () => {
  const line = await chf.newLine({ dataBytes: 0n, paidMinor: 10n })
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
  expect(await chf.purseOf(line)).toMatchObject({ paid: 1n, held: 0n })
})

test('a hundred sessions of one line at once never promise more than there is', async () => {
  const line = await chf.newLine({ dataBytes: 1_050_000_000n, paidMinor: 100n })
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
  expect(await chf.purseOf(line)).toMatchObject({
    remaining: 1_050_000_000n,
    reserved: 0n,
    held: 0n,
  })
})

test('somebody else changing the line meanwhile is noticed, and nothing is lost', async () => {
  const line = await chf.newLine()
  const path = `${at}/${refIn(await chf.post(at, request(line, [ask])))}`
  await sql`update purse set version = version + 1, remaining[1] = 500000000 where line_id = ${line.lineId}`.execute(
    chf.app.db,
  )
  const updated = await chf.post(
    `${path}/update`,
    request(line, [{ ...used(100_000_000), ...ask }]),
  )
  expect(updated.status).toBe(200)
  expect(await chf.purseOf(line)).toMatchObject({ remaining: 400_000_000n })
  await sql`update line set state = 'suspended', suspensions = '{operator}' where line_id = ${line.lineId}`.execute(
    chf.app.db,
  )
  const denied = await chf.post(at, request(line, [ask]))
  expect([denied.status, denied.body.cause]).toEqual([403, 'END_USER_REQUEST_DENIED'])
  const cut = await chf.post(`${path}/update`, request(line, [{ ...used(1), ...ask }]))
  expect(cut.body.multipleUnitInformation[0].resultCode).toBe('END_USER_SERVICE_DENIED')
  await sql`update line set state = 'active', suspensions = '{}' where line_id = ${line.lineId}`.execute(
    chf.app.db,
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
  const line = await chf.newLine()
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
  const [line, other] = [await chf.newLine(), await chf.newLine()]
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
  expect(await chf.recordsOf(line)).toEqual([])
})

test('two nodes never promise the same twice, and each answers what the other took', async () => {
  const [here, there] = [openCharger(chf.app), openCharger(chf.app)]
  const line = await chf.newLine({ dataBytes: 300_000_000n })
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
  expect(await chf.purseOf(line)).toMatchObject({ remaining: 294_000_000n, reserved: 294_000_000n })
  expect(isProblem(await here.release(ref, asked([])))).toBe(false)
  expect(await there.update(ref, asked([used(1)]))).toMatchObject({ cause: 'CONTEXT_NOT_FOUND' })
})

test('a message is paid before it is sent, by the number of the line', async () => {
  const line = await chf.newLine({ paidMinor: 35n })
  await sql`update line set msisdn = '+447700900999' where line_id = ${line.lineId}`.execute(
    chf.app.db,
  )
  await sql`insert into phone_number (msisdn, country, state, subscriber_id, line_id)
    values ('+447700900999', 'GB', 'assigned', ${line.subscriberId}, ${line.lineId})`.execute(
    chf.app.db,
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
  expect(await chf.purseOf(line)).toMatchObject({ paid: 5n, held: 0n })
})
