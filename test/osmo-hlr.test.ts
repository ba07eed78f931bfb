/** Service in a real home location register: given with the profile's keys, and taken away from a node that serves it. */
import { createCipheriv, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Network } from '../src/lines/gateway.ts'
import { openOsmoHlr } from '../src/lines/osmo-hlr-gateway.ts'
import { withVty } from '../src/lines/vty-gateway.ts'
import { until } from '../src/main/demo-person.ts'
import { subscriptionKeys } from '../src/esim/rsp-store.ts'
import { Fault } from '../src/values/fault.ts'
import { causeOf, gsup, type Heard, openServingNode } from './gsup-node.ts'
import { hasOsmoHlr, startOsmoHlr } from './osmo-hlr.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let hlr: Awaited<ReturnType<typeof startOsmoHlr>>
let network: Network
beforeAll(async () => {
  if (!hasOsmoHlr) return
  hlr = await startOsmoHlr()
  network = openOsmoHlr(hlr.vty)
})
afterAll(() => hlr?.close())

/** TS 24.008 §10.5.5.14 */
const cause = { imsiUnknown: 2, gprsNotAllowed: 7 } as const
const key = 'unused'
const ask = (command: string) => withVty(hlr.vty, (vty) => vty.run(command))
const showOf = (imsi: string) => ask(`subscriber imsi ${imsi} show`)
const node = (name: string, acknowledges = true) =>
  openServingNode({ host: hlr.host, name, acknowledges })

let made = 0
function subscription(msisdn: string | null = null) {
  const imsi = `99970${String(++made).padStart(10, '0')}`
  const secret = { k: randomBytes(16), opc: randomBytes(16) }
  return { imsi, iccid: '8944990000000000018', msisdn, zones: [], keys: async () => secret, secret }
}

/** RES of TS 35.206 (f2), to see whether both sides have the same keys. */
function resOf({ k, opc }: { k: Buffer; opc: Buffer }, rand: Buffer): Buffer {
  const encrypt = (block: Buffer) =>
    createCipheriv('aes-128-ecb', k, null).setAutoPadding(false).update(block)
  const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, at) => byte ^ b[at]!))
  const mixed = xor(encrypt(xor(rand, opc)), opc)
  mixed[15]! ^= 1
  return xor(encrypt(mixed), opc).subarray(8)
}

/** The first vector of an answer to Send-Auth-Info: an element of elements. */
function vectorOf({ elements }: Heard): { rand: Buffer; res: Buffer } {
  const inner = new Map<number, Buffer>()
  const vector = elements.get(0x03) ?? Buffer.alloc(0)
  for (let at = 0; at < vector.length; at += 2 + vector[at + 1]!)
    inner.set(vector[at]!, vector.subarray(at + 2, at + 2 + vector[at + 1]!))
  return { rand: inner.get(0x20)!, res: inner.get(0x27)! }
}

