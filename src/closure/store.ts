/** The closure case in rows: every change carries the version it was decided on, its events and its audit entry. */
import assert from 'node:assert/strict'
import { type Selectable, sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { type Actor, audit, auditAll } from '../platform/audit.ts'
import { type Db, insertRows, pairs, rowsParameter, type Trx } from '../platform/database.ts'
import type { ClosureCase as CaseRow } from '../platform/tables.ts'
import type { PolicyOfCase, StoredCase } from './case.ts'
import {
  type CaseChange,
  caseFrom,
  changeable,
  columnsOf,
  policyColumns,
} from './case-row-store.ts'
import { mayBecome } from './transitions.ts'
import { appendEvents, type CaseCommit, type NewEvent } from './timeline-store.ts'

export type { CaseChange } from './case-row-store.ts'

export const closureQueue = 'closure.advance'

export async function findCase(
  db: Db | Trx,
  subscriberId: string,
  caseId: string,
): Promise<StoredCase | undefined> {
  const row = await db
    .selectFrom('closure_case')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .executeTakeFirst()
  return row && caseFrom(row)
}

export type CaseKey = { readonly subscriberId: string; readonly caseId: string }

const those = (keys: readonly CaseKey[]) => sql`
  ${pairs(keys.map(({ subscriberId, caseId }) => [subscriberId, caseId]))} as x(subscriber_id, case_id)`

export async function findCases(trx: Trx, keys: readonly CaseKey[]): Promise<StoredCase[]> {
  const { rows } = await sql<Selectable<CaseRow>>`
    select c.* from closure_case c
    join ${those(keys)} on c.subscriber_id = x.subscriber_id and c.case_id = x.case_id
    order by c.case_id`.execute(trx)
  return rows.map(caseFrom)
}

/** In one order whoever asks, so that two sets never wait for each other. */
export async function lockCases(trx: Trx, keys: readonly CaseKey[]): Promise<StoredCase[]> {
  const { rows } = await sql<Selectable<CaseRow>>`
    select c.* from closure_case c
    join ${those(keys)} on c.subscriber_id = x.subscriber_id and c.case_id = x.case_id
    order by c.case_id for update of c`.execute(trx)
  return rows.map(caseFrom)
}

export async function lockCase(
  trx: Trx,
  subscriberId: string,
  caseId: string,
): Promise<StoredCase | undefined> {
  const [c] = await lockCases(trx, [{ subscriberId, caseId }])
  return c
}

/** Every case of a subscriber, newest first. */
export async function casesOf(db: Db | Trx, subscriberId: string): Promise<StoredCase[]> {
  const rows = await db
    .selectFrom('closure_case')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(caseFrom)
}

/** Whether a submitted closure has not ended yet. */
export async function hasOpenCase(db: Db | Trx, subscriberId: string): Promise<boolean> {
  const open = await db
    .selectFrom('closure_case')
    .select('case_id')
    .where('subscriber_id', '=', subscriberId)
    .where('state', 'not in', ['draft', 'closed', 'withdrawn', 'rejected'])
    .executeTakeFirst()
  return open !== undefined
}

/** The closures that end these accounts, from the end of service on: they may wait for others of the same account. */
export async function endingAccounts(
  trx: Trx,
  subscriberIds: readonly string[],
): Promise<CaseKey[]> {
  if (subscriberIds.length === 0) return []
  const rows = await trx
    .selectFrom('closure_case')
    .select(['subscriber_id', 'case_id'])
    .where('subscriber_id', '=', sql<string>`any(${subscriberIds})`)
    .where('scope', '=', 'account')
    .where('state', 'in', ['executing', 'settling'])
    .execute()
  return rows.map((row) => ({ subscriberId: row.subscriber_id, caseId: row.case_id }))
}

/** Whose case a reference or an identifier names; the only look-up that does not know the subscriber yet. */
export async function locateCase(db: Db, key: { reference: string } | { caseId: string }) {
  const query = db.selectFrom('closure_index').select(['subscriber_id', 'case_id'])
  const found =
    'reference' in key
      ? query.where('reference', '=', key.reference)
      : query.where('case_id', '=', key.caseId)
  return found.executeTakeFirst()
}

export type NewCase = PolicyOfCase &
  Pick<StoredCase, 'subscriberId' | 'caseId' | 'reference' | 'scope' | 'lineId'>

export async function insertDraft(
  trx: Trx,
  app: App,
  draft: NewCase,
  now: Temporal.Instant,
  actor: Actor,
): Promise<void> {
  await trx
    .insertInto('closure_case')
    .values({
      subscriber_id: draft.subscriberId,
      case_id: draft.caseId,
      reference: draft.reference,
      scope: draft.scope,
      line_id: draft.lineId,
      state: 'draft',
      ...policyColumns(draft),
      created_at: now,
    })
    .execute()
  await trx
    .insertInto('closure_index')
    .values({
      case_id: draft.caseId,
      reference: draft.reference,
      subscriber_id: draft.subscriberId,
    })
    .execute()
  const events = [{ kind: 'created', detail: { scope: draft.scope } }]
  await appendEvents(trx, [{ c: draft, events }], { now, actor })
  await audit(trx, app.ids, now, {
    subscriberId: draft.subscriberId,
    actor,
    action: 'closure.created',
    subject: { kind: 'closure', id: draft.caseId },
    reason: 'the subscriber opened the closing way',
  })
}

export type ChangedCase = {
  c: StoredCase
  change: CaseChange
  reason: string
  /** What a person said of it. */
  note?: string | undefined
  events?: readonly NewEvent[]
  /** Whether the case goes on at once. */
  wake?: boolean
}
/** `waking`: whether a job is sent for each case that goes on, or the caller takes them on itself. */
export type SetCommit = CaseCommit & { waking: 'jobs' | 'caller' }

/**
 * Commits one change of a case, if it still has the version the change was decided on; false when somebody was faster.
 * A change that moves the case wakes the worker in the same transaction.
 */
export async function changeCase(
  trx: Trx,
  app: App,
  c: StoredCase,
  change: CaseChange,
  { now, actor, ...rest }: CaseCommit & Omit<ChangedCase, 'c' | 'change'>,
): Promise<boolean> {
  const all = [{ c, change, ...rest }]
  return (await changeCases(trx, app, all, { now, actor, waking: 'jobs' })).size > 0
}

/** The same for a set of cases, each with its own change; gives those that still had their version. */
export async function changeCases(
  trx: Trx,
  app: App,
  all: readonly ChangedCase[],
  { now, actor, waking }: SetCommit,
): Promise<Set<string>> {
  if (all.length === 0) return new Set()
  for (const { c, change } of all)
    assert(mayBecome(c.state, change.state ?? c.state), `${c.state} never becomes ${change.state}`)
  const columns = sql.join(changeable.map((name) => sql.ref(name)))
  const asked = all.map(({ c, change, wake }) => ({
    subscriber_id: c.subscriberId,
    case_id: c.caseId,
    version: c.version,
    change: columnsOf(wake ? { ...change, wakeAt: lostJobAt(now, waking) } : change, c),
  }))
  const { rows } = await sql<{ case_id: string }>`
    update closure_case c
    set (${columns}, version) = (select ${columns}, c.version + 1 from jsonb_populate_record(c, x.change))
    from jsonb_to_recordset(${rowsParameter(asked)}) as x(subscriber_id text, case_id text, version int, change jsonb)
    where c.subscriber_id = x.subscriber_id and c.case_id = x.case_id
      and c.version = x.version
    returning c.case_id`.execute(trx)
  const changed = new Set(rows.map(({ case_id }) => case_id))
  const done = all.filter(({ c }) => changed.has(c.caseId))
  await appendEvents(
    trx,
    done.map(({ c, events = [] }) => ({ c, events })),
    { now, actor },
  )
  const moved = done.filter(
    ({ c, change }) => change.state !== undefined && change.state !== c.state,
  )
  await auditAll(
    trx,
    app.ids,
    now,
    moved.map(({ c, change: { state = c.state }, reason, note }) => ({
      subscriberId: c.subscriberId,
      actor,
      action: `closure.${state}`,
      subject: { kind: 'closure', id: c.caseId },
      reason,
      ...(note && { note }),
      detail: { from: c.state, to: state },
    })),
  )
  const woken = done.flatMap(({ c, wake }) => (wake ? c : []))
  if (waking === 'jobs') await wakeCases(trx, app, woken)
  return changed
}

export async function wakeCases(trx: Trx, app: App, cases: readonly CaseKey[]): Promise<void> {
  const jobs = cases.map(({ subscriberId, caseId }) => ({
    key: caseId,
    data: { subscriberId, caseId },
  }))
  await app.queue.sendAll(trx, closureQueue, jobs)
}

export type DoneSteps = ReadonlyMap<string, Record<string, string>>

/** The steps that are done, with their outcomes, by case. */
export async function doneStepsOf(
  db: Db | Trx,
  keys: readonly CaseKey[],
): Promise<(c: CaseKey) => DoneSteps> {
  const { rows } = await sql<{ case_id: string; step: string; outcome: Record<string, string> }>`
    select s.case_id, s.step, s.outcome from closure_step s
    join ${those(keys)} on s.subscriber_id = x.subscriber_id and s.case_id = x.case_id`.execute(db)
  const byCase = new Map<string, Map<string, Record<string, string>>>()
  for (const { case_id, step, outcome } of rows) {
    const done = byCase.get(case_id) ?? new Map<string, Record<string, string>>()
    byCase.set(case_id, done.set(step, outcome))
  }
  return ({ caseId }) => byCase.get(caseId) ?? new Map()
}

/** The refunds that settled cases have set up, in order, by case. */
export async function refundIdsOf(
  db: Db | Trx,
  keys: readonly CaseKey[],
): Promise<(c: CaseKey) => readonly string[]> {
  const { rows } = await sql<{ case_id: string; refund_id: string }>`
    select r.case_id, r.refund_id from refund r
    join ${those(keys)} on r.subscriber_id = x.subscriber_id and r.case_id = x.case_id
    order by r.refund_id`.execute(db)
  const byCase = Map.groupBy(rows, ({ case_id }) => case_id)
  return ({ caseId }) => (byCase.get(caseId) ?? []).map(({ refund_id }) => refund_id)
}

export type DoneStep = { c: CaseKey; step: string; outcome: Record<string, string> }

export async function recordSteps(
  trx: Trx,
  done: readonly DoneStep[],
  now: Temporal.Instant,
): Promise<void> {
  const rows = done.map(({ c, step, outcome }) => ({
    subscriber_id: c.subscriberId,
    case_id: c.caseId,
    step,
    outcome,
    done_at: now,
  }))
  await insertRows(trx, 'closure_step', rows)
}

/** A job that was woken and not heard of by then is taken for lost and sent again; a set takes longer. */
function lostJobAt(now: Temporal.Instant, waking: SetCommit['waking']): Temporal.Instant {
  return now.add({ minutes: waking === 'jobs' ? 1 : 15 })
}

/** Wakes every case whose time has come: waits are rows, so they survive deploys and can be read in SQL. */
export async function sweepClosures(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const due = await sql<{ subscriber_id: string; case_id: string }>`
      update closure_case set wake_at = ${lostJobAt(now, 'jobs')}
      where (subscriber_id, case_id) in (
        select subscriber_id, case_id from closure_case where wake_at <= ${now}
        order by wake_at limit 500 for update skip locked)
      returning subscriber_id, case_id`.execute(trx)
    const cases = due.rows.map((row) => ({ subscriberId: row.subscriber_id, caseId: row.case_id }))
    await wakeCases(trx, app, cases)
  })
}
