/** The database of a start: the operator's own, or the embedded one, looked after while it runs. */
import { join } from 'node:path'
import { type Cluster, startCluster } from '../platform/cluster.ts'
import { portsAfter } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import { connect } from '../platform/migrate.ts'

export type Database = {
  description: string
  start: () => Promise<string>
  stop: () => Promise<void>
}

/** Theirs when an address is given, else the embedded one. */
export function openDatabaseFor(
  { port, dataDir }: { port: number; dataDir: string },
  external: string | undefined,
  log: Log,
): Database {
  return external ? theirDatabase(external) : ourDatabase(port, dataDir, log)
}

const theirDatabase = (url: string): Database => ({
  description: `database ${new URL(url).host}`,
  async start() {
    const client = await connect(url)
    await client.end()
    return url
  },
  stop: () => Promise.resolve(),
})

/** The embedded database, started again should it die while the platform runs. */
function ourDatabase(port: number, dataDir: string, log: Log): Database {
  const options = {
    folder: join(dataDir, 'postgres'),
    port: portsAfter(port).database,
    logFile: join(dataDir, 'logs', 'postgres.log'),
  }
  let cluster: Cluster | undefined
  let starting: Promise<Cluster> | undefined
  let watch: NodeJS.Timeout | undefined
  // However this process ends, short of SIGKILL, the database must not stay behind.
  const atExit = () => cluster?.askToStop()
  const start = async () => {
    starting = startCluster(cluster ? { ...options, port: cluster.port } : options)
    cluster = await starting
    starting = undefined
  }
  const lookAfter = async () => {
    if (starting || !cluster || cluster.isRunning()) return
    log.warn('the database ended; it starts again')
    await start().catch((error: unknown) => {
      starting = undefined
      log.error({ err: error }, 'the database did not start again')
    })
  }
  return {
    description: 'embedded PostgreSQL',
    async start() {
      await start()
      if (cluster?.adopted) log.info('took over the database an earlier run left running')
      process.on('exit', atExit)
      watch = setInterval(() => void lookAfter(), 1000)
      return cluster?.url() ?? ''
    },
    async stop() {
      clearInterval(watch)
      await starting?.catch(() => {})
      await cluster?.stop()
      process.off('exit', atExit)
    },
  }
}
