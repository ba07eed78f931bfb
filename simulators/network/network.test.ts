import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type PlatformDouble, SECRET, startPlatformDouble } from '../platform-double.ts'
import { type NetworkOptions, startNetwork } from './server.ts'

let platform: PlatformDouble
let network: Awaited<ReturnType<typeof startNetwork>>
let dataDir: string

const options = (): NetworkOptions => ({
  dataDir,
  platformUrl: platform.url,
  key: 'k',
  webhookSecret: SECRET,
  pace: { idleMs: 300, timeoutMs: 40 },
  backoffMs: [10],
})

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'network-'))
  platform = await startPlatformDouble()
  platform.answerWith((_path, body) => {
    const ids = (body['records'] as { id: string }[]).map(({ id }) => id)
    return { status: 200, body: { accepted: ids, rejected: [] } }
  })
  network = await startNetwork(options())
})

afterEach(async () => {
  await network.close()
  await platform.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(network.url + path, {
    method,
    headers: {
      authorization: 'Bearer k',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

const imsi = '234990000000001'
const eid = '89049032000000000000000000000000'
const activate = (more: object = {}) =>
  call('PUT', `/subscribers/${imsi}`, {
    msisdn: '+447700900001',
    iccid: '8944990000000000018',
    ...more,
  })
const attach = (mccmnc = '23415') => call('POST', '/phone/attach', { imsi, eid, mccmnc })
const useData = (bytes = 1000, more: object = {}) =>
  call('POST', '/phone/data', { imsi, bytes, ...more })
const records = () =>
  platform.received.flatMap(({ message }) => message['records'] as Record<string, unknown>[])

test('a subscriber attaches, opens a session, and usage is reported once', async () => {
  expect((await activate()).status).toBe(201)
  expect((await activate()).status).toBe(200)
  expect((await attach()).body).toMatchObject({
    attached: true,
    visited: { mcc: '234', mnc: '15', country: 'GB' },
    openSession: false,
  })
  expect((await useData(5_000_000_000)).body).toMatchObject({ openSession: true })
  await vi.waitFor(() => expect(records()).toHaveLength(1))
  expect(records()[0]).toMatchObject({
    imsi,
    kind: 'data',
    quantity: 5_000_000_000,
    mcc: '234',
    mnc: '15',
  })
  await vi.waitFor(async () =>
    expect((await call('GET', `/subscribers/${imsi}`)).body).toMatchObject({ openSession: false }),
  )
  expect(records()).toHaveLength(1)
})

test('calls and SMS are counted in seconds and messages; a data-only line has neither', async () => {
  await activate()
  await attach()
  await call('POST', '/phone/call', { imsi, to: '+442079460123', seconds: 61 })
  await call('POST', '/phone/sms', { imsi, to: '+442079460123', text: 'x'.repeat(161) })
  await vi.waitFor(() => expect(records()).toHaveLength(2))
  expect(records()).toMatchObject([
    { kind: 'voice', quantity: 61 },
    { kind: 'sms', quantity: 2 },
  ])
  await activate({ msisdn: null })
  const refused = await call('POST', '/phone/call', { imsi, to: '123', seconds: 1 })
  expect(refused).toMatchObject({ status: 403, body: { reason: 'data-only' } })
})

test('who is unknown, suspended, gone or out of zone is refused with the reason', async () => {
  expect(await attach()).toMatchObject({ status: 403, body: { reason: 'unknown-subscriber' } })
  await activate({ zones: ['GB', 'FR'] })
  expect(await useData()).toMatchObject({ status: 403, body: { reason: 'not-attached' } })
  expect(await attach('440-10')).toMatchObject({
    status: 403,
    body: { reason: 'roaming-not-allowed' },
  })
  expect((await attach('208-01')).status).toBe(200)
  await useData()
  const suspended = await call('POST', `/subscribers/${imsi}/suspend`)
  expect(suspended.body).toMatchObject({ state: 'suspended', attached: false, openSession: false })
  expect(await attach()).toMatchObject({ status: 403, body: { reason: 'suspended' } })
  const resumed = await call('POST', `/subscribers/${imsi}/resume`)
  expect(resumed.body).toMatchObject({ state: 'active', attached: false })
  await attach()
  await useData()
  const narrowed = await call('POST', `/subscribers/${imsi}/receive-only`)
  expect(narrowed.body).toMatchObject({ state: 'receive-only', attached: true, openSession: false })
  expect(await useData()).toMatchObject({ status: 403, body: { reason: 'receive-only' } })
  expect((await attach()).status).toBe(200)
  const cancelled = await call('POST', `/subscribers/${imsi}/cancel-location`)
  expect(cancelled.body).toMatchObject({ attached: false, visited: null })
  expect((await call('DELETE', `/subscribers/${imsi}`)).status).toBe(204)
  expect((await call('GET', `/subscribers/${imsi}`)).status).toBe(404)
  expect((await call('DELETE', `/subscribers/${imsi}`)).status).toBe(404)
  expect(await useData()).toMatchObject({ status: 403, body: { reason: 'unknown-subscriber' } })
})

test('everybody is listed in pages, in the order of IMSIs', async () => {
  const all = Array.from({ length: 501 }, (_, i) => `2349900000${String(10_000 + i)}`)
  for (const one of all)
    await call('PUT', `/subscribers/${one}`, { msisdn: null, iccid: '8944990000000000018' })
  const first = (await call('GET', '/subscribers')).body
  const second = (await call('GET', `/subscribers?after=${first.next}`)).body
  const listed = [...first.items, ...second.items].map((one: { imsi: string }) => one.imsi)
  expect(listed).toEqual(all)
  expect([first.next, second.next]).toEqual([all[499], null])
})

test('one number belongs to one subscriber', async () => {
  await activate()
  const other = await call('PUT', '/subscribers/234990000000002', {
    msisdn: '+447700900001',
    iccid: '8944990000000000026',
  })
  expect(other).toMatchObject({ status: 409, body: { code: 'msisdn-in-use' } })
})

test('usage is retried until it is taken, survives a restart, and keeps its ids', async () => {
  const port = Number(new URL(platform.url).port)
  await platform.close()
  await activate()
  await attach()
  const { body } = await useData(7)
  await network.close()
  platform = await startPlatformDouble(port)
  platform.answerWith(() => ({ status: 200, body: { accepted: [], rejected: [] } }))
  network = await startNetwork(options())
  await vi.waitFor(() => expect(records()).toHaveLength(1), 5000)
  expect(records()[0]).toMatchObject({ id: body.recordId, quantity: 7 })
  expect((await call('GET', `/subscribers/${imsi}`)).body).toMatchObject({ attached: true })
})

test('faults: reports lost, doubled and late; a record for somebody who is gone', async () => {
  await activate()
  await attach()
  await call('POST', '/faults', { dropWebhooks: 2, duplicateWebhooks: true })
  await useData()
  await vi.waitFor(() => expect(records()).toHaveLength(2))
  expect(new Set(records().map(({ id }) => id)).size).toBe(1)
  await call('PUT', '/faults', { delayUsageMs: 200 })
  const before = Date.now()
  await useData()
  await vi.waitFor(() => expect(records()).toHaveLength(3), 3000)
  expect(platform.received.at(-1)!.at - before).toBeGreaterThan(190)
  await call('DELETE', `/subscribers/${imsi}`)
  const late = { imsi, quantity: 50, mccmnc: '208-01', minutesAgo: 90 }
  expect((await call('POST', '/late-usage', late)).status).toBe(202)
  await vi.waitFor(() => expect(records()).toHaveLength(4), 3000)
  const ago = Date.now() - Date.parse(String(records()[3]?.['endedAt']))
  expect(ago).toBeGreaterThan(89 * 60_000)
})

test('a rejected record shows why on the page', async () => {
  platform.answerWith((_path, body) => {
    const [record] = body['records'] as { id: string }[]
    return {
      status: 200,
      body: { accepted: [], rejected: [{ id: record!.id, reason: 'unknown-imsi' }] },
    }
  })
  await activate()
  await attach()
  await useData()
  await vi.waitFor(async () => {
    expect(await (await fetch(network.url)).text()).toContain('unknown-imsi')
  })
})

test.each([
  ['PUT', '/subscribers/abc', { iccid: '8944990000000000018' }, 422],
  ['PUT', `/subscribers/${imsi}`, { iccid: 7 }, 422],
  ['PUT', `/subscribers/${imsi}`, { iccid: '8944990000000000018', zones: 'GB' }, 422],
  ['POST', '/subscribers/999/suspend', undefined, 404],
  ['POST', '/subscribers/999/resume', undefined, 404],
  ['POST', '/phone/data', { imsi, bytes: 1.5 }, 422],
  ['POST', '/phone/data', { imsi, bytes: -1 }, 422],
  ['POST', '/phone/attach', { imsi, eid, mccmnc: '00000' }, 422],
  ['POST', '/phone/sms', { imsi, to: 'x', text: 'y' }, 422],
  ['POST', '/phone/detach', undefined, 422],
])('%s %s with bad input is refused', async (method, path, body, status) => {
  expect((await call(method, path, body)).status).toBe(status)
})

test('provisioning wants its key; the phone side has none', async () => {
  expect((await fetch(`${network.url}/subscribers/${imsi}`)).status).toBe(401)
  expect((await fetch(`${network.url}/phone/attach`, { method: 'POST' })).status).toBe(422)
})
