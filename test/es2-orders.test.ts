/** A line's profile is ordered over ES2+: once whatever is lost on the way, for one phone or with a code where that is wished, and none of its secrets is left anywhere. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { downloadProfile, type Es9, sendNotifications } from '../simulators/phone/assistant.ts'
import { endProfiles } from '../src/esim/closing-store.ts'
import {
  type CallSmdp,
  callOver,
  openConfiguredOrders,
  openOrders,
} from '../src/esim/order-gateway.ts'
import { orderJobs } from '../src/esim/order-steps.ts'
import { readFacts } from '../src/esim/download-store.ts'
import { resealProfiles, sealProfiles } from '../src/esim/reseal-store.ts'
import { confirmationHashOf } from '../src/esim/rsp-store.ts'
import { openSealed } from '../src/esim/seal-store.ts'
import { iccidToWire } from '../src/esim/sgp22/es2.ts'
import { readSubscription } from '../src/esim/sgp22/saip-personalise.ts'
import { ownRequester } from '../src/esim/stock-store.ts'
import { requestProfile, takeProfile } from '../src/esim/store.ts'
import { until } from '../src/main/demo-person.ts'
import type { App } from '../src/platform/app.ts'
import { Fault } from '../src/values/fault.ts'
import { chipOf, foreignKeys } from './es2-lab.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { leaksIn, type Secrets, writtenDown } from './secrets.ts'
import { buyLine, draftClosure, member, submit, untilState } from './way.ts'

let platform: TestPlatform
let call: CallSmdp
beforeAll(async () => {
  platform = await testPlatform({ logs: true })
  const { es2 } = platform.gateways.rsp
  call = callOver({ url: platform.config.es2?.url ?? '', ca: es2.ca, ...es2.client })
})
afterAll(() => platform.close())

const es9: Es9 = async (_address, name, body) => {
  const response = await fetch(`${platform.url}/gsma/rsp2/es9plus/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

async function sold() {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone)
  const { iccid } = await platform.db
    .selectFrom('profile')
    .select('iccid')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const at = `/v1/lines/${lineId}/installation`
  const installation = () =>
    until(
      async () => (await someone.get(at)).body,
      ({ code }) => code !== 'profile-in-preparation',
    )
  return { someone, lineId, iccid, at, installation }
}

const profileOf = (iccid: string) =>
  platform.db.selectFrom('profile').selectAll().where('iccid', '=', iccid).executeTakeFirstOrThrow()
const stockOf = (iccid: string) =>
  platform.db
    .selectFrom('profile_stock')
    .selectAll()
    .where('iccid', '=', iccid)
    .executeTakeFirstOrThrow()
const functionsOf = async (iccid: string) =>
  (
    await platform.db
      .selectFrom('profile_event')
      .select('action')
      .where('iccid', '=', iccid)
      .orderBy('version')
      .execute()
  ).map(({ action }) => action)

/** A line whose order nobody has taken up: the job is run by hand. */
async function unordered() {
  const { someone, lineId } = await sold()
  const { subscriber_id: subscriberId } = await platform.db
    .selectFrom('profile')
    .select('subscriber_id')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const queue = { ...platform.app.queue, send: async () => undefined }
  const app: App = { ...platform.app, queue }
  const iccid = await platform.db.transaction().execute(async (trx) => {
    const taken = await takeProfile(trx, app)
    if (!taken) throw new Error('the embedded SM-DP+ makes one where there is none')
    await requestProfile(trx, app, { subscriberId, lineId, ...taken })
    return taken.iccid
  })
  return { someone, app, key: { subscriberId, iccid }, lineId }
}

const run = (app: App, by: CallSmdp, key: Record<string, string>) => {
  const [job] = orderJobs(app, openOrders(by, ownRequester))
  return job!.run(key)
}

test.each(['downloadOrder', 'confirmOrder', 'releaseProfile'])(
  '%s is done and its answer lost: asked again, each function has its effect once',
  async (lost) => {
    const { app, key } = await unordered()
    const { iccid } = key
    let times = 0
    const lossy: CallSmdp = async (name, body) => {
      const answer = await call(name, body)
      if (name === lost && times++ < 2) throw new Fault('smdp', 'unknown', 'the answer was lost')
      return answer
    }
    await expect(run(app, lossy, key)).rejects.toThrow(/lost/)
    await expect(run(app, lossy, key)).rejects.toThrow(/lost/)
    await run(app, lossy, key)
    await run(app, lossy, key)
    expect((await profileOf(iccid)).state).toBe('released')
    const { state, matching_id } = await stockOf(iccid)
    expect([state, matching_id]).toEqual(['released', (await profileOf(iccid)).matching_id])
    expect(await functionsOf(iccid)).toEqual([
      'made',
      'downloadOrder',
      'confirmOrder',
      'releaseProfile',
    ])
    const audits = await platform.db
      .selectFrom('audit_entry')
      .select('detail')
      .where('subscriber_id', '=', key.subscriberId)
      .where('action', '=', 'profile-released')
      .execute()
    // The line's first profile, and this one.
    expect(audits).toHaveLength(2)
  },
)

