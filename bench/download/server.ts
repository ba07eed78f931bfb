/** The process that is measured: ES9+ and nothing else, told by its parent where the database is. */
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import { registerEs9Routes } from '../../src/esim/es9-routes.ts'
import { openRsp } from '../../src/esim/rsp-gateway.ts'
import { activateQueue } from '../../src/lines/line.ts'
import type { App } from '../../src/platform/app.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Config } from '../../src/platform/config.ts'
import { openDatabase, openPool } from '../../src/platform/database.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { openQueue } from '../../src/platform/queue.ts'

const [url = '', dataDir = ''] = process.argv.slice(2)
const config = {
  dataDir,
  publicUrl: 'http://localhost:4400',
  masterKey: Buffer.alloc(32, 9),
} as Config
const log = pino({ level: 'silent' })
const app: App = {
  config,
  db: openDatabase(openPool(url, 8), config),
  clock: systemClock,
  ids: systemIds(),
  log,
  queue: await openQueue(url, log, [activateQueue]),
  sessions: { subscriberOf: async () => undefined, staffOf: async () => undefined },
}
const server = Fastify({ loggerInstance: log as FastifyBaseLogger })
await registerEs9Routes(server, app, await openRsp(config, Date.now()))
const address = await server.listen({ port: 0, host: '127.0.0.1' })
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000 })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ address })
