/** Remote provisioning over HTTP on a real database: an eUICC and its assistant against the embedded SM-DP+. */
import { Agent, request, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  cancelDownload,
  downloadProfile,
  type Es9,
  sendNotifications,
} from '../simulators/phone/assistant.ts'
import { registerEs9Routes } from '../src/esim/es9-routes.ts'
import { registerEsimRoutes } from '../src/esim/routes.ts'
import { openRsp } from '../src/esim/rsp-gateway.ts'
import { readFacts } from '../src/esim/download-store.ts'
import { sweepRspSessions } from '../src/esim/rsp-store.ts'
import { openMatchingId, sealedMatchingId } from '../src/esim/seal-store.ts'
import { deleteProfile, disableProfile, enableProfile } from '../src/esim/sgp22/euicc.ts'
import { readSubscription } from '../src/esim/sgp22/saip-personalise.ts'
import { endProfiles } from '../src/esim/closing-store.ts'
import { requestProfile, takeProfile } from '../src/esim/store.ts'
import { until } from '../src/main/demo-person.ts'
import { openRspServer } from '../src/main/rsp-server.ts'
import { openHttp } from '../src/platform/http.ts'
import { chipOf as chipIn } from './es2-lab.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, member } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

const curves = ['nist', 'brainpool'] as const
const chipOf = (name: (typeof curves)[number]) => chipIn(platform.config.dataDir, name)

const es9: Es9 = async (_address, name, body) => post(platform.url, name, JSON.stringify(body))

async function post(url: string, name: string, body: string, type = 'application/json') {
  const response = await fetch(`${url}/gsma/rsp2/es9plus/${name}`, {
    method: 'POST',
    headers: { 'content-type': type, 'x-admin-protocol': 'gsma/rsp/v2.2.0' },
    body,
  })
  expect(response.headers.get('x-admin-protocol')).toMatch(/^gsma\/rsp\/v2/)
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) }
}

/** A server started for one call, with everything read anew from disk and database. */
const restarted: Es9 = async (_address, name, body) => {
  const http = await openHttp(platform.app)
  await registerEs9Routes(http, platform.app, await openRsp(platform.config, Date.now()))
  const url = await http.listen({ port: 0, host: '127.0.0.1' })
  try {
    return await post(url, name, JSON.stringify(body))
  } finally {
    await http.close()
  }
}

async function soldLine() {
  const someone = await member(platform)
  const { lineId, line } = await buyLine(someone)
  const { body: installation } = await someone.get(`/v1/lines/${lineId}/installation`)
  const { address: smdpAddress, matchingId } = installation.manual
  return { someone, lineId, line, wish: { smdpAddress, matchingId } }
}

const profileOf = async (matchingId: string) =>
  platform.db
    .selectFrom('profile')
    .selectAll()
    .where('matching_id', '=', sealedMatchingId(platform.config.masterKey, matchingId))
    .executeTakeFirstOrThrow()

test.each(curves)(
  '%s: installed, enabled, used, disabled, deleted, the server restarted before every call',
  async (curve) => {
    const { someone, lineId, line, wish } = await soldLine()
    const chip = chipOf(curve)
    const done = await downloadProfile(restarted, chip, wish)
    const before = await profileOf(wish.matchingId)
    expect(done).toEqual({ kind: 'installed', iccid: before.iccid })
    expect(before).toMatchObject({ state: 'downloaded', eid: chip.euicc.eid })
    expect(await sendNotifications(restarted, chip)).toBe(1)
    await until(
      async () => (await someone.get(`/v1/lines/${lineId}`)).body,
      ({ state }) => state === 'active',
    )
    const [profile] = chip.state().profiles
    const held = readSubscription(Buffer.from(profile?.profilePackage ?? '', 'base64'))
    expect(held).toMatchObject({ iccid: before.iccid, imsi: before.imsi, msisdn: line.msisdn })
    expect(held.k).toHaveLength(16)
    expect(profile?.metadata.serviceProviderName).toBe('Violet Mobile')

    for (const [change, deviceState] of [
      [enableProfile, 'enabled'],
      [disableProfile, 'disabled'],
      [deleteProfile, 'deleted'],
    ] as const) {
      chip.keep(change(chip.euicc, chip.state(), before.iccid).state)
      expect(await sendNotifications(restarted, chip)).toBe(1)
      expect((await profileOf(wish.matchingId)).device_state).toBe(deviceState)
    }
    expect(await profileOf(wish.matchingId)).toMatchObject({
      state: 'installed',
      removal: 'confirmed',
    })
    const { rows } = await sql<{ action: string }>`
    select action from audit_entry where subject_id = ${lineId} and action like 'profile-%' order by at`.execute(
      platform.db,
    )
    expect(rows.map(({ action }) => action)).toEqual([
      'profile-released',
      'profile-downloaded',
      'profile-installed',
      'profile-deleted',
    ])
    expect(await downloadProfile(es9, chipOf(curve), wish)).toMatchObject({ subjectCode: '8.2.6' })
  },
  60_000,
)