test('a server that remembers no calls is asked again all the same', async () => {
  const { app, key } = await unordered()
  let calls = 0
  // Without the name of the call, every call is a new one there.
  const forgetful: CallSmdp = async (name, body) => {
    const { header } = body as { header: object }
    const functionCallIdentifier = `other-${(calls += 1)}-${key.iccid}`
    const answer = await call(name, { ...body, header: { ...header, functionCallIdentifier } })
    if (calls <= 6) throw new Fault('smdp', 'unknown', 'the answer was lost')
    return answer
  }
  for (let time = 0; time < 12; time++) await run(app, forgetful, key).catch(() => undefined)
  expect((await profileOf(key.iccid)).state).toBe('released')
  expect((await stockOf(key.iccid)).state).toBe('released')
})

test.each(['downloadOrder', 'confirmOrder', 'releaseProfile'])(
  'a line that ends while %s is under way: its order is never left open',
  async (during) => {
    const { app, key } = await unordered()
    const ending: CallSmdp = async (name, body) => {
      const end = () => platform.db.transaction().execute((trx) => endProfiles(trx, [key]))
      if (name === during) await end()
      return call(name, body)
    }
    await run(app, ending, key).catch(() => undefined)
    await run(app, call, key)
    expect((await profileOf(key.iccid)).state).toBe('unavailable')
    expect((await stockOf(key.iccid)).state).toBe('unavailable')
    expect(await functionsOf(key.iccid)).not.toContain('releaseProfile')
  },
)

test('closing before the download cancels the order over ES2+; the code on the page dies', async () => {
  const { someone, lineId, iccid, installation } = await sold()
  const { manual } = await installation()
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'closed')
  expect((await functionsOf(iccid)).at(-1)).toBe('cancelOrder')
  expect(await stockOf(iccid)).toMatchObject({ state: 'unavailable', subscription: null })
  const wish = { smdpAddress: manual.address, matchingId: manual.matchingId }
  const refused = await downloadProfile(es9, chipOf(platform.config.dataDir), wish)
  expect(refused).toMatchObject({ kind: 'refused', subjectCode: '8.2.6', reasonCode: '3.8' })
  expect(await installation()).toMatchObject({ code: 'profile-not-available' })
  const { body } = await someone.get(`/v1/closures/${draft.caseId}/certificate.json`)
  expect(body.certificate.lines[0].profileRemoval).toBe('never-downloaded')
  const anew = { eid: null, confirmationCode: true }
  const again = await someone.post(`/v1/lines/${lineId}/installation`, anew)
  expect([again.status, again.body.code]).toEqual([409, 'line-closed'])
}, 60_000)

test('with a confirmation code: the portal shows it, the phone asks for it, five wrong ones end it, a new one works', async () => {
  const { someone, iccid, at, installation, lineId } = await sold()
  const first = await installation()
  expect(first).toMatchObject({ confirmationCode: null, eid: null })
  expect((await someone.post(at, { eid: null, confirmationCode: true })).status).toBe(202)
  const shown = await until(installation, ({ confirmationCode }) => confirmationCode !== null)
  expect(shown.confirmationCode).toMatch(/^\d{6}$/)
  expect(shown.activationCode).toMatch(/\$\$1$/)
  expect(shown.manual.matchingId).not.toBe(first.manual.matchingId)
  expect(JSON.stringify(await profileOf(iccid))).not.toContain(shown.confirmationCode)
  const { address: smdpAddress, matchingId } = shown.manual
  const chip = () => chipOf(platform.config.dataDir)
  const old = { smdpAddress, matchingId: first.manual.matchingId }
  expect(await downloadProfile(es9, chip(), old)).toMatchObject({ subjectCode: '8.2.6' })
  const attempt = (confirmationCode?: string) =>
    downloadProfile(es9, chip(), {
      smdpAddress,
      matchingId,
      ...(confirmationCode !== undefined && { confirmationCode }),
    })
  expect(await attempt()).toMatchObject({ subjectCode: '8.2.7', reasonCode: '2.2' })
  const wrong = shown.confirmationCode === '000000' ? '111111' : '000000'
  for (let time = 1; time < 5; time++)
    expect(await attempt(wrong)).toMatchObject({ subjectCode: '8.2.7', reasonCode: '3.8' })
  expect(await attempt(wrong)).toMatchObject({ subjectCode: '8.2.7', reasonCode: '6.4' })
  expect(await attempt(shown.confirmationCode)).toMatchObject({ subjectCode: '8.2.6' })
  expect(await installation()).toMatchObject({ code: 'profile-download-failed' })
  expect((await someone.post(at, { eid: null, confirmationCode: true })).status).toBe(202)
  const second = await until(installation, ({ manual }) => manual !== undefined)
  const right = {
    smdpAddress,
    matchingId: second.manual.matchingId,
    confirmationCode: second.confirmationCode as string,
  }
  const own = chip()
  expect(await downloadProfile(es9, own, right)).toEqual({ kind: 'installed', iccid })
  await sendNotifications(es9, own)
  await until(
    async () => (await someone.get(`/v1/lines/${lineId}`)).body,
    ({ state }) => state === 'active',
  )
  const late = await someone.post(at, { eid: null, confirmationCode: false })
  expect([late.status, late.body.code]).toEqual([409, 'profile-not-available'])
}, 60_000)

