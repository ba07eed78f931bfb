/** Buckets in a line's purse: granted for a period, moved up and down within it, replaced by those of the next. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import type { Allowance, Kind } from '../plans/plan.ts'
import type { Money } from '../values/money.ts'

type LineKey = { subscriberId: string; lineId: string }

type Stored = {
  bucketId: string
  kind: Kind
  priority: number
  granted: bigint
  remaining: bigint
  reserved: bigint
  expiresUs: bigint | null
  noticed: number
}

/** A plan's buckets have priority 0; others beside them are used before, where they end before, else after. */
const isPlans = ({ priority }: Pick<Stored, 'priority'>) => priority === 0
const besides = (expiresUs: bigint, planEndUs: bigint | null) =>
  planEndUs === null || expiresUs < planEndUs ? -1 : 1

/**
 * Called after a top-up: the order in which the line's credit is used is the plan's of now, and stays so for that credit.
 * What was topped up before under the order that is better for its owner, promotional first, keeps it for all.
 */
export async function pinCreditOrder(
  trx: Trx,
  { subscriberId, lineId }: LineKey,
  { minor, currency }: Money,
): Promise<void> {
  await sql`
    update purse p set credit_order = n.wanted, version = p.version + 1
    from (select l.line_id, coalesce(v.document ->> 'creditOrder', 'promotional-first') as wanted
      from line l join plan_version v on v.plan_id = l.plan_id and v.version = l.plan_version
      where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId}) n
    where p.subscriber_id = ${subscriberId} and p.line_id = n.line_id and p.currency = ${currency}
      and p.credit_order <> n.wanted
      and (n.wanted = 'promotional-first' or p.paid_minor <= ${minor})`.execute(trx)
}

/** A bucket beside the plan's, until a moment of its own. The caller holds the line. */
export async function addBucket(
  trx: Trx,
  ids: Ids,
  key: LineKey,
  { kind, quantity, until }: { kind: Kind; quantity: bigint; until: Temporal.Instant },
): Promise<string> {
  const buckets = await readBuckets(trx, key)
  const expiresUs = microsecondsOf(until)
  const ends = buckets.flatMap((one) => (isPlans(one) ? (one.expiresUs ?? []) : []))
  const planEndUs = ends.reduce<bigint | null>((a, b) => (a === null || b > a ? b : a), null)
  const fresh = freshBucket(ids, kind, quantity, expiresUs)
  await writeBuckets(trx, key, [...buckets, { ...fresh, priority: besides(expiresUs, planEndUs) }])
  return fresh.bucketId
}

/** Adds to what a line has for its period, or takes of it. The caller holds the line and knows that it is there. */
export async function changeAllowance(
  trx: Trx,
  ids: Ids,
  key: LineKey,
  { granted, periodEnd }: { granted: Allowance; periodEnd: Temporal.Instant },
): Promise<void> {
  const buckets = await readBuckets(trx, key)
  const expiresUs = microsecondsOf(periodEnd)
  for (const [kind, quantity] of Object.entries(granted) as [Kind, bigint][]) {
    if (quantity === 0n) continue
    const own = buckets.find(
      (one) => one.kind === kind && one.expiresUs === expiresUs && isPlans(one),
    )
    if (!own) {
      buckets.push(freshBucket(ids, kind, quantity, expiresUs))
      continue
    }
    own.granted += quantity
    own.remaining += quantity
  }
  await writeBuckets(trx, key, buckets)
}

/**
 * A period begins: its buckets come, and what was spent counts from nothing. Those of the period before stay for records
 * that come late; those before them go.
 */
