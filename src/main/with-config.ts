/** Gives a command a migrated database: the operator's, a running platform's, or one for a moment. */
import { join } from 'node:path'
import { runningUrl } from '../platform/cluster.ts'
import {
  checkout,
  type Config,
  databaseUrl,
  type Environment,
  parseConfig,
  parsePlaces,
} from '../platform/config.ts'
import { openLog } from '../platform/log.ts'
import { type Migrated, migrate } from '../platform/migrate.ts'
import { CannotStart } from '../platform/process.ts'
import { openSecrets } from '../platform/secrets.ts'
import { openDatabaseFor } from './launch-database.ts'
import { upgrade } from './upgrade.ts'
import { findRunning, holdDataFolder, openDataFolder } from './launch-folder.ts'

type Use = (config: Config, migrated: Migrated) => Promise<void>

export async function withConfig(data: string | undefined, use: Use): Promise<void> {
  const env: Environment = { ...process.env, ...(data === undefined ? {} : { VIOLET_DATA: data }) }
  const places = parsePlaces(env)
  const external = env['DATABASE_URL'] && databaseUrl(env['DATABASE_URL'])
  openDataFolder(places.dataDir)
  const secrets = openSecrets(places.dataDir, env)
  const go = async (url: string) => {
    const config = parseConfig({ ...env, ...secrets, DATABASE_URL: url })
    const migrated = await migrate(url, join(checkout, 'migrations'))
    await upgrade(config)
    await use(config, migrated)
  }
  if (external) return await go(external)
  if (await findRunning(places.dataDir)) {
    const url = runningUrl(join(places.dataDir, 'postgres'))
    if (url) return await go(url)
    throw new CannotStart('Violet runs but its database does not answer yet: try again.')
  }
  const release = await holdDataFolder(places.dataDir, places.publicUrl)
  const database = openDatabaseFor(places, undefined, openLog(places, 'start'))
  try {
    await go(await database.start())
  } finally {
    await database.stop()
    release()
  }
}
