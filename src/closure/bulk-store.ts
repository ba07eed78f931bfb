/** Bulk closures in rows: proposed with their lines, approved by two, paused, taken up again, called off. */
import type { Selectable } from 'kysely'
import { type Actor, audit } from '../platform/audit.ts'
import type { App, StaffMember } from '../platform/app.ts'
import { personalOrGone } from '../platform/personal.ts'
import { type Db, insertRows, type Trx } from '../platform/database.ts'
import type { ClosureBulk } from '../platform/tables.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import {
  approvalsNeeded,
  type Bulk,
  type BulkMoney,
  type BulkTotals,
  type BulkState,
  cohortCount,
  differingTerms,
  endNotBefore,
  type Reject,
  type RejectReason,
  type Terms,
} from './bulk.ts'

export const bulkQueue = 'closure.bulk'

/** Actions on a bulk closure belong to no subscriber; what they do to each is in that subscriber's own trail. */
export const bulkOwner = ''

export function bulkOf(row: Selectable<ClosureBulk>): Bulk {
  return {
    bulkId: row.bulk_id,
    source: row.source,
    reason: row.reason,
    state: row.state as BulkState,
    endsAt: row.ends_at,
    cohortSize: row.cohort_size,
    lanes: row.lanes,
    calls: row.calls,
    networkRate: row.network_rate,
    paymentsRate: row.payments_rate,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    totals: row.totals as BulkTotals,
    version: row.version,
  }
}

export type Proposal = Terms &
  Pick<Bulk, 'source' | 'totals'> & { fingerprint: string; actor: Actor }
export type Proposed = { bulk: Bulk; isNew: boolean; rejects: readonly Omit<Reject, 'place'>[] }
export type ProposedLine = {
  subscriberId: string
  lineId: string
  place: number
  /** Null: as its policy sets it. */
  money: BulkMoney | null
}

const linesAtOnce = 10_000

/**
 * Writes a proposal down, whole. The same one that is still open is given back instead, as it was approved or will be;
 * one of the same lines that says something else is in its way.
 */
export async function propose(
  app: Pick<App, 'db' | 'ids' | 'clock'>,
  proposal: Proposal,
  lines: readonly ProposedLine[],
  rejects: readonly Reject[],
): Promise<Proposed | Refusal> {
  const now = app.clock.now()
  const bulkId = app.ids.make('bulk')
  const alone = onlyOwner(lines)
  return app.db.transaction().execute(async (trx) => {
    const inserted = await trx
      .insertInto('closure_bulk')
      .values({
        bulk_id: bulkId,
        source: proposal.source,
        fingerprint: proposal.fingerprint,
        reason: alone
          ? personalOrGone(placeOfReason(alone, bulkId), proposal.reason)
          : proposal.reason,
        state: 'proposed',
        ends_at: proposal.endsAt,
        cohort_size: proposal.cohortSize,
        lanes: proposal.lanes,
        calls: proposal.calls,
        network_rate: proposal.networkRate,
        payments_rate: proposal.paymentsRate,
        proposed_by: proposal.actor.id,
        proposed_at: now,
        totals: proposal.totals,
      })
      .onConflict((conflict) =>
        conflict.column('fingerprint').where('state', 'not in', ['done', 'cancelled']).doNothing(),
      )
      .returningAll()
      .executeTakeFirst()
    if (!inserted) return openBefore(trx, proposal, now)
    for (let at = 0; at < lines.length; at += linesAtOnce)
      await insertRows(
        trx,
        'closure_bulk_line',
        lines.slice(at, at + linesAtOnce).map(({ subscriberId, lineId, place, money }, index) => ({
          subscriber_id: subscriberId,
          bulk_id: bulkId,
          line_id: lineId,
          place,
          money,
          cohort: Math.floor((at + index) / proposal.cohortSize),
        })),
      )
    await insertRows(
      trx,
      'closure_bulk_reject',
      rejects.map(({ place, row, reason }) => ({ bulk_id: bulkId, place, row, reason })),
    )
    const reason = alone ? 'about one subscriber' : proposal.reason
    await note(trx, app, bulkId, proposal.actor, 'proposed', reason, {
      lines: String(lines.length),
    })
    return { bulk: bulkOf(inserted), isNew: true, rejects }
  })
}

