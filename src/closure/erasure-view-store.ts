/** Where an erasure stands: its state, what is kept for what reason until when, and the holds on it. */
import type { Db } from '../platform/database.ts'
import { type Hold, holdsOf } from './hold-store.ts'

export type ErasureFacts = {
  subscriberId: string
  account: 'active' | 'closed'
  /** Of the account's own closure; null while it has none. */
  state: string | null
  retention: {
    caseId: string
    category: string
    basis: string
    until: string | null
    erasedAt: string | null
    held: boolean
  }[]
  holds: Hold[]
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
    .select('e.state')
    .where('e.subscriber_id', '=', subscriberId)
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
    subscriberId,
    account: person.state === 'closed' ? 'closed' : 'active',
    state: erasure?.state ?? null,
    retention: rows.map((row) => ({
      caseId: row.case_id,
      category: row.category,
      basis: row.basis,
      until: row.keep_until?.toString() ?? null,
      erasedAt: row.erased_at?.toString() ?? null,
      held: row.held_at !== null,
    })),
    holds: await holdsOf(db, subscriberId),
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
