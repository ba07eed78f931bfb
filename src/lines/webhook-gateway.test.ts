import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Fault } from '../values/fault.ts'
import { type Failing, openSystem } from '../../test/provisioning-system.ts'
import type { Network } from './gateway.ts'
import { openWebhook } from './webhook-gateway.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
let system: Awaited<ReturnType<typeof openSystem>>
let network: Network
let url: string
beforeEach(async () => {
  system = await openSystem(secret)
  url = system.url
  network = openWebhook({ url, secret, sendsKeys: false })
})
afterEach(async () => {
  await system.close()
})

const secretKeys = { k: randomBytes(16), opc: randomBytes(16) }
let unsealed = 0
const subscription = (imsi: string) => ({
  imsi,
  iccid: '8944990000000000018',
  msisdn: '+447700900001',
  zones: ['europe'],
  keys: async () => {
    unsealed += 1
    return secretKeys
  },
})
const [one, two, three] = ['999700000000001', '999700000000002', '999700000000003'] as const

test('the whole life of a subscription, each command signed, named by its key and done once', async () => {
  expect(await network.find(one)).toBeUndefined()
  await network.activate(subscription(one), 'line_1:activate')
  await network.activate(subscription(one), 'line_1:activate')
  const state = { state: 'active', msisdn: '+447700900001', attached: false, openSession: false }
  expect(await network.find(one)).toEqual(state)
  await network.suspend(one, 'line_1:suspend:2')
  expect(await network.find(one)).toMatchObject({ state: 'suspended' })
  await network.resume(one, 'line_1:resume:3')
  await network.receiveOnly?.(one, 'case_1:grace')
  expect(await network.find(one)).toMatchObject({ state: 'receive-only' })
  await network.cancelLocation(one, 'case_1:location')
  await network.delete(one, 'case_1:delete')
  await network.delete(one, 'case_1:delete-again')
  await network.cancelLocation(one, 'case_1:location-again')
  expect(await network.find(one)).toBeUndefined()
  expect(
    system.effects.filter((effect) => effect.startsWith('subscription.activate')),
  ).toHaveLength(1)
  const [activation] = system.received.filter(({ id }) => id === 'line_1:activate')
  expect(activation?.command).toMatchObject({
    type: 'subscription.activate',
    data: { imsi: one, iccid: '8944990000000000018', msisdn: '+447700900001', zones: ['europe'] },
  })
  expect(unsealed).toBe(0)
  expect(system.received.map(({ text }) => text).join()).not.toContain('opc')
})

test.each<Failing>([
  'refuses-500',
  'busy-429',
  'resets-before',
  'resets-after',
  'errs-after',
  'hangs-after',
])(
  'a system that %s gets the same command again, under the same id, and does it once',
  async (wrong) => {
    system.failing.push(wrong)
    await network.activate(subscription(one), 'line_1:activate')
    expect(system.received.map(({ id }) => id)).toEqual(['line_1:activate', 'line_1:activate'])
    expect(new Set(system.received.map(({ text }) => text)).size).toBe(1)
    expect(system.effects).toHaveLength(1)
    expect(await network.find(one)).toMatchObject({ state: 'active' })
  },
  20_000,
)

test('what fails again and again is a fault that says whether it may have happened; asked anew, it is done once', async () => {
  system.failing.push('errs-after', 'errs-after', 'resets-after')
  const lost = await network.activate(subscription(one), 'line_1:activate').catch((e: unknown) => e)
  expect(lost).toBeInstanceOf(Fault)
  expect(lost).toMatchObject({ outcome: 'unknown' })
  await network.activate(subscription(one), 'line_1:activate')
  expect(system.effects).toHaveLength(1)
  system.failing.push('refuses-409')
  await expect(network.activate(subscription(two), 'line_2:activate')).rejects.toMatchObject({
    outcome: 'not-done',
    message: 'network: refused activate with 409',
  })
  system.failing.push('busy-429', 'busy-429', 'busy-429')
  await expect(network.resume(one, 'line_1:resume')).rejects.toMatchObject({ outcome: 'not-done' })
  system.failing.push('errs-after', 'busy-429', 'busy-429')
  await expect(network.resume(one, 'line_1:resume:2')).rejects.toMatchObject({ outcome: 'unknown' })
  system.failing.push('refuses-409')
  await expect(network.delete(one, 'case_1:delete')).rejects.toMatchObject({
    outcome: 'not-done',
    message: 'network: refused delete with 409',
  })
  await expect(network.suspend(three, 'line_3:suspend')).rejects.toMatchObject({
    outcome: 'not-done',
  })
})

test('an answer that does not say what was asked is no answer', async () => {
  system.failing.push('says-nonsense')
  await expect(network.find(one)).rejects.toMatchObject({ outcome: 'not-done' })
  system.failing.push('says-nonsense')
  await expect(Array.fromAsync(network.list())).rejects.toBeInstanceOf(Fault)
})

test('with another secret nothing is done; with nobody there nothing happened', async () => {
  const other = `whsec_${randomBytes(32).toString('base64')}`
  const impostor = openWebhook({ url, secret: other, sendsKeys: false })
  await expect(impostor.activate(subscription(one), 'x')).rejects.toThrow(
    /refused activate with 401/,
  )
  expect(system.effects).toEqual([])
  const closed = createServer()
  await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done))
  const { port } = closed.address() as AddressInfo
  await new Promise((done) => closed.close(done))
  const nobody = openWebhook({ url: `http://127.0.0.1:${port}`, secret, sendsKeys: false })
  await expect(nobody.find(one)).rejects.toMatchObject({ outcome: 'not-done' })
})

test('everything it holds is listed page by page', async () => {
  for (const imsi of [one, two, three]) await network.activate(subscription(imsi), `a:${imsi}`)
  const listed = (await Array.fromAsync(network.list())).flat()
  expect(listed.map(({ imsi, state }) => [imsi, state])).toEqual(
    [one, two, three].map((imsi) => [imsi, 'active']),
  )
})

test('keys go only to a system that is to have them, and to none without them', async () => {
  const trusted = openWebhook({ url, secret, sendsKeys: true })
  await trusted.activate(subscription(one), 'line_1:activate')
  expect(system.received[0]?.command.data['keys']).toEqual({
    k: secretKeys.k.toString('hex'),
    opc: secretKeys.opc.toString('hex'),
  })
  const keyless = { ...subscription(two), keys: async () => undefined }
  await expect(trusted.activate(keyless, 'line_2')).rejects.toMatchObject({ outcome: 'not-done' })
})
