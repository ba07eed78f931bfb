import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Certificate } from '../../src/esim/sgp22/certificate.ts'
import { openRsp } from '../../src/esim/rsp-gateway.ts'
import type { Subscription } from '../../src/esim/sgp22/saip-personalise.ts'
import type { StatusName } from '../../src/esim/sgp22/status.ts'
import { startNetwork } from '../network/server.ts'
import { networks } from '../networks.ts'
import { type PlatformDouble, SECRET, startPlatformDouble } from '../platform-double.ts'
import { readActivationCode } from './device.ts'
import { startPhone } from './server.ts'
import { openSmdpDouble, type SmdpDouble } from './smdp-double.ts'
import { newEid } from './store.ts'

let platform: PlatformDouble
let network: Awaited<ReturnType<typeof startNetwork>>
let phone: Awaited<ReturnType<typeof startPhone>>
let dataDir: string
let smdp: SmdpDouble
let ours: Certificate[]

const start = () =>
  startPhone({
    dataDir,
    platformUrl: platform.url,
    networkUrl: network.url,
    rspPki: join(dataDir, 'rsp'),
    installMs: 60,
    backoffMs: [20],
  })

const profile = {
  iccid: '8944990000000000018',
  imsi: '234990000000001',
  msisdn: '+447700900001',
  name: 'Everyday',
  serviceProvider: 'Violet Mobile',
}

const subscription: Subscription = {
  iccid: profile.iccid,
  imsi: profile.imsi,
  msisdn: profile.msisdn,
  serviceProviderName: profile.serviceProvider,
  k: Buffer.alloc(16, 1),
  opc: Buffer.alloc(16, 2),
  adm1: Buffer.alloc(8, 3),
  pin: '0000',
  puk: '00000000',
}

const answer = (path: string, body: unknown) =>
  path.startsWith('/gsma/rsp2/es9plus/') ? smdp.answer(path, body) : { status: 204 }

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'phone-'))
  platform = await startPlatformDouble()
  const rsp = await openRsp({ dataDir, publicUrl: 'http://localhost:4400' }, Date.now())
  ours = rsp.smdp.identities.map(({ ci }) => ci)
  smdp = openSmdpDouble(rsp, subscription, profile.name)
  platform.answerWith(answer)
  network = await startNetwork({ platformUrl: platform.url, key: 'k', webhookSecret: SECRET })
  phone = await start()
})

