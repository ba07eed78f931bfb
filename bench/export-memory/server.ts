/** The API server as a process of its own, so that its memory is only its own: `server.ts DATABASE_URL`. */
import { pino } from 'pino'
import type { App } from '../../src/platform/app.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Config } from '../../src/platform/config.ts'
import { openDatabase, openPool } from '../../src/platform/database.ts'
import { openHttp } from '../../src/platform/http.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { openQueue } from '../../src/platform/queue.ts'
import { registerSubscriberRoutes } from '../../src/subscribers/routes.ts'
import type { SubscriberId } from '../../src/values/ids.ts'

const [databaseUrl = ''] = process.argv.slice(2)
const config = {
  databaseUrl,
  publicUrl: 'http://localhost:4400',
  masterKey: Buffer.alloc(32, 9),
} as Config
const log = pino({ level: 'silent' })
const app: App = {
  config,
  db: openDatabase(openPool(databaseUrl, 8), config),
  clock: systemClock,
  ids: systemIds(),
  log,
  queue: await openQueue(databaseUrl, log, []),
  // The load comes from one process on this machine: it says who it is.
  sessions: {
    subscriberOf: async (headers) => headers['x-subscriber'] as SubscriberId | undefined,
    staffOf: async () => undefined,
  },
}
const http = await openHttp(app)
registerSubscriberRoutes(http, app)
const address = await http.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ address })
process.on('disconnect', () => process.exit(0))
