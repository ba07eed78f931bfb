/** What closing a line does to its charging sessions: they hold nothing any more, and no quota is given again. */
import { sql } from 'kysely'
import type { Db, Trx } from '../../platform/database.ts'
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
 * Ends the sessions of a line in the transaction that closes it; gives how many there were. What they used and never
 * told the operator bears; a report that comes late is absorbed, as any record of a closed line.
 */
export async function endSessions(trx: Trx, { subscriberId, lineId }: LineKey): Promise<number> {
  const { rows } = await sql<Row>`
    select currency, bucket_ids, array_to_string(reserved, ',') as reserved, held_minor, sessions from purse
    where subscriber_id = ${subscriberId} and line_id = ${lineId} and open_sessions > 0 for update`.execute(
    trx,
  )
  let ended = 0
  for (const row of rows) {
    const sessions = new Map(readSessions(row.sessions))
    ended += openCount(sessions)
    let purse = holdingsOf(row)
    for (const [sessionId, session] of sessions) {
      const lapsed = lapse(session, purse)
      purse = lapsed.purse
      sessions.set(sessionId, lapsed.session)
    }
    const reserved = `{${purse.buckets.map((bucket) => bucket.reserved).join(',')}}`
    await sql`
      update purse set version = version + 1, reserved = ${reserved}::int8[], held_minor = ${purse.held},
        sessions = ${sessionsText(sessions)}, open_sessions = 0, sessions_due_at = null
      where subscriber_id = ${subscriberId} and line_id = ${lineId} and currency = ${row.currency}`.execute(
      trx,
    )
  }
  return ended
}

type Row = {
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