test('for one phone alone, whose EID passes; nobody else’s line, and no nonsense', async () => {
  const { someone, at, installation } = await sold()
  const [mine, theirs] = [chipOf(platform.config.dataDir), chipOf(platform.config.dataDir)]
  const { eid } = mine.euicc
  for (const bad of ['1'.repeat(32), eid.slice(1), `${eid}0`, '', 'x'])
    expect((await someone.post(at, { eid: bad, confirmationCode: false })).status).toBe(422)
  const stranger = await member(platform)
  expect((await stranger.post(at, { eid, confirmationCode: false })).status).toBe(404)
  expect((await someone.post(at, { eid, confirmationCode: false })).status).toBe(202)
  const shown = await until(installation, ({ eid: one }) => one === eid)
  const { address: smdpAddress, matchingId } = shown.manual
  const refused = await downloadProfile(es9, theirs, { smdpAddress, matchingId })
  expect(refused).toMatchObject({ subjectCode: '8.1.1', reasonCode: '3.8' })
  const done = await downloadProfile(es9, mine, { smdpAddress, matchingId })
  expect(done).toMatchObject({ kind: 'installed' })
}, 60_000)

test('an SM-DP+ that is not there, that is not trusted, or that does not speak: a fault that says what may have happened', async () => {
  const body = { header: {}, iccid: iccidToWire('8944990000000000011') }
  const { es2 } = platform.gateways.rsp
  const place = { url: platform.config.es2?.url ?? '', ca: es2.ca, ...es2.client }
  const faultOf = (by: CallSmdp) =>
    openOrders(by, ownRequester)
      .cancel('8944990000000000011', 'key')
      .then(
        () => 'none',
        (error: unknown) => (error instanceof Fault ? error.outcome : String(error)),
      )
  expect(await faultOf(callOver({ ...place, url: 'https://localhost:1' }))).toBe('not-done')
  const { ca } = await foreignKeys()
  expect(await faultOf(callOver({ ...place, ca }))).toBe('unknown')
  const { cert, key } = await foreignKeys()
  expect(await faultOf(callOver({ ...place, cert, key }))).toBe('unknown')
  const mute = createServer((socket) => socket.destroy())
  await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done))
  const { port } = mute.address() as AddressInfo
  expect(await faultOf(callOver({ ...place, url: `https://127.0.0.1:${port}` }))).toBe('unknown')
  await new Promise((done) => mute.close(done))
  expect(await faultOf(async () => ({ status: 500, body: undefined }))).toBe('unknown')
  expect(await faultOf(async () => ({ status: 200, body: {} }))).toBe('unknown')
  expect(await call('cancelOrder', body)).toMatchObject({ status: 200 })
  const smdp = {
    url: place.url,
    keyFile: '/nowhere/key.pem',
    certFile: '/nowhere/cert.pem',
    caFile: '/nowhere/ca.pem',
    requester: '1.2.3',
    profileType: 'x',
  }
  expect(() => openConfiguredOrders({ smdp }, es2)).toThrow(/cannot be read \(ENOENT\)/)
}, 60_000)

