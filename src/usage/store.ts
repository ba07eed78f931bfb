/** Intake of usage: each record is rated and charged exactly once, under the lock of its line. */
import { sql } from 'kysely'
import { balances, post } from '../ledger/store.ts'
import type { LineState } from '../lines/line.ts'
import { lockLines, ownerOf } from '../lines/store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Kind, Plan } from '../plans/plan.ts'
import { planKey, planVersions } from '../plans/store.ts'
import { money } from '../values/money.ts'
import { absorb, levelOf, type Purse, rate, type Rated, spend } from './rating.ts'
import { isSame, readRecord, type Reason, type Stored, type UsageRecord } from './record.ts'

export type Answer = { accepted: string[]; rejected: { id: string; reason: Reason }[] }
type OnLine = UsageRecord & { lineId: string }

/** Takes a batch in: one transaction per subscriber, so that one's trouble never holds back another's records. */
export async function takeIn(app: App, given: readonly Record<string, unknown>[]): Promise<Answer> {
  const answer: Answer = { accepted: [], rejected: [] }
  const records: UsageRecord[] = []
  for (const one of given) {
    const read = readRecord(one)
    if ('reason' in read) answer.rejected.push({ id: read.usageId, reason: read.reason })
    else records.push(read)
  }
  const owners = await ownersOf(
    app.db,
    records.map(({ imsi }) => imsi),
  )
  const bySubscriber = new Map<string, OnLine[]>()
  for (const record of records) {
    const owner = owners.get(record.imsi)
    if (!owner) {
      answer.rejected.push({ id: record.usageId, reason: 'unknown-imsi' })
      continue
    }
    const own = bySubscriber.get(owner.subscriberId) ?? []
    own.push({ ...record, lineId: owner.lineId })
    bySubscriber.set(owner.subscriberId, own)
  }
  for (const [subscriberId, own] of bySubscriber) {
    const { accepted, rejected } = await app.db
      .transaction()
      .execute((trx) => charge(trx, app, subscriberId, own))
    answer.accepted.push(...accepted)
    answer.rejected.push(...rejected)
  }
  return answer
}

async function ownersOf(db: Db, imsis: readonly string[]) {
  const { rows } = await sql<{ imsi: string; line_id: string; subscriber_id: string }>`
    select imsi, line_id, subscriber_id from line_index where imsi = any(${[...new Set(imsis)]})`.execute(
    db,
  )
  return new Map(
    rows.map((row) => [row.imsi, { lineId: row.line_id, subscriberId: row.subscriber_id }]),
  )
}

type LineFacts = {
  lineId: string
  state: LineState
  nickname: string
  currency: string
  plan: Plan
  purse: Purse
}
type RatedRecord = { record: OnLine; rated: Rated; currency: string }

async function charge(
  trx: Trx,
  app: App,
  subscriberId: string,
  records: readonly OnLine[],
): Promise<Answer> {
  const lineIds = [...new Set(records.map(({ lineId }) => lineId))].sort()
  const states = await lockLines(trx, subscriberId, lineIds)
  const known = await storedRecords(trx, subscriberId, records)
  const lines = await lineFacts(trx, subscriberId, states)
  const answer: Answer = { accepted: [], rejected: [] }
  const fresh: RatedRecord[] = []
  for (const record of [...records].sort(oldestFirst)) {
    const before = known.get(record.usageId)
    if (before && !(before.lineId === record.lineId && isSame(before, record))) {
      answer.rejected.push({ id: record.usageId, reason: 'differs' })
      continue
    }
    answer.accepted.push(record.usageId)
    if (before) continue
    known.set(record.usageId, record)
    const line = lines.get(record.lineId)!
    const { plan, currency } = line
    const rated = line.state === 'closed' ? absorb(record, plan) : rate(record, line.purse, plan)
    line.purse = spend(line.purse, rated)
    fresh.push({ record, rated, currency })
  }
  if (fresh.length === 0) return answer
  await write(trx, app, subscriberId, fresh)
  await tell(trx, app, subscriberId, [...lines.values()])
  return answer
}

function oldestFirst(a: OnLine, b: OnLine): number {
  return Temporal.Instant.compare(a.startedAt, b.startedAt) || (a.usageId < b.usageId ? -1 : 1)
}

async function storedRecords(trx: Trx, subscriberId: string, records: readonly OnLine[]) {
  const ids = [...new Set(records.map(({ usageId }) => usageId))]
  const rows = await trx
    .selectFrom('usage_record')
    .select(['usage_id', 'line_id', 'kind', 'quantity', 'started_at', 'ended_at', 'mcc', 'mnc'])
    .where('subscriber_id', '=', subscriberId)
    .where('usage_id', 'in', ids)
    .execute()
  return new Map(
    rows.map((row): [string, Stored & { lineId: string }] => [
      row.usage_id,
      {
        lineId: row.line_id,
        kind: row.kind as Kind,
        quantity: row.quantity,
        startedAt: row.started_at,
        endedAt: row.ended_at,
        mcc: row.mcc,
        mnc: row.mnc,
      },
    ]),
  )
}

