import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, at, type Chf, openChf, refIn, request, used } from '../../../test/chf.ts'
import { rejectPage } from '../reject-store.ts'
import { replayReject } from '../store.ts'

let chf: Chf
beforeAll(async () => (chf = await openChf()))
afterAll(() => chf.stop())

test('what can’t be charged is kept as a reject with its reason, once however often it is sent', async () => {
  const line = await chf.newLine()
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
    where source = 'online' and imsi = ${line.imsi} order by reason`.execute(chf.app.db)
  const { imsi } = line
  expect(rows).toEqual([
    { reason: 'invalid', imsi, times: 1, kind: null, quantity: null },
    { reason: 'session-ended', imsi, times: 2, kind: 'data', quantity: '4711' },
    { reason: 'unknown-rating-group', imsi, times: 1, kind: null, quantity: '5' },
  ])
  expect(await chf.recordsOf(line)).toEqual([])
})

test('a report that came after the release is taken in on replay, without naming the SIM', async () => {
  const line = await chf.newLine()
  const ref = refIn(await chf.post(at, request(line, [ask])))
  await chf.post(`${at}/${ref}/release`, request(line, []))
  const { subscriberIdentifier: _, ...unnamed } = request(line, [used(4242)])
  expect((await chf.post(`${at}/${ref}/update`, unnamed)).status).toBe(404)
  const { items } = await rejectPage(chf.app.db, {
    state: 'open',
    reason: 'session-ended',
    limit: 50,
  })
  const reject = items.find(({ imsi }) => imsi === line.imsi)!
  expect(await replayReject(chf.app, reject.rejectId)).toEqual({ outcome: 'replayed' })
  // Nobody said where: the phone was at home, by its SIM.
  expect(await chf.recordsOf(line)).toEqual([
    { quantity: 4242n, outcome: 'charged', country: 'JP' },
  ])
})

test('what was charged is never charged again, not even when its session has forgotten it', async () => {
  const line = await chf.newLine()
  const path = `${at}/${refIn(await chf.post(at, request(line, [ask])))}`
  const first = request(line, [{ ...used(4242), ...ask }])
  await chf.post(`${path}/update`, first)
  for (let more = 0; more < 5; more += 1) await chf.post(`${path}/update`, request(line, [used(1)]))
  const [again, beside] = await Promise.all([
    chf.post(`${path}/update`, first),
    chf.post(`${path}/update`, request(line, [used(2)])),
  ])
  expect([again.status, again.body.multipleUnitInformation, beside.status]).toEqual([
    200,
    undefined,
    200,
  ])
  await chf.post(`${path}/release`, request(line, []))
  for (let more = 0; more < 3; more += 1) {
    const other = refIn(await chf.post(at, request(line, [ask], { chargingId: more })))
    await chf.post(`${at}/${other}/release`, request(line, []))
  }
  expect((await chf.post(`${path}/update`, first)).status).toBe(404)
  expect(await chf.rejectsOf(line.imsi)).toEqual([])
  const told = (await chf.recordsOf(line)).map(({ quantity }) => quantity)
  expect([...told].sort()).toEqual([1n, 1n, 1n, 1n, 1n, 2n, 4242n])
})

test('what was used is kept where its line is not known, never was in service, or its session has no name', async () => {
  const event = { oneTimeEvent: true, oneTimeEventType: 'PEC' }
  const number = { ...event, subscriberIdentifier: 'msisdn-447700900123' }
  const line = await chf.newLine()
  const stranger = { imsi: '440109999999999' }
  expect((await chf.post(at, request(stranger, [used(11)], event))).status).toBe(404)
  expect((await chf.post(at, request(line, [used(12)], number))).status).toBe(404)
  expect((await chf.post(`${at}/x/update`, request(line, [used(13)]))).status).toBe(404)
  const absurd = await chf.post(at, request(line, [used(2_000_000_000_000)], event))
  expect(absurd.body.multipleUnitInformation[0].resultCode).toBe('RATING_FAILED')
  const set = (state: string) =>
    sql`update line set state = ${state}, suspensions = '{}' where line_id = ${line.lineId}`.execute(
      chf.app.db,
    )
  await set('ordered')
  expect((await chf.post(at, request(line, [used(14)], event))).status).toBe(403)
  await set('active')
  const kept = [...(await chf.rejectsOf(stranger.imsi)), ...(await chf.rejectsOf(line.imsi))]
  expect(kept.map(({ reason, record }) => [reason, record!['quantity']]).sort()).toEqual([
    ['absurd', '2000000000000'],
    ['before-activation', '14'],
    ['session-ended', '13'],
    ['unknown-imsi', '11'],
  ])
  const [unknown] = (await chf.rejectsOf('')).filter(({ record }) => record?.['quantity'] === '12')
  expect(await replayReject(chf.app, unknown!.rejectId)).toMatchObject({ outcome: 'rejected' })
  await sql`insert into phone_number (msisdn, country, state, subscriber_id, line_id)
    values ('+447700900123', 'GB', 'assigned', ${line.subscriberId}, ${line.lineId})`.execute(
    chf.app.db,
  )
  expect(await replayReject(chf.app, unknown!.rejectId)).toEqual({ outcome: 'replayed' })
  expect((await chf.recordsOf(line)).map(({ quantity }) => quantity)).toEqual([12n])
})

test('of a body that is not as specified what can be read waits for a replay, and the rest stands as it came', async () => {
  const line = await chf.newLine()
  const path = `${at}/${refIn(await chf.post(at, request(line, [ask])))}/update`
  const bad = { localSequenceNumber: 1, totalVolume: -5 }
  const good = { localSequenceNumber: 2, totalVolume: 200 }
  const body = request(line, [used(100), { ratingGroup: 2, usedUnitContainer: [bad, good] }])
  expect((await chf.post(path, body)).body.cause).toBe('OPTIONAL_IE_INCORRECT')
  const kept = await chf.rejectsOf(line.imsi)
  expect(kept.map(({ reason, record }) => [reason, record?.['quantity']]).sort()).toEqual([
    ['invalid', undefined],
    ['invalid', '100'],
    ['invalid', '200'],
  ])
  expect(kept.find(({ record }) => !record)?.original).toBe(JSON.stringify(body))
  for (const { record, rejectId } of kept)
    if (record) expect(await replayReject(chf.app, rejectId)).toEqual({ outcome: 'replayed' })
  await chf.post(path, body)
  expect(await chf.rejectsOf(line.imsi)).toHaveLength(1)
  const { invocationSequenceNumber: _, ...unnumbered } = request(line, [used(300)])
  expect((await chf.post(path, unnumbered)).body.cause).toBe('MANDATORY_IE_MISSING')
  const [whole, ...more] = (await chf.rejectsOf(line.imsi)).filter(({ record }) => record)
  expect([whole?.record?.['quantity'], more]).toEqual(['300', []])
  const quantities = (await chf.recordsOf(line)).map(({ quantity }) => quantity)
  expect(quantities.sort()).toEqual([100n, 200n])
})

test('what is no JSON is kept as it came; where it was used is never guessed', async () => {
  const line = await chf.newLine()
  const cut = JSON.stringify(request(line, [used(5)])).slice(0, -3)
  expect((await chf.post(at, cut)).body.cause).toBe('INVALID_MSG_FORMAT')
  const nowhere = { pduSessionInformation: { servingCNPlmnId: { mcc: 'JP', mnc: '10' } } }
  await chf.post(at, request(line, [used(5)], { pDUSessionChargingInformation: nowhere }))
  const kept = await chf.rejectsOf(line.imsi)
  expect(kept.map(({ reason, record }) => [reason, record])).toEqual([
    ['invalid', null],
    ['invalid', null],
  ])
  expect(kept.some(({ original }) => original === cut)).toBe(true)
})
