/** The clearing house for numbers and another operator behind it: asks for numbers, gives some away, and fails like one. */
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { openDatabase } from '../database.ts'
import { addFaultRoutes, openFaults } from '../faults.ts'
import { listen, type Log, openHost, runAsProgram, type Running, silentLog } from '../host.ts'
import { openOutbox } from '../outbox.ts'
import { addAssets } from '../page.ts'
import { addPortingApi } from './api.ts'
import { openClearing, schema } from './clearing.ts'
import { addOperatorPage } from './operator-page.ts'

export type PortingOptions = {
  port?: number
  dataDir?: string // in memory when left out
  platformUrl: string | (() => string)
  key: string
  webhookSecret: string
  clock?: Clock
  pace?: { leadMs?: number; timeoutMs?: number }
  backoffMs?: readonly number[]
  log?: Log
}

export async function startPorting(options: PortingOptions): Promise<Running> {
  const { port = 0, clock = systemClock, log = silentLog, platformUrl, key } = options
  const db = openDatabase(options.dataDir, 'porting', schema)
  const faults = openFaults(db)
  const platform = typeof platformUrl === 'string' ? () => platformUrl : platformUrl
  const outbox = openOutbox({
    db,
    clock,
    faults,
    log,
    target: () => `${platform()}/v1/webhooks/porting`,
    secret: options.webhookSecret,
    inOrder: true,
    answered: ({ body }, answer, isRefused) => clearing.heard(body, answer, isRefused),
    ...(options.backoffMs ? { backoffMs: options.backoffMs } : {}),
  })
  const { leadMs = 60_000, timeoutMs = 6000 } = options.pace ?? {}
  const clearing = openClearing({ db, clock, ids: systemIds(), outbox, leadMs })
  const http = openHost(log)
  addPortingApi(http, { clearing, faults, key, hangMs: timeoutMs })
  addFaultRoutes(http, faults)
  addAssets(http)
  addOperatorPage(http, { clearing, outbox, faults })
  const url = await listen(http, port)
  return {
    url,
    async close() {
      await http.close()
      clearing.stop()
      await outbox.close()
      db.close()
    },
  }
}

if (import.meta.main) {
  runAsProgram('porting', ({ places, secret, ...settings }) =>
    startPorting({
      ...settings,
      platformUrl: places.publicUrl,
      key: secret('VIOLET_PORTING_KEY'),
      webhookSecret: secret('VIOLET_PORTING_WEBHOOK_SECRET'),
    }),
  )
}