async function openBefore(
  trx: Trx,
  proposal: Proposal,
  now: Temporal.Instant,
): Promise<Proposed | Refusal> {
  const row = await trx
    .selectFrom('closure_bulk')
    .selectAll()
    .where('fingerprint', '=', proposal.fingerprint)
    .where('state', 'not in', ['done', 'cancelled'])
    .executeTakeFirstOrThrow()
  const bulk = bulkOf(row)
  const { bulkId } = bulk
  const differing = differingTerms(bulk, proposal, now)
  if (differing.length > 0)
    return refuse(
      'bulk-proposed-otherwise',
      { bulkId, differing: differing.join(', ') },
      { bulkId, differing },
    )
  const rejects = await trx
    .selectFrom('closure_bulk_reject')
    .select(['row', 'reason'])
    .where('bulk_id', '=', bulkId)
    .orderBy('place')
    .execute()
  return {
    bulk,
    isNew: false,
    rejects: rejects.map(({ row: text, reason }) => ({
      row: text,
      reason: reason as RejectReason,
    })),
  }
}

/** Of one subscriber, what is said may be about a person; of several it is about none of them. */
function onlyOwner(lines: readonly ProposedLine[]): string | undefined {
  const [first] = lines
  return lines.every(({ subscriberId }) => subscriberId === first?.subscriberId)
    ? first?.subscriberId
    : undefined
}

const placeOfReason = (subscriberId: string, record: string) => ({
  subscriberId,
  category: 'complaints' as const,
  field: 'closure_bulk.reason',
  record,
})

export async function findBulk(db: Db | Trx, bulkId: string): Promise<Bulk | undefined> {
  const row = await db
    .selectFrom('closure_bulk')
    .selectAll()
    .where('bulk_id', '=', bulkId)
    .executeTakeFirst()
  return row && bulkOf(row)
}

/** How the bulk closures stand that cases belong to. */
export async function bulkStates(
  db: Db | Trx,
  cases: readonly { bulkId: string | null }[],
): Promise<ReadonlyMap<string | null, BulkState>> {
  const ids = [...new Set(cases.flatMap(({ bulkId }) => bulkId ?? []))]
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('closure_bulk')
    .select(['bulk_id', 'state'])
    .where('bulk_id', 'in', ids)
    .execute()
  return new Map(rows.map(({ bulk_id, state }) => [bulk_id, state as BulkState]))
}

async function lockBulk(trx: Trx, bulkId: string): Promise<Bulk | undefined> {
  const row = await trx
    .selectFrom('closure_bulk')
    .selectAll()
    .where('bulk_id', '=', bulkId)
    .forUpdate()
    .executeTakeFirst()
  return row && bulkOf(row)
}

