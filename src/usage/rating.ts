/** What one use of the network takes: from buckets first, then from credit in whole blocks; the rest the operator bears. */
import assert from 'node:assert/strict'
import {
  blockPrice,
  blockSize,
  incrementsOf,
  type Increments,
  type Kind,
  type PlanTerms,
} from '../plans/plan.ts'
import { type Bucket, type Hold, type Purse, type Spent, type Taken, ungranted } from './purse.ts'

export type Use = {
  readonly kind: Kind
  /** Bytes, seconds or messages. */
  readonly quantity: bigint
  readonly country: string
  /** Microseconds since 1970. */
  readonly startedUs: number
  /** Units of the same use that were rated before: a session reports in parts, and is rounded as a whole. */
  readonly before?: bigint
}

/** Why not all of a use was paid for. */
export type Short = 'credit' | 'cap'

export type Rated = Spent & {
  readonly fromBucket: bigint
  /** What the blocks that nobody paid for would have cost. */
  readonly absorbed: bigint
  /** How much of the use was covered, in its own units, and why it was not all. */
  readonly granted: bigint
  readonly shortOf: Short | null
  readonly outcome: 'charged' | 'absorbed'
}

export type Reservation = Hold & { readonly granted: bigint; readonly shortOf: Short | null }

/**
 * Rates one use on a line that still lives, be it closing: what was used is paid from all there is, also from what a
 * session was granted, so that the same use costs the same however and in whatever order it is told.
 */
export function rate(use: Use, purse: Purse, plan: PlanTerms): Rated {
  assert(use.quantity > 0n, 'a use is of something')
  const increments = incrementsOf(plan, use.kind)
  const cost = increments ? roundedCost(use, purse, plan, increments) : blockCost(use, purse, plan)
  const charged = cost.charged
  const free = { promotional: purse.promotional, paid: purse.paid }
  const promotional =
    purse.creditOrder === 'promotional-first'
      ? lesser(charged, free.promotional)
      : charged - lesser(charged, free.paid)
  return {
    taken: cost.taken,
    fromBucket: cost.fromBucket,
    promotional,
    paid: charged - promotional,
    absorbed: cost.absorbed,
    started: cost.started,
    granted: cost.granted,
    shortOf: cost.granted < use.quantity ? shortOf(purse) : null,
    outcome: cost.granted === 0n ? 'absorbed' : 'charged',
  }
}

/** A record of a line that is closed: nothing is touched, its worth is noted. */
export function absorb(use: Use, plan: PlanTerms): Rated {
  const price = blockPrice(plan, use.country, use.kind)?.minor ?? 0n
  return {
    taken: [],
    fromBucket: 0n,
    promotional: 0n,
    paid: 0n,
    started: null,
    absorbed: blocksOf(use.quantity, blockSize[use.kind]) * price,
    granted: 0n,
    shortOf: null,
    outcome: 'absorbed',
  }
}

/** What can be granted for a use that is about to happen: `quantity` is what is asked for. Nothing is spent yet. */
export function reserve(use: Use, purse: Purse, plan: PlanTerms): Reservation {
  const { taken, granted, promotional, paid, shortOf: why } = rate(use, ungranted(purse), plan)
  return { taken, granted, minor: promotional + paid, shortOf: why }
}

type Cost = {
  taken: Taken[]
  fromBucket: bigint
  charged: bigint
  absorbed: bigint
  granted: bigint
  started: readonly [string, bigint] | null
}

/** Without a named rounding buckets are drawn to the unit, and a block that was bought is used up before the next. */
function blockCost(use: Use, purse: Purse, plan: PlanTerms): Cost {
  const { taken, fromBucket } = draw(use, purse, plan, use.quantity)
  const rest = use.quantity - fromBucket
  if (rest === 0n) {
    return { taken, fromBucket, charged: 0n, absorbed: 0n, granted: use.quantity, started: null }
  }
  const price = blockPrice(plan, use.country, use.kind)?.minor ?? 0n
  const size = blockSize[use.kind]
  const key = `${use.kind}:${price}`
  const begun = purse.started.get(key) ?? 0n
  const fromBegun = lesser(rest, begun)
  const blocks = blocksOf(rest - fromBegun, size)
  const payable = price === 0n ? 0n : lesser(blocks, budgetOf(purse) / price)
  const granted = lesser(use.quantity, fromBucket + fromBegun + payable * size)
  return {
    taken,
    fromBucket,
    charged: payable * price,
    absorbed: (blocks - payable) * price,
    granted,
    started: [key, begun - fromBegun + blocks * size - (rest - fromBegun)],
  }
}

