/** Lines in the database: bought, named, brought to life, closed. */
import { type RawBuilder, sql } from 'kysely'
import { profilesOf, requestProfile, takeProfile } from '../esim/store.ts'
import { balances } from '../ledger/store.ts'
import type { Recipient } from '../notices/notice.ts'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { personal } from '../platform/personal.ts'
import type { Allowance, Kind, Plan } from '../plans/plan.ts'
import { planKey, planVersions } from '../plans/store.ts'
import { addresseeOf } from '../subscribers/store.ts'
import type { LineId } from '../values/ids.ts'
import type { Locale } from '../values/locale.ts'
import { money, zero } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import {
  type Bucket,
  firstFree,
  type Line,
  type LineState,
  periodFrom,
  remindAt,
  whyFixed,
} from './line.ts'
import { assignNumber } from './number-store.ts'
import { capsOf } from './purse-store.ts'

export type LineKey = { subscriberId: string; lineId: string }

/** All lines of a subscriber, oldest first, with all that the API shows of them, in eight set-based reads. */
export async function linesOf(
  db: Db | Trx,
  subscriberId: string,
  lineId?: string,
): Promise<Line[]> {
  let query = db.selectFrom('line').selectAll().where('subscriber_id', '=', subscriberId)
  if (lineId !== undefined) query = query.where('line_id', '=', lineId)
  const rows = await query.orderBy('ordered_at').orderBy('line_id').execute()
  if (rows.length === 0) return []
  const wanted = rows.map((row) => ({ planId: row.plan_id, version: row.plan_version }))
  const [plans, buckets, profiles, held, caps, closures] = await Promise.all([
    planVersions(db, wanted),
    bucketsOf(db, subscriberId),
    profilesOf(db, subscriberId),
    balances(db, subscriberId),
    capsOf(db, subscriberId),
    openClosures(db, subscriberId),
  ])
  return rows.map((row): Line => {
    const credit = (account: 'paid-credit' | 'promotional-credit') =>
      held.find(
        (one) =>
          one.account === account &&
          one.lineId === row.line_id &&
          one.amount.currency === row.currency,
      )?.amount ?? zero(row.currency)
    const profile = profiles.get(row.line_id)!
    const { cap = null, spent = 0n } = caps.get(row.line_id) ?? {}
    return {
      subscriberId,
      lineId: row.line_id,
      nickname: row.nickname,
      state: row.state as LineState,
      suspensions: row.suspensions as Line['suspensions'],
      msisdn: row.msisdn,
      imsi: row.imsi,
      iccid: row.iccid,
      currency: row.currency,
      plan: plans.get(planKey(row.plan_id, row.plan_version))!,
      buckets: buckets.get(row.line_id) ?? [],
      paid: credit('paid-credit'),
      promotional: credit('promotional-credit'),
      spendingCap: cap === null ? null : money(cap, row.currency),
      spent: money(spent, row.currency),
      periodStart: row.period_start,
      periodEnd: row.period_end,
      autoRenew: row.auto_renew,
      profile: { state: profile.state, deviceState: profile.deviceState, eid: profile.eid },
      closureCaseId: closures.get(row.line_id) ?? closures.get(null) ?? null,
      orderedAt: row.ordered_at,
      activatedAt: row.activated_at,
      closedAt: row.closed_at,
    }
  })
}

type BucketRow = {
  line_id: string
  bucket_id: string
  kind: Kind
  granted: bigint
  remaining: bigint
  expires_at: Temporal.Instant | null
  priority: number
}

/** Those of the period before stay in the purse for records that come late; nobody is shown them. */
const ofThisPeriod = sql`(b.expires_at is null or l.period_end is null or b.expires_at >= l.period_end
  or (b.priority <> 0 and b.expires_at > l.period_start))`

async function bucketsOf(db: Db | Trx, subscriberId: string): Promise<Map<string, Bucket[]>> {
  const { rows } = await sql<BucketRow>`
    select b.line_id, b.bucket_id, b.kind, b.granted, b.remaining, b.expires_at, b.priority from bucket b
    join line l on l.subscriber_id = b.subscriber_id and l.line_id = b.line_id
    where b.subscriber_id = ${subscriberId} and ${ofThisPeriod}
    order by array_position(array['data', 'voice', 'sms'], b.kind), b.priority <> 0, b.bucket_id`.execute(
    db,
  )
  const byLine = Map.groupBy(rows, (row) => row.line_id)
  return new Map(
    [...byLine].map(([lineId, own]) => [
      lineId,
      own.map((row) => ({
        bucketId: row.bucket_id,
        kind: row.kind,
        granted: row.granted,
        remaining: row.remaining,
        expiresAt: row.expires_at,
        isAddon: row.priority !== 0,
      })),
    ]),
  )
}

/** The case that is open for each line; an account's case counts for every line that has none of its own. */
async function openClosures(
  db: Db | Trx,
  subscriberId: string,
): Promise<Map<string | null, string>> {
  const rows = await db
    .selectFrom('closure_case')
    .select(['line_id', 'case_id'])
    .where('subscriber_id', '=', subscriberId)
    .where('state', 'not in', ['closed', 'withdrawn', 'rejected'])
    .execute()
  return new Map(rows.map((row) => [row.line_id, row.case_id]))
}

/** Holds the lines against usage, payments and other closings until the transaction ends. */
export async function lockLines(
  trx: Trx,
  subscriberId: string,
  lineIds: readonly string[],
): Promise<ReadonlyMap<string, LineState>> {
  if (lineIds.length === 0) return new Map()
  const rows = await trx
    .selectFrom('line')
    .select(['line_id', 'state'])
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', 'in', lineIds)
    .orderBy('line_id')
    .forUpdate()
    .execute()
  // Usage is charged by the version of the purse, without the line's lock.
  await trx
    .selectFrom('purse')
    .select('line_id')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', 'in', lineIds)
    .orderBy('line_id')
    .orderBy('currency')
    .forUpdate()
    .execute()
  return new Map(rows.map((row) => [row.line_id, row.state as LineState]))
}

