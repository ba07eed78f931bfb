/** Online charging on the whole platform, driven by a client that is none of ours: curl, HTTP/2 with prior knowledge. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { until } from '../src/main/demo-person.ts'
import { sweepSessions } from '../src/usage/nchf/steps.ts'
import { type H2Answer, openH2 } from './charging.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

const run = promisify(execFile)

let platform: TestPlatform
let hasCurl = false
beforeAll(async () => {
  platform = await testPlatform()
  const { stdout } = await run('curl', ['--version']).catch(() => ({ stdout: '' }))
  hasCurl = /\bHTTP2\b/.test(stdout)
})
afterAll(() => platform.close())

/** By curl where it knows HTTP/2, else by Node's own client. */
async function post(path: string, body: object): Promise<H2Answer> {
  const origin = platform.config.nchf.url
  if (!hasCurl) {
    const client = openH2(origin)
    const answer = await client.post(path, body)
    await client.close()
    return answer
  }
  const args = ['--silent', '--show-error', '--http2-prior-knowledge', '--include']
  const json = ['--header', 'content-type: application/json', '--data-binary', JSON.stringify(body)]
  const { stdout } = await run('curl', [...args, ...json, origin + path])
  const [head = '', text = ''] = stdout.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  expect(line).toMatch(/^HTTP\/2 \d{3}/)
  const headers = Object.fromEntries(
    fields.map((one) => [one.slice(0, one.indexOf(':')), one.slice(one.indexOf(':') + 1).trim()]),
  )
  return { status: Number(line.split(' ')[1]), headers, body: text ? JSON.parse(text) : undefined }
}

const chargingData = '/nchf-convergedcharging/v3/chargingdata'
let sequence = 0
const request = (imsi: string, usage: object[], plmn = { mcc: '234', mnc: '10' }) => ({
  subscriberIdentifier: `imsi-${imsi}`,
  nfConsumerIdentification: { nodeFunctionality: 'SMF', nFName: 'smf-1' },
  invocationTimeStamp: platform.clock.now().toString(),
  invocationSequenceNumber: sequence++,
  multipleUnitUsage: usage,
  pDUSessionChargingInformation: {
    pduSessionInformation: { pduSessionID: 1, dnnId: 'internet', servingCNPlmnId: plmn },
  },
})
const ask = { ratingGroup: 1, requestedUnit: { totalVolume: 50_000_000 } }
const used = (totalVolume: number) => ({
  ratingGroup: 1,
  usedUnitContainer: [{ localSequenceNumber: 1, totalVolume }],
})
const refIn = ({ headers }: H2Answer) => headers['location']!.split('/').at(-1)!

async function activeLine() {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone)
  await install(platform, someone, lineId)
  const { rows } = await sql<{ imsi: string }>`
    select imsi from line where line_id = ${lineId}`.execute(platform.db)
  return { someone, lineId, imsi: rows[0]!.imsi }
}

const holdings = async (lineId: string) =>
  (
    await sql<{ reserved: bigint; held: bigint; open: number }>`
      select (select sum(r)::int8 from unnest(reserved) r) as reserved, held_minor as held, open_sessions as open
      from purse where line_id = ${lineId}`.execute(platform.db)
  ).rows[0]

test('curl drives create, update and release; the portal shows each within two seconds', async () => {
  const { someone, lineId, imsi } = await activeLine()
  const shown = async () => (await someone.get(`/v1/lines/${lineId}/usage`)).body.items
  const within = (count: number) => until(shown, (items) => items.length === count, 2000)
  const created = await post(chargingData, request(imsi, [ask]))
  expect(created.status).toBe(201)
  const path = `${chargingData}/${refIn(created)}`
  const updated = await post(`${path}/update`, request(imsi, [{ ...used(42_000_000), ...ask }]))
  expect(updated.body.multipleUnitInformation[0]).toMatchObject({
    resultCode: 'SUCCESS',
    grantedUnit: { totalVolume: 50_000_000 },
  })
  expect((await within(1))[0]).toMatchObject({ kind: 'data', quantity: '42000000', country: 'GB' })
  expect((await post(`${path}/release`, request(imsi, [used(1_234_567)]))).status).toBe(204)
  expect((await within(2))[0]).toMatchObject({ quantity: '1234567', fromBucket: '1234567' })
  expect(await holdings(lineId)).toEqual({ reserved: 0n, held: 0n, open: 0 })
  expect((await post(`${path}/update`, request(imsi, [used(1)]))).body.cause).toBe(
    'CONTEXT_NOT_FOUND',
  )
}, 60_000)

