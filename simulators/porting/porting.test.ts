import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type PlatformDouble, SECRET, startPlatformDouble } from '../platform-double.ts'
import { type PortingOptions, startPorting } from './server.ts'

let platform: PlatformDouble
let porting: Awaited<ReturnType<typeof startPorting>>
let dataDir: string

const options = (): PortingOptions => ({
  dataDir,
  platformUrl: platform.url,
  key: 'k',
  webhookSecret: SECRET,
  pace: { leadMs: 300, timeoutMs: 40 },
  backoffMs: [10],
})

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'porting-'))
  platform = await startPlatformDouble()
  porting = await startPorting(options())
})

afterEach(async () => {
  await porting.close()
  await platform.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: unknown, key = 'k') {
  const response = await fetch(porting.url + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const asked = (more: object = {}) => ({
  reference: 'port_00000001',
  msisdn: '+447400900001',
  code: 'MOVE-1',
  recipient: 'Violet',
  ...more,
})
const types = () => platform.received.map(({ message }) => message['type'])

test('a number is asked for once, moves by itself, and says so', async () => {
  const first = await call('POST', '/ports', asked())
  expect([first.status, first.body['state']]).toEqual([201, 'pending'])
  const again = await call('POST', '/ports', asked())
  expect([again.status, again.body]).toEqual([200, first.body])
  await vi.waitFor(() => expect(types()).toEqual(['port-in.changed']))
  expect((await call('GET', '/ports/port_00000001')).body['state']).toBe('completed')
  // Too late: it is as it is.
  expect((await call('POST', '/ports/port_00000001/cancel')).body['state']).toBe('completed')
})

test('what it can’t do it refuses with the reason, and takes nothing', async () => {
  expect(await call('POST', '/ports', asked({ code: 'WRONG-1' }))).toMatchObject({
    status: 409,
    body: { reason: 'code-wrong' },
  })
  expect((await call('GET', '/ports/port_00000001')).status).toBe(404)
  expect((await call('POST', '/ports', asked({ msisdn: '0740' }))).status).toBe(422)
  expect((await call('POST', '/ports', asked(), 'x')).status).toBe(401)
  await call('POST', '/ports', asked())
  const second = await call('POST', '/ports', asked({ reference: 'port_00000002' }))
  expect(second).toMatchObject({ status: 409, body: { reason: 'already-pending' } })
  expect((await call('POST', '/requests/nobody/end', { ending: 'fail' })).status).toBe(404)
})

test('a number of Violet’s has moved only once Violet says so', async () => {
  platform.answerWith((_path, { type }) => ({
    status: 200,
    body: { state: type === 'port-out.requested' ? 'pending' : 'completed' },
  }))
  const { body: port } = await call('POST', '/requests', { msisdn: '+447700900001', code: 'A' })
  await vi.waitFor(() => expect(types()).toEqual(['port-out.requested', 'port-out.completed']))
  const item = async () =>
    ((await call('GET', '/requests')).body['items'] as { reference: string; state: string }[])[0]
  await vi.waitFor(async () => expect((await item())?.state).toBe('completed'))
  expect((await item())?.reference).toBe(port['reference'])

  platform.answerWith(() => ({ status: 409, body: { reason: 'code-wrong' } }))
  await call('POST', '/requests', { msisdn: '+447700900002', code: 'B' })
  await vi.waitFor(async () =>
    expect(await item()).toMatchObject({ state: 'refused', reason: 'code-wrong' }),
  )
})

test('messages are sent again until they are taken, in order, also after kill -9', async () => {
  await call('PUT', '/faults', { dropWebhooks: 3 })
  await call('POST', '/requests', { msisdn: '+447700900001', code: 'A' })
  await porting.close()
  platform.answerWith(() => ({ status: 200, body: { state: 'pending' } }))
  porting = await startPorting(options())
  await vi.waitFor(() => expect(types()[0]).toBe('port-out.requested'))
  // Stopped by its owner: the other side does not take it.
  await vi.waitFor(async () => {
    const { body } = await call('GET', '/requests')
    expect((body['items'] as { state: string }[])[0]?.state).toBe('cancelled')
  })
})