describe.skipIf(!hasOsmoHlr)('OsmoHLR', () => {
  test('an empty register lists nobody', async () => {
    expect((await Array.fromAsync(network.list())).flat()).toEqual([])
  })

  test('gives service with keys and number, repeated without a change; without keys it refuses', async () => {
    const one = subscription('+447700900123')
    expect(await network.find(one.imsi)).toBeUndefined()
    await network.activate(one, key)
    const shown = await showOf(one.imsi)
    await network.activate(one, key)
    expect(await showOf(one.imsi)).toEqual(shown)
    const state = { state: 'active', msisdn: '+447700900123', attached: false, openSession: false }
    expect(await network.find(one.imsi)).toEqual(state)
    const other = { ...subscription('+447700900123') }
    await expect(network.activate(other, key)).rejects.toThrow(/refused update msisdn/)
    expect(await network.find(other.imsi)).toMatchObject({ state: 'suspended' })
    const keyless = { ...subscription(), keys: async () => undefined }
    await expect(network.activate(keyless, key)).rejects.toMatchObject({ outcome: 'not-done' })
    expect(await network.find(keyless.imsi)).toBeUndefined()
  })

  test('an activation that died halfway has no service, and is completed', async () => {
    const one = subscription('+447700900124')
    await ask(`subscriber imsi ${one.imsi} create`)
    expect(await network.find(one.imsi)).toMatchObject({ state: 'suspended', msisdn: null })
    await network.activate(one, key)
    expect(await network.find(one.imsi)).toMatchObject({ state: 'active', msisdn: one.msisdn })
  })

  test('keys that are there are left, so that their sequence number goes on', async () => {
    const one = subscription()
    await network.activate(one, key)
    const sgsn = await node('SGSN-SQN')
    await sgsn.sendAuthInfo(one.imsi)
    const sequence = async () => /last-SQN=\d+/.exec((await showOf(one.imsi)).join())?.[0]
    const before = await sequence()
    expect(before).toBeDefined()
    await network.activate(one, key)
    expect(await sequence()).toBe(before)
    await sgsn.close()
  })

  test.each(['ps', 'cs'] as const)(
    'ending service tells the %s node that serves the phone, waits until it has dropped it, and leaves nothing',
    async (domain) => {
      const one = subscription('+4477009002' + (domain === 'ps' ? '01' : '02'))
      await network.activate(one, key)
      const serving = await node(`NODE-${domain}`)
      expect((await serving.updateLocation(one.imsi, domain)).type).toBe(gsup.updateLocationResult)
      expect(await network.find(one.imsi)).toMatchObject({ attached: true })
      await network.cancelLocation(one.imsi, key)
      // What OsmoHLR 1.5 sends is Delete-Subscriber-Data, never Cancel-Location.
      expect(serving.told(one.imsi)).toContain(gsup.deleteData)
      expect(serving.told(one.imsi)).not.toContain(gsup.cancelLocation)
      const refused = await serving.updateLocation(one.imsi, domain)
      expect(refused.type).toBe(gsup.updateLocationError)
      await network.delete(one.imsi, key)
      await network.delete(one.imsi, key)
      await network.cancelLocation(one.imsi, key)
      expect(await network.find(one.imsi)).toBeUndefined()
      expect(await showOf(one.imsi)).toEqual([`% No subscriber for imsi = '${one.imsi}'`])
      expect(causeOf(await serving.updateLocation(one.imsi, domain))).toBe(cause.imsiUnknown)
      await serving.close()
    },
  )

  test('deleting alone also tells the node first', async () => {
    const one = subscription()
    await network.activate(one, key)
    const sgsn = await node('SGSN-DELETE')
    await sgsn.updateLocation(one.imsi)
    await network.delete(one.imsi, key)
    expect(sgsn.told(one.imsi)).toContain(gsup.deleteData)
    await sgsn.close()
  })

  test('a suspended subscriber is dropped and refused until resumed, and keeps number and keys', async () => {
    const one = subscription('+447700900130')
    await network.activate(one, key)
    const sgsn = await node('SGSN-SUSPEND')
    await sgsn.updateLocation(one.imsi)
    const before = (await showOf(one.imsi)).filter((line) => /K=|OPC=|MSISDN/.test(line))
    await network.suspend(one.imsi, key)
    expect(sgsn.told(one.imsi)).toContain(gsup.deleteData)
    expect(await network.find(one.imsi)).toMatchObject({ state: 'suspended', attached: false })
    expect(causeOf(await sgsn.updateLocation(one.imsi))).toBe(cause.gprsNotAllowed)
    await network.resume(one.imsi, key)
    expect((await sgsn.updateLocation(one.imsi)).type).toBe(gsup.updateLocationResult)
    expect((await showOf(one.imsi)).filter((line) => /K=|OPC=|MSISDN/.test(line))).toEqual(before)
    await expect(network.suspend('999799999999999', key)).rejects.toThrow(/no such subscriber/)
    await expect(network.resume('999799999999999', key)).rejects.toThrow(/no such subscriber/)
    await sgsn.close()
  })

  test('a node that does not say it dropped the phone is a fault, and is told again the next time', async () => {
    const one = subscription()
    await network.activate(one, key)
    const deaf = await node('SGSN-DEAF', false)
    await deaf.updateLocation(one.imsi)
    const fault = await network.cancelLocation(one.imsi, key).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(Fault)
    expect(fault).toMatchObject({ outcome: 'unknown', message: expect.stringMatching(/SGSN-DEAF/) })
    expect(await network.find(one.imsi)).toMatchObject({ state: 'suspended' })
    await deaf.close()
    await expect(network.cancelLocation(one.imsi, key)).rejects.toThrow(/SGSN-DEAF/)
    const back = await node('SGSN-DEAF')
    await network.cancelLocation(one.imsi, key)
    expect(back.told(one.imsi)).toContain(gsup.deleteData)
    await back.close()
  }, 20_000)

  test('everything it holds is listed with state and number', async () => {
    const [one, two] = [subscription('+447700900140'), subscription()]
    await network.activate(one, key)
    await network.activate(two, key)
    await network.suspend(two.imsi, key)
    const listed = (await Array.fromAsync(network.list())).flat()
    expect(listed).toContainEqual({ imsi: one.imsi, msisdn: one.msisdn, state: 'active' })
    expect(listed).toContainEqual({ imsi: two.imsi, msisdn: null, state: 'suspended' })
    expect(listed.length).toBe(new Set(listed.map(({ imsi }) => imsi)).size)
  })

  test('many at once wait for each other instead of running out of time', async () => {
    const many = Array.from({ length: 100 }, () => subscription())
    await Promise.all(many.map((one) => network.activate(one, key)))
    const found = await Promise.all(many.map(({ imsi }) => network.find(imsi)))
    expect(found.every((held) => held?.state === 'active')).toBe(true)
  }, 60_000)

  test('away, it did nothing; what would end a command is never sent', async () => {
    const away = openOsmoHlr({ host: hlr.host, port: 1 })
    await expect(away.find('999700000000001')).rejects.toMatchObject({ outcome: 'not-done' })
    await expect(network.find('999700000000001 delete\n')).rejects.toThrow(/shape/)
  })
})