test('a download cut off before any call is resumed with the same keys', async () => {
  for (const lost of ['authenticateClient', 'getBoundProfilePackage']) {
    const { wish } = await soldLine()
    const chip = chipOf('nist')
    const cut: Es9 = async (address, name, body) => {
      const reply = await es9(address, name, body)
      if (name === lost) throw new Error('the answer was lost on the way')
      return reply
    }
    await expect(downloadProfile(cut, chip, wish)).rejects.toThrow(/lost/)
    expect(await downloadProfile(es9, chip, wish)).toMatchObject({ kind: 'installed' })
    const { iccid } = await profileOf(wish.matchingId)
    const secret = await platform.db
      .selectFrom('profile_stock')
      .selectAll()
      .where('iccid', '=', iccid)
      .executeTakeFirstOrThrow()
    expect(secret.download_attempts).toBe(1)
    expect(secret.subscription).toMatch(/^[A-Za-z0-9_-]{100,}$/)
  }
})

test('over TLS, with the certificate of the test CI and a connection that is kept', async () => {
  const server = await openRspServer(platform.app, platform.gateways.rsp)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const ca = readFileSync(join(platform.config.dataDir, 'rsp/nist/ci.pem'))
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 })
  try {
    const call: Es9 = (_address, name, body) =>
      overTls({ host: 'localhost', port, agent, path: `/gsma/rsp2/es9plus/${name}` }, body)
    const { wish } = await soldLine()
    const chip = chipOf('nist')
    expect(await downloadProfile(call, chip, wish)).toMatchObject({ kind: 'installed' })
    expect(await sendNotifications(call, chip)).toBe(1)
    expect((await profileOf(wish.matchingId)).state).toBe('installed')
    const { iccid } = await profileOf(wish.matchingId)
    for (const change of [enableProfile, disableProfile, deleteProfile]) {
      chip.keep(change(chip.euicc, chip.state(), iccid).state)
      expect(await sendNotifications(call, chip)).toBe(1)
    }
    expect(await profileOf(wish.matchingId)).toMatchObject({ removal: 'confirmed' })
    const stranger = { host: 'localhost', port, path: '/' }
    await expect(overTls(stranger, {})).rejects.toThrow(/certificate/)
    expect((await overTls({ ...stranger, agent, path: '/v1/me' }, {})).status).toBe(404)
  } finally {
    agent.destroy()
    await server.close()
  }
})

const overTls = (options: RequestOptions, body: object) =>
  new Promise<{ status: number; body: unknown }>((done, fail) => {
    const headers = { 'content-type': 'application/json' }
    const out = request({ ...options, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) }),
      )
    })
    out.on('error', fail)
    out.end(JSON.stringify(body))
  })

test('a wrong matching id is refused and cancelled; another phone cannot take a bound profile', async () => {
  const { wish } = await soldLine()
  const wrong = { ...wish, matchingId: 'NOBODYS' }
  const refused = { kind: 'refused', subjectCode: '8.2.6', reasonCode: '3.8' }
  expect(await downloadProfile(es9, chipOf('nist'), wrong)).toEqual(refused)
  const first = chipOf('nist')
  expect(await downloadProfile(es9, first, wish)).toMatchObject({ kind: 'installed' })
  const second = chipOf('nist')
  expect(second.euicc.eid).not.toBe(first.euicc.eid)
  expect(await downloadProfile(es9, second, wish)).toMatchObject({
    subjectCode: '8.1.1',
    reasonCode: '3.8',
  })
  expect(await profileOf(wish.matchingId)).toMatchObject({ eid: first.euicc.eid })
})