test('keys, codes and matching ids of a download are in no log, no answer that refuses, and no column that can be read', async () => {
  const { someone, lineId, at, installation } = await sold()
  const nickname = 'Violet’s second telephone'
  await someone.patch(`/v1/lines/${lineId}`, { nickname })
  await someone.post(at, { eid: null, confirmationCode: true })
  const { activationCode, confirmationCode, manual } = await installation()
  const { address: smdpAddress, matchingId } = manual
  const chip = chipOf(platform.config.dataDir, 'nist')
  const refusals: string[] = []
  const heard: Es9 = async (address, name, request) => {
    const reply = await es9(address, name, request)
    const text = JSON.stringify(reply.body)
    if (text.includes('"Failed"')) refusals.push(`${name}: ${text}`)
    return reply
  }
  const wish = { smdpAddress, matchingId }
  for (const typed of [undefined, 'wrong', confirmationCode])
    await downloadProfile(heard, chip, { ...wish, ...(typed && { confirmationCode: typed }) })
  const [profile] = chip.state().profiles
  const { iccid = '' } = profile ?? {}
  const { stock } = await readFacts(platform.app, 'named', iccid)
  expect(stock?.state).toBe('downloaded')
  const about = `${stock?.sealAbout} binding`
  const binding = openSealed(platform.app, about, stock?.binding ?? '') as Record<string, string>
  // Another phone comes too late, and one asks for what is nothing at all.
  await downloadProfile(heard, chipOf(platform.config.dataDir, 'nist'), wish)
  await heard('', 'authenticateClient', {
    transactionId: matchingId,
    authenticateServerResponse: activationCode,
  })
  await platform.gateways.orders.cancel(iccid, 'secrets').catch(() => undefined)
  await sendNotifications(heard, chip)

  const { k, opc, adm1, pin, puk } = readSubscription(
    Buffer.from(profile?.profilePackage ?? '', 'base64'),
  ) as Required<ReturnType<typeof readSubscription>>
  const bytes = (name: string) => Buffer.from(binding[name] ?? '', 'base64')
  const secrets: Secrets = {
    k,
    opc,
    adm1,
    puk,
    'pin as the card has it': Buffer.from(pin.padEnd(8, '\xff'), 'latin1'),
    'pin by its name': `"pin":"${pin}"`,
    'one-time key': bytes('smdpScalar'),
    'keys of the profile': bytes('ppk'),
    matchingId,
    activationCode,
    confirmationCode,
    'hash of the confirmation code': createHash('sha256').update(confirmationCode).digest(),
    nickname,
  }
  for (const secret of Object.values(secrets)) expect(secret.length).toBeGreaterThanOrEqual(6)
  expect(refusals).toHaveLength(4)
  const lines = [...refusals, ...(await writtenDown(platform.db, platform.config.dataDir))]
  expect(lines.filter((line) => line.startsWith('pgboss.job'))).not.toEqual([])
  expect(lines.filter((line) => line.includes('a phone was refused'))).not.toEqual([])
  expect(leaksIn(lines, secrets)).toEqual([])
})

test('what an older version left readable is sealed, and what a former master key sealed is found and sealed anew', async () => {
  const { app, db, config } = platform
  const { iccid, installation } = await sold()
  const { matchingId } = (await installation()).manual
  const hash = createHash('sha256').update('4711').digest('base64')
  const answer = JSON.stringify({ matchingId })
  await sql`update profile set matching_id = ${matchingId} where iccid = ${iccid}`.execute(db)
  await sql`update profile_stock set matching_id = ${matchingId}, confirmation_hash = ${hash}, last_answer = ${answer}
    where iccid = ${iccid}`.execute(db)
  await sealProfiles(app)
  await sealProfiles(app)
  const secrets = { matchingId, hash: Buffer.from(hash, 'base64') }
  const isFound = async (by: typeof app) =>
    (await readFacts(by, 'offered', 'none', matchingId)).stock?.iccid === iccid
  const next = { ...app, config: { ...config, masterKey: Buffer.alloc(32, 5) } }
  const both = { ...next, config: { ...next.config, formerMasterKeys: [config.masterKey] } }
  expect([await isFound(app), await isFound(both), await isFound(next)]).toEqual([
    true,
    true,
    false,
  ])
  expect(await resealProfiles(both)).toBeGreaterThan(0)
  expect(await resealProfiles(both)).toBe(0)
  expect([await isFound(app), await isFound(both), await isFound(next)]).toEqual([
    false,
    true,
    true,
  ])
  const { stock } = await readFacts(next, 'named', iccid)
  expect(stock && confirmationHashOf(next, stock)).toBe(hash)
  expect(leaksIn(await writtenDown(db, config.dataDir), secrets)).toEqual([])
  const back = { ...app, config: { ...config, formerMasterKeys: [next.config.masterKey] } }
  await resealProfiles(back)
  await db.deleteFrom('upgrade_done').where('name', '=', 'seal-matching-ids').execute()
  expect(await isFound(app)).toBe(true)
})
