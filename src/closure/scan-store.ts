/** Looks for what is left of a closed account: in every table, the queue and the logs, a slice at a time. */
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import type { Config } from '../platform/config.ts'
import type { Db, Trx } from '../platform/database.ts'
import { reportKey } from '../platform/key-life.ts'
import { openSearch, type Trace, tracesOf } from './trace.ts'
import {
  type Leftover,
  scanTables,
  type ScanPlace,
  type Search,
  searchLine,
  tracesKept,
} from './trace-store.ts'

export type Found = {
  tables: number
  rows: number
  logs: number
  lines: number
  leftovers: Leftover[]
}
/** `rows` so far; true ends the slice. */
type Slice = { from: ScanPlace | null; onRows: (rows: number) => boolean }

/** What a closed account is recognised by, and how much of that is a value of its own; null: all of it is forgotten. */
export async function searchFor(
  db: Db | Trx,
  config: Config,
  subscriberId: string,
  values: readonly string[] = [],
): Promise<{ search: Search; sought: number } | null> {
  const key = await reportKey(db, config)
  const traces: Trace[] = [
    ...(await tracesKept(db, subscriberId)),
    ...values.flatMap((one) => tracesOf(key, one, true)),
  ]
  if (traces.length === 0) return null
  return {
    search: { subscriberId, find: openSearch(key, traces) },
    sought: traces.filter(({ kind }) => kind !== 'word').length,
  }
}

/** Tables first, then log files; `next` is where the following slice goes on, null when all is read. */
export async function scanSlice(
  db: Db,
  dataDir: string,
  search: Search,
  { from, onRows }: Slice,
): Promise<Found & { next: ScanPlace | null }> {
  const found: Found = { tables: 0, rows: 0, logs: 0, lines: 0, leftovers: [] }
  if (from?.log === undefined) {
    const scanned = await scanTables(db, search, onRows, from)
    Object.assign(found, { tables: scanned.tables, rows: scanned.rows })
    found.leftovers.push(...scanned.leftovers)
    if (scanned.next) return { ...found, next: scanned.next }
  }
  for (const file of logFiles(dataDir)) {
    if (from?.log !== undefined && file <= from.log) continue
    await scanLog(join(dataDir, 'logs'), file, search, found)
    if (onRows(found.rows)) return { ...found, next: { log: file } }
  }
  return { ...found, next: null }
}

export async function rowsEstimated(db: Db | Trx): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select coalesce(sum(n_live_tup), 0)::int as n from pg_stat_user_tables`.execute(db)
  return rows[0]?.n ?? 0
}

function logFiles(dataDir: string): string[] {
  const folder = join(dataDir, 'logs')
  const files = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []
  return files.flatMap((file) => (file.isFile() ? [file.name] : [])).toSorted()
}

async function scanLog(folder: string, name: string, search: Search, found: Found): Promise<void> {
  found.logs += 1
  let number = 0
  const input = createReadStream(join(folder, name), 'utf8')
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1
    const hit = searchLine(search, line)
    if (hit) found.leftovers.push({ where: `logs/${name}`, row: `line ${number}`, what: hit.kind })
  }
  found.lines += number
}
