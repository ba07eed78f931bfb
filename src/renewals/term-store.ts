/** The terms a line has had, one row each, and the row that says what its plan is set to now. */
import { sql } from 'kysely'
import type { Trx } from '../platform/database.ts'
import type { Allowance } from '../plans/plan.ts'
import type { Adjustment } from '../plans/plans.ts'
import type { Money } from '../values/money.ts'
import type { Terms } from './renewal.ts'
import type { LineKey } from './standing-store.ts'

export type NewTerm = Terms & {
  cause: 'bought' | 'changed' | 'renewed'
  periodStart: Temporal.Instant | null
  periodEnd: Temporal.Instant | null
  paid: Money
  granted: Allowance
  quoteHash: string | null
}

export async function addTerm(
  trx: Trx,
  now: Temporal.Instant,
  { subscriberId, lineId }: LineKey,
  term: NewTerm,
): Promise<void> {
  const { plan, steps, paid, granted } = term
  await trx
    .insertInto('line_term')
    .values((build) => ({
      subscriber_id: subscriberId,
      line_id: lineId,
      term: build
        .selectFrom('line_term')
        .select(sql<number>`coalesce(max(term), 0) + 1`.as('next'))
        .where('subscriber_id', '=', subscriberId)
        .where('line_id', '=', lineId),
      cause: term.cause,
      plan_id: plan.planId,
      plan_version: plan.version,
      steps: jsonOf(steps),
      period_start: term.periodStart,
      period_end: term.periodEnd,
      paid_minor: paid.minor,
      currency: paid.currency,
      data_bytes: granted.data,
      voice_seconds: granted.voice,
      sms_messages: granted.sms,
      quote_hash: term.quoteHash,
      began_at: now,
    }))
    .execute()
}

/** The quote that was agreed to last, so that agreeing to it again changes nothing. */
export async function lastQuote(
  trx: Trx,
  { subscriberId, lineId }: LineKey,
): Promise<string | null> {
  const row = await trx
    .selectFrom('line_term')
    .select('quote_hash')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .orderBy('term', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.quote_hash ?? null
}

type RenewalChange = {
  steps?: string | null
  prepaid_from?: Temporal.Instant | null
  prepaid_days?: number | null
  percent_off?: number
  next_plan_id?: string | null
  next_version?: number | null
  next_steps?: string | null
  reminded_for?: Temporal.Instant
  waiting_since?: Temporal.Instant | null
  told_version?: number
}
/** The next period begins with what this one has. */
export const nothingNext = { next_plan_id: null, next_version: null, next_steps: null } as const

/** Raises the number of changes, so that a quote made before is no longer the current one. */
export async function setRenewal(
  trx: Trx,
  { subscriberId, lineId }: LineKey,
  changed: RenewalChange,
): Promise<void> {
  await trx
    .updateTable('line_renewal')
    .set((row) => ({ ...changed, changes: row('changes', '+', 1) }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .execute()
}

type LineChange = {
  auto_renew?: boolean
  plan_id?: string
  plan_version?: number
  period_start?: Temporal.Instant
  period_end?: Temporal.Instant
  due_at?: Temporal.Instant | null
}

export async function setLine(
  trx: Trx,
  { subscriberId, lineId }: LineKey,
  changed: LineChange,
): Promise<void> {
  await trx
    .updateTable('line')
    .set((row) => ({ ...changed, version: row('version', '+', 1) }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .execute()
}

export function jsonOf(steps: Adjustment | null): string | null {
  return steps && JSON.stringify(steps)
}
