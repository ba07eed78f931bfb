/** `violet keys`: the data keys of subscribers, wrapped by the master key. */
import { resealProfiles } from '../esim/reseal-store.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { rotateKeys } from '../platform/key-life.ts'
import { openProgress } from '../platform/progress.ts'
import { masterId } from '../platform/vault.ts'

/** Wraps every key anew that a former master key wraps, so that the former one may be thrown away. */
export async function keysRotateCommand(config: Config, json: boolean): Promise<void> {
  const db = openDatabase(openPool(config.databaseUrl, 2), config)
  try {
    const progress: { bar?: ReturnType<typeof openProgress> } = {}
    const wrapped = await rotateKeys(db, config, (done, total) => {
      progress.bar ??= openProgress('Keys', total)
      progress.bar.at(done)
    })
    progress.bar?.end()
    const app = { config, db, ids: systemIds() }
    const profiles = await resealProfiles(app)
    const found = { masterKey: masterId(config.masterKey), wrapped, profiles }
    const text =
      wrapped + profiles === 0
        ? `Nothing to do: the master key ${found.masterKey} wraps every key.`
        : `The master key ${found.masterKey} now wraps every key: ${wrapped} were wrapped anew, and the secrets of ${profiles} profiles sealed anew.`
    process.stdout.write(`${json ? JSON.stringify(found) : text}\n`)
  } finally {
    await db.destroy()
  }
}
