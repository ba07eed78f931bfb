/** The HTTP process: the API, the portal, the console, the documentation. */
import { isForTestsOnly } from '../esim/rsp-gateway.ts'
import { parseConfig } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { openHttp } from '../platform/http.ts'
import { systemIds } from '../platform/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { openLog } from '../platform/log.ts'
import { announceReady, exitWithParent, runMain } from '../platform/process.ts'
import { openQueue } from '../platform/queue.ts'
import { openSessions } from '../subscribers/gateway.ts'
import { registerDocs } from './docs.ts'
import { openEs2Server } from './es2-server.ts'
import { registerPages } from './pages.ts'
import { openRspServer } from './rsp-server.ts'
import { allQueues, openGateways, openNchf, registerRoutes } from './wiring.ts'

await runMain(async () => {
  exitWithParent()
  const config = parseConfig()
  const log = openLog(config, 'server')
  const db = openDatabase(openPool(config.databaseUrl, 20), config)
  const queue = await openQueue(config.databaseUrl, log, allQueues)
  const sessions = openSessions(config, db)
  const app = { config, db, clock: systemClock, ids: systemIds(), log, queue, sessions }
  const http = await openHttp(app)
  const gateways = await openGateways(config)
  await registerRoutes(http, app, gateways)
  await registerDocs(http)
  await registerPages(http)
  const nchf = openNchf(app)
  await http.listen({ port: config.port, host: 'localhost' })
  await nchf.listen({ port: config.nchf.port, host: config.nchf.host })
  const { rsp } = gateways
  const operators = config.es2 && (await openEs2Server(app, rsp.es2, rsp.smdp.address))
  if (config.es2) await operators?.listen({ port: config.es2.port, host: config.es2.host })
  const phones = config.rspListener && (await openRspServer(app, gateways.rsp))
  if (config.rspListener) await phones?.listen(config.rspListener)
  if (isForTestsOnly(config, rsp))
    log.info('profiles are under a test CI: only test eUICCs can install them')
  process.once('SIGTERM', async () => {
    await Promise.all([http.close(), nchf.close(), operators?.close(), phones?.close()])
    await queue.close()
    await db.destroy()
    process.exit(0)
  })
  announceReady(config.publicUrl)
})