/** One of the two who must agree; the second one starts it. */
export async function approveBulk(
  app: App,
  bulkId: string,
  staff: StaffMember,
): Promise<Bulk | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const bulk = await lockBulk(trx, bulkId)
    if (!bulk) return refuse('not-found')
    if (bulk.state !== 'proposed') return refuse('already-decided')
    if (bulk.proposedBy === staff.staffId) return refuse('requester-cannot-decide')
    const given = await trx
      .insertInto('closure_bulk_approval')
      .values({ bulk_id: bulkId, staff_id: staff.staffId, approved_at: now })
      .onConflict((conflict) => conflict.columns(['bulk_id', 'staff_id']).doNothing())
      .returning('staff_id')
      .executeTakeFirst()
    if (!given) return refuse('already-decided')
    await note(trx, app, bulkId, actorOf(staff), 'approved', 'agreed to')
    const { count } = await trx
      .selectFrom('closure_bulk_approval')
      .select((build) => build.fn.countAll<bigint>().as('count'))
      .where('bulk_id', '=', bulkId)
      .executeTakeFirstOrThrow()
    if (count < BigInt(approvalsNeeded)) return bulk
    const endsAt = endNotBefore(bulk.endsAt, now)
    await trx
      .updateTable('closure_bulk')
      .set((row) => ({
        state: 'running',
        started_at: now,
        ends_at: endsAt,
        wake_at: Temporal.Instant.compare(endsAt, now) > 0 ? endsAt : null,
        version: row('version', '+', 1),
      }))
      .where('bulk_id', '=', bulkId)
      .execute()
    const started = { ...bulk, state: 'running', startedAt: now, endsAt } as const
    await startCohorts(trx, app, started)
    return started
  })
}

/** Nothing new begins; what a partner was asked already is recorded. */
export async function pauseBulk(app: App, bulkId: string, actor: Actor): Promise<Bulk | Refusal> {
  return move(app, bulkId, actor, 'running', 'paused')
}

export async function resumeBulk(app: App, bulkId: string, actor: Actor): Promise<Bulk | Refusal> {
  return move(app, bulkId, actor, 'paused', 'running', (trx, bulk) => startCohorts(trx, app, bulk))
}

async function move(
  app: App,
  bulkId: string,
  actor: Actor,
  from: BulkState,
  to: BulkState,
  also: (trx: Trx, bulk: Bulk) => Promise<void> = async () => undefined,
): Promise<Bulk | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const bulk = await lockBulk(trx, bulkId)
    if (!bulk) return refuse('not-found')
    if (bulk.state === to) return bulk
    if (bulk.state !== from) return refuse('already-decided')
    await trx
      .updateTable('closure_bulk')
      .set((row) => ({ state: to, version: row('version', '+', 1) }))
      .where('bulk_id', '=', bulkId)
      .execute()
    await note(trx, app, bulkId, actor, to, to === 'paused' ? 'nothing new begins' : 'it goes on')
    const moved = { ...bulk, state: to }
    await also(trx, moved)
    return moved
  })
}

/** The first cohorts are sent; each that ends sends the one after. */
export async function startCohorts(trx: Trx, app: Pick<App, 'queue'>, bulk: Bulk): Promise<void> {
  const cohorts = Math.min(bulk.lanes, await cohortsOf(trx, bulk))
  const jobs = Array.from({ length: cohorts }, (_, cohort) => cohortJob(bulk.bulkId, cohort))
  await app.queue.sendAll(trx, bulkQueue, jobs)
}

export function cohortJob(bulkId: string, cohort: number) {
  return { key: `${bulkId}:${cohort}`, data: { bulkId, cohort: String(cohort) } }
}

export async function cohortsOf(db: Db | Trx, bulk: Bulk): Promise<number> {
  const { count } = await db
    .selectFrom('closure_bulk_line')
    .select((build) => build.fn.countAll<bigint>().as('count'))
    .where('bulk_id', '=', bulk.bulkId)
    .executeTakeFirstOrThrow()
  return cohortCount(Number(count), bulk.cohortSize)
}

export function actorOf({ staffId }: StaffMember): Actor {
  return { kind: 'staff', id: staffId }
}

export async function note(
  trx: Trx,
  { ids, clock }: Pick<App, 'ids' | 'clock'>,
  bulkId: string,
  actor: Actor,
  what: string,
  reason: string,
  detail: Record<string, string> = {},
): Promise<void> {
  await audit(trx, ids, clock.now(), {
    subscriberId: bulkOwner,
    actor,
    action: `bulk.${what}`,
    subject: { kind: 'bulk-closure', id: bulkId },
    reason,
    detail,
  })
}
