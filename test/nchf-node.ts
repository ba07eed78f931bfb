/** One node that charges online, as a process of its own: to be killed in the middle of its work. */
import { pino } from 'pino'
import type { App } from '../src/platform/app.ts'
import { systemClock } from '../src/platform/clock.ts'
import { openKeyedPool } from '../src/platform/copy.ts'
import { openDatabase } from '../src/platform/database.ts'
import { openHttp2 } from '../src/platform/http2.ts'
import { systemIds } from '../src/platform/ids.ts'
import { openCharger } from '../src/usage/nchf/batch-store.ts'
import { nchfBodyLimitBytes, registerNchfRoutes } from '../src/usage/nchf/routes.ts'

const [, , url = '', port = ''] = process.argv
const db = openDatabase(openKeyedPool(url, 4))
const log = pino({ level: 'silent' })
const nchf = { host: '127.0.0.1', port: Number(port), url: `http://127.0.0.1:${port}` }
// No bucket comes near its end here, so that nobody is told anything.
const queue = { send: () => Promise.reject(new Error('nobody is to be told')) }
const config = { nchf, publicUrl: '' }
const app = { db, log, config, queue, clock: systemClock, ids: systemIds() } as unknown as App
const server = openHttp2({ log, bodyLimitBytes: nchfBodyLimitBytes })
registerNchfRoutes(server, app, openCharger(app))
await server.listen({ port: nchf.port, host: nchf.host })
process.send?.('ready')