test('a session that was cancelled at another server is over at the one that still remembers it', async () => {
  const { wish } = await soldLine()
  const chip = chipOf('nist')
  const cancelled: Es9 = async (address, name, body) => {
    const { transactionId = '' } = body as { transactionId?: string }
    if (name === 'getBoundProfilePackage')
      await cancelDownload(restarted, chip, address, transactionId, 'postponed')
    return es9(address, name, body)
  }
  const refused = { kind: 'refused', subjectCode: '8.10.1', reasonCode: '3.9' }
  expect(await downloadProfile(cancelled, chip, wish)).toEqual(refused)
  expect(await profileOf(wish.matchingId)).toMatchObject({ state: 'released', eid: null })
  expect(await downloadProfile(es9, chip, wish)).toMatchObject({ kind: 'installed' })
})

test('notifications for somebody else’s profile, late or repeated, get 204 and change nothing', async () => {
  const { wish } = await soldLine()
  const chip = chipOf('nist')
  await downloadProfile(es9, chip, wish)
  const { notifications } = chip.state()
  const [result] = notifications
  const iccid = chip.state().profiles[0]?.iccid ?? ''
  const other = chipOf('nist')
  // Another genuine eUICC claims to have deleted the profile.
  other.keep({ ...chip.state(), notifications: [] })
  other.keep(deleteProfile(other.euicc, other.state(), iccid).state)
  expect(await sendNotifications(es9, other)).toBe(1)
  const before = await profileOf(wish.matchingId)
  expect(before).toMatchObject({ state: 'downloaded', device_state: null })
  for (let time = 0; time < 3; time++)
    await es9('', 'handleNotification', { pendingNotification: result?.signed })
  const installed = await profileOf(wish.matchingId)
  expect(installed).toMatchObject({ state: 'installed', version: before.version + 1 })
})

test('what is not the protocol is answered by it: 200 with a code, 204 for notifications', async () => {
  const big = JSON.stringify({ euiccInfo1: 'A'.repeat(1_000_000) })
  const functions = [
    'initiateAuthentication',
    'authenticateClient',
    'getBoundProfilePackage',
    'cancelSession',
  ]
  const count = async () => {
    const { rows } = await sql`select count(*)::int as n from rsp_session`.execute(platform.db)
    return rows
  }
  const before = await count()
  for (const [body, type] of [
    ['{', 'application/json'],
    ['', 'application/json'],
    ['null', 'application/json'],
    ['[]', 'application/json'],
    ['{"__proto__":{"transactionId":"AA"}}', 'application/json'],
    ['{"transactionId":"AA","authenticateServerResponse":"AAAA"}', 'application/json'],
    ['{}', 'text/plain'],
    [big, 'application/json'],
  ] as const) {
    for (const name of functions) {
      const { status, body: answer } = await post(platform.url, name, body, type)
      expect(status, `${name} ${body.slice(0, 40)}`).toBe(200)
      expect(answer).toMatchObject({
        header: {
          functionExecutionStatus: {
            status: 'Failed',
            statusCodeData: { subjectCode: expect.stringMatching(/^(1\.3\.1|8\.10\.1)$/) },
          },
        },
      })
    }
    expect(await post(platform.url, 'handleNotification', body, type)).toEqual({
      status: 204,
      body: null,
    })
  }
  expect(await count()).toEqual(before)
})

test('a started platform has no channel on which nothing is signed', async () => {
  const statusWith = async (unsignedPhones: boolean) => {
    const app = { ...platform.app, config: { ...platform.config, unsignedPhones } }
    const http = await openHttp(app)
    registerEsimRoutes(http, app)
    const answers = await Promise.all(
      ['/esim/download', '/esim/notifications'].map((url) =>
        http.inject({ method: 'POST', url, payload: {} }),
      ),
    )
    await http.close()
    return answers.map(({ statusCode }) => statusCode)
  }
  expect(await statusWith(false)).toEqual([404, 404])
  expect(await statusWith(true)).toEqual([422, 422])
})

/** A profile more for the line, ordered and ready. */
async function oneMore(subscriberId: string, lineId: string) {
  const { app, db } = platform
  const iccid = await db.transaction().execute(async (trx) => {
    const taken = await takeProfile(trx, app)
    if (!taken) throw new Error('the embedded SM-DP+ makes one where there is none')
    await requestProfile(trx, app, { subscriberId, lineId, ...taken })
    return taken.iccid
  })
  const read = () =>
    db.selectFrom('profile').selectAll().where('iccid', '=', iccid).executeTakeFirstOrThrow()
  const { matching_id: sealed } = await until(read, ({ state }) => state === 'released')
  return { iccid, matchingId: openMatchingId(app, sealed) }
}

