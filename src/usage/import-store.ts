/** How far each file of usage was taken in: written in the transaction of every batch, so that a crash loses nothing. */
import { sql } from 'kysely'
import type pg from 'pg'
import { type Db, poolOf, type Trx } from '../platform/database.ts'

export type ImportCounts = { charged: number; repeated: number; rejected: number }
export type ImportRow = ImportCounts & {
  state: 'running' | 'done'
  doneBytes: number
  doneLines: number
  /** Batches of the window after `doneBytes` that were written before a crash. */
  doneBatches: number[]
} & Cut
/** Where windows and batches end: as long as a file is running it is the one it was begun with. */
export type Cut = { windowBytes: number; recordsPerBatch: number }

/** Keeps a second process from the same file until this one ends, however it ends. */
export async function holdImport(db: Db, importId: string): Promise<pg.PoolClient | undefined> {
  const client = await poolOf(db).connect()
  const { rows } = await client.query<{ held: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
    [importId],
  )
  if (rows[0]?.held) return client
  client.release()
  return undefined
}

export async function releaseImport(client: pg.PoolClient, importId: string): Promise<void> {
  try {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [importId])
    client.release()
  } catch {
    // The lock ended with its connection.
    client.release(true)
  }
}

type NewImport = Cut & { importId: string; fileName: string; bytes: number }

/** The file's row: new, or as a run that crashed left it; a file that was done before begins again. */
export async function beginImport(
  db: Db,
  now: Temporal.Instant,
  { importId, fileName, bytes, windowBytes, recordsPerBatch }: NewImport,
): Promise<ImportRow & { resumed: boolean }> {
  const row = await db
    .insertInto('usage_import')
    .values({
      import_id: importId,
      file_name: fileName,
      file_bytes: BigInt(bytes),
      window_bytes: BigInt(windowBytes),
      batch_records: recordsPerBatch,
      started_at: now,
      updated_at: now,
    })
    .onConflict((conflict) =>
      conflict.column('import_id').doUpdateSet((old) => {
        const isDone = sql`usage_import.state = 'done'`
        const anew = <T>(column: string) =>
          sql<T>`case when ${isDone} then 0 else ${sql.ref(`usage_import.${column}`)} end`
        const cut = <T>(column: string) => {
          const [given, begun] = [sql.ref(`excluded.${column}`), sql.ref(`usage_import.${column}`)]
          return sql<T>`case when ${isDone} then ${given} else ${begun} end`
        }
        return {
          file_name: old.ref('excluded.file_name'),
          state: 'running',
          done_bytes: anew<bigint>('done_bytes'),
          done_lines: anew<bigint>('done_lines'),
          charged: anew<bigint>('charged'),
          repeated: anew<bigint>('repeated'),
          rejected: anew<bigint>('rejected'),
          window_bytes: cut<bigint>('window_bytes'),
          batch_records: cut<number>('batch_records'),
          updated_at: now,
        }
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
  const doneBytes = Number(row.done_bytes)
  return {
    state: 'running',
    doneBytes,
    doneLines: Number(row.done_lines),
    doneBatches: row.done_batches,
    windowBytes: Number(row.window_bytes),
    recordsPerBatch: row.batch_records,
    charged: Number(row.charged),
    repeated: Number(row.repeated),
    rejected: Number(row.rejected),
    resumed: doneBytes > 0 || row.done_batches.length > 0,
  }
}

/** The last statement of a batch's transaction: other batches of the file wait for it. */
export async function batchDone(
  trx: Trx,
  now: Temporal.Instant,
  importId: string,
  batch: number,
  { charged, repeated, rejected }: ImportCounts,
): Promise<void> {
  await sql`
    update usage_import set done_batches = done_batches || ${batch}::int, charged = charged + ${charged}::int8,
      repeated = repeated + ${repeated}::int8, rejected = rejected + ${rejected}::int8, updated_at = ${now}
    where import_id = ${importId}`.execute(trx)
}

export async function windowDone(
  db: Db,
  now: Temporal.Instant,
  importId: string,
  { endBytes, endLines }: { endBytes: number; endLines: number },
): Promise<void> {
  await sql`
    update usage_import set done_bytes = ${endBytes}::int8, done_lines = ${endLines}::int8, done_batches = '{}',
      updated_at = ${now} where import_id = ${importId}`.execute(db)
}

export async function importDone(db: Db, now: Temporal.Instant, importId: string): Promise<void> {
  await sql`
    update usage_import set state = 'done', updated_at = ${now} where import_id = ${importId}`.execute(
    db,
  )
}

export type RejectedLine = { line: number; reason: string; original: string }

/** Lines of a file that stand rejected, in their order, page by page. */
export async function* rejectedLines(db: Db, importId: string): AsyncGenerator<RejectedLine[]> {
  let after = 0
  for (;;) {
    const { rows } = await sql<{ line_number: bigint; reason: string; original: string }>`
      select line_number, reason, original from usage_reject
      where import_id = ${importId} and state = 'open' and line_number > ${after}
      order by line_number limit 5000`.execute(db)
    const last = rows.at(-1)
    if (!last) return
    yield rows.map(({ line_number, ...row }) => ({ line: Number(line_number), ...row }))
    after = Number(last.line_number)
  }
}
