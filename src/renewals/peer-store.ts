/** The lines of owners side by side, for discounts and companions. */
import { type RawBuilder, sql } from 'kysely'
import type { LineState } from '../lines/line.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Plan } from '../plans/plan.ts'
import type { Adjustment } from '../plans/plans.ts'
import { planKey, planVersions } from '../plans/store.ts'
import type { Refusal } from '../values/refusal.ts'
import { goesWithNone, type Peer } from './peers.ts'

type Row = {
  subscriber_id: string
  line_id: string
  state: LineState
  auto_renew: boolean
  period_end: Temporal.Instant | null
  plan_id: string
  plan_version: number
  steps: Adjustment | null
  next_plan_id: string
  next_version: number
}

/** Lines that are not closed of each subscriber who has one with a discount or a companion, or is named, oldest first. */
export async function peersOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
  named: readonly string[] = [],
): Promise<(subscriberId: string) => readonly Peer[]> {
  const peers = await read(
    db,
    sql`
    with shared as materialized (
      select plan_id, version from plan_version
      where jsonb_array_length(coalesce(document -> 'multiLine', '[]')) > 0 or document ->> 'kind' = 'companion'),
    owner as materialized (
      select distinct l.subscriber_id from line l
      join line_renewal r on r.subscriber_id = l.subscriber_id and r.line_id = l.line_id
      join shared s on (s.plan_id = l.plan_id and s.version = l.plan_version)
        or (s.plan_id = coalesce(r.next_plan_id, l.plan_id) and s.version = r.next_version)
      where l.subscriber_id = any(${subscriberIds}) and l.state <> 'closed'
      union select unnest(${named}::text[]))`,
    sql`l.subscriber_id in (select subscriber_id from owner)`,
  )
  return (subscriberId) => peers.get(subscriberId) ?? []
}

/** The lines of one subscriber but one, whatever their plans. */
export async function othersOf(
  db: Db | Trx,
  subscriberId: string,
  lineId?: string,
): Promise<readonly Peer[]> {
  const peers = await read(db, sql``, sql`l.subscriber_id = ${subscriberId}`)
  return (peers.get(subscriberId) ?? []).filter((peer) => peer.lineId !== lineId)
}

/** Lines of each that a submitted closure ends, on whatever day. */
export async function leavingOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
): Promise<(subscriberId: string) => ReadonlySet<string>> {
  const none: ReadonlySet<string> = new Set()
  if (subscriberIds.length === 0) return () => none
  const { rows } = await sql<{ subscriber_id: string; lines: string[] }>`
    select subscriber_id, array_agg(line_id) as lines
    from closure_case cross join jsonb_array_elements_text(closing_lines) as line_id
    where subscriber_id = any(${subscriberIds}) and state not in ('draft', 'closed', 'withdrawn', 'rejected')
    group by subscriber_id`.execute(db)
  const found = new Map(rows.map(({ subscriber_id, lines }) => [subscriber_id, new Set(lines)]))
  return (subscriberId) => found.get(subscriberId) ?? none
}

/** A companion is bought beside a line of its owner that is none, and stays; a line that becomes one does not go with itself. */
export async function lacksMain(
  db: Db | Trx,
  subscriberId: string,
  plan: Plan,
  lineId?: string,
): Promise<Refusal | undefined> {
  if (plan.kind !== 'companion') return undefined
  const leaving = await leavingOf(db, [subscriberId])
  return goesWithNone(await othersOf(db, subscriberId, lineId), leaving(subscriberId))
}

type Part = RawBuilder<unknown>

async function read(db: Db | Trx, owners: Part, those: Part): Promise<Map<string, Peer[]>> {
  const { rows } = await sql<Row>`
    ${owners}
    select l.subscriber_id, l.line_id, l.state, l.auto_renew, l.period_end, l.plan_id, l.plan_version,
      case when r.next_version is null then r.steps else r.next_steps end as steps,
      coalesce(r.next_plan_id, l.plan_id) as next_plan_id, coalesce(r.next_version, l.plan_version) as next_version
    from line l join line_renewal r on r.subscriber_id = l.subscriber_id and r.line_id = l.line_id
    where ${those} and l.state <> 'closed' order by l.ordered_at, l.line_id`.execute(db)
  const plans = await planVersions(db, [
    ...rows.map((row) => ({ planId: row.plan_id, version: row.plan_version })),
    ...rows.map((row) => ({ planId: row.next_plan_id, version: row.next_version })),
  ])
  const peers = new Map<string, Peer[]>()
  for (const row of rows) {
    const own = peers.get(row.subscriber_id) ?? []
    peers.set(row.subscriber_id, own)
    own.push({
      lineId: row.line_id,
      state: row.state,
      autoRenew: row.auto_renew,
      periodEnd: row.period_end,
      plan: plans.get(planKey(row.plan_id, row.plan_version))!,
      next: { plan: plans.get(planKey(row.next_plan_id, row.next_version))!, steps: row.steps },
    })
  }
  return peers
}
