/** Calls a bulk closure off: every line whose service has not begun to end goes on as before, and its owner is told. */
import { sql } from 'kysely'
import { reopenLines } from '../lines/closing-store.ts'
import type { App } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { pinOf } from './case.ts'
import { findBulk, note } from './bulk-store.ts'
import { closingName, tellAll } from './enter-store.ts'
import { loadFactsOf } from './facts-store.ts'
import { type CaseKey, changeCases, lockCases } from './store.ts'

const casesAtOnce = 1000

/** Those past the point of no return go on to their end. */
export async function callOffBulk(
  app: App,
  bulkId: string,
  actor: Actor,
): Promise<object | Refusal> {
  const bulk = await findBulk(app.db, bulkId)
  if (!bulk) return refuse('not-found')
  if (bulk.state === 'done') return refuse('already-decided')
  await app.db.transaction().execute(async (trx) => {
    const ended = await trx
      .updateTable('closure_bulk')
      .set((row) => ({
        state: 'cancelled',
        wake_at: null,
        ended_at: app.clock.now(),
        version: row('version', '+', 1),
      }))
      .where('bulk_id', '=', bulkId)
      .where('state', 'not in', ['done', 'cancelled'])
      .returning('bulk_id')
      .executeTakeFirst()
    if (ended) await note(trx, app, bulkId, actor, 'called-off', bulk.reason)
  })
  // Said before its cases go: a cohort that runs stops at its next move, and opens nothing more.
  for (;;) {
    const given = await app.db.transaction().execute((trx) => giveBack(trx, app, bulkId, actor))
    if (given === 0) return bulk
  }
}

async function giveBack(trx: Trx, app: App, bulkId: string, actor: Actor): Promise<number> {
  const now = app.clock.now()
  const { rows } = await sql<{ subscriber_id: string; case_id: string }>`
    select b.subscriber_id, b.case_id from closure_bulk_line b
    join closure_case c on c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
    where b.bulk_id = ${bulkId} and c.state = 'scheduled'
    order by b.case_id limit ${casesAtOnce}`.execute(trx)
  const keys: CaseKey[] = rows.map((row) => ({
    subscriberId: row.subscriber_id,
    caseId: row.case_id,
  }))
  const cases = (await lockCases(trx, keys)).filter(({ state }) => state === 'scheduled')
  if (cases.length === 0) return keys.length
  await changeCases(
    trx,
    app,
    cases.map((c) => ({
      c,
      change: { state: 'withdrawn', dueAt: null, wakeAt: null },
      reason: 'the operator called it off',
      events: [{ kind: 'withdrawn' }],
    })),
    { now, actor, waking: 'caller' },
  )
  const lines = cases.flatMap(({ subscriberId, closingLines }) =>
    (closingLines ?? []).map((lineId) => ({ subscriberId, lineId })),
  )
  await reopenLines(trx, app, now, lines)
  const factsOf = await loadFactsOf(
    trx,
    cases.map((c) => ({ ...c, pin: pinOf(c, now) })),
  )
  await tellAll(
    trx,
    app,
    'closure-called-off',
    cases.flatMap((c, index) => {
      const facts = factsOf[index]
      if (!facts) return []
      const { reference } = c
      const url = app.config.publicUrl
      const params = { reference, lineName: closingName(c, facts), at: now.toString(), url }
      return [{ c, facts, params }]
    }),
  )
  return keys.length
}
