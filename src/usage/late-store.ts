/** Records that came after their line had closed: paid from what was kept for them, up to that, as any use before it. */
import { sql } from 'kysely'
import { earn } from '../ledger/ledger.ts'
import { post } from '../ledger/store.ts'
import { taxFor } from '../ledger/tax-store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import type { Kind } from '../plans/plan.ts'
import { planKey, planVersions } from '../plans/store.ts'
import { type Money, money } from '../values/money.ts'
import { type Bucket, type Purse, spend } from './purse.ts'
import { rate, type Rated } from './rating.ts'

type LateRow = {
  usage_id: string
  line_id: string
  plan_id: string
  plan_version: number
  kind: Kind
  quantity: bigint
  country: string
  started_us: bigint
}
type Asked = {
  subscriberId: string
  lineIds: readonly string[]
  /** What was kept, on the account `late-usage-reserve`. */
  reserve: Money
  key: string
  detail: Record<string, string>
}

/**
 * Charges what came late and was used while the line was still in service; what the reserve does not cover stays with
 * the operator. Gives what was charged, and how many records came.
 */
export async function chargeLate(
  trx: Trx,
  app: App,
  asked: Asked,
): Promise<{ charged: Money; records: number }> {
  const { subscriberId, reserve } = asked
  const rows = await lateRecords(trx, asked)
  const plans = await planVersions(
    trx,
    rows.map((row) => ({ planId: row.plan_id, version: row.plan_version })),
  )
  const purses = await pursesOf(trx, asked)
  let left = reserve.minor
  const rated: { usageId: string; rated: Rated }[] = []
  for (const row of rows) {
    const plan = plans.get(planKey(row.plan_id, row.plan_version))!
    const purse = { ...purses.get(row.line_id)!, paid: left }
    const use = { ...row, startedUs: Number(row.started_us) }
    const one = rate(use, purse, plan)
    purses.set(row.line_id, spend(purse, one))
    left -= one.paid
    rated.push({ usageId: row.usage_id, rated: one })
  }
  const charged = money(reserve.minor - left, reserve.currency)
  const transferId = charged.minor > 0n ? await book(trx, app, asked, charged) : null
  await note(trx, subscriberId, rated, transferId)
  return { charged, records: rows.length }
}

async function lateRecords(trx: Trx, { subscriberId, lineIds, reserve }: Asked) {
  const { rows } = await sql<LateRow>`
    select u.usage_id, u.line_id, l.plan_id, l.plan_version, u.kind, u.quantity, u.country,
      (extract(epoch from u.started_at) * 1000000)::int8 as started_us
    from usage_record u join line l on l.subscriber_id = u.subscriber_id and l.line_id = u.line_id
    where u.subscriber_id = ${subscriberId} and u.line_id = any(${[...lineIds]})
      and u.currency = ${reserve.currency} and u.outcome = 'absorbed' and u.transfer_id is null
      and u.received_at >= l.closed_at and u.started_at < l.closed_at
    order by u.started_at, u.usage_id
    for no key update of u`.execute(trx)
  return rows
}

/** What the closed lines had left of what was paid for; their credit is settled, so there is none. */
async function pursesOf(trx: Trx, { subscriberId, lineIds, reserve }: Asked) {
  const { rows } = await sql<{
    line_id: string
    cap_minor: bigint | null
    spent_minor: bigint
    buckets: { id: string; kind: Kind; priority: number; remaining: string; us: string | null }[]
  }>`
    select p.line_id, p.cap_minor, p.spent_minor, coalesce((
      select jsonb_agg(jsonb_build_object('id', b.bucket_id, 'kind', b.kind, 'priority', b.priority,
        'remaining', b.remaining::text, 'us', (extract(epoch from b.expires_at) * 1000000)::int8::text))
      from bucket b where b.subscriber_id = p.subscriber_id and b.line_id = p.line_id), '[]') as buckets
    from purse p
    where p.subscriber_id = ${subscriberId} and p.line_id = any(${[...lineIds]})
      and p.currency = ${reserve.currency}`.execute(trx)
  return new Map(
    rows.map((row): [string, Purse] => [
      row.line_id,
      {
        promotional: 0n,
        paid: 0n,
        held: 0n,
        creditOrder: 'promotional-first',
        cap: row.cap_minor,
        spent: row.spent_minor,
        started: new Map(),
        buckets: row.buckets.map(({ id, kind, priority, remaining, us }): Bucket => ({
          bucketId: id,
          kind,
          priority,
          granted: BigInt(remaining),
          remaining: BigInt(remaining),
          reserved: 0n,
          expiresUs: us === null ? null : Number(us),
          noticed: 0,
        })),
      },
    ]),
  )
}

async function book(trx: Trx, app: App, { subscriberId, key, detail }: Asked, charged: Money) {
  const now = app.clock.now()
  const due = [
    {
      from: { account: 'late-usage-reserve' },
      to: { account: 'usage-revenue' },
      amount: charged,
    },
  ] as const
  const split = earn(due, await taxFor(trx, subscriberId, now))
  await post(trx, app.ids, {
    subscriberId,
    key,
    kind: 'late-usage',
    at: now,
    detail: { ...detail, ...split.detail },
    postings: split.postings,
  })
  const { transfer_id } = await trx
    .selectFrom('ledger_transfer')
    .select('transfer_id')
    .where('subscriber_id', '=', subscriberId)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
  return transfer_id
}

/** What each record came to: its owner's statement and export say the same as the ledger. */
async function note(
  trx: Trx,
  subscriberId: string,
  all: readonly { usageId: string; rated: Rated }[],
  transferId: string | null,
) {
  const covered = all.filter(({ rated }) => rated.outcome === 'charged')
  if (covered.length === 0) return
  await sql`
    update usage_record u set outcome = 'charged', charged_minor = w.charged, absorbed_minor = w.absorbed,
      from_bucket = w.bucket, transfer_id = case when w.charged > 0 then ${transferId}::text end
    from unnest(${covered.map(({ usageId }) => usageId)}::text[],
      ${covered.map(({ rated }) => String(rated.paid))}::int8[],
      ${covered.map(({ rated }) => String(rated.absorbed))}::int8[],
      ${covered.map(({ rated }) => String(rated.fromBucket))}::int8[]) as w (id, charged, absorbed, bucket)
    where u.subscriber_id = ${subscriberId} and u.usage_id = w.id`.execute(trx)
}
