/** A refund that its card refused: it waits for an account of its owner, until a day. */
import type { App } from '../platform/app.ts'
import { sql } from 'kysely'
import { type Db, pairs, rowsParameter, type Trx } from '../platform/database.ts'
import { seal, sealIvBytes, sealKey, unseal } from '../platform/seal.ts'
import { money } from '../values/money.ts'
import {
  type Account,
  accountOf,
  instrumentName,
  maskAccount,
  type TrackedRefund,
} from './payments.ts'

type RefundKey = { subscriberId: string; refundId: string }

type CaseKey = { subscriberId: string; caseId: string }

/** The refunds of a case, in the order they were set up. */
export async function refundsOf(
  db: Db | Trx,
  subscriberId: string,
  caseId: string,
): Promise<readonly TrackedRefund[]> {
  const key = { subscriberId, caseId }
  return (await refundsOfAll(db, [key]))(key)
}

/** The same of any number of cases. */
export async function refundsOfAll(
  db: Db | Trx,
  keys: readonly CaseKey[],
): Promise<(key: CaseKey) => readonly TrackedRefund[]> {
  const { rows } = await sql<Stored>`
    select r.case_id, r.refund_id, r.order_id, r.minor, r.currency, r.state, r.failure, r.requested_at, r.ended_at,
      r.payout_until, r.payout_attempt, r.payout_to, r.payout_failure, r.payout_sealed is not null as has_account,
      r.payout_named_at, r.late_at, coalesce(d.is_open, false) as is_disputed, d.ended_at as decided_at, o.instrument
    from ${pairs(keys.map((key) => [key.subscriberId, key.caseId]))} as x(subscriber_id, case_id)
    join refund r on r.subscriber_id = x.subscriber_id and r.case_id = x.case_id
    join payment_order o on o.subscriber_id = r.subscriber_id and o.order_id = r.order_id
    left join lateral (select bool_or(state = 'open') as is_open, max(ended_at) as ended_at from payment_dispute d
      where d.subscriber_id = r.subscriber_id and d.order_id = r.order_id) d on true
    order by length(r.refund_id), r.refund_id`.execute(db)
  const byCase = Map.groupBy(rows, (row) => row.case_id)
  return ({ caseId }) => (byCase.get(caseId) ?? []).map(trackedOf)
}

type Stored = {
  case_id: string
  refund_id: string
  order_id: string
  minor: bigint
  currency: string
  state: TrackedRefund['state']
  failure: string | null
  requested_at: Temporal.Instant
  ended_at: Temporal.Instant | null
  payout_until: Temporal.Instant | null
  payout_attempt: number
  payout_to: string | null
  payout_failure: string | null
  has_account: boolean
  payout_named_at: Temporal.Instant | null
  late_at: Temporal.Instant | null
  is_disputed: boolean
  decided_at: Temporal.Instant | null
  instrument: { brand?: string; last4?: string } | null
}

function trackedOf(row: Stored): TrackedRefund {
  return {
    refundId: row.refund_id,
    orderId: row.order_id,
    instrument: instrumentName(row.instrument),
    amount: money(row.minor, row.currency),
    state: row.state,
    failure: row.failure,
    requestedAt: row.requested_at,
    endedAt: row.ended_at,
    payoutUntil: row.payout_until,
    payoutAttempt: row.payout_attempt,
    payoutTo: row.payout_to,
    payoutFailure: row.payout_failure,
    hasAccount: row.has_account,
    namedAt: row.payout_named_at,
    isDisputed: row.is_disputed,
    decidedAt: row.decided_at,
    lateAt: row.late_at,
  }
}

export function payoutReference(refundId: string, attempt: number): string {
  return `${refundId}.payout${attempt}`
}

