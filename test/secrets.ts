/** Looks for secrets in all that a platform has written down, however they are encoded there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Db } from '../src/platform/database.ts'

/** Bytes, or a text; digits count where no other digit is beside them, as many numbers contain the same few. */
export type Secrets = Record<string, Buffer | string>

/** What every table of every schema holds, a line a row, and the log. */
export async function writtenDown(db: Db, dataDir: string): Promise<string[]> {
  const { rows: tables } = await sql<{ schema: string; name: string }>`
    select table_schema as schema, table_name as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`.execute(
    db,
  )
  const log = readFileSync(join(dataDir, 'logs/test.log'), 'utf8').split('\n')
  const lines = log.map((line) => `log: ${line}`)
  for (const { schema, name } of tables) {
    const { rows } = await sql<{ row: string }>`
      select t::text as row from ${sql.table(`${schema}.${name}`)} t`.execute(db)
    lines.push(...rows.map(({ row }) => `${schema}.${name}: ${row}`))
  }
  return lines
}

/** Which secret was found, and where; empty is what it should be. */
export function leaksIn(lines: readonly string[], secrets: Secrets): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const pattern = new RegExp(formsOf(secret).join('|'), 'i')
    return lines.filter((line) => pattern.test(line)).map((line) => `${name} in ${line}`)
  })
}

function formsOf(secret: Buffer | string): string[] {
  const bytes = Buffer.from(secret)
  const encoded = [bytes.toString('hex'), ...inBase64(bytes)]
  if (typeof secret !== 'string') return encoded
  const plain = RegExp.escape(secret)
  return [/^\d+$/.test(secret) ? String.raw`(?<![\d.])${plain}(?!\d)` : plain, ...encoded]
}

/** As it stands within the base64 of something longer, wherever it begins there. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)]
    return [...text.slice(from, to)]
      .map((digit) => ({ '+': '[+-]', '/': '[/_]' })[digit] ?? digit)
      .join('')
  })
}