test('abroad credit is held and charged, and the ledger agrees', async () => {
  const { someone, lineId, imsi } = await activeLine()
  await topUp(someone, lineId, '20.00')
  const japan = { mcc: '440', mnc: '10' }
  const created = await post(chargingData, request(imsi, [ask], japan))
  // Fifty blocks of 3p.
  expect(await holdings(lineId)).toMatchObject({ held: 150n, open: 1 })
  const path = `${chargingData}/${refIn(created)}`
  await post(`${path}/release`, request(imsi, [used(7_500_000)], japan))
  const { body: line } = await someone.get(`/v1/lines/${lineId}`)
  expect(line.paidCredit.amount).toBe('19.76')
  expect(await holdings(lineId)).toMatchObject({ held: 0n, open: 0 })
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('an abandoned session gives back what it held, once its validity is over', async () => {
  const { lineId, imsi } = await activeLine()
  const created = await post(chargingData, request(imsi, [ask]))
  expect(await holdings(lineId)).toMatchObject({ reserved: 50_000_000n, open: 1 })
  await sweepSessions(platform.app)
  expect(await holdings(lineId)).toMatchObject({ reserved: 50_000_000n, open: 1 })
  platform.clock.advance({ minutes: 80 })
  await until(
    () => holdings(lineId),
    (held) => held?.reserved === 0n && held.open === 0,
  )
  // What it used all the same is told late, and counts.
  const path = `${chargingData}/${refIn(created)}`
  expect((await post(`${path}/release`, request(imsi, [used(5000)]))).status).toBe(204)
  const { rows } =
    await sql`select 1 from usage_record where line_id = ${lineId} and quantity = 5000`.execute(
      platform.db,
    )
  expect(rows).toHaveLength(1)
}, 60_000)

test('closing waits for the network to end the session, and charges what it tells', async () => {
  const { someone, lineId, imsi } = await activeLine()
  const created = await post(chargingData, request(imsi, [ask]))
  const draft = await draftClosure(someone, 'line', lineId)
  const rows = draft.readiness as { key: string; state: string }[]
  expect(rows.find(({ key }) => key === 'open-session')?.state).toBe('to-do')
  await submit(someone, draft)
  const path = `${chargingData}/${refIn(created)}`
  await untilDetached(draft.caseId)
  // It waits on purpose, a second at a time: a release in the nick of time would prove nothing.
  const waiting = async () => {
    const now = platform.clock.now()
    const { rows: found } = await sql`select 1 from closure_case where case_id = ${draft.caseId}
      and wake_at > ${now} and wake_at < ${now.add({ seconds: 2 })}`.execute(platform.db)
    return found
  }
  await until(waiting, (found) => found.length > 0)
  expect((await post(`${path}/release`, request(imsi, [used(3_000_000)]))).status).toBe(204)
  await untilState(someone, draft.caseId, 'closed')
  expect(await holdings(lineId)).toEqual({ reserved: 0n, held: 0n, open: 0 })
  const { rows: records } = await sql`
    select 1 from usage_record where line_id = ${lineId} and outcome = 'charged'`.execute(
    platform.db,
  )
  expect(records).toHaveLength(1)
}, 60_000)

test('a network that never ends the session holds no closure up; what it tells late is absorbed', async () => {
  const { someone, lineId, imsi } = await activeLine()
  await topUp(someone, lineId, '5.00')
  const created = await post(chargingData, request(imsi, [ask], { mcc: '440', mnc: '10' }))
  expect(await holdings(lineId)).toMatchObject({ held: 150n })
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilDetached(draft.caseId)
  platform.clock.advance({ seconds: 31 })
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect(closed.finalStatement[0].sourcesTotal).toEqual(closed.finalStatement[0].destinationsTotal)
  expect(await holdings(lineId)).toEqual({ reserved: 0n, held: 0n, open: 0 })
  const path = `${chargingData}/${refIn(created)}`
  const late = request(imsi, [used(9_000_000)], { mcc: '440', mnc: '10' })
  expect((await post(`${path}/release`, late)).status).toBe(204)
  const { rows } = await sql<{ outcome: string; charged: bigint; absorbed: bigint }>`
    select outcome, charged_minor as charged, absorbed_minor as absorbed from usage_record
    where line_id = ${lineId}`.execute(platform.db)
  expect(rows).toEqual([{ outcome: 'absorbed', charged: 0n, absorbed: 27n }])
  expect((await post(chargingData, request(imsi, [ask]))).body.cause).toBe(
    'END_USER_REQUEST_DENIED',
  )
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
  // Where the phone was is forgotten with the usage.
  const remembered = async () =>
    (
      await sql<{ sessions: string }>`select sessions from purse where line_id = ${lineId}`.execute(
        platform.db,
      )
    ).rows[0]?.sessions
  expect(await remembered()).toContain('440')
  const { rows: kept } = await sql<{ until: Temporal.Instant }>`
    select keep_until as until from retention where case_id = ${draft.caseId} and category = 'usage'`.execute(
    platform.db,
  )
  const hours = kept[0]!.until.since(platform.clock.now()).total('hours')
  platform.clock.advance({ hours: Math.ceil(hours) + 1 })
  await until(remembered, (sessions) => sessions === '')
}, 60_000)

async function untilDetached(caseId: string) {
  const detached = async () =>
    (
      await sql`select 1 from closure_step where case_id = ${caseId} and step like 'detach:%'`.execute(
        platform.db,
      )
    ).rows
  await until(detached, (rows) => rows.length > 0)
}
