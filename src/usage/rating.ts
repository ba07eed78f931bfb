/** What one use of the network takes: from buckets first, then from credit in whole blocks; the rest the operator bears. */
import assert from 'node:assert/strict'
import { blockPrice, type Kind, type PlanTerms } from '../plans/plan.ts'

export type Use = {
  kind: Kind
  /** Bytes, seconds or messages. */
  quantity: bigint
  country: string
  startedAt: Temporal.Instant
}

export type Bucket = {
  readonly bucketId: string
  readonly kind: Kind
  readonly granted: bigint
  remaining: bigint
  readonly expiresAt: Temporal.Instant | null
}

/** What a line has to pay with, in minor units of its currency. */
export type Purse = { buckets: readonly Bucket[]; promotional: bigint; paid: bigint }

export type Rated = {
  taken: { bucketId: string; quantity: bigint }[]
  fromBucket: bigint
  /** Minor units from each kind of credit; together what was charged. */
  promotional: bigint
  paid: bigint
  /** What the blocks that nobody paid for would have cost. */
  absorbed: bigint
  outcome: 'charged' | 'absorbed'
}

/** Blocks are charged whole: one megabyte, one minute, one message. */
export const blockSize: Readonly<Record<Kind, bigint>> = { data: 1_000_000n, voice: 60n, sms: 1n }

/** Rates one use on a line that still lives, be it closing. */
export function rate(use: Use, purse: Purse, plan: PlanTerms): Rated {
  assert(use.quantity > 0n, 'a use is of something')
  const { taken, rest } = takeFromBuckets(use, purse, plan)
  const fromBucket = use.quantity - rest
  const blocks = blocksOf(use.kind, rest)
  const price = blockPrice(plan, use.country, use.kind)?.minor ?? 0n
  const credit = purse.promotional + purse.paid
  const payable = price === 0n ? 0n : lesser(blocks, credit / price)
  const charged = payable * price
  const promotional = lesser(charged, purse.promotional)
  return {
    taken,
    fromBucket,
    promotional,
    paid: charged - promotional,
    absorbed: (blocks - payable) * price,
    outcome: fromBucket === 0n && charged === 0n ? 'absorbed' : 'charged',
  }
}

/** A record of a line that is closed: nothing is touched, its worth is noted. */
export function absorb(use: Use, plan: PlanTerms): Rated {
  const price = blockPrice(plan, use.country, use.kind)?.minor ?? 0n
  const absorbed = blocksOf(use.kind, use.quantity) * price
  return { taken: [], fromBucket: 0n, promotional: 0n, paid: 0n, absorbed, outcome: 'absorbed' }
}

/** The purse after the use was paid from it. */
export function spend(purse: Purse, rated: Rated): Purse {
  const taken = new Map(rated.taken.map(({ bucketId, quantity }) => [bucketId, quantity]))
  return {
    buckets: purse.buckets.map((bucket) => ({
      ...bucket,
      remaining: bucket.remaining - (taken.get(bucket.bucketId) ?? 0n),
    })),
    promotional: purse.promotional - rated.promotional,
    paid: purse.paid - rated.paid,
  }
}

/** How much of a bucket is gone, as far as its owner is told: 0, 80 or 100 percent. */
export function levelOf({
  granted,
  remaining,
}: Pick<Bucket, 'granted' | 'remaining'>): 0 | 80 | 100 {
  if (remaining === 0n) return 100
  return (granted - remaining) * 100n >= granted * 80n ? 80 : 0
}

function takeFromBuckets(use: Use, purse: Purse, plan: PlanTerms) {
  const taken: Rated['taken'] = []
  let rest = use.quantity
  if (!plan.countries.includes(use.country)) return { taken, rest }
  const usable = purse.buckets
    .filter(({ kind, expiresAt }) => kind === use.kind && !isOver(expiresAt, use.startedAt))
    .sort(soonestFirst)
  for (const { bucketId, remaining } of usable) {
    const quantity = lesser(rest, remaining)
    if (quantity === 0n) continue
    taken.push({ bucketId, quantity })
    rest -= quantity
  }
  return { taken, rest }
}

// A record that comes late still counts for the period in which it was made.
function isOver(expiresAt: Temporal.Instant | null, at: Temporal.Instant): boolean {
  return expiresAt !== null && Temporal.Instant.compare(at, expiresAt) >= 0
}

function soonestFirst(a: Bucket, b: Bucket): number {
  if (a.expiresAt === null || b.expiresAt === null) {
    return Number(a.expiresAt === null) - Number(b.expiresAt === null)
  }
  return Temporal.Instant.compare(a.expiresAt, b.expiresAt)
}

function blocksOf(kind: Kind, quantity: bigint): bigint {
  const size = blockSize[kind]
  return (quantity + size - 1n) / size
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
