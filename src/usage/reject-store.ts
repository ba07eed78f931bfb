/** Records that were turned away: kept with their reason and their original, until they are taken in or put aside. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import type { Reason } from './record.ts'

export type RejectSource = 'import' | 'webhook' | 'online'
export type RejectState = 'open' | 'replayed' | 'discarded'

export type NewReject = {
  source: RejectSource
  /** Where it stands, for a line of a file. */
  line?: { importId: string; number: number }
  usageId: string
  imsi: string
  reason: Reason
  /** As it came. */
  original: string
  /** As `takeIn` reads it, where it could be read that far: what is replayed. */
  record: object | null
}

export type Reject = {
  rejectId: string
  source: RejectSource
  importId: string | null
  lineNumber: bigint | null
  usageId: string
  imsi: string
  reason: Reason
  original: string
  record: Record<string, unknown> | null
  state: RejectState
  times: number
  firstAt: Temporal.Instant
  lastAt: Temporal.Instant
  endedAt: Temporal.Instant | null
}

/** The same line of a file, or the same record sent again, is one reject; its newest reason stands. */
export async function storeRejects(
  trx: Trx,
  now: Temporal.Instant,
  rejects: readonly NewReject[],
): Promise<void> {
  if (rejects.length === 0) return
  const byId = new Map(rejects.map((one) => [rejectIdOf(one), one]))
  const rows = [...byId]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([rejectId, one]) => ({
      reject_id: rejectId,
      source: one.source,
      import_id: one.line?.importId ?? null,
      line_number: one.line?.number ?? null,
      usage_id: clean(one.usageId).slice(0, 100),
      imsi: clean(one.imsi).slice(0, 15),
      reason: one.reason,
      original: clean(one.original).slice(0, originalMax),
      record: one.record,
    }))
  await sql`
    insert into usage_reject as r (reject_id, source, import_id, line_number, usage_id, imsi, reason, original, record,
      first_at, last_at)
    select n.reject_id, n.source, n.import_id, n.line_number, n.usage_id, n.imsi, n.reason, n.original,
      nullif(n.record, 'null'::jsonb), ${now}, ${now}
    from jsonb_to_recordset(${JSON.stringify(rows, cleaned)}::jsonb) as n (reject_id text, source text,
      import_id text, line_number int8, usage_id text, imsi text, reason text, original text, record jsonb)
    on conflict (reject_id) do update set last_at = excluded.last_at,
      times = case when r.source = 'import' then r.times else r.times + 1 end,
      reason = case when r.state = 'open' then excluded.reason else r.reason end`.execute(trx)
}

const originalMax = 4000
// PostgreSQL keeps no NUL in text, and no half of a character.
const clean = (text: string) => text.replaceAll('\0', '').toWellFormed()

function cleaned(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return clean(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [clean(name), inner]))
}

function rejectIdOf({ source, line, imsi, original }: NewReject): string {
  if (line) return `${line.importId}:${line.number}`
  const digest = createHash('sha256').update(`${source}\n${imsi}\n${original}`).digest('hex')
  return `reject_${digest.slice(0, 32)}`
}

type Row = {
  reject_id: string
  source: RejectSource
  import_id: string | null
  line_number: bigint | null
  usage_id: string
  imsi: string
  reason: Reason
  original: string
  record: Record<string, unknown> | null
  state: RejectState
  times: number
  first_at: Temporal.Instant
  last_at: Temporal.Instant
  ended_at: Temporal.Instant | null
}

const rejectOf = (row: Row): Reject => ({
  rejectId: row.reject_id,
  source: row.source,
  importId: row.import_id,
  lineNumber: row.line_number,
  usageId: row.usage_id,
  imsi: row.imsi,
  reason: row.reason,
  original: row.original,
  record: row.record,
  state: row.state,
  times: row.times,
  firstAt: row.first_at,
  lastAt: row.last_at,
  endedAt: row.ended_at,
})

export type RejectFilter = {
  state: RejectState
  reason?: Reason | undefined
  cursor?: string | undefined
  limit: number
}

/** Newest first. */
export async function rejectPage(
  db: Db,
  { state, reason, cursor, limit }: RejectFilter,
): Promise<{ items: Reject[]; nextCursor: string | null }> {
  const [at, rejectId] = decodeCursor(cursor, 2) ?? []
  const { rows } = await sql<Row>`
    select * from usage_reject where state = ${state}
      and ${reason === undefined ? sql`true` : sql`reason = ${reason}`}
      and ${at === undefined ? sql`true` : sql`(last_at, reject_id) < (${at}::timestamptz, ${rejectId})`}
    order by last_at desc, reject_id desc limit ${limit + 1}`.execute(db)
  const items = rows.slice(0, limit).map(rejectOf)
  const last = rows.length > limit ? items.at(-1) : undefined
  return {
    items,
    nextCursor: last ? encodeCursor([last.lastAt.toString(), last.rejectId]) : null,
  }
}

export type RejectCount = {
  source: RejectSource
  reason: Reason
  state: RejectState
  count: number
}

export async function rejectCounts(db: Db): Promise<RejectCount[]> {
  const { rows } = await sql<RejectCount>`
    select source, reason, state, count(*)::int as count from usage_reject
    group by 1, 2, 3 order by 4 desc, 1, 2, 3`.execute(db)
  return rows
}

export async function findReject(db: Db | Trx, rejectId: string): Promise<Reject | undefined> {
  const { rows } = await sql<Row>`
    select * from usage_reject where reject_id = ${rejectId}`.execute(db)
  return rows[0] && rejectOf(rows[0])
}

/** False when it was dealt with already. */
export async function endReject(
  trx: Trx,
  now: Temporal.Instant,
  rejectId: string,
  state: 'replayed' | 'discarded',
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update usage_reject set state = ${state}, ended_at = ${now}
    where reject_id = ${rejectId} and state = 'open'`.execute(trx)
  return numAffectedRows === 1n
}

/** Still turned away, for this reason now. */
export async function keepReject(
  trx: Trx,
  now: Temporal.Instant,
  rejectId: string,
  reason: Reason,
): Promise<void> {
  await sql`
    update usage_reject set reason = ${reason}, last_at = ${now}, times = times + 1
    where reject_id = ${rejectId} and state = 'open'`.execute(trx)
}

/** Whose SIM it is, or undefined for one that is not known. */
export async function ownerOfImsi(db: Db | Trx, imsi: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('line_index')
    .select('subscriber_id')
    .where('imsi', '=', imsi)
    .executeTakeFirst()
  return row?.subscriber_id
}
