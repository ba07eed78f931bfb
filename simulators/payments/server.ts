/** The payment provider: an API for the shop, a page for the payer, webhooks, and faults on order. */
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { openDatabase } from '../database.ts'
import { addFaultRoutes, openFaults } from '../faults.ts'
import { listen, type Log, openHost, runAsProgram, type Running, silentLog } from '../host.ts'
import { openOutbox } from '../outbox.ts'
import { addAssets } from '../page.ts'
import { addPaymentApi } from './api.ts'
import { addOperatorPage } from './operator-page.ts'
import { addPayPages } from './pay-page.ts'
import type { Pace } from './means.ts'
import { openProvider } from './provider.ts'
import { addSavePages } from './save-page.ts'
import { savedSchema } from './saved.ts'
import { schema } from './store.ts'

export type PaymentsOptions = {
  port?: number
  dataDir?: string // in memory when left out
  publicUrl?: string // where browsers find the pay page, if not where it listens
  platformUrl: string | (() => string)
  key: string
  webhookSecret: string
  clock?: Clock
  pace?: Partial<Pace>
  backoffMs?: readonly number[]
  log?: Log
}

const usualPace: Pace = { refundMs: 1000, lateMs: 8000, expiresMs: 30 * 60_000, timeoutMs: 6000 }

export async function startPayments(options: PaymentsOptions): Promise<Running> {
  const { port = 0, clock = systemClock, log = silentLog, platformUrl, key } = options
  const db = openDatabase(options.dataDir, 'payments', schema + savedSchema)
  const faults = openFaults(db)
  const platform = typeof platformUrl === 'string' ? () => platformUrl : platformUrl
  const outbox = openOutbox({
    db,
    clock,
    faults,
    log,
    target: () => `${platform()}/v1/webhooks/payments`,
    secret: options.webhookSecret,
    ...(options.backoffMs ? { backoffMs: options.backoffMs } : {}),
  })
  let url = options.publicUrl ?? ''
  const baseUrl = () => url
  const pace = { ...usualPace, ...options.pace }
  const provider = openProvider({ db, clock, ids: systemIds(), outbox, pace, baseUrl })
  const http = openHost(log)
  addPaymentApi(http, { db, provider, clock, faults, key, hangMs: pace.timeoutMs, baseUrl })
  addFaultRoutes(http, faults)
  addAssets(http, ['payments/pay.css', 'payments/pay.js'])
  addPayPages(http, { provider, clock, key, timeoutMs: pace.timeoutMs })
  addSavePages(http, { provider, clock, key })
  addOperatorPage(http, { provider, outbox, faults })
  const listening = await listen(http, port)
  url ||= listening
  return {
    url: listening,
    async close() {
      await http.close()
      provider.stop()
      await outbox.close()
      db.close()
    },
  }
}

if (import.meta.main) {
  runAsProgram('payments', ({ places, secret, ...settings }) =>
    startPayments({
      ...settings,
      platformUrl: places.publicUrl,
      key: secret('VIOLET_PAYMENTS_KEY'),
      webhookSecret: secret('VIOLET_PAYMENTS_WEBHOOK_SECRET'),
    }),
  )
}
