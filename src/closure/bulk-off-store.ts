/** Calls a bulk closure off: every line whose service has not begun to end goes on as before, and its owner is told. */
import { sql } from 'kysely'
import { reopenLines } from '../lines/closing-store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { sendPortChanged } from '../porting/end-store.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { pinOf, type StoredCase } from './case.ts'
import { type Bulk, givenBackFrom, mayGiveBack } from './bulk.ts'
import { findBulk, note } from './bulk-store.ts'
import { closingName, tellAll } from './enter-store.ts'
import { loadFactsOf } from './facts-store.ts'
import { isPorted } from './ported.ts'
import { type CaseKey, changeCases, lockCases } from './store.ts'

const casesAtOnce = 1000

/** Of a case `c`, as `mayGiveBack` says it. */
export const toGiveBack = sql<boolean>`
  (case c.state when 'needs_attention' then c.attention ->> 'resume' else c.state end = any(${[...givenBackFrom]})
    and c.attention ->> 'step' is distinct from 'port')`

/** Those past the point of no return go on to their end. A worker gives back what is too much for one answer. */
export async function callOffBulk(
  app: App,
  bulkId: string,
  actor: Actor,
): Promise<object | Refusal> {
  const bulk = await findBulk(app.db, bulkId)
  if (!bulk) return refuse('not-found')
  if (bulk.state === 'done') return refuse('already-decided')
  await cancelBulk(app, bulk, actor)
  await giveBackSome(app, bulkId, actor)
  return bulk
}

/**
 * Said before its cases go: a cohort that runs stops at its next move, and opens nothing more. The sweep then has them
 * given back, whatever becomes of who said it.
 */
export async function cancelBulk(
  app: App,
  { bulkId }: Pick<Bulk, 'bulkId'>,
  actor: Actor,
): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const ended = await trx
      .updateTable('closure_bulk')
      .set((row) => ({
        state: 'cancelled',
        wake_at: now,
        ended_at: now,
        version: row('version', '+', 1),
      }))
      .where('bulk_id', '=', bulkId)
      .where('state', 'not in', ['done', 'cancelled'])
      .returning('bulk_id')
      .executeTakeFirst()
    if (ended) await note(trx, app, bulkId, actor, 'called-off', 'the operator called it off')
  })
}

/** Gives back as many as fit in one transaction; 0: none was left. */
export async function giveBackSome(app: App, bulkId: string, actor: Actor): Promise<number> {
  return app.db.transaction().execute((trx) => giveBack(trx, app, bulkId, actor))
}

async function giveBack(trx: Trx, app: App, bulkId: string, actor: Actor): Promise<number> {
  const { rows } = await sql<{ subscriber_id: string; case_id: string }>`
    select b.subscriber_id, b.case_id from closure_bulk_line b
    join closure_case c on c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
    where b.bulk_id = ${bulkId} and ${toGiveBack}
    order by b.case_id limit ${casesAtOnce}`.execute(trx)
  const keys: CaseKey[] = rows.map((row) => ({
    subscriberId: row.subscriber_id,
    caseId: row.case_id,
  }))
  const cases = (await lockCases(trx, keys)).filter(mayGiveBack)
  await giveBackCases(trx, app, cases, actor)
  return keys.length
}

/** What was called off while it was stopped, and has just been let go. */
export async function giveBackLate(app: App, all: readonly { c: StoredCase }[]): Promise<void> {
  if (all.length === 0) return
  const cases = all.map(({ c }) => c)
  await app.db.transaction().execute(async (trx) => {
    const versions = new Map(cases.map(({ caseId, version }) => [caseId, version]))
    const locked = await lockCases(trx, cases)
    const current = locked.filter(({ caseId, version }) => versions.get(caseId) === version)
    await giveBackCases(trx, app, current, system)
  })
}

async function giveBackCases(
  trx: Trx,
  app: App,
  cases: readonly StoredCase[],
  actor: Actor,
): Promise<void> {
  if (cases.length === 0) return
  const now = app.clock.now()
  await changeCases(
    trx,
    app,
    cases.map((c) => ({
      c,
      change: { state: 'withdrawn', dueAt: null, wakeAt: null, attention: null },
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
  const given = cases.flatMap((c, index) => {
    const facts = factsOf[index]
    return facts ? [{ c, facts }] : []
  })
  // A number of it may have left meanwhile: that line ends by itself.
  for (const { c, facts } of given)
    for (const { lineId } of facts.lines.filter(isPorted))
      await sendPortChanged(trx, app, { subscriberId: c.subscriberId, lineId })
  const url = app.config.publicUrl
  await tellAll(
    trx,
    app,
    'closure-called-off',
    given.map(({ c, facts }) => {
      const { reference } = c
      const params = { reference, lineName: closingName(c, facts), at: now.toString(), url }
      return { c, facts, params }
    }),
  )
}
