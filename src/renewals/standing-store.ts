/** A line as its plan stands on it, read in one statement under the locks of whoever changes it. */
import { sql } from 'kysely'
import type { LineState } from '../lines/line.ts'
import { lockLines } from '../lines/store.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Adjustment } from '../plans/plans.ts'
import { planKey, planVersions } from '../plans/store.ts'
import { money } from '../values/money.ts'
import { othersOf } from './peer-store.ts'
import type { Standing } from './renewal.ts'

export type LineKey = { subscriberId: string; lineId: string }

type Row = {
  nickname: string
  state: LineState
  auto_renew: boolean
  plan_id: string
  plan_version: number
  currency: string
  period_start: Temporal.Instant | null
  period_end: Temporal.Instant | null
  steps: Adjustment | null
  prepaid_from: Temporal.Instant | null
  prepaid_days: number | null
  percent_off: number
  next_plan_id: string | null
  next_version: number | null
  next_steps: Adjustment | null
  reminded_for: Temporal.Instant | null
  waiting_since: Temporal.Instant | null
  changes: number
  prepaid: bigint
  credit: bigint
  data: bigint
  voice: bigint
  sms: bigint
}

/** Nobody else changes the line, its purse or its plan until the transaction ends. */
export async function lockStanding(trx: Trx, key: LineKey): Promise<Standing | undefined> {
  await lockLines(trx, key.subscriberId, [key.lineId])
  return findStanding(trx, key)
}

export async function findStanding(db: Db | Trx, key: LineKey): Promise<Standing | undefined> {
  const { subscriberId, lineId } = key
  const { rows } = await sql<Row>`
    select l.nickname, l.state, l.auto_renew, l.plan_id, l.plan_version, l.currency, l.period_start, l.period_end,
      r.steps, r.prepaid_from, r.prepaid_days, r.percent_off, r.next_plan_id, r.next_version, r.next_steps, r.reminded_for, r.waiting_since,
      r.changes, coalesce(a.minor, 0)::int8 as prepaid,
      -- What sessions hold comes out of promotional credit first.
      greatest(p.paid_minor - greatest(p.held_minor - p.promotional_minor, 0), 0)::int8 as credit,
      coalesce(b.data, 0)::int8 as data, coalesce(b.voice, 0)::int8 as voice, coalesce(b.sms, 0)::int8 as sms
    from line l
    join line_renewal r on r.subscriber_id = l.subscriber_id and r.line_id = l.line_id
    join purse p on p.subscriber_id = l.subscriber_id and p.line_id = l.line_id and p.currency = l.currency
    left join ledger_account a on a.subscriber_id = l.subscriber_id and a.line_id = l.line_id
      and a.account = 'plan-prepaid' and a.currency = l.currency
    left join lateral (
      select sum(remaining - reserved) filter (where kind = 'data') as data,
        sum(remaining - reserved) filter (where kind = 'voice') as voice,
        sum(remaining - reserved) filter (where kind = 'sms') as sms
      from bucket where subscriber_id = l.subscriber_id and line_id = l.line_id and priority = 0
        and (expires_at is null or l.period_end is null or expires_at >= l.period_end)) b on true
    where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId}`.execute(db)
  const [row] = rows
  if (!row) return undefined
  const own = { planId: row.plan_id, version: row.plan_version }
  const next =
    row.next_version === null
      ? undefined
      : { planId: row.next_plan_id ?? own.planId, version: row.next_version }
  const plans = await planVersions(db, next ? [own, next] : [own])
  const plan = plans.get(planKey(own.planId, own.version))!
  return {
    ...key,
    plan,
    steps: row.steps,
    nickname: row.nickname,
    state: row.state,
    autoRenew: row.auto_renew,
    periodStart: row.period_start,
    periodEnd: row.period_end,
    prepaid: money(row.prepaid, row.currency),
    prepaidFrom: row.prepaid_from,
    prepaidDays: row.prepaid_days ?? plan.periodDays,
    percentOff: row.percent_off,
    peers: await othersOf(db, subscriberId, lineId),
    credit: money(row.credit, row.currency),
    free: { data: row.data, voice: row.voice, sms: row.sms },
    next: next
      ? { plan: plans.get(planKey(next.planId, next.version))!, steps: row.next_steps }
      : null,
    remindedFor: row.reminded_for,
    waitingSince: row.waiting_since,
    changes: row.changes,
  }
}
