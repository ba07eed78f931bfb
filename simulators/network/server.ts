/** The mobile network: registers subscribers, lets phones attach and use it, and reports usage until it is taken. */
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { openDatabase } from '../database.ts'
import { addFaultRoutes, openFaults } from '../faults.ts'
import { listen, type Log, openHost, runAsProgram, type Running, silentLog } from '../host.ts'
import { openOutbox } from '../outbox.ts'
import { addAssets } from '../page.ts'
import { addNetworkApi } from './api.ts'
import { addOperatorPage } from './operator-page.ts'
import { openRegister, recordAnswer, schema } from './register.ts'

export type NetworkOptions = {
  port?: number
  dataDir?: string // in memory when left out
  platformUrl: string | (() => string)
  key: string
  webhookSecret: string
  clock?: Clock
  pace?: { idleMs?: number; timeoutMs?: number }
  backoffMs?: readonly number[]
  log?: Log
}

export async function startNetwork(options: NetworkOptions): Promise<Running> {
  const { port = 0, clock = systemClock, log = silentLog, platformUrl, key } = options
  const db = openDatabase(options.dataDir, 'network', schema)
  const faults = openFaults(db)
  const platform = typeof platformUrl === 'string' ? () => platformUrl : platformUrl
  const outbox = openOutbox({
    db,
    clock,
    faults,
    log,
    target: () => `${platform()}/v1/usage-records`,
    secret: options.webhookSecret,
    answered: ({ message_id }, answer) => recordAnswer(db, message_id, answer),
    ...(options.backoffMs ? { backoffMs: options.backoffMs } : {}),
  })
  const register = openRegister({
    db,
    clock,
    ids: systemIds(),
    outbox,
    idleMs: options.pace?.idleMs ?? 10_000,
    usageDelayMs: () => faults.read().delayUsageMs,
  })
  const http = openHost(log)
  addNetworkApi(http, { register, faults, key, hangMs: options.pace?.timeoutMs ?? 6000 })
  addFaultRoutes(http, faults)
  addAssets(http)
  addOperatorPage(http, { register, outbox, faults })
  const url = await listen(http, port)
  return {
    url,
    async close() {
      await http.close()
      register.stop()
      await outbox.close()
      db.close()
    },
  }
}

if (import.meta.main) {
  runAsProgram('network', ({ places, secret, ...settings }) =>
    startNetwork({
      ...settings,
      platformUrl: places.publicUrl,
      key: secret('VIOLET_NETWORK_KEY'),
      webhookSecret: secret('VIOLET_NETWORK_WEBHOOK_SECRET'),
    }),
  )
}
