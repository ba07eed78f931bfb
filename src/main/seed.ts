/** Fills a fresh platform with what it needs to be used: catalog, numbers, policies, staff. Run again, it changes nothing. */
import { seedNumbers } from '../lines/number-store.ts'
import { catalogNumbers } from '../plans/catalog.ts'
import { seedAddons } from '../addons/store.ts'
import { seedCatalog } from '../plans/store.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { seedPolicies } from '../policy/store.ts'
import { seedStaff } from '../staff/store.ts'

type Needs = Pick<Config, 'databaseUrl' | 'masterKey'>

export async function seed(config: Needs): Promise<void> {
  const db = openDatabase(openPool(config.databaseUrl, 2), config)
  const now = systemClock.now()
  try {
    await seedCatalog(db, now)
    await seedAddons(db, now)
    await seedNumbers(db, catalogNumbers())
    await seedPolicies(db, now)
    await seedStaff(db, now)
  } finally {
    await db.destroy()
  }
}

/** One member of each role, for the table that `npm start` prints. */
export const staffToShow = [
  { role: 'admin', email: 'admin@violet.example' },
  { role: 'reviewer', email: 'reviewer@violet.example' },
  { role: 'reviewer', email: 'reviewer2@violet.example' },
  { role: 'support', email: 'support@violet.example' },
  { role: 'finance', email: 'finance@violet.example' },
  { role: 'auditor', email: 'auditor@violet.example' },
] as const