/** Cards have refused for good: from now on the owners can name an account. */
export async function failRefunds(
  trx: Trx,
  refunds: readonly (RefundKey & { failure: string; until: Temporal.Instant })[],
): Promise<void> {
  if (refunds.length === 0) return
  const rows = refunds.map(({ subscriberId, refundId, failure, until }) => ({
    subscriber_id: subscriberId,
    refund_id: refundId,
    failure,
    until,
  }))
  await sql`
    update refund r set state = 'failed', failure = x.failure, payout_until = x.until, version = r.version + 1
    from jsonb_to_recordset(${rowsParameter(rows)})
      as x(subscriber_id text, refund_id text, failure text, until timestamptz)
    where r.subscriber_id = x.subscriber_id and r.refund_id = x.refund_id
      and r.state in ('requested', 'pending')`.execute(trx)
}

/** Marks refunds as later than promised; once, whatever becomes of them. */
export async function markLate(
  trx: Trx,
  now: Temporal.Instant,
  refunds: readonly RefundKey[],
): Promise<void> {
  const keys = pairs(refunds.map(({ subscriberId, refundId }) => [subscriberId, refundId]))
  await sql`
    update refund r set late_at = ${now}, version = r.version + 1 from ${keys} as x(subscriber_id, refund_id)
    where r.subscriber_id = x.subscriber_id and r.refund_id = x.refund_id and r.late_at is null`.execute(
    trx,
  )
}

/** Whether a row of refunds is later than promised and still on its way. */
export const isLateRow = (table: string) => sql<boolean>`(${sql.ref(`${table}.late_at`)} is not null
  and (${sql.ref(`${table}.state`)} in ('requested', 'pending')
    or ${sql.ref(`${table}.state`)} = 'failed' and ${sql.ref(`${table}.payout_sealed`)} is not null))`

/** Takes an account for a refund that waits for one; false when it doesn't. */
export async function nameAccount(
  trx: Trx,
  app: Pick<App, 'config' | 'ids' | 'clock'>,
  { subscriberId, refundId }: RefundKey,
  account: Account,
): Promise<boolean> {
  const key = sealKey(app.config.masterKey, 'payout')
  const about = `${subscriberId} ${refundId}`
  const sealed = seal(key, app.ids.random(sealIvBytes), about, JSON.stringify(account))
  const named = await trx
    .updateTable('refund')
    .set((row) => ({
      payout_sealed: sealed,
      payout_to: maskAccount(account),
      payout_named_at: app.clock.now(),
      payout_failure: null,
      payout_attempt: row('payout_attempt', '+', 1),
      version: row('version', '+', 1),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('refund_id', '=', refundId)
    .where('state', '=', 'failed')
    .where('payout_sealed', 'is', null)
    .executeTakeFirst()
  return named.numUpdatedRows === 1n
}

/** The account of an attempt, or undefined while there is none. */
export async function namedAccount(
  db: Db | Trx,
  app: Pick<App, 'config'>,
  { subscriberId, refundId }: RefundKey,
): Promise<{ account: Account; attempt: number } | undefined> {
  const row = await db
    .selectFrom('refund')
    .select(['payout_sealed', 'payout_attempt'])
    .where('subscriber_id', '=', subscriberId)
    .where('refund_id', '=', refundId)
    .executeTakeFirst()
  if (!row?.payout_sealed) return undefined
  const key = sealKey(app.config.masterKey, 'payout')
  const account = accountOf(unseal(key, `${subscriberId} ${refundId}`, row.payout_sealed))
  return { account, attempt: row.payout_attempt }
}

/** The bank did not take it: another account can be named. False when somebody saw that before. */
export async function forgetAccount(
  trx: Trx,
  { subscriberId, refundId, attempt, failure }: RefundKey & { attempt: number; failure: string },
): Promise<boolean> {
  const forgotten = await trx
    .updateTable('refund')
    .set((row) => ({
      payout_sealed: null,
      payout_failure: failure,
      version: row('version', '+', 1),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('refund_id', '=', refundId)
    .where('payout_attempt', '=', attempt)
    .where('payout_sealed', 'is not', null)
    .executeTakeFirst()
  return forgotten.numUpdatedRows === 1n
}