afterEach(async () => {
  await phone.close()
  await network.close()
  await platform.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(phone.url + path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // oxlint-disable-next-line typescript/no-explicit-any
  const answer: any = await response.json()
  return { status: response.status, body: answer }
}

const activationCode = 'LPA:1$localhost:4400$ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const install = (n = 1) => call('POST', `/phones/${n}/install`, { activationCode })
const provision = (method = 'PUT', suffix = '') =>
  fetch(`${network.url}/subscribers/${profile.imsi}${suffix}`, {
    method,
    headers: {
      authorization: 'Bearer k',
      ...(method === 'PUT' ? { 'content-type': 'application/json' } : {}),
    },
    ...(method === 'PUT'
      ? { body: JSON.stringify({ msisdn: profile.msisdn, iccid: profile.iccid }) }
      : {}),
  })
const reports = () =>
  platform.received
    .filter(({ path }) => path.endsWith('/handleNotification'))
    .map(({ message }) => {
      const { finalResult: _, seqNumber: seq, ...told } = smdp.heard(message) ?? {}
      return { ...told, seq }
    })
const first = async () => (await call('GET', '/phones/1')).body

test('installing downloads the profile, reports in order, and registers once the network knows it', async () => {
  const installed = await install()
  expect(installed).toMatchObject({ status: 201, body: { iccid: profile.iccid, state: 'enabled' } })
  await vi.waitFor(() => expect(reports()).toHaveLength(2))
  const { eid } = await first()
  expect(reports()).toMatchObject([
    { eid, iccid: profile.iccid, event: 'install', seq: 1 },
    { eid, iccid: profile.iccid, event: 'enable', seq: 2 },
  ])
  expect(await first()).toMatchObject({ profiles: [{ registered: false }] })
  await provision()
  await vi.waitFor(
    async () => expect(await first()).toMatchObject({ profiles: [{ registered: true }] }),
    5000,
  )
})

test('data, calls and SMS reach the network from the country the phone is in', async () => {
  await provision()
  await install()
  expect((await call('POST', '/phones/1/travel', { country: 'JP' })).body).toMatchObject({
    country: 'JP',
  })
  expect((await call('POST', '/phones/1/use', { bytes: 100 })).body).toMatchObject({
    used: { bytes: 100 },
  })
  await call('POST', '/phones/1/call', { to: '+442079460123', seconds: 60 })
  await call('POST', '/phones/1/sms', { to: '+442079460123', text: 'hi' })
  await vi.waitFor(() => {
    const records = platform.received.flatMap(
      ({ message }) => (message['records'] ?? []) as object[],
    )
    expect(records).toMatchObject([
      { kind: 'data', quantity: 100, mcc: '440' },
      { kind: 'voice', quantity: 60 },
      { kind: 'sms', quantity: 1 },
    ])
  })
})

test('a line that is suspended has no service, and says so', async () => {
  await provision()
  await install()
  await provision('POST', '/suspend')
  const refused = await call('POST', '/phones/1/use', { bytes: 100 })
  expect(refused).toMatchObject({ status: 403, body: { code: 'suspended' } })
  expect(refused.body.sentence).toContain('suspended')
  expect(await first()).toMatchObject({ profiles: [{ registered: false, reason: 'suspended' }] })
})

test('deleting switches off first, reports both, and frees the phone', async () => {
  await install()
  expect((await call('POST', '/phones/1/delete')).body).toEqual({ deleted: profile.iccid })
  await vi.waitFor(() =>
    expect(reports().map(({ event }) => event)).toEqual(['install', 'enable', 'disable', 'delete']),
  )
  expect(reports().map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  expect((await first()).profiles).toEqual([])
  expect((await call('POST', '/phones/1/use', { bytes: 1 })).body.code).toBe('no-esim')
})

test.each<[StatusName, number, string]>([
  ['matchingIdRefused', 404, 'code-unknown'],
  ['eidRefused', 409, 'code-used'],
  ['bppUnavailable', 409, 'code-revoked'],
  ['orderExpired', 409, 'code-refused'],
])('a download refused for %s is told as %i %s', async (status, told, failure) => {
  smdp.refuseWith(status)
  expect(await install()).toMatchObject({ status: told, body: { code: failure } })
  expect(await first()).toMatchObject({ installation: { step: 'failed', failure }, profiles: [] })
  expect(platform.received.map(({ path }) => path.split('/').at(-1))).toEqual([
    'initiateAuthentication',
    'authenticateClient',
    'cancelSession',
  ])
})

test('a server that fails, or that the chip does not trust, installs nothing', async () => {
  platform.answerWith(() => ({ status: 500 }))
  expect(await install()).toMatchObject({ status: 503, body: { code: 'server-failed' } })
  const foreign = mkdtempSync(join(tmpdir(), 'foreign-'))
  const rsp = await openRsp({ dataDir: foreign, publicUrl: 'http://localhost:4400' }, Date.now())
  rmSync(foreign, { recursive: true })
  const own = rsp.smdp.identities.map((identity, index) => ({
    ...identity,
    // It claims to be under the CI the chip asks for.
    ci: ours[index] ?? identity.ci,
  }))
  smdp = openSmdpDouble({ ...rsp, smdp: { ...rsp.smdp, identities: own } }, subscription, 'x')
  platform.answerWith(answer)
  expect(await install()).toMatchObject({ status: 409, body: { code: 'server-not-trusted' } })
  expect((await first()).profiles).toEqual([])
})

test('an eSIM that is on the chip is not installed twice, and a chip without certificates says so', async () => {
  await install()
  expect(await install()).toMatchObject({ status: 409 })
  expect((await first()).profiles).toHaveLength(1)
  const bare = await startPhone({
    platformUrl: platform.url,
    networkUrl: network.url,
    rspPki: join(dataDir, 'nowhere'),
    installMs: 1,
  })
  const response = await fetch(`${bare.url}/phones/1/install`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ activationCode }),
  })
  expect(await response.json()).toMatchObject({ code: 'no-certificate' })
  await bare.close()
})

