/** People and messages in one process for API tests: real database, queue, HTTP and inbox, with a clock to move. */
import { pino } from 'pino'
import { startInbox } from '../simulators/inbox/server.ts'
import { openOutbox } from '../src/notices/gateway.ts'
import { registerNoticesRoutes } from '../src/notices/routes.ts'
import { noticeJobs, sweepNotices } from '../src/notices/steps.ts'
import { noticeQueues } from '../src/notices/store.ts'
import type { App } from '../src/platform/app.ts'
import type { Config } from '../src/platform/config.ts'
import { openHttp } from '../src/platform/http.ts'
import { systemIds } from '../src/platform/ids.ts'
import { openQueue } from '../src/platform/queue.ts'
import { registerStaffRoutes } from '../src/staff/routes.ts'
import { seedStaff } from '../src/staff/store.ts'
import { openSessions } from '../src/subscribers/gateway.ts'
import { registerSubscriberRoutes, type SubscriberRoutes } from '../src/subscribers/routes.ts'
import { registerTicketsRoutes } from '../src/tickets/routes.ts'
import { registerTicketsStaffRoutes } from '../src/tickets/staff-routes.ts'
import { freePort } from './free-port.ts'
import { testDatabase } from './database.ts'

export type People = Awaited<ReturnType<typeof openPeople>>
export type Mail = {
  id: number
  subject: string
  text: string
  html: string | null
  code: string | null
  deliveries: number
  attachments: { filename: string }[]
}

type Options = SubscriberRoutes & { smtpUrl?: string; working?: boolean }

/** Here nobody closes anything. */
export const nothingToPrint = { certificate: async () => undefined, receipt: async () => undefined }

export async function openPeople({ smtpUrl, working = true, ...routes }: Options = {}) {
  const database = await testDatabase()
  const inbox = await startInbox({})
  const port = await freePort()
  const url = `http://localhost:${port}`
  const nobody = { url: 'http://localhost:1', key: 'test-key', webhookSecret: 'whsec_' }
  const config: Config = {
    port,
    dataDir: '',
    publicUrl: url,
    databaseUrl: database.url,
    masterKey: Buffer.alloc(32, 9),
    logLevel: 'error',
    payments: nobody,
    network: nobody,
    phoneUrl: nobody.url,
    inboxUrl: inbox.url,
    portingUrl: nobody.url,
    smtpUrl: smtpUrl ?? inbox.smtpUrl,
    smsUrl: `${inbox.url}/sms`,
    nchf: { host: 'localhost', port: 0, url: 'http://localhost:0' },
  }
  const log = pino({ level: process.env['VIOLET_TEST_LOG'] ?? 'silent' })
  let aheadMs = 0
  const clock = { now: () => Temporal.Now.instant().add({ milliseconds: aheadMs }) }
  const queue = await openQueue(database.url, log, noticeQueues)
  const app: App = {
    config,
    db: database.db,
    clock,
    ids: systemIds(),
    log,
    queue,
    sessions: openSessions(config, database.db),
  }
  await seedStaff(app.db, clock.now())
  const http = await openHttp(app)
  registerSubscriberRoutes(http, app, routes)
  registerNoticesRoutes(http, app)
  registerStaffRoutes(http, app)
  registerTicketsRoutes(http, app)
  registerTicketsStaffRoutes(http, app)
  await http.listen({ port, host: 'localhost' })
  if (working) await queue.work(noticeJobs(app, openOutbox(config), nothingToPrint))
  return {
    app,
    url,
    urls: { inbox: inbox.url },
    sweep: () => sweepNotices(app),
    advance(by: { minutes?: number; hours?: number }) {
      aheadMs += Temporal.Duration.from(by).total('milliseconds')
    },
    async mails(to: string): Promise<Mail[]> {
      const response = await fetch(`${inbox.url}/messages?to=${encodeURIComponent(to)}`)
      return ((await response.json()) as { items: Mail[] }).items
    },
    async close() {
      await queue.close()
      await http.close()
      await inbox.close()
      await database.drop()
    },
  }
}
