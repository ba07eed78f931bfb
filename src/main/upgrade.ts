/** What a newer version does to a database once, beyond SQL: it makes keys, and seals what was readable. */
import { sealExisting } from '../closure/sealing-store.ts'
import { sealProfiles } from '../esim/reseal-store.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'

export async function upgrade(config: Config): Promise<void> {
  const db = openDatabase(openPool(config.databaseUrl, 2), config)
  try {
    await sealExisting(db, config)
    await sealProfiles({ config, db, ids: systemIds() })
  } finally {
    await db.destroy()
  }
}
