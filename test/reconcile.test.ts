/** Reconciliation with the simulator and with a real register: both lost and gained subscribers behind Violet's back. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Network } from '../src/lines/gateway.ts'
import { until } from '../src/main/demo-person.ts'
import { networkReconcileCommand } from '../src/main/network.ts'
import { hasOsmoHlr, startOsmoHlr } from './osmo-hlr.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

const key = () => randomBytes(8).toString('hex')
const secret = { k: randomBytes(16), opc: randomBytes(16) }
const subscription = (imsi: string, msisdn: string | null) => ({
  imsi,
  iccid: '8944990000000000018',
  msisdn,
  zones: [],
  keys: async () => secret,
})
const strangers = ['999799999999991', '999799999999992']

type Register = { osmoHlr?: { host: string; port: number }; close(): Promise<void> }
const registers: [string, boolean, () => Promise<Register>][] = [
  ['the simulator', true, async () => ({ close: async () => {} })],
  [
    'OsmoHLR',
    hasOsmoHlr,
    async () => {
      const hlr = await startOsmoHlr()
      return { osmoHlr: hlr.vty, close: hlr.close }
    },
  ],
]

describe.each(registers)('%s', (_name, isThere, open) => {
  describe.skipIf(!isThere)('reconciled', () => {
    let register: Register
    let platform: TestPlatform
    let network: Network
    beforeAll(async () => {
      if (!isThere) return
      register = await open()
      platform = await testPlatform(register.osmoHlr ? { osmoHlr: register.osmoHlr } : {})
      network = platform.gateways.network
    }, 60_000)
    afterAll(async () => {
      await platform?.close()
      await register?.close()
    })

    const run = async (flags: { dryRun?: boolean; most?: number } = {}) => {
      let text = ''
      const wanted = { dryRun: false, most: 100, json: true, ...flags }
      const write = (more: string) => (text += more)
      const code = await networkReconcileCommand(platform.config, wanted, write, network)
      return { code, ...JSON.parse(text) }
    }
    const report = async () => {
      let text = ''
      const flags = { dryRun: true, most: 100, json: false }
      await networkReconcileCommand(platform.config, flags, (more) => (text += more), network)
      return text
    }
    const everything = async () =>
      (await Array.fromAsync(network.list())).flat().sort((a, b) => (a.imsi < b.imsi ? -1 : 1))

    async function served(then: 'active' | 'suspended' | 'closed' = 'active') {
      const someone = await member(platform)
      const { lineId } = await buyLine(someone)
      const { line } = await install(platform, someone, lineId)
      const { imsi } = await platform.db
        .selectFrom('line')
        .select('imsi')
        .where('line_id', '=', lineId)
        .executeTakeFirstOrThrow()
      if (then === 'suspended') {
        await someone.post(`/v1/lines/${lineId}/suspend`)
        await until(
          () => network.find(imsi),
          (held) => held?.state === 'suspended',
        )
      }
      if (then === 'closed') {
        const { body } = await submit(someone, await draftClosure(someone, 'line', lineId))
        await untilState(someone, body.caseId, 'closed')
      }
      return { lineId, imsi, msisdn: line.msisdn as string }
    }

    test('lost, gained, closed, suspended and renumbered: a dry run says all, a run mends all, a second has nothing to do', async () => {
      const [lost, paused, cut, renumbered, well] = [
        await served(),
        await served('suspended'),
        await served(),
        await served(),
        await served(),
      ]
      const closed = await served('closed')
      await buyLine(await member(platform)) // ordered, and in no register yet
      expect(await run()).toMatchObject({ code: 0, differences: [], lines: 7, listed: 5 })
      const before = await everything()

      await network.delete(lost.imsi, key())
      await network.resume(paused.imsi, key())
      await network.suspend(cut.imsi, key())
      await network.activate(subscription(renumbered.imsi, '+447700900999'), key())
      await network.activate(subscription(closed.imsi, null), key())
      for (const imsi of strangers) await network.activate(subscription(imsi, null), key())
      const spoilt = await everything()

      const expected = [
        ['lost', lost.lineId],
        ['not-suspended', paused.lineId],
        ['not-active', cut.lineId],
        ['number', renumbered.lineId],
        ['closed', closed.lineId],
        ['stranger', strangers[0]],
        ['stranger', strangers[1]],
      ].sort()
      type Row = { kind: string; lineId?: string; imsi: string }
      const namesOf = ({ differences }: { differences: Row[] }) =>
        differences.map(({ kind, lineId, imsi }) => [kind, lineId ?? imsi]).sort()
      const dry = await run({ dryRun: true })
      expect(dry).toMatchObject({ code: 1, found: 7, repaired: 0 })
      expect(namesOf(dry)).toEqual(expected)
      expect(await everything()).toEqual(spoilt)
      expect(await report()).toMatch(
        /not-suspended.*suspended here, served there[^]*7 would be repaired/,
      )

      const careful = await run({ most: 1 })
      expect(careful).toMatchObject({ code: 1, repaired: 0, tooManyStrangers: 2 })
      expect(await everything()).toEqual(spoilt)

      const mended = await run()
      expect(mended).toMatchObject({ code: 0, found: 0, failed: 0, repaired: 7 })
      expect(namesOf(mended)).toEqual(expected)
      expect(await everything()).toEqual(before)
      expect(await network.find(well.imsi)).toMatchObject({ state: 'active', msisdn: well.msisdn })
      expect(await run()).toMatchObject({ code: 0, differences: [] })

      const trail = await platform.db
        .selectFrom('audit_entry')
        .select(['subject_id', 'detail', 'subscriber_id'])
        .where('action', '=', 'network.reconciled')
        .execute()
      const audited = trail.map(({ subject_id, detail }) => [
        (detail as { difference: string }).difference,
        subject_id,
      ])
      expect(audited.sort()).toEqual(expected)
      expect(trail.filter(({ subscriber_id }) => subscriber_id === '')).toHaveLength(2)
    }, 120_000)

    test('what has taken the number of a lost line goes before the line comes back', async () => {
      const one = await served()
      await network.delete(one.imsi, key())
      await network.activate(subscription(strangers[0]!, one.msisdn), key())
      expect(await run()).toMatchObject({ code: 0, repaired: 2 })
      expect(await network.find(one.imsi)).toMatchObject({ state: 'active', msisdn: one.msisdn })
      expect(await network.find(strangers[0]!)).toBeUndefined()
    }, 60_000)

    test('what the register refuses fails alone, and is said', async () => {
      const [one, two] = [await served(), await served()]
      await platform.db
        .updateTable('line')
        .set({ msisdn: two.msisdn })
        .where('line_id', '=', one.lineId)
        .execute()
      await network.suspend(two.imsi, key())
      const { code, repaired, differences } = await run()
      expect([code, repaired]).toEqual([1, 1])
      const failed = differences.find(({ outcome }: { outcome: string }) => outcome === 'failed')
      expect(failed).toMatchObject({
        kind: 'number',
        lineId: one.lineId,
        why: expect.stringMatching(/refused/),
      })
    }, 60_000)
  })
})

test('a register that does not answer changes nothing and is said in one sentence', async () => {
  const platform = await testPlatform()
  const nobody = { ...platform.config.network, osmoHlr: { host: '127.0.0.1', port: 1 } }
  const config = { ...platform.config, network: nobody }
  const flags = { dryRun: false, most: 100, json: true }
  await expect(networkReconcileCommand(config, flags)).rejects.toThrow(/The network can't be read/)
  await platform.close()
}, 60_000)