test('an unreachable operator is a sentence, and the phone can try again', async () => {
  const port = Number(new URL(platform.url).port)
  await platform.close()
  expect(await install()).toMatchObject({ status: 503, body: { code: 'server-unreachable' } })
  platform = await startPlatformDouble(port)
  platform.answerWith(answer)
  expect((await install()).status).toBe(201)
})

test('reports keep their order while the platform is failing', async () => {
  await install()
  await vi.waitFor(() => expect(reports()).toHaveLength(2))
  platform.failNext(1)
  await call('POST', '/phones/1/delete')
  await vi.waitFor(() => expect(reports()).toHaveLength(4), 5000)
  expect(reports().map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
})

test('an installation that was interrupted goes on after a restart', async () => {
  await phone.close()
  phone = await startPhone({
    dataDir,
    platformUrl: platform.url,
    networkUrl: network.url,
    rspPki: join(dataDir, 'rsp'),
    installMs: 60_000,
  })
  void install().catch(() => {})
  await vi.waitFor(async () => expect((await first()).installation).toEqual({ step: 'contacting' }))
  await phone.close()
  phone = await start()
  await vi.waitFor(
    async () => expect(await first()).toMatchObject({ profiles: [{ state: 'enabled' }] }),
    5000,
  )
  await vi.waitFor(() => expect(reports()).toHaveLength(2), 5000)
})

test.each([
  ['POST', '/phones/9/install', { activationCode }, 404],
  ['POST', '/phones/x/use', { bytes: 1 }, 404],
  ['POST', '/phones/1/install', { activationCode: 'hello' }, 422],
  ['POST', '/phones/1/install', [], 422],
  ['POST', '/phones/1/use', { bytes: 0 }, 422],
  ['POST', '/phones/1/travel', { country: 'XX' }, 422],
  ['POST', '/phones/1/enable', {}, 422],
  ['POST', '/phones/1/delete', { iccid: '8944990000000000018' }, 404],
])('%s %s with bad input is refused', async (method, path, body, status) => {
  expect((await call(method, path, body)).status).toBe(status)
})

test('activation codes, EIDs and networks are well formed', () => {
  expect(readActivationCode(' LPA:1$rsp.example.com$AB- 12 ')?.matchingId).toBe('AB-12')
  expect(readActivationCode('LPA:1$rsp.example.com$')).toBeUndefined()
  expect(readActivationCode('LPA:2$rsp.example.com$AB12')).toBeUndefined()
  for (let i = 0; i < 200; i += 1) expect(BigInt(newEid()) % 97n).toBe(1n)
  expect(newEid()).toMatch(/^\d{32}$/)
  expect(new Set(networks.map(({ country }) => country)).size).toBeGreaterThan(40)
  expect(new Set(networks.map(({ mcc, mnc }) => mcc + mnc)).size).toBe(networks.length)
})

test('notifications are late, sent twice or never sent, as ordered', async () => {
  await call('PUT', '/faults', { loseWebhooks: 1, dropWebhooks: 1, duplicateWebhooks: true })
  await install()
  // The result of the installation is never sent; that it was switched on gets lost once, and then comes twice.
  await vi.waitFor(() => expect(reports().map(({ event }) => event)).toEqual(['enable', 'enable']))
  await call('PUT', '/faults', { delayWebhooksMs: 60_000 })
  await call('POST', '/phones/1/disable', { iccid: profile.iccid })
  const page = await (await fetch(`${phone.url}/?lang=en`)).text()
  expect(page).toContain('never sent (fault)')
  expect(page.match(/class="tag info">waiting</g)).toHaveLength(1)
  expect(reports()).toHaveLength(2)
  expect((await call('PUT', '/faults', { loseWebhooks: -1 })).status).toBe(422)
})
