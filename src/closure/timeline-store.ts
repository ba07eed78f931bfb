/** A case's timeline in rows: append-only and hash-chained; the database refuses a change to it. */
import { sql } from 'kysely'
import type { Actor } from '../platform/audit.ts'
import { type Db, insertRows, pairs, type Trx } from '../platform/database.ts'
import type { StoredCase } from './case.ts'
import { chain, type ChainedEvent, firstHash } from './chain.ts'

export type NewEvent = { kind: string; detail?: Record<string, string> }
export type CaseCommit = { now: Temporal.Instant; actor: Actor }
type Timeline = { c: Pick<StoredCase, 'subscriberId' | 'caseId'>; events: readonly NewEvent[] }

/** Appends to timelines; the case rows are locked or were just changed, so sequence numbers never collide. */
export async function appendEvents(
  trx: Trx,
  timelines: readonly Timeline[],
  { now, actor }: CaseCommit,
): Promise<void> {
  const longer = timelines.filter(({ events }) => events.length > 0)
  if (longer.length === 0) return
  const { rows } = await sql<{ case_id: string; seq: number; hash: string }>`
    select x.case_id, e.seq, e.hash
    from ${pairs(longer.map(({ c }) => [c.subscriberId, c.caseId]))} as x(subscriber_id, case_id)
    join lateral (select seq, hash from closure_event
      where subscriber_id = x.subscriber_id and case_id = x.case_id order by seq desc limit 1) e on true`.execute(
    trx,
  )
  const last = new Map(rows.map((row) => [row.case_id, row]))
  const rowsOf = ({ c, events }: Timeline) => {
    const { seq = 0, hash = firstHash } = last.get(c.caseId) ?? {}
    return chain(c.caseId, { seq, hash }, events, { at: now, actor }).map((event) => ({
      subscriber_id: c.subscriberId,
      case_id: c.caseId,
      seq: event.seq,
      at: event.at.round('millisecond'),
      kind: event.kind,
      detail: event.detail,
      actor_kind: event.actorKind,
      actor_id: event.actorId,
      previous_hash: event.previousHash,
      hash: event.hash,
    }))
  }
  await insertRows(trx, 'closure_event', longer.flatMap(rowsOf))
}

export async function eventsOf(
  db: Db | Trx,
  subscriberId: string,
  caseId: string,
): Promise<ChainedEvent[]> {
  const rows = await db
    .selectFrom('closure_event')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .orderBy('seq')
    .execute()
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at,
    kind: row.kind,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    detail: row.detail as Record<string, string>,
    previousHash: row.previous_hash,
    hash: row.hash,
  }))
}

export type Agreements = { again: Temporal.Instant | null; authorised: Temporal.Instant | null }

/** When the owner of each agreed again and a guardian authorised it, each the last time; cases without either are left out. */
export async function agreements(
  trx: Trx,
  cases: readonly Pick<StoredCase, 'subscriberId' | 'caseId'>[],
): Promise<ReadonlyMap<string, Agreements>> {
  if (cases.length === 0) return new Map()
  const { rows } = await sql<Agreements & { case_id: string }>`
    select e.case_id, max(e.at) filter (where e.kind = 'agreed-again') as again,
      max(e.at) filter (where e.kind = 'authorised') as authorised
    from closure_event e
    join ${pairs(cases.map(({ subscriberId, caseId }) => [subscriberId, caseId]))} as x(subscriber_id, case_id)
      on e.subscriber_id = x.subscriber_id and e.case_id = x.case_id
    where e.kind in ('agreed-again', 'authorised') group by e.case_id`.execute(trx)
  return new Map(rows.map(({ case_id, ...agreed }) => [case_id, agreed]))
}

/** When a review of each was marked late, the last time. */
export async function markedLate(
  trx: Trx,
  cases: readonly Pick<StoredCase, 'subscriberId' | 'caseId'>[],
): Promise<ReadonlyMap<string, Temporal.Instant>> {
  const { rows } = await sql<{ case_id: string; at: Temporal.Instant }>`
    select e.case_id, max(e.at) as at from closure_event e
    join ${pairs(cases.map(({ subscriberId, caseId }) => [subscriberId, caseId]))} as x(subscriber_id, case_id)
      on e.subscriber_id = x.subscriber_id and e.case_id = x.case_id
    where e.kind = 'review-late' group by e.case_id`.execute(trx)
  return new Map(rows.map(({ case_id, at }) => [case_id, at]))
}

/** When each was asked once more for the answer it waits for, the last time. */
export async function remindersOf(
  trx: Trx,
  cases: readonly Pick<StoredCase, 'subscriberId' | 'caseId'>[],
): Promise<ReadonlyMap<string, Temporal.Instant>> {
  if (cases.length === 0) return new Map()
  const { rows } = await sql<{ case_id: string; at: Temporal.Instant }>`
    select e.case_id, max(e.at) as at from closure_event e
    join ${pairs(cases.map(({ subscriberId, caseId }) => [subscriberId, caseId]))} as x(subscriber_id, case_id)
      on e.subscriber_id = x.subscriber_id and e.case_id = x.case_id
    where e.kind = 'reminded' group by e.case_id`.execute(trx)
  return new Map(rows.map(({ case_id, at }) => [case_id, at]))
}

/** Until when each that was stopped and let go on may be stopped again, by the last time; the rest are left out. */
export async function thawedUntil(
  trx: Trx,
  cases: readonly Pick<StoredCase, 'subscriberId' | 'caseId'>[],
): Promise<ReadonlyMap<string, Temporal.Instant>> {
  if (cases.length === 0) return new Map()
  const { rows } = await sql<{ case_id: string; until: Temporal.Instant }>`
    select e.case_id, max((e.detail ->> 'until')::timestamptz) as until from closure_event e
    join ${pairs(cases.map(({ subscriberId, caseId }) => [subscriberId, caseId]))} as x(subscriber_id, case_id)
      on e.subscriber_id = x.subscriber_id and e.case_id = x.case_id
    where e.kind = 'thawed' and e.detail ? 'until' group by e.case_id`.execute(trx)
  return new Map(rows.map(({ case_id, until }) => [case_id, until]))
}
