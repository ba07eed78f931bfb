/** Keeps what a closed account's data is recognised by, and looks for it: in every table, the queue, and the logs. */
import { sql } from 'kysely'
import { type Db, rowsParameter, type Trx } from '../platform/database.ts'
import { reportKey } from '../platform/key-life.ts'
import type { MasterKeys } from '../platform/vault.ts'
import { isKeptByHold, isName, recordIdsOf, tracedColumns } from '../values/closing.ts'
import { closings } from './leftovers-store.ts'
import { openSearch, readings, type Trace, tracesOf } from './trace.ts'

/**
 * Before accounts end: hashes of what is personal in them. What the catalog says as well, such as a plan's name given
 * to a line, is nobody's.
 */
export async function keepTraces(
  trx: Trx,
  masters: MasterKeys,
  subscriberIds: readonly string[],
): Promise<void> {
  if (subscriberIds.length === 0) return
  const key = await reportKey(trx, masters)
  const values: { subscriber_id: string; value: string; oneWord: boolean }[] = []
  for (const { leftovers } of Object.values(closings)) {
    for (const [table, claim] of Object.entries(leftovers)) {
      if (claim === 'nobody') continue
      for (const column of tracedColumns(claim)) {
        const { rows } = await sql<{ subscriber_id: string; value: string | null }>`
          select subscriber_id, ${sql.ref(column)} as value from ${sql.table(table)}
          where subscriber_id = any(${[...subscriberIds]}::text[])`.execute(trx)
        const oneWord = isName(claim, column)
        for (const { subscriber_id, value } of rows)
          if (value) values.push({ subscriber_id, value, oneWord })
      }
    }
  }
  const common = await catalogWords(trx)
  const traces = values
    .filter(({ value }) => !common.includes(value))
    .flatMap(({ subscriber_id, value, oneWord }) =>
      tracesOf(key, value, oneWord).map((trace) => ({ subscriber_id, ...trace })),
    )
  const once = new Map(traces.map((row) => [Object.values(row).join(' '), row]))
  if (once.size === 0) return
  await sql`
    insert into erasure_trace (subscriber_id, kind, token, words)
    select subscriber_id, kind, token, words from jsonb_to_recordset(${rowsParameter([...once.values()])})
      as x (subscriber_id text, kind text, token text, words int)
    on conflict do nothing`.execute(trx)
}

async function catalogWords(trx: Trx): Promise<string> {
  const { rows } = await sql<{ said: string | null }>`
    select string_agg(document::text, ' ') as said from plan_version`.execute(trx)
  return rows[0]?.said ?? ''
}

/** Once everything is erased, what it was recognised by goes too. */
export async function forgetTraces(trx: Trx, subscriberId: string): Promise<void> {
  await trx.deleteFrom('erasure_trace').where('subscriber_id', '=', subscriberId).execute()
}

export async function tracesKept(db: Db | Trx, subscriberId: string): Promise<Trace[]> {
  const rows = await db
    .selectFrom('erasure_trace')
    .select(['kind', 'token', 'words'])
    .where('subscriber_id', '=', subscriberId)
    .execute()
  return rows.map(({ kind, token, words }) => ({ kind: kind as Trace['kind'], token, words }))
}

export type Leftover = { readonly where: string; readonly row: string; readonly what: string }
/** Where a scan goes on: after a row of a table, or after a log file. */
export type ScanPlace = { table?: string; after?: string; log?: string }
export type Scanned = {
  tables: number
  rows: number
  leftovers: Leftover[]
  /** Null: every table has been read. */
  next: ScanPlace | null
}

const rowsAtOnce = 2000
/** Whose data it is, and what they are recognised by. */
export type Search = {
  readonly subscriberId: string
  readonly find: ReturnType<typeof openSearch>
}

// The operator's own people; and the hashes themselves.
const notScanned = /^public\.(staff_|erasure_trace$)/

/**
 * Reads every row of every table, whatever its schema, and says where something personal still stands. `onRows` says
 * true when that is enough for now.
 */
export async function scanTables(
  db: Db,
  search: Search,
  onRows: (rows: number) => boolean | void,
  from: ScanPlace | null = null,
): Promise<Scanned> {
  const { rows: tables } = await sql<{ name: string; path: string }>`
    select n.nspname || '.' || c.relname as name, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as path
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
    order by 1`.execute(db)
  const isHeld = await openHolds(db)
  const scanned: Scanned = { tables: 0, rows: 0, leftovers: [], next: null }
  // A table that is gone meanwhile is not waited for: all are read again.
  const first = Math.max(
    tables.findIndex(({ name }) => name === from?.table),
    0,
  )
  for (const { name, path } of tables.slice(first)) {
    if (notScanned.test(name)) continue
    const after = name === from?.table ? from.after : undefined
    if (after === undefined) scanned.tables += 1
    for await (const { at, row } of rowsOf(db, path, after)) {
      scanned.rows += 1
      const fields = JSON.parse(row) as Record<string, unknown>
      for (const [column, value] of Object.entries(fields)) {
        const found = textsIn(value)
          .map(search.find)
          .find((one) => one !== undefined)
        const isTheirs = column === 'msisdn' && isOfOthers(name, fields, search)
        if (found && !isTheirs && !isHeld(name, column, fields))
          scanned.leftovers.push({ where: `${name}.${column}`, row: at, what: found.kind })
      }
      if (scanned.rows % rowsAtOnce === 0 && onRows(scanned.rows) === true)
        return { ...scanned, next: { table: name, after: at } }
    }
  }
  return scanned
}

/** What a legal hold keeps is no leftover. */
async function openHolds(db: Db) {
  const holds = await db
    .selectFrom('legal_hold')
    .select(['subscriber_id', 'record'])
    .where('released_at', 'is', null)
    .execute()
  const held = new Set(holds.map((one) => `${one.subscriber_id} ${one.record}`))
  const claims = new Map(
    Object.values(closings).flatMap(({ leftovers }) => Object.entries(leftovers)),
  )
  return (name: string, column: string, row: Record<string, unknown>): boolean => {
    const claim = claims.get(name.replace(/^public\./, '')) ?? 'nobody'
    if (claim === 'nobody' || !isKeptByHold(claim, column)) return false
    return recordIdsOf(claim).some((id) => held.has(`${row['subscriber_id']} ${row[id]}`))
  }
}

/** A number outlives whose it was: the operator's inventory has it, and after its quarantine somebody else. */
function isOfOthers(table: string, row: Record<string, unknown>, { subscriberId }: Search) {
  return table === 'public.phone_number' || (row['subscriber_id'] ?? subscriberId) !== subscriberId
}

async function* rowsOf(
  db: Db,
  path: string,
  after = '(0,0)',
): AsyncGenerator<{ at: string; row: string }> {
  for (;;) {
    const { rows } = await sql<{ at: string; row: string }>`
      select ctid::text as at, to_jsonb(t)::text as row from ${sql.raw(path)} t
      where ctid > ${after}::tid order by ctid limit ${rowsAtOnce}`.execute(db)
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < rowsAtOnce) return
    after = last.at
  }
}

/** Every text at any depth, and what is written otherwise in it. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return readings(value)
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)])
}

/** A line of a log: JSON where it is, else as it stands. */
export function searchLine({ find }: Search, line: string) {
  try {
    return textsIn(JSON.parse(line))
      .map(find)
      .find((one) => one !== undefined)
  } catch {
    return readings(line)
      .map(find)
      .find((one) => one !== undefined)
  }
}
