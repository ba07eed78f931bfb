/** One connection for a command that asks the database and ends. */
import { type Db, openDatabase, openPool } from '../platform/database.ts'

export async function withDatabase<T>(url: string, use: (db: Db) => Promise<T>): Promise<T> {
  const db = openDatabase(openPool(url, 1))
  try {
    return await use(db)
  } finally {
    await db.destroy()
  }
}
