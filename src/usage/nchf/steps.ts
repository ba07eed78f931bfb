/** Gives back what abandoned sessions hold: nobody asked within their validity, and nobody will. */
import type { App } from '../../platform/app.ts'
import { poolOf } from '../../platform/database.ts'
import { type LineKey, loadLines } from '../charging-store.ts'
import type { ChargedLine } from '../intake.ts'
import { microsecondsOf } from '../record.ts'
import { commitWhole } from './commit-store.ts'
import { changeOf } from './line-change.ts'
import { quotaTerms } from './quota.ts'
import { isAbandoned, readSessions } from './session-text.ts'
import { lapse } from './session.ts'

const linesMax = 500

export async function sweepSessions(app: App): Promise<void> {
  const { rows } = await poolOf(app.db).query<Record<'subscriber_id' | 'line_id', string>>({
    name: 'nchf-due',
    text: `select subscriber_id, line_id from purse where sessions_due_at <= $1
      order by sessions_due_at limit ${linesMax}`,
    values: [app.clock.now().toString()],
  })
  if (rows.length === 0) return
  const keys = rows.map((row): LineKey => ({
    subscriberId: row.subscriber_id,
    lineId: row.line_id,
  }))
  const nowUs = microsecondsOf(app.clock.now())
  const lines = [...(await loadLines(app.db, keys)).values()]
  const changes = lines.map((line) => changeOf(lapseAbandoned(line, nowUs)))
  // Stale: a line was just used, so nothing about it is abandoned; the next sweep sees.
  const outcome = await commitWhole(app, changes, quotaTerms)
  if (outcome === 'committed') return
  for (const change of changes) await commitWhole(app, [change], quotaTerms)
}

function lapseAbandoned(line: ChargedLine, nowUs: number) {
  const sessions = new Map(readSessions(line.sessions))
  let { purse } = line
  for (const [sessionId, session] of sessions) {
    if (!isAbandoned(session, nowUs, quotaTerms)) continue
    const lapsed = lapse(session, purse)
    purse = lapsed.purse
    sessions.set(sessionId, lapsed.session)
  }
  return { line, purse, sessions, charges: [], outOfData: false }
}
