/** A purse: what a line has to pay with, and how it changes when something is spent, held or freed. */
import type { Kind } from '../plans/plan.ts'

export type Bucket = {
  readonly bucketId: string
  readonly kind: Kind
  /** Lower goes first; among equals the one that ends first. */
  readonly priority: number
  /** Bytes, seconds or messages. What is reserved limits new grants; what was used is taken from all that remains. */
  readonly granted: bigint
  readonly remaining: bigint
  readonly reserved: bigint
  /** Microseconds since 1970; null: never. */
  readonly expiresUs: number | null
  /** How far its owner was told, in percent. */
  readonly noticed: number
}

export type Purse = {
  readonly buckets: readonly Bucket[]
  /** Minor units of the line's currency; `held` is set aside for sessions, out of the two together. */
  readonly promotional: bigint
  readonly paid: bigint
  readonly held: bigint
  readonly creditOrder: 'promotional-first' | 'paid-first'
  /** What the line may spend of its credit in a period, and has spent. */
  readonly cap: bigint | null
  readonly spent: bigint
  /** Units left of blocks that were bought and begun, by kind and price. */
  readonly started: ReadonlyMap<string, bigint>
}

export type Taken = { readonly bucketId: string; readonly quantity: bigint }

/** What a session has set aside: units of buckets, and credit. */
export type Hold = { readonly taken: readonly Taken[]; readonly minor: bigint }

/** What is left to grant: without what others have been granted, and without blocks another use may finish first. */
export function ungranted(purse: Purse): Purse {
  const credit = larger(purse.promotional + purse.paid - purse.held, 0n)
  const promotional = purse.promotional < credit ? purse.promotional : credit
  return {
    ...purse,
    promotional,
    paid: credit - promotional,
    held: 0n,
    // What is held counts against the spending cap as if it were spent: it may be.
    spent: purse.spent + purse.held,
    started: new Map(),
    buckets: purse.buckets.map((bucket) => ({
      ...bucket,
      remaining: larger(bucket.remaining - bucket.reserved, 0n),
      reserved: 0n,
    })),
  }
}

const larger = (a: bigint, b: bigint) => (a > b ? a : b)

export type Spent = {
  readonly taken: readonly Taken[]
  readonly promotional: bigint
  readonly paid: bigint
  readonly started: readonly [key: string, left: bigint] | null
}

/** The purse after a use was paid from it. */
export function spend(purse: Purse, { taken, promotional, paid, started }: Spent): Purse {
  return {
    ...purse,
    buckets: changed(purse.buckets, taken, (bucket, quantity) => ({
      ...bucket,
      remaining: bucket.remaining - quantity,
    })),
    promotional: purse.promotional - promotional,
    paid: purse.paid - paid,
    spent: purse.spent + promotional + paid,
    started: started ? withLeft(purse.started, started) : purse.started,
  }
}

/** The purse with a part set aside: it is granted to nobody else. */
export function hold(purse: Purse, { taken, minor }: Hold): Purse {
  return {
    ...purse,
    buckets: changed(purse.buckets, taken, (bucket, quantity) => ({
      ...bucket,
      reserved: bucket.reserved + quantity,
    })),
    held: purse.held + minor,
  }
}

/** The purse with what was set aside given back. */
export function free(purse: Purse, { taken, minor }: Hold): Purse {
  const back = taken.map(({ bucketId, quantity }) => ({ bucketId, quantity: -quantity }))
  return hold(purse, { taken: back, minor: -minor })
}

/** How much of a bucket is gone, as far as its owner is told, in percent. */
export function levelOf({
  granted,
  remaining,
}: Pick<Bucket, 'granted' | 'remaining'>): 0 | 50 | 80 | 100 {
  if (remaining === 0n) return 100
  const gone = (granted - remaining) * 100n
  if (gone >= granted * 80n) return 80
  return gone >= granted * 50n ? 50 : 0
}

/** The purse once owners were told, and of which buckets they are to be. */
export function noticing(purse: Purse): { purse: Purse; told: readonly Bucket[] } {
  const isNews = (bucket: Bucket) => levelOf(bucket) > bucket.noticed
  if (!purse.buckets.some(isNews)) return { purse, told: [] }
  const buckets = purse.buckets.map((bucket) =>
    isNews(bucket) ? { ...bucket, noticed: levelOf(bucket) } : bucket,
  )
  return { purse: { ...purse, buckets }, told: purse.buckets.filter(isNews) }
}

/** How far the line has come towards its spending cap, as far as its owner is told, in percent. */
function capLevel({ cap, spent }: Purse): 0 | 80 | 100 {
  if (cap === null) return 0
  if (spent >= cap) return 100
  return spent * 100n >= cap * 80n ? 80 : 0
}

/**
 * What its owner hears of the cap: that most of it is spent, that all is, or that what is left of it buys no block more.
 * Null: nothing new.
 */
export function capNews(before: Purse, after: Purse, isShort: boolean): 80 | 100 | null {
  if (after.cap === null) return null
  if (isShort) return 100
  const level = capLevel(after)
  return level > capLevel(before) && level !== 0 ? level : null
}

function changed(
  buckets: readonly Bucket[],
  taken: readonly Taken[],
  change: (bucket: Bucket, quantity: bigint) => Bucket,
): readonly Bucket[] {
  if (taken.length === 0) return buckets
  return buckets.map((bucket) => {
    const part = taken.find(({ bucketId }) => bucketId === bucket.bucketId)
    return part ? change(bucket, part.quantity) : bucket
  })
}

function withLeft(started: Purse['started'], [key, left]: readonly [string, bigint]) {
  if ((started.get(key) ?? 0n) === left) return started
  const next = new Map(started)
  if (left > 0n) next.set(key, left)
  else next.delete(key)
  return next
}