/** With a named rounding a use is rounded up first, as a whole; increments come from buckets, then from credit. */
function roundedCost(use: Use, purse: Purse, plan: PlanTerms, increments: Increments): Cost {
  const { following } = increments
  const before = use.before ?? 0n
  const billed = roundUp(before, increments)
  const wanted = roundUp(before + use.quantity, increments) - billed
  const available = availableOf(use, purse, plan)
  const covered = lesser(wanted, available - (available % following))
  const { taken, fromBucket } = draw(use, purse, plan, covered)
  const price = blockPrice(plan, use.country, use.kind)?.minor ?? 0n
  // It divides evenly: a plan is refused otherwise.
  const step = (price * following) / blockSize[use.kind]
  const steps = (wanted - fromBucket) / following
  const payable = step === 0n ? 0n : lesser(steps, budgetOf(purse) / step)
  // What an earlier part of the same use was rounded up by is there already.
  const granted = lesser(use.quantity, billed - before + fromBucket + payable * following)
  const absorbed = (steps - payable) * step
  return { taken, fromBucket, charged: payable * step, absorbed, granted, started: null }
}

/** 60/60, 60/1, 1/1: the first increment, then whole following ones. */
export function roundUp(quantity: bigint, { first, following }: Increments): bigint {
  if (quantity === 0n) return 0n
  if (quantity <= first) return first
  return first + blocksOf(quantity - first, following) * following
}

function budgetOf({ promotional, paid, cap, spent }: Purse): bigint {
  const credit = promotional + paid
  if (cap === null) return credit
  return lesser(credit, cap > spent ? cap - spent : 0n)
}

function shortOf(purse: Purse): Short {
  return budgetOf(purse) < purse.promotional + purse.paid ? 'cap' : 'credit'
}

/** Whether the cap, and not the credit, is what limits what else can be granted. */
export function isCapped(purse: Purse): boolean {
  return shortOf(ungranted(purse)) === 'cap'
}

function usable({ kind, country, startedUs }: Use, { buckets }: Purse, plan: PlanTerms): Bucket[] {
  if (!plan.countries.includes(country)) return []
  return buckets.filter(
    (bucket) =>
      bucket.kind === kind &&
      bucket.remaining > 0n &&
      // A record that comes late still counts for the period in which it was made.
      (bucket.expiresUs === null || startedUs < bucket.expiresUs),
  )
}

function availableOf(use: Use, purse: Purse, plan: PlanTerms): bigint {
  let sum = 0n
  for (const { remaining } of usable(use, purse, plan)) sum += remaining
  return sum
}

function draw(use: Use, purse: Purse, plan: PlanTerms, quantity: bigint) {
  const taken: Taken[] = []
  let rest = quantity
  const own = usable(use, purse, plan)
  for (const { bucketId, remaining } of own.length > 1 ? own.sort(firstToGo) : own) {
    if (rest === 0n) break
    const part = lesser(rest, remaining)
    taken.push({ bucketId, quantity: part })
    rest -= part
  }
  return { taken, fromBucket: quantity - rest }
}

function firstToGo(a: Bucket, b: Bucket): number {
  if (a.priority !== b.priority) return a.priority - b.priority
  const end = (bucket: Bucket) => bucket.expiresUs ?? Infinity
  if (end(a) !== end(b)) return end(a) - end(b)
  return a.bucketId < b.bucketId ? -1 : 1
}

function blocksOf(quantity: bigint, size: bigint): bigint {
  return (quantity + size - 1n) / size
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
