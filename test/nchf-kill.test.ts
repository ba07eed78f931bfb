/** kill -9 of a charging node in the middle of requests: sent again, each is charged once and answered. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { seedCatalog } from '../src/plans/store.ts'
import { freePort } from '../src/platform/free-port.ts'
import { type H2Answer, type MadeLine, makeLines, openH2 } from './charging.ts'
import { testDatabase } from './database.ts'

const kills = 10
const callers = 12

let database: Awaited<ReturnType<typeof testDatabase>>
let port: number
let node: ChildProcess
beforeAll(async () => {
  database = await testDatabase()
  port = await freePort(0)
  await seedCatalog(database.db, Temporal.Now.instant())
})
afterAll(async () => {
  node.kill('SIGKILL')
  await database.drop()
})

async function start() {
  const script = join(import.meta.dirname, 'nchf-node.ts')
  node = fork(script, [database.url, String(port)], { execArgv: [] })
  await once(node, 'message')
}

const at = '/nchf-convergedcharging/v3/chargingdata'
let sent = 0
const request = ({ imsi }: MadeLine, used: number, wants: boolean, mcc: string) => ({
  subscriberIdentifier: `imsi-${imsi}`,
  nfConsumerIdentification: { nodeFunctionality: 'SMF' },
  invocationTimeStamp: new Date().toISOString(),
  // As a known SMF does it: always 0.
  invocationSequenceNumber: 0,
  chargingId: sent++,
  multipleUnitUsage: [
    {
      ratingGroup: 1,
      ...(wants && { requestedUnit: { totalVolume: 5_000_000 } }),
      ...(used > 0 && { usedUnitContainer: [{ localSequenceNumber: 1, totalVolume: used }] }),
    },
  ],
  pDUSessionChargingInformation: {
    pduSessionInformation: { servingCNPlmnId: { mcc, mnc: '10' } },
  },
})

/** Sends the same request until somebody answers it. */
async function insist(path: string, body: object): Promise<H2Answer> {
  for (;;) {
    const client = openH2(`http://127.0.0.1:${port}`)
    try {
      const answer = await Promise.race([
        client.post(path, body),
        sleep(5000).then(() => Promise.reject(new Error('no answer'))),
      ])
      if (answer.status >= 200 && answer.status < 300) return answer
      throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    } catch (error) {
      if ((error as Error).message.startsWith('answered')) throw error
      await sleep(20)
    } finally {
      void client.close()
    }
  }
}

type Told = { sessions: number; reports: number; bytes: number }

async function talk(line: MadeLine, told: Told, isOver: () => boolean) {
  while (!isOver()) {
    const mcc = told.sessions % 3 === 0 ? '404' : '440'
    const created = await insist(at, request(line, 0, true, mcc))
    const path = `${at}/${created.headers['location']!.split('/').at(-1)!}`
    told.sessions += 1
    for (const [verb, bytes] of [
      ['update', 1_300_000],
      ['update', 2_100_000],
      ['release', 700_000],
    ] as const) {
      await insist(`${path}/${verb}`, request(line, bytes, verb === 'update', mcc))
      told.reports += 1
      told.bytes += bytes
    }
  }
}

test(`killed ${kills} times, nothing is lost and nothing counts twice`, async () => {
  const lines = await makeLines(database.db, {
    count: callers,
    from: 700,
    dataBytes: 900_000_000_000n,
    paidMinor: 10_000_000n,
    at: Temporal.Now.instant().subtract({ hours: 1 }),
  })
  await start()
  const told: Told = { sessions: 0, reports: 0, bytes: 0 }
  let isOver = false
  const talking = Promise.all(lines.map((line) => talk(line, told, () => isOver)))
  for (let times = 0; times < kills; times += 1) {
    // At a moment that has nothing to do with what the node does, but never before it did something.
    const before = told.reports
    while (told.reports < before + 4) await sleep(5)
    await sleep((times * 37) % 90)
    node.kill('SIGKILL')
    await once(node, 'exit')
    await start()
  }
  isOver = true
  await talking
  const { rows } = await sql<Record<string, bigint>>`
    select (select count(*) from usage_record)::int8 as reports, (select sum(quantity) from usage_record)::int8 as bytes,
      (select sum(from_bucket) from usage_record)::int8 as drawn,
      (select sum(granted[1] - remaining[1]) from purse)::int8 as gone,
      (select sum(reserved[1]) from purse)::int8 as reserved, (select sum(held_minor) from purse)::int8 as held,
      (select sum(open_sessions) from purse)::int8 as open,
      (select sum(charged_minor) from usage_record)::int8 as charged,
      (select sum(10000000 - paid_minor) from purse)::int8 as paid`.execute(database.db)
  const found = rows[0]!
  expect(found).toMatchObject({
    reports: BigInt(told.reports),
    bytes: BigInt(told.bytes),
    reserved: 0n,
    held: 0n,
    open: 0n,
  })
  expect(found['gone']).toBe(found['drawn'])
  expect(found['paid']).toBe(found['charged'])
  expect(found['paid']! > 0n).toBe(true)
  expect(await proveLedger(database.db)).toEqual({ unbalanced: [], drifted: [] })
}, 300_000)
