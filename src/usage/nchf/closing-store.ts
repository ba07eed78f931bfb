/** What closing a line does to its charging sessions: they hold nothing any more, and no quota is given again. */
import { sql } from 'kysely'
import { type Db, pairs, rowsParameter, type Trx } from '../../platform/database.ts'
import type { LineKey } from '../charging-store.ts'
import type { Purse } from '../purse.ts'
import { lapse } from './session.ts'
import { openCount, readSessions, sessionsText } from './session-text.ts'

/** How many sessions a line has open. */
export async function openSessions(db: Db | Trx, { subscriberId, lineId }: LineKey) {
  const { rows } = await sql<{ open: number }>`
    select coalesce(sum(open_sessions), 0)::int as open from purse
    where subscriber_id = ${subscriberId} and line_id = ${lineId}`.execute(db)
  return rows[0]?.open ?? 0
}

/**
 * Ends the sessions of lines in the transaction that closes them; gives how many there were, by line. What they used and
 * never told the operator bears; a report that comes late is absorbed, as any record of a closed line.
 */
export async function endSessions(
  trx: Trx,
  lines: readonly LineKey[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<Row>`
    select p.subscriber_id, p.line_id, p.currency, p.bucket_ids, array_to_string(p.reserved, ',') as reserved,
      p.held_minor, p.sessions
    from purse p
    join ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x(subscriber_id, line_id)
      on p.subscriber_id = x.subscriber_id and p.line_id = x.line_id
    where p.open_sessions > 0 order by 1, 2, 3 for update of p`.execute(trx)
  const ended = new Map<string, number>()
  const emptied = rows.map((row) => {
    const sessions = new Map(readSessions(row.sessions))
    ended.set(row.line_id, (ended.get(row.line_id) ?? 0) + openCount(sessions))
    let purse = holdingsOf(row)
    for (const [sessionId, session] of sessions) {
      const lapsed = lapse(session, purse)
      purse = lapsed.purse
      sessions.set(sessionId, lapsed.session)
    }
    const { subscriber_id, line_id, currency } = row
    const reserved = `{${purse.buckets.map((bucket) => bucket.reserved).join(',')}}`
    const held = purse.held
    return { subscriber_id, line_id, currency, reserved, held, sessions: sessionsText(sessions) }
  })
  if (emptied.length === 0) return ended
  await sql`
    update purse p set version = p.version + 1, reserved = x.reserved::int8[], held_minor = x.held,
      sessions = x.sessions, open_sessions = 0, sessions_due_at = null
    from jsonb_to_recordset(${rowsParameter(emptied)})
      as x(subscriber_id text, line_id text, currency text, reserved text, held int8, sessions text)
    where p.subscriber_id = x.subscriber_id and p.line_id = x.line_id and p.currency = x.currency`.execute(
    trx,
  )
  return ended
}

type Row = {
  subscriber_id: string
  line_id: string
  currency: string
  bucket_ids: string[]
  reserved: string
  held_minor: bigint
  sessions: string
}

/** What is set aside of a purse, and nothing else of it. */
function holdingsOf({ bucket_ids, reserved, held_minor }: Row): Purse {
  const units = reserved === '' ? [] : reserved.split(',').map(BigInt)
  const nothing = { kind: 'data' as const, priority: 0, granted: 0n, remaining: 0n, noticed: 0 }
  return {
    buckets: bucket_ids.map((bucketId, index) => ({
      ...nothing,
      bucketId,
      reserved: units[index]!,
      expiresUs: null,
    })),
    promotional: 0n,
    paid: 0n,
    held: held_minor,
    creditOrder: 'promotional-first',
    cap: null,
    spent: 0n,
    started: new Map(),
  }
}
