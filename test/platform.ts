/** The whole platform in one process for API tests: real PostgreSQL, queue, HTTP and simulators, with a clock to move. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { startInbox } from '../simulators/inbox/server.ts'
import { startNetwork } from '../simulators/network/server.ts'
import { startPayments } from '../simulators/payments/server.ts'
import { startPhone } from '../simulators/phone/server.ts'
import { startPorting } from '../simulators/porting/server.ts'
import { registerDocs } from '../src/main/docs.ts'
import { openEs2Server } from '../src/main/es2-server.ts'
import { registerPages } from '../src/main/pages.ts'
import {
  allJobs,
  allQueues,
  type Gateways,
  openGateways,
  openNchf,
  registerRoutes,
  sweeps,
} from '../src/main/wiring.ts'
import type { App } from '../src/platform/app.ts'
import type { Clock } from '../src/platform/clock.ts'
import type { Config } from '../src/platform/config.ts'
import { openHttp } from '../src/platform/http.ts'
import { systemIds } from '../src/platform/ids.ts'
import { openLog } from '../src/platform/log.ts'
import { openQueue } from '../src/platform/queue.ts'
import { openSessions } from '../src/subscribers/gateway.ts'
import { freePort } from './free-port.ts'
import { testDatabase } from './database.ts'

/** The real clock, moved ahead by what tests add to it: sessions and partners live in real time. */
export type MovableClock = Clock & { advance(by: Temporal.DurationLike): void }

function movableClock(): MovableClock {
  let ahead = Temporal.Duration.from({ seconds: 0 })
  return {
    now: () => Temporal.Now.instant().add(ahead),
    advance(by) {
      ahead = ahead.add(
        Temporal.Duration.from(by).round({
          largestUnit: 'hours',
          relativeTo: '2026-01-01T00:00:00Z[UTC]',
        }),
      )
    },
  }
}

export type TestPlatform = Awaited<ReturnType<typeof testPlatform>>

export async function testPlatform({
  pages = false,
  wrap = (gateways: Gateways) => gateways,
  osmoHlr = undefined as Config['network']['osmoHlr'],
  // Whether other operators are there to ask for numbers; theirs move a day later.
  numbers = false,
  // Whether it logs all it ever would, into its data folder.
  logs = false,
  change = (_config: Config): Partial<Config> => ({}),
} = {}) {
  const database = await testDatabase('seeded')
  const dataDir = mkdtempSync(join(tmpdir(), 'violet-platform-'))
  const port = await freePort()
  const nchfPort = await freePort()
  const es2Port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const partner = {
    platformUrl: publicUrl,
    key: 'test-key',
    webhookSecret: secret,
    backoffMs: [100, 300, 1000],
  }
  const payments = await startPayments({
    ...partner,
    pace: { refundMs: 100, lateMs: 800, timeoutMs: 500 },
  })
  const network = await startNetwork(partner)
  const inbox = await startInbox({})
  const phone = await startPhone({
    platformUrl: publicUrl,
    networkUrl: network.url,
    rspPki: join(dataDir, 'rsp'),
  })
  const clock = movableClock()
  const porting = await startPorting({
    ...partner,
    clock,
    pace: { leadMs: 24 * 3600_000, timeoutMs: 500 },
  })
  const plain: Config = {
    port,
    dataDir,
    publicUrl,
    databaseUrl: database.url,
    masterKey: Buffer.alloc(32, 9),
    logLevel: 'error',
    payments: { url: payments.url, key: partner.key, webhookSecret: secret },
    network: {
      url: network.url,
      key: partner.key,
      webhookSecret: secret,
      ...(osmoHlr && { osmoHlr }),
    },
    porting: { webhookSecret: secret, ...(numbers && { url: porting.url, key: partner.key }) },
    phoneUrl: phone.url,
    inboxUrl: inbox.url,
    portingUrl: porting.url,
    smtpUrl: inbox.smtpUrl,
    smsUrl: `${inbox.url}/sms`,
    nchf: { host: 'localhost', port: nchfPort, url: `http://localhost:${nchfPort}` },
    es2: { host: 'localhost', port: es2Port, url: `https://localhost:${es2Port}` },
  }
  const config: Config = { ...plain, ...change(plain) }
  const log = logs
    ? openLog({ dataDir, logLevel: 'trace' }, 'test')
    : pino({ level: process.env['VIOLET_TEST_LOG'] ?? 'silent' })
  const queue = await openQueue(database.url, log, allQueues)
  const app: App = {
    config,
    db: database.db,
    clock,
    ids: systemIds(),
    log,
    queue,
    sessions: openSessions(config, database.db),
  }
  const gateways = wrap(await openGateways(config))
  const http = await openHttp(app)
  await registerRoutes(http, app, gateways)
  await registerDocs(http)
  if (pages) await registerPages(http)
  const nchf = openNchf(app)
  await http.listen({ port, host: 'localhost' })
  await nchf.listen({ port: nchfPort, host: 'localhost' })
  const es2 = await openEs2Server(app, gateways.rsp.es2, gateways.rsp.smdp.address)
  await es2.listen({ port: es2Port, host: 'localhost' })
  await queue.work(allJobs(app, gateways))
  const sweeping = keepSweeping(app)
  return {
    app,
    config,
    clock,
    gateways,
    url: publicUrl,
    db: database.db,
    urls: {
      payments: payments.url,
      network: network.url,
      inbox: inbox.url,
      phone: phone.url,
      porting: porting.url,
    },
    async close() {
      await sweeping.stop()
      await queue.close()
      await Promise.all([shut(http), nchf.close(), shut(es2)])
      const partners = [payments, network, inbox, phone, porting]
      await Promise.all(partners.map((one) => one.close()))
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

type Closing = { close(): PromiseLike<unknown>; server: { closeAllConnections?: () => void } }

/** A connection that a client opened and never used would hold a server open for a minute. */
async function shut(http: Closing): Promise<void> {
  const closed = http.close()
  http.server.closeAllConnections?.()
  await closed
}

function keepSweeping(app: App) {
  let stopped = false
  const loop = (async () => {
    while (!stopped) {
      for (const sweep of sweeps)
        await sweep(app).catch((error: unknown) => app.log.error({ err: error }, 'sweep'))
      await sleep(250)
    }
  })()
  return {
    async stop() {
      stopped = true
      await loop
    },
  }
}