test('cancelOrder against getBoundProfilePackage: exactly one wins, every time, and none is left over', async () => {
  const { wish } = await soldLine()
  const { subscriber_id: subscriberId, line_id: lineId } = await profileOf(wish.matchingId)
  const { app, db, gateways } = platform
  let served = 0
  const rounds = Number(process.env['RACES'] ?? 100)
  for (let round = 0; round < rounds; round++) {
    const { iccid, matchingId } = await oneMore(subscriberId, lineId)
    let cancelling: Promise<string> | undefined
    const cancel = () => gateways.orders.cancel(iccid, `race:${iccid}`)
    const racing: Es9 = async (address, name, body) => {
      if (name !== 'getBoundProfilePackage') return es9(address, name, body)
      const early = round % 2 === 0
      if (early) cancelling = cancel()
      if (early) await sleep(round % 8)
      const reply = es9(address, name, body)
      if (!early) await sleep(round % 8)
      if (!early) cancelling = cancel()
      return reply
    }
    const chip = chipOf('nist')
    const done = await downloadProfile(racing, chip, { ...wish, matchingId })
    const outcome = await cancelling
    if (done.kind === 'installed') served += 1
    else expect(done).toEqual({ kind: 'refused', subjectCode: '8.2', reasonCode: '3.7' })
    expect(outcome).toBe(done.kind === 'installed' ? 'too-late' : 'cancelled')
    // Asked again, as after a crash, it is told the same.
    expect(await cancel()).toBe(outcome)
    const ending = { subscriberId, iccid, tooLate: outcome === 'too-late' }
    const removals = await db.transaction().execute((trx) => endProfiles(trx, [ending]))
    expect(removals.get(iccid)).toBe(done.kind === 'installed' ? 'unconfirmed' : 'never-downloaded')
    expect((await profileOf(matchingId)).state).toBe('unavailable')
    const again = await downloadProfile(es9, chip, { ...wish, matchingId })
    expect(again).toMatchObject({ kind: 'refused', subjectCode: '8.2.6' })
    // The result that comes late changes nothing.
    await sendNotifications(es9, chip)
    expect((await profileOf(matchingId)).state).toBe('unavailable')
    const { stock } = await readFacts(app, 'named', iccid)
    expect(stock).toMatchObject({ state: 'unavailable', eid: null, subscription: null })
  }
  // Neither side always wins, or it was no race.
  expect(served).toBeGreaterThan(0)
  expect(served).toBeLessThan(rounds)
}, 900_000)

test('sessions nobody went on with are forgotten, the others kept for their results', async () => {
  const chip = chipOf('nist')
  const { wish } = await soldLine()
  await downloadProfile(es9, chip, wish)
  const phases = async () => {
    const { rows } = await sql<{ phase: string }>`
      select distinct session->>'phase' as phase from rsp_session order by 1`.execute(platform.db)
    return rows.map(({ phase }) => phase)
  }
  const stopBefore =
    (last: string): Es9 =>
    async (address, name, body) => {
      if (name === last) throw new Error('no further')
      return es9(address, name, body)
    }
  // Of a phone that goes no further than the first call nothing is kept at all.
  await expect(
    downloadProfile(stopBefore('authenticateClient'), chipOf('nist'), wish),
  ).rejects.toThrow(/no further/)
  expect(await phases()).not.toContain('initiated')
  const wrong = { ...wish, matchingId: 'NOBODYS' }
  await expect(downloadProfile(stopBefore('cancelSession'), chipOf('nist'), wrong)).rejects.toThrow(
    /no further/,
  )
  expect(await phases()).toContain('refused')
  platform.clock.advance({ hours: 2 })
  await sweepRspSessions(platform.app)
  expect(await phases()).not.toContain('refused')
  expect(await phases()).toContain('authenticated')
  expect(await sendNotifications(es9, chip)).toBe(1)
  expect((await profileOf(wish.matchingId)).state).toBe('installed')
  platform.clock.advance({ hours: 24 * 31 })
  await sweepRspSessions(platform.app)
  expect(await phases()).toEqual([])
})