export async function renameLine(
  trx: Trx,
  { subscriberId, lineId }: LineKey,
  nickname: string,
): Promise<Refusal | undefined> {
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  if (state === undefined) return refuse('not-found')
  const fixed = whyFixed(state)
  if (fixed) return fixed
  const key = { subscriberId, lineId }
  await change(trx, key, { nickname: nicknameValue(key, nickname) })
  return undefined
}

/** For a line that its owner has not named. */
export async function freeNickname(trx: Trx, subscriberId: string, name: string): Promise<string> {
  const lines = await trx
    .selectFrom('line')
    .select('nickname')
    .where('subscriber_id', '=', subscriberId)
    .where('state', '<>', 'closed')
    .execute()
  return firstFree(
    name,
    lines.map(({ nickname }) => nickname),
  )
}

function nicknameValue({ subscriberId, lineId }: LineKey, nickname: string) {
  const field = 'line.nickname'
  return personal({ subscriberId, category: 'contacts', field, record: lineId }, nickname)
}

type NewLine = {
  subscriberId: string
  plan: Plan
  allowance: Allowance
  nickname: string
  /** Whose number may be kept already. */
  orderId?: string
}

/** A paid line with its number, its buckets and its profile, which is ordered next. */
export async function createLine(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock' | 'config' | 'queue'>,
  { subscriberId, plan, allowance, nickname, orderId }: NewLine,
): Promise<{ lineId: LineId; msisdn: string | null } | Refusal> {
  const { ids } = app
  const now = app.clock.now()
  const lineId = ids.make<LineId>('line')
  const { numberCountry } = plan
  const msisdn = numberCountry
    ? await assignNumber(trx, numberCountry, { subscriberId, lineId }, orderId)
    : null
  if (msisdn === undefined) return refuse('numbers-exhausted')
  const identities = await takeProfile(trx, app)
  if (!identities) return refuse('profiles-exhausted')
  await trx
    .insertInto('line')
    .values({
      subscriber_id: subscriberId,
      line_id: lineId,
      nickname: nicknameValue({ subscriberId, lineId }, nickname),
      state: 'ordered',
      plan_id: plan.planId,
      plan_version: plan.version,
      currency: plan.price.currency,
      msisdn,
      ordered_at: now,
      auto_renew: plan.renews,
      ...identities,
    })
    .execute()
  await trx
    .insertInto('line_index')
    .values({ imsi: identities.imsi, line_id: lineId, subscriber_id: subscriberId })
    .execute()
  await openPurse(trx, ids, { subscriberId, lineId }, plan.price.currency, allowance)
  await requestProfile(trx, app, { subscriberId, lineId, ...identities })
  return { lineId, msisdn }
}

/** What the line has to pay with: a bucket for each kind that is included; they end with the first period. */
async function openPurse(
  trx: Trx,
  ids: Ids,
  { subscriberId, lineId }: LineKey,
  currency: string,
  allowance: Allowance,
) {
  const kinds = (['data', 'voice', 'sms'] as const).filter((kind) => allowance[kind] > 0n)
  const granted = kinds.map((kind) => allowance[kind])
  await trx
    .insertInto('purse')
    .values({
      subscriber_id: subscriberId,
      line_id: lineId,
      currency,
      bucket_ids: kinds.map(() => ids.make('bucket')),
      kinds,
      priorities: kinds.map(() => 0),
      granted,
      remaining: granted,
      reserved: kinds.map(() => 0n),
      expires_us: sql`array_fill(null::int8, array[${kinds.length}::int])`,
      noticed: kinds.map(() => 0),
    })
    .execute()
}

/** Service has begun: the period and its buckets run from now. False when the line is no longer waiting for it. */
export async function startService(
  trx: Trx,
  now: Temporal.Instant,
  { subscriberId, lineId }: LineKey,
  periodDays: number,
): Promise<boolean> {
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  if (state !== 'ordered') return false
  const end = periodFrom(now, periodDays)
  await change(
    trx,
    { subscriberId, lineId },
    {
      state: 'active',
      activated_at: now,
      period_start: now,
      period_end: end,
      due_at: remindAt(end, periodDays) ?? end,
    },
  )
  await sql`
    update purse set version = version + 1, spent_minor = 0,
      expires_us = array_fill((extract(epoch from ${end}::timestamptz) * 1000000)::int8, array[cardinality(bucket_ids)])
    where subscriber_id = ${subscriberId} and line_id = ${lineId}`.execute(trx)
  return true
}

/** Whom a message about a line goes to, and in which language. */
export async function ownerOf(
  trx: Trx,
  subscriberId: string,
): Promise<{ recipients: Recipient[]; locale: Locale }> {
  const { recipients, locale } = await addresseeOf(trx, subscriberId)
  return { recipients: recipients.filter(({ channel }) => channel === 'email'), locale }
}

type Change = {
  nickname?: RawBuilder<string>
  state?: LineState
  activated_at?: Temporal.Instant
  period_start?: Temporal.Instant
  period_end?: Temporal.Instant
  due_at?: Temporal.Instant | null
}

async function change(trx: Trx, { subscriberId, lineId }: LineKey, changed: Change) {
  await trx
    .updateTable('line')
    .set((row) => ({ ...changed, version: row('version', '+', 1) }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .execute()
}
