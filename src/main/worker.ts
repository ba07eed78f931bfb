/** The worker process: jobs of the queue, and the sweep that wakes what is due. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../platform/clock.ts'
import { parseConfig } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { openLog } from '../platform/log.ts'
import { announceReady, exitWithParent, runMain } from '../platform/process.ts'
import { openQueue } from '../platform/queue.ts'
import { openSessions } from '../subscribers/gateway.ts'
import { allJobs, allQueues, openGateways, sweeps, upkeep } from './wiring.ts'

const sweepEveryMs = 1000
const upkeepEvery = 60

await runMain(async () => {
  exitWithParent()
  const config = parseConfig()
  const log = openLog(config, 'worker')
  const db = openDatabase(openPool(config.databaseUrl, 20), config)
  const queue = await openQueue(config.databaseUrl, log, allQueues)
  const sessions = openSessions(config, db)
  const app = { config, db, clock: systemClock, ids: systemIds(), log, queue, sessions }
  await queue.work(allJobs(app, await openGateways(config)))
  const stopping = new AbortController()
  process.once('SIGTERM', () => stopping.abort())
  announceReady()
  for (let round = 0; !stopping.signal.aborted; round += 1) {
    const due = round % upkeepEvery === 0 ? [...sweeps, ...upkeep] : sweeps
    for (const sweep of due) {
      await sweep(app).catch((error: unknown) =>
        log.error({ err: error, sweep: sweep.name }, 'sweep failed'),
      )
    }
    await sleep(sweepEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
  await queue.close()
  await db.destroy()
  process.exit(0)
})
