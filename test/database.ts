/** A database of its own for a test file: a copy of the migrated template, dropped at the end. */
import pg from 'pg'
import { inject } from 'vitest'
import { openDatabase, openPool } from '../src/platform/database.ts'

/** The master key of every test. */
export const testKeys = { masterKey: Buffer.alloc(32, 9) }

let made = 0

export async function testDatabase(template: 'template' | 'seeded' = 'template') {
  const adminUrl = inject('adminUrl')
  const name = `t_${process.pid}_${Date.now().toString(36)}_${made++}`
  await asAdmin(adminUrl, `create database ${name} template ${inject(template)} strategy file_copy`)
  const url = adminUrl.replace(/\/postgres(\?|$)/, `/${name}$1`)
  const pool = openPool(url)
  const db = openDatabase(pool, testKeys)
  return {
    url,
    db,
    async drop() {
      await db.destroy()
      await asAdmin(adminUrl, `drop database ${name} with (force)`)
    },
  }
}

export async function asAdmin(adminUrl: string, statement: string) {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await admin.query(statement)
  } finally {
    await admin.end()
  }
}
