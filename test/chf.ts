/** Online charging alone, on a database of its own, and an HTTP/2 client: what tests of the Nchf port share. */
import { pino } from 'pino'
import { sql } from 'kysely'
import type { AddressInfo } from 'node:net'
import { noticeQueues } from '../src/notices/store.ts'
import { seedCatalog } from '../src/plans/store.ts'
import type { App } from '../src/platform/app.ts'
import { openHttp2 } from '../src/platform/http2.ts'
import { systemIds } from '../src/platform/ids.ts'
import { openQueue } from '../src/platform/queue.ts'
import { openCharger } from '../src/usage/nchf/batch-store.ts'
import { nchfBodyLimitBytes, registerNchfRoutes } from '../src/usage/nchf/routes.ts'
import { rejectPage } from '../src/usage/reject-store.ts'
import { type H2Answer, type MadeLine, makeLines, openH2 } from './charging.ts'
import { testDatabase } from './database.ts'

export const at = '/nchf-convergedcharging/v3/chargingdata'
export const now = () => Temporal.Now.instant()

let sequence = 0
export const request = ({ imsi }: Pick<MadeLine, 'imsi'>, usage: object[], more: object = {}) => ({
  subscriberIdentifier: `imsi-${imsi}`,
  nfConsumerIdentification: { nodeFunctionality: 'SMF', nFName: 'smf' },
  invocationTimeStamp: now().toString(),
  invocationSequenceNumber: sequence++,
  multipleUnitUsage: usage,
  ...more,
})
export const ask = { ratingGroup: 1, requestedUnit: {} }
export const used = (totalVolume: number) => ({
  ratingGroup: 1,
  usedUnitContainer: [{ localSequenceNumber: 1, totalVolume }],
})
export const refIn = (answer: H2Answer) => answer.headers['location']!.split('/').at(-1)!

export type Chf = Awaited<ReturnType<typeof openChf>>

export async function openChf() {
  const database = await testDatabase()
  const log = pino({ level: process.env['VIOLET_TEST_LOG'] ?? 'silent' })
  const queue = await openQueue(database.url, log, noticeQueues)
  const nchf = { host: 'localhost', port: 0, url: 'http://chf.example:80' }
  const config = { nchf, publicUrl: 'http://localhost:1' } as App['config']
  const ids = systemIds()
  const app = { config, db: database.db, clock: { now }, ids, log, queue } as App
  await seedCatalog(app.db, now())
  const server = openHttp2({ log, bodyLimitBytes: nchfBodyLimitBytes })
  registerNchfRoutes(server, app, openCharger(app))
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const client = openH2(`http://127.0.0.1:${port}`)
  let made = 0
  return {
    app,
    ...client,
    async newLine(more: { dataBytes?: bigint; paidMinor?: bigint } = {}) {
      const from = made++
      const lines = await makeLines(app.db, {
        count: 1,
        from,
        at: now().subtract({ hours: 1 }),
        ...more,
      })
      return lines[0]!
    },
    async purseOf({ lineId }: MadeLine) {
      const { rows } = await sql<Record<string, bigint>>`
        select remaining[1] as remaining, reserved[1] as reserved, held_minor as held, paid_minor as paid, version
        from purse where line_id = ${lineId}`.execute(app.db)
      return rows[0]!
    },
    async recordsOf({ lineId }: MadeLine) {
      const { rows } = await sql<{ quantity: bigint; outcome: string; country: string }>`
        select quantity, outcome, country from usage_record
        where line_id = ${lineId} order by ended_at`.execute(app.db)
      return rows
    },
    async rejectsOf(imsi: string) {
      const { items } = await rejectPage(app.db, { state: 'open', limit: 200 })
      return items.filter((one) => one.imsi === imsi)
    },
    async stop() {
      await client.close()
      await server.close()
      await queue.close()
      await database.drop()
    },
  }
}
