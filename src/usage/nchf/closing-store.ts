/** What closing a line does to its charging sessions: they hold nothing any more, and no quota is given again. */
import { sql } from 'kysely'
import type { App } from '../../platform/app.ts'
import type { Db, Trx } from '../../platform/database.ts'
import { type LineKey, loadLines } from '../charging-store.ts'
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
export async function endSessions(
  trx: Trx,
  app: Pick<App, 'db'>,
  { subscriberId, lineId }: LineKey,
): Promise<number> {
  const held = await sql<{ open_sessions: number }>`
    select open_sessions from purse where subscriber_id = ${subscriberId} and line_id = ${lineId}
    for update`.execute(trx)
  // Nearly always: then no other connection is needed while this one holds its locks.
  if (held.rows.every(({ open_sessions }) => open_sessions === 0)) return 0
  // Nobody changes the line while this transaction holds its purse, so what another connection reads stays true.
  const line = (await loadLines(app.db, [{ subscriberId, lineId }])).get(lineId)
  if (!line) return 0
  const sessions = new Map(readSessions(line.sessions))
  const open = openCount(sessions)
  if (open === 0) return 0
  let { purse } = line
  for (const [sessionId, session] of sessions) {
    const ended = lapse(session, purse)
    purse = ended.purse
    sessions.set(sessionId, ended.session)
  }
  const reserved = purse.buckets.map((bucket) => bucket.reserved.toString())
  const { numAffectedRows } = await sql`
    update purse set version = version + 1, reserved = ${reserved}::int8[], held_minor = ${purse.held},
      sessions = ${sessionsText(sessions)}, open_sessions = 0, sessions_due_at = null
    where subscriber_id = ${subscriberId} and line_id = ${lineId} and currency = ${line.currency}
      and version = ${line.version}`.execute(trx)
  if (numAffectedRows !== 1n) throw new Error('a purse changed under its lock')
  return open
}
