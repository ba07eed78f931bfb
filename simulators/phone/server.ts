/** Several phones with an eUICC each: they download profiles by SGP.22 and use the mobile network. */
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { openDatabase } from '../database.ts'
import { addFaultRoutes, openFaults } from '../faults.ts'
import { listen, type Log, openHost, runAsProgram, type Running, silentLog } from '../host.ts'
import { openOutbox } from '../outbox.ts'
import { addAssets } from '../page.ts'
import { addPhoneApi } from './api.ts'
import { openConnections } from './calls.ts'
import { openMaker } from './chip.ts'
import { openDevice } from './device.ts'
import { addPhonePage } from './phone-page.ts'
import { makePhones, schema } from './store.ts'

export type PhoneOptions = {
  port?: number
  dataDir?: string // in memory when left out
  platformUrl: string | (() => string)
  networkUrl: string | (() => string)
  /** Where the test EUM's certificates lie (`violet pki init`); phones are made under it. */
  rspPki: string
  clock?: Clock
  installMs?: number
  backoffMs?: readonly number[]
  log?: Log
}

const asked = (url: string | (() => string)) => (typeof url === 'string' ? () => url : url)

export async function startPhone(options: PhoneOptions): Promise<Running> {
  const { port = 0, clock = systemClock, log = silentLog, installMs = 1500 } = options
  const platform = asked(options.platformUrl)
  const db = openDatabase(options.dataDir, 'phone', schema)
  makePhones(db)
  const faults = openFaults(db)
  const outbox = openOutbox({
    db,
    clock,
    faults,
    log,
    target: () => `${platform()}/gsma/rsp2/es9plus/handleNotification`,
    inOrder: true,
    ...(options.backoffMs ? { backoffMs: options.backoffMs } : {}),
  })
  const stopping = new AbortController()
  const connections = openConnections(platform, asked(options.networkUrl))
  const maker = openMaker(() => options.rspPki)
  const means = { db, clock, outbox, maker, connections, installMs, stopping: stopping.signal }
  const device = openDevice(means)
  const http = openHost(log)
  addPhoneApi(http, db, device)
  addFaultRoutes(http, faults)
  addAssets(
    http,
    ['phone/phone.css', 'phone/phone.js', 'phone/scan.js'],
    ['qr/decode.js', 'qr/index.js'],
  )
  addPhonePage(http, { db, device, outbox, faults })
  const url = await listen(http, port)
  return {
    url,
    async close() {
      stopping.abort()
      await http.close()
      await device.stop()
      await outbox.close()
      db.close()
    },
  }
}

if (import.meta.main) {
  runAsProgram('phone', ({ places, secret: _secret, ...settings }) =>
    startPhone({
      ...settings,
      platformUrl: places.publicUrl,
      networkUrl: places.networkUrl,
      rspPki: process.env['VIOLET_RSP_PKI']?.trim() || join(settings.dataDir, 'rsp'),
    }),
  )
}