export async function renewAllowance(
  trx: Trx,
  ids: Ids,
  key: LineKey,
  period: { before: Temporal.Instant | null; allowance: Allowance; end: Temporal.Instant },
): Promise<void> {
  const { before, allowance, end } = period
  const oldestUs = before === null ? null : microsecondsOf(before)
  const kept = (await readBuckets(trx, key)).filter(
    ({ expiresUs }) => expiresUs === null || oldestUs === null || expiresUs >= oldestUs,
  )
  const expiresUs = microsecondsOf(end)
  for (const one of kept)
    if (!isPlans(one) && one.expiresUs !== null) one.priority = besides(one.expiresUs, expiresUs)
  const fresh = (Object.entries(allowance) as [Kind, bigint][])
    .filter(([, quantity]) => quantity > 0n)
    .map(([kind, quantity]) => freshBucket(ids, kind, quantity, expiresUs))
  await writeBuckets(trx, key, [...kept, ...fresh])
  await sql`update purse set spent_minor = 0
    where subscriber_id = ${key.subscriberId} and line_id = ${key.lineId}`.execute(trx)
}

function freshBucket(ids: Ids, kind: Kind, quantity: bigint, expiresUs: bigint): Stored {
  return {
    bucketId: ids.make('bucket'),
    kind,
    priority: 0,
    granted: quantity,
    remaining: quantity,
    reserved: 0n,
    expiresUs,
    noticed: 0,
  }
}

function microsecondsOf(at: Temporal.Instant): bigint {
  return at.epochNanoseconds / 1000n
}

// The purse in the line's own currency is the one with buckets.
const ownPurse = ({ subscriberId, lineId }: LineKey) => sql`
  p.subscriber_id = ${subscriberId} and p.line_id = ${lineId} and p.currency = (
    select l.currency from line l where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId})`

async function readBuckets(trx: Trx, key: LineKey): Promise<Stored[]> {
  const { rows } = await sql<Stored>`
    select b.* from purse p cross join lateral
      unnest(p.bucket_ids, p.kinds, p.priorities, p.granted, p.remaining, p.reserved, p.expires_us, p.noticed)
      with ordinality as b ("bucketId", kind, priority, granted, remaining, reserved, "expiresUs", noticed, at)
    where ${ownPurse(key)} order by b.at`.execute(trx)
  return rows.map((row) => ({ ...row }))
}

async function writeBuckets(trx: Trx, key: LineKey, buckets: readonly Stored[]): Promise<void> {
  const list = (of: (bucket: Stored) => bigint | number | null) =>
    `{${buckets.map((bucket) => of(bucket) ?? 'null').join(',')}}`
  const { numAffectedRows } = await sql`
    update purse p set version = p.version + 1,
      bucket_ids = ${buckets.map(({ bucketId }) => bucketId)}::text[],
      kinds = ${buckets.map(({ kind }) => kind)}::text[],
      priorities = ${list(({ priority }) => priority)}::int[],
      granted = ${list(({ granted }) => granted)}::int8[],
      remaining = ${list(({ remaining }) => remaining)}::int8[],
      reserved = ${list(({ reserved }) => reserved)}::int8[],
      expires_us = ${list(({ expiresUs }) => expiresUs)}::int8[],
      noticed = ${list(({ noticed }) => noticed)}::int[]
    where ${ownPurse(key)}`.execute(trx)
  if (numAffectedRows !== 1n) throw new Error(`line ${key.lineId} has no purse of its own`)
}

/** What each line may spend of its credit in a period, and has spent. */
export async function capsOf(
  db: Db | Trx,
  subscriberId: string,
): Promise<ReadonlyMap<string, { cap: bigint | null; spent: bigint }>> {
  const { rows } = await sql<{ line_id: string; cap: bigint | null; spent: bigint }>`
    select p.line_id, p.cap_minor as cap, p.spent_minor as spent from purse p
    join line l on l.subscriber_id = p.subscriber_id and l.line_id = p.line_id and l.currency = p.currency
    where p.subscriber_id = ${subscriberId}`.execute(db)
  return new Map(rows.map(({ line_id, cap, spent }) => [line_id, { cap, spent }]))
}

/** Null: use may take all the credit there is. */
export async function setCap(trx: Trx, key: LineKey, capMinor: bigint | null): Promise<void> {
  await sql`update purse p set version = p.version + 1, cap_minor = ${capMinor}::int8
    where ${ownPurse(key)}`.execute(trx)
}