describe.skipIf(!hasOsmoHlr)('a line in OsmoHLR', () => {
  let platform: TestPlatform
  beforeAll(async () => {
    if (hasOsmoHlr) platform = await testPlatform({ osmoHlr: hlr.vty })
  })
  afterAll(() => platform?.close())

  test('installed, it attaches with the keys of its eSIM; suspended, it is dropped; resumed, it attaches; closed, the node dropped it and the register has no such subscriber', async () => {
    const someone = await member(platform)
    const { lineId, line: sold } = await buyLine(someone)
    await install(platform, someone, lineId)
    const {
      subscriber_id: subscriberId,
      imsi,
      iccid,
    } = await platform.db
      .selectFrom('line')
      .select(['subscriber_id', 'imsi', 'iccid'])
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
    const { find } = platform.gateways.network
    expect(await find(imsi)).toMatchObject({ state: 'active', msisdn: sold.msisdn })

    const sgsn = await node('SGSN-LINE')
    const { rand, res } = vectorOf(await sgsn.sendAuthInfo(imsi))
    const keys = await subscriptionKeys(platform.app, { subscriberId, iccid })
    expect(res).toEqual(resOf(keys!, rand))
    expect((await sgsn.updateLocation(imsi)).type).toBe(gsup.updateLocationResult)

    const settled = () =>
      platform.db
        .selectFrom('line')
        .select('access_due_at')
        .where('line_id', '=', lineId)
        .executeTakeFirstOrThrow()
    const asked = async (wish: 'suspend' | 'resume') => {
      expect((await someone.post(`/v1/lines/${lineId}/${wish}`)).status).toBe(200)
      await until(settled, (row) => row.access_due_at === null)
    }
    await asked('suspend')
    expect(sgsn.told(imsi)).toContain(gsup.deleteData)
    expect(causeOf(await sgsn.updateLocation(imsi))).toBe(cause.gprsNotAllowed)
    await asked('resume')
    expect((await sgsn.updateLocation(imsi)).type).toBe(gsup.updateLocationResult)
    const toldBefore = sgsn.told(imsi).filter((type) => type === gsup.deleteData).length

    const { caseId } = (await submit(someone, await draftClosure(someone, 'line', lineId))).body
    await untilState(someone, caseId, 'closed')
    const told = sgsn.told(imsi).filter((type) => type === gsup.deleteData).length
    expect(told).toBeGreaterThan(toldBefore)
    expect(await showOf(imsi)).toEqual([`% No subscriber for imsi = '${imsi}'`])
    expect(causeOf(await sgsn.updateLocation(imsi))).toBe(cause.imsiUnknown)
    await sgsn.close()
  }, 60_000)

  test('a register that is killed while a line closes, and comes back without its nodes, ends the service all the same', async () => {
    const someone = await member(platform)
    const { lineId } = await buyLine(someone)
    await install(platform, someone, lineId)
    const { imsi } = await platform.db
      .selectFrom('line')
      .select('imsi')
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
    const before = await node('SGSN-KILL')
    await before.updateLocation(imsi)
    const draft = await draftClosure(someone, 'line', lineId)
    await hlr.stop()
    const { caseId } = (await submit(someone, draft)).body
    await untilState(someone, caseId, 'executing')
    await hlr.restart()
    const after = await node('SGSN-KILL')
    await untilState(someone, caseId, 'closed')
    expect(after.told(imsi)).toContain(gsup.deleteData)
    expect(await showOf(imsi)).toEqual([`% No subscriber for imsi = '${imsi}'`])
    await after.close()
  }, 60_000)
})
