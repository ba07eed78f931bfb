/** Where an erasure stands: its state, what is kept for what reason until when, and the holds on it. */
import { sql } from 'kysely'
import type { Db } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import type { erasureStates } from './erasure-wire.ts'
import { type Hold, holdsOf } from './hold-store.ts'
import { latestScan, type Scan } from './scan-steps.ts'

export type ErasureState = (typeof erasureStates)[number]
export type ErasureFacts = {
  reference: string
  scope: 'line' | 'account'
  subscriberId: string
  account: 'active' | 'closed'
  /** Of the account's own closure; null while it has none. */
  state: ErasureState | null
  retention: {
    caseId: string
    category: string
    basis: string
    until: string | null
    erasedAt: string | null
    held: boolean
  }[]
  holds: Hold[]
  scan: Scan | null
}

type Asked = { subscriberId: string } | { reference: string } | { caseId: string }

export async function erasureOf(db: Db, asked: Asked): Promise<ErasureFacts | undefined> {
  const subscriberId = await ownerOf(db, asked)
  if (subscriberId === undefined) return undefined
  const person = await db
    .selectFrom('subscriber')
    .select('state')
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirst()
  if (!person) return undefined
  const erasure = await db
    .selectFrom('erasure as e')
    .innerJoin('closure_case as c', (join) =>
      join.onRef('c.subscriber_id', '=', 'e.subscriber_id').onRef('c.case_id', '=', 'e.case_id'),
    )
    .select(['e.state', 'c.reference', 'c.scope'])
    .where('e.subscriber_id', '=', subscriberId)
    .orderBy(sql`c.case_id = ${'caseId' in asked ? asked.caseId : ''}`, 'desc')
    .orderBy('c.scope')
    .orderBy('e.started_at', 'desc')
    .executeTakeFirst()
  const rows = await db
    .selectFrom('retention')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .orderBy('keep_until')
    .orderBy('category')
    .execute()
  return {
    reference: erasure?.reference ?? '',
    scope: erasure?.scope === 'account' ? 'account' : 'line',
    subscriberId,
    account: person.state === 'closed' ? 'closed' : 'active',
    state: (erasure?.state ?? null) as ErasureState | null,
    retention: rows.map((row) => ({
      caseId: row.case_id,
      category: row.category,
      basis: row.basis,
      until: row.keep_until?.toString() ?? null,
      erasedAt: row.erased_at?.toString() ?? null,
      held: row.held_at !== null,
    })),
    holds: await holdsOf(db, subscriberId),
    scan: await latestScan(db, subscriberId),
  }
}

async function ownerOf(db: Db, asked: Asked): Promise<string | undefined> {
  if ('subscriberId' in asked) return asked.subscriberId
  let query = db.selectFrom('closure_index').select('subscriber_id')
  query =
    'reference' in asked
      ? query.where('reference', '=', asked.reference.trim().toUpperCase())
      : query.where('case_id', '=', asked.caseId)
  return (await query.executeTakeFirst())?.subscriber_id
}

type Row = {
  case_id: string
  reference: string
  scope: string
  state: ErasureState
  next_day: Temporal.Instant | null
  holds: number
  changed_at: Temporal.Instant
  sort: string
}

export async function erasurePage(
  db: Db,
  asked: { state?: ErasureState | undefined; cursor?: string | undefined; limit: number },
) {
  const { state, cursor, limit } = asked
  const [at = 'infinity', id = ''] = decodeCursor(cursor, 2) ?? []
  const { rows } = await sql<Row>`
    select e.case_id, c.reference, c.scope, e.state, e.changed_at, e.changed_at::text as sort,
      (select min(r.keep_until) from retention r where r.subscriber_id = e.subscriber_id
        and r.case_id = e.case_id and r.erased_at is null) as next_day,
      (select count(*)::int from legal_hold h where h.subscriber_id = e.subscriber_id
        and h.released_at is null) as holds
    from erasure e
    join closure_case c on c.subscriber_id = e.subscriber_id and c.case_id = e.case_id
    where ${state ? sql`e.state = ${state}` : sql`true`}
      and (e.changed_at, e.case_id) < (${at}::timestamptz, ${id || '\uffff'})
    order by e.changed_at desc, e.case_id desc limit ${limit + 1}`.execute(db)
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => ({
      caseId: row.case_id,
      reference: row.reference,
      scope: row.scope === 'account' ? ('account' as const) : ('line' as const),
      state: row.state,
      nextDay: row.next_day?.toString() ?? null,
      holds: row.holds,
      changedAt: row.changed_at.toString(),
    })),
    nextCursor: last ? encodeCursor([last.sort, last.case_id]) : null,
  }
}