async function lineFacts(trx: Trx, subscriberId: string, states: ReadonlyMap<string, LineState>) {
  const lineIds = [...states.keys()]
  const rows = await trx
    .selectFrom('line')
    .select(['line_id', 'nickname', 'currency', 'plan_id', 'plan_version'])
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', 'in', lineIds)
    .execute()
  const buckets = await trx
    .selectFrom('bucket')
    .select(['line_id', 'bucket_id', 'kind', 'granted', 'remaining', 'expires_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', 'in', lineIds)
    .execute()
  const held = await balances(trx, subscriberId)
  const plans = await planVersions(
    trx,
    rows.map((row) => ({ planId: row.plan_id, version: row.plan_version })),
  )
  return new Map(
    rows.map((row): [string, LineFacts] => {
      const credit = (account: string) =>
        held.find(
          (one) =>
            one.account === account &&
            one.lineId === row.line_id &&
            one.amount.currency === row.currency,
        )?.amount.minor ?? 0n
      const own = buckets.filter(({ line_id }) => line_id === row.line_id)
      const purse: Purse = {
        promotional: credit('promotional-credit'),
        paid: credit('paid-credit'),
        buckets: own.map((bucket) => ({
          bucketId: bucket.bucket_id,
          kind: bucket.kind as Kind,
          granted: bucket.granted,
          remaining: bucket.remaining,
          expiresAt: bucket.expires_at,
        })),
      }
      const plan = plans.get(planKey(row.plan_id, row.plan_version))!
      const { line_id: lineId, nickname, currency } = row
      return [lineId, { lineId, state: states.get(lineId)!, nickname, currency, plan, purse }]
    }),
  )
}

async function write(trx: Trx, app: App, subscriberId: string, fresh: readonly RatedRecord[]) {
  const now = app.clock.now()
  await trx
    .insertInto('usage_record')
    .values(
      fresh.map(({ record, rated, currency }) => ({
        subscriber_id: subscriberId,
        usage_id: record.usageId,
        line_id: record.lineId,
        kind: record.kind,
        quantity: record.quantity,
        started_at: record.startedAt,
        ended_at: record.endedAt,
        mcc: record.mcc,
        mnc: record.mnc,
        country: record.country,
        outcome: rated.outcome,
        from_bucket: rated.fromBucket,
        charged_minor: rated.promotional + rated.paid,
        absorbed_minor: rated.absorbed,
        currency,
        received_at: now,
      })),
    )
    .execute()
  await drawBuckets(trx, subscriberId, fresh)
  for (const { record, rated, currency } of fresh) {
    await chargeCredit(trx, app, subscriberId, record, rated, currency)
  }
  const exhausted = fresh.filter(
    ({ record, rated }) => record.kind === 'data' && rated.absorbed > 0n,
  )
  if (exhausted.length === 0) return
  await trx
    .updateTable('line')
    .set((row) => ({ data_exhausted_at: row.fn.coalesce('data_exhausted_at', row.val(now)) }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', 'in', [...new Set(exhausted.map(({ record }) => record.lineId))])
    .where('state', '<>', 'closed')
    .execute()
}

async function drawBuckets(trx: Trx, subscriberId: string, fresh: readonly RatedRecord[]) {
  const drawn = fresh.flatMap(({ record, rated }) =>
    rated.taken.map(({ bucketId, quantity }) => ({ lineId: record.lineId, bucketId, quantity })),
  )
  if (drawn.length === 0) return
  await sql`
    update bucket b set remaining = b.remaining - d.quantity
    from (
      select line_id, bucket_id, sum(quantity)::int8 as quantity
      from unnest(${drawn.map(({ lineId }) => lineId)}::text[], ${drawn.map(({ bucketId }) => bucketId)}::text[],
        ${drawn.map(({ quantity }) => quantity.toString())}::int8[]) as u (line_id, bucket_id, quantity)
      group by 1, 2) d
    where b.subscriber_id = ${subscriberId} and b.line_id = d.line_id and b.bucket_id = d.bucket_id`.execute(
    trx,
  )
}

async function chargeCredit(
  trx: Trx,
  app: App,
  subscriberId: string,
  record: OnLine,
  rated: Rated,
  currency: string,
) {
  const { lineId, usageId, kind, country, quantity } = record
  const postings = (['promotional', 'paid'] as const)
    .filter((credit) => rated[credit] > 0n)
    .map((credit) => ({
      from: { account: `${credit}-credit` as const, lineId },
      to: { account: 'usage-revenue' as const },
      amount: money(rated[credit], currency),
    }))
  if (postings.length === 0) return
  await post(trx, app.ids, {
    subscriberId,
    key: `usage:${usageId}`,
    kind: 'usage',
    at: app.clock.now(),
    detail: { usageId, kind, country, quantity: quantity.toString() },
    postings,
  })
}

/** Each bucket's owner hears once that most of it is gone, and once that all is. */
async function tell(trx: Trx, app: App, subscriberId: string, lines: readonly LineFacts[]) {
  const open = lines.filter(({ state }) => state === 'active' || state === 'suspended')
  for (const { lineId, nickname, purse } of open) {
    for (const bucket of purse.buckets) {
      const percent = levelOf(bucket)
      if (percent === 0) continue
      const raised = await trx
        .updateTable('bucket')
        .set({ noticed: percent })
        .where('subscriber_id', '=', subscriberId)
        .where('line_id', '=', lineId)
        .where('bucket_id', '=', bucket.bucketId)
        .where('noticed', '<', percent)
        .returning('bucket_id')
        .executeTakeFirst()
      if (!raised) continue
      const { recipients, locale } = await ownerOf(trx, subscriberId)
      await notify(trx, app, {
        subscriberId,
        noticeId: `usage-low:${bucket.bucketId}:${percent}`,
        recipients,
        template: 'usage-low',
        locale,
        params: {
          lineName: nickname,
          percent: String(percent),
          kind: bucket.kind,
          remaining: bucket.remaining.toString(),
          url: `${app.config.publicUrl}/lines/${lineId}/top-up`,
        },
      })
    }
  }
}
