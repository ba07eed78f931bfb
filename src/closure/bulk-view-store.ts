/** Bulk closures as people see them: the list, how far each is, and what became of each line. */
import { sql } from 'kysely'
import type { Db } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import type { BulkView, LineOutcome, Progress } from './bulk.ts'
import { toGiveBack } from './bulk-off-store.ts'
import { bulkOf, findBulk } from './bulk-store.ts'

export async function bulkPage(db: Db, cursor: string | undefined, limit: number) {
  const [at = 'infinity', id = ''] = decodeCursor(cursor, 2) ?? []
  const { rows } = await sql<{ bulk_id: string; sort: string }>`
    select bulk_id, proposed_at::text as sort from closure_bulk
    where proposed_at < ${at}::timestamptz or (proposed_at = ${at}::timestamptz and bulk_id > ${id})
    order by proposed_at desc, bulk_id limit ${limit + 1}`.execute(db)
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const stored = await db
    .selectFrom('closure_bulk')
    .selectAll()
    .where('bulk_id', '=', sql<string>`any(${shown.map(({ bulk_id }) => bulk_id)})`)
    .orderBy('proposed_at', 'desc')
    .orderBy('bulk_id')
    .execute()
  const more = rows.length > limit && last
  return {
    items: stored.map(bulkOf),
    nextCursor: more ? encodeCursor([last.sort, last.bulk_id]) : null,
  }
}

type Standing = {
  refusal: string | null
  state: string | null
  going_back: boolean | null
  count: bigint
}

export async function seeBulk(db: Db, bulkId: string): Promise<BulkView | undefined> {
  const bulk = await findBulk(db, bulkId)
  if (!bulk) return undefined
  const { rows } = await sql<Standing>`
    select b.refusal, c.state, ${toGiveBack} as going_back, count(*) as count from closure_bulk_line b
    left join closure_case c on c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
    where b.bulk_id = ${bulkId} group by 1, 2, 3`.execute(db)
  const progress: Progress = { lines: 0, waiting: 0, givingBack: 0, refused: {}, states: {} }
  for (const { refusal, state, going_back, count: sum } of rows) {
    const count = Number(sum)
    progress.lines += count
    if (refusal) progress.refused[refusal] = count
    else if (state) progress.states[state] = (progress.states[state] ?? 0) + count
    else progress.waiting += count
    if (going_back && bulk.state === 'cancelled') progress.givingBack += count
  }
  const approvals = await db
    .selectFrom('closure_bulk_approval as a')
    .innerJoin('staff_member as m', 'm.staff_id', 'a.staff_id')
    .select(['a.staff_id', 'm.name', 'a.approved_at'])
    .where('a.bulk_id', '=', bulkId)
    .orderBy('a.approved_at')
    .execute()
  const { rejects } = await db
    .selectFrom('closure_bulk_reject')
    .select((build) => build.fn.countAll<bigint>().as('rejects'))
    .where('bulk_id', '=', bulkId)
    .executeTakeFirstOrThrow()
  return {
    ...bulk,
    progress,
    rejects: Number(rejects),
    approvals: approvals.map((row) => ({
      staffId: row.staff_id,
      name: row.name,
      at: row.approved_at,
    })),
  }
}

const outcomesAtOnce = 5000

/** What became of every row that was asked for, in the file's order, a few thousand at a time. */
export async function* outcomesOf(db: Db, bulkId: string): AsyncGenerator<LineOutcome[]> {
  for (let after = 0; ;) {
    const { rows } = await sql<OutcomeRow>`
      select * from (
        (select b.place, b.line_id, c.reference, b.refusal as reason, c.closed_at,
          case when b.refusal is not null then 'refused' else coalesce(c.state, 'waiting') end as outcome
        from closure_bulk_line b
        left join closure_case c on c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
        where b.bulk_id = ${bulkId} and b.place > ${after} order by b.place limit ${outcomesAtOnce})
        union all
        (select place, null, null, reason, null, 'rejected' from closure_bulk_reject
        where bulk_id = ${bulkId} and place > ${after} order by place limit ${outcomesAtOnce})) o
      order by place limit ${outcomesAtOnce}`.execute(db)
    const last = rows.at(-1)
    if (!last) return
    after = last.place
    yield rows.map((row) => ({
      place: row.place,
      lineId: row.line_id,
      reference: row.reference,
      outcome: row.outcome,
      reason: row.reason,
      endedAt: row.closed_at,
    }))
  }
}

type OutcomeRow = {
  place: number
  line_id: string | null
  reference: string | null
  reason: string | null
  closed_at: Temporal.Instant | null
  outcome: string
}
