/** The durable work of a scan for what is left: one job reads for a while, notes where it is, and sends the next. */
import { sql } from 'kysely'
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Job, JobData } from '../platform/queue.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { rowsEstimated, scanSlice, searchFor } from './scan-store.ts'
import { locateCase } from './store.ts'
import type { Leftover, ScanPlace } from './trace-store.ts'

export const scanQueue = 'closure.scan'

/** A job ends well before the queue takes it for lost. */
const workMsMax = 60_000
/** A bar that stands still for longer looks like one that has stopped. */
const noteMs = 1000
/** Where so much is left, the first of it says enough. */
const leftoversMax = 1000

export type Scan = {
  scanId: string
  state: 'running' | 'done' | 'failed'
  askedAt: Temporal.Instant
  endedAt: Temporal.Instant | null
  rowsExpected: number
  rows: number
  tables: number
  logs: number
  lines: number
  sought: number
  leftovers: Leftover[]
}

/** Begun once however often it is asked for while it runs; of an open account nothing is looked for. */
export async function startScan(
  app: App,
  staff: StaffMember,
  caseId: string,
): Promise<Scan | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const place = await locateCase(trx, { caseId })
    if (!place) return refuse('not-found')
    const subscriberId = place.subscriber_id
    const { rows: people } = await sql<{ state: string }>`
      select state from subscriber where subscriber_id = ${subscriberId} for update`.execute(trx)
    if (people[0]?.state !== 'closed') return refuse('account-open')
    const running = await latestScan(trx, subscriberId)
    if (running?.state === 'running') return running
    const wanted = await searchFor(trx, app.config, subscriberId)
    if (!wanted) return refuse('nothing-to-look-for')
    const scanId = app.ids.make('scan')
    await trx
      .insertInto('erasure_scan')
      .values({
        subscriber_id: subscriberId,
        scan_id: scanId,
        asked_by: staff.staffId,
        asked_at: now,
        state: 'running',
        rows_expected: BigInt(await rowsEstimated(trx)),
        sought: wanted.sought,
      })
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'staff', id: staff.staffId },
      action: 'erasure.scan-asked',
      subject: { kind: 'closure', id: caseId },
      reason: 'to prove that nothing readable is left',
    })
    await app.queue.send(trx, scanQueue, scanId, { subscriberId, scanId })
    return (await latestScan(trx, subscriberId))!
  })
}

export async function latestScan(db: Db | Trx, subscriberId: string): Promise<Scan | null> {
  const row = await db
    .selectFrom('erasure_scan')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .orderBy('asked_at', 'desc')
    .orderBy('scan_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) return null
  return {
    scanId: row.scan_id,
    state: row.state as Scan['state'],
    askedAt: row.asked_at,
    endedAt: row.ended_at,
    rowsExpected: Number(row.rows_expected),
    rows: Number(row.rows_read),
    tables: row.tables_read,
    logs: row.log_files,
    lines: Number(row.log_lines),
    sought: row.sought,
    leftovers: row.leftovers as Leftover[],
  }
}

export function scanJobs(app: App): Job[] {
  return [
    {
      queue: scanQueue,
      run: (data) => runScan(app, data),
      gaveUp: (data, error) => giveUp(app, data, error),
    },
  ]
}

/** Run twice, a slice is read twice and counted once: what it found is written with the place it ended at. */
async function runScan(app: App, { subscriberId = '', scanId = '' }: JobData): Promise<void> {
  const { db, config } = app
  const row = await db
    .selectFrom('erasure_scan')
    .select(['next', 'state', 'rows_read', 'leftovers'])
    .where('subscriber_id', '=', subscriberId)
    .where('scan_id', '=', scanId)
    .executeTakeFirst()
  if (row?.state !== 'running') return
  const wanted = await searchFor(db, config, subscriberId)
  if (!wanted) return giveUp(app, { subscriberId, scanId }, 'what was known has been forgotten')
  const endMs = performance.now() + workMsMax
  let notedMs = performance.now()
  const onRows = (rows: number) => {
    if (performance.now() - notedMs > noteMs) {
      notedMs = performance.now()
      void note(db, subscriberId, scanId, row.rows_read + BigInt(rows))
    }
    return performance.now() > endMs
  }
  const from = row.next as ScanPlace | null
  const slice = await scanSlice(db, config.dataDir, wanted.search, { from, onRows })
  const leftovers = [...(row.leftovers as Leftover[]), ...slice.leftovers].slice(0, leftoversMax)
  await db.transaction().execute(async (trx) => {
    const written = await trx
      .updateTable('erasure_scan')
      .set((set) => ({
        next: slice.next === null ? null : JSON.stringify(slice.next),
        rows_read: row.rows_read + BigInt(slice.rows),
        tables_read: set('tables_read', '+', slice.tables),
        log_files: set('log_files', '+', slice.logs),
        log_lines: set('log_lines', '+', BigInt(slice.lines)),
        leftovers: JSON.stringify(leftovers),
        ...(slice.next === null && { state: 'done', ended_at: app.clock.now() }),
      }))
      .where('subscriber_id', '=', subscriberId)
      .where('scan_id', '=', scanId)
      .where('state', '=', 'running')
      .where(sql<boolean>`next is not distinct from ${from && JSON.stringify(from)}::jsonb`)
      .executeTakeFirst()
    if (written.numUpdatedRows === 1n && slice.next)
      await app.queue.send(trx, scanQueue, scanId, { subscriberId, scanId })
  })
}

/** Only for the bar: what counts is written with the place. */
async function note(db: Db, subscriberId: string, scanId: string, rows: bigint): Promise<void> {
  await db
    .updateTable('erasure_scan')
    .set({ rows_read: rows })
    .where('subscriber_id', '=', subscriberId)
    .where('scan_id', '=', scanId)
    .where('state', '=', 'running')
    .execute()
    .catch(() => undefined)
}

async function giveUp(app: App, { subscriberId = '', scanId = '' }: JobData, error: string) {
  app.log.error({ scanId, error }, 'a scan for what is left of an account has stopped')
  await app.db
    .updateTable('erasure_scan')
    .set({ state: 'failed', ended_at: app.clock.now() })
    .where('subscriber_id', '=', subscriberId)
    .where('scan_id', '=', scanId)
    .where('state', '=', 'running')
    .execute()
}
