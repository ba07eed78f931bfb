/** Placing, capturing, releasing and expiring holds: each once, each with its transfer and its audit entry. */
import assert from 'node:assert/strict'
import type { App } from '../platform/app.ts'
import { type Actor, audit, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { decimal, type Money, money } from '../values/money.ts'
import {
  capturing,
  givingBack,
  type HeldFrom,
  type Hold,
  type HoldPurpose,
  type HoldState,
  isOver,
  isSameHold,
  placing,
} from './hold.ts'
import { earn, type Place, type TransferKind } from './ledger.ts'
import { balances, lockBalances, post } from './store.ts'
import { taxFor } from './tax-store.ts'

export type { Hold, HoldPurpose, HoldState } from './hold.ts'

type Context = Pick<App, 'ids'> & { now: Temporal.Instant; actor: Actor; reason: string }
type HoldKey = { subscriberId: string; holdId: string }
export type NewHold = Pick<
  Hold,
  'subscriberId' | 'key' | 'from' | 'amount' | 'purpose' | 'expiresAt'
>

/**
 * Sets money aside. It leaves the account it is on, so nobody can spend it; the database refuses what isn't there.
 * `not-covered`: the account has less. `key-taken`: another hold was placed under this key.
 * The same request under the same key gives the hold it placed, in whatever state that is by now.
 */
export async function placeHold(
  trx: Trx,
  { ids, now, actor, reason }: Context,
  asked: NewHold,
): Promise<Hold | 'not-covered' | 'key-taken'> {
  const { subscriberId, key, from, amount, purpose, expiresAt } = asked
  assert(amount.minor > 0n && !isOver(asked, now), 'a hold is of something, and for some time')
  await lockBalances(trx, subscriberId)
  const before = await findHold(trx, subscriberId, { key })
  if (before) return isSameHold(before, asked) ? before : 'key-taken'
  const there = (await balances(trx, subscriberId)).find(
    ({ account, lineId, amount: { currency } }) =>
      account === from.account && lineId === (from.lineId ?? '') && currency === amount.currency,
  )
  if ((there?.amount.minor ?? 0n) < amount.minor) return 'not-covered'
  const holdId = ids.make('hold')
  const row = {
    subscriber_id: subscriberId,
    hold_id: holdId,
    key,
    line_id: from.lineId ?? '',
    account: from.account,
    currency: amount.currency,
    minor: amount.minor,
    purpose,
    placed_at: now,
    expires_at: expiresAt,
  }
  // Two requests at once on an account without a row to lock: the second finds the first's key here.
  const inserted = await trx
    .insertInto('ledger_hold')
    .values(row)
    .onConflict((conflict) => conflict.columns(['subscriber_id', 'key']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!inserted) {
    const other = await findHold(trx, subscriberId, { key })
    return other && isSameHold(other, asked) ? other : 'key-taken'
  }
  const hold = holdOf(inserted)
  await post(trx, ids, {
    subscriberId,
    key: `${holdId}:placed`,
    kind: 'hold',
    at: now,
    detail: { holdId, purpose },
    postings: placing(hold),
  })
  await note(trx, { ids, now, actor, reason }, hold, 'hold.placed')
  return hold
}

type Capture = HoldKey & {
  /** At most what is held; the rest goes back to where it came from. */
  amount?: Money
  to: Place
  kind: TransferKind
  detail?: Record<string, string>
}
export type Ended = 'done' | 'done-before' | 'ended-otherwise' | 'not-found'

/**
 * Takes held money to where it is due; what becomes revenue is split into net and tax. `ended-otherwise`: the hold was
 * released or has expired, also where nothing has swept it yet, and its money is the subscriber's again.
 */
export async function captureHold(trx: Trx, context: Context, capture: Capture): Promise<Ended> {
  const { ids, now } = context
  const { subscriberId, holdId, to, kind } = capture
  const hold = await lockHold(trx, capture)
  if (!hold) return 'not-found'
  if (hold.state !== 'placed') return hold.state === 'captured' ? 'done-before' : 'ended-otherwise'
  if (isOver(hold, now)) {
    await giveBack(trx, { ids, now, actor: system, reason: 'its time was over' }, hold, 'expired')
    return 'ended-otherwise'
  }
  const amount = capture.amount ?? hold.amount
  assert(amount.currency === hold.amount.currency, 'a hold is captured in its own currency')
  assert(amount.minor > 0n && amount.minor <= hold.amount.minor, 'at most what is held is captured')
  await end(trx, hold, { state: 'captured', captured_minor: amount.minor, ended_at: now })
  // Nobody paid for promotional credit, so what it pays carries no tax.
  const free = hold.from.account === 'promotional-credit'
  const tax = free ? { country: null, rate: 0n } : await taxFor(trx, subscriberId, now)
  const { postings, detail } = earn(capturing(hold, amount, to), tax)
  await post(trx, ids, {
    subscriberId,
    key: `${holdId}:ended`,
    kind,
    at: now,
    detail: { ...capture.detail, holdId, purpose: hold.purpose, ...detail },
    postings,
  })
  await note(trx, context, { ...hold, amount }, 'hold.captured')
  return 'done'
}

/** Gives held money back to where it came from. */
export async function releaseHold(trx: Trx, context: Context, key: HoldKey): Promise<Ended> {
  const hold = await lockHold(trx, key)
  if (!hold) return 'not-found'
  if (hold.state === 'placed') {
    await giveBack(trx, context, hold, 'released')
    return 'done'
  }
  return hold.state === 'released' ? 'done-before' : 'ended-otherwise'
}

/** The holds of a subscriber that are open, the oldest first. */
export async function placedHolds(db: Db | Trx, subscriberId: string): Promise<Hold[]> {
  const rows = await db
    .selectFrom('ledger_hold')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('state', '=', 'placed')
    .orderBy('placed_at')
    .orderBy('hold_id')
    .execute()
  return rows.map(holdOf)
}

/** The holds of a subscriber under these keys, in whatever state they are. */
export async function holdsOf(
  db: Db | Trx,
  subscriberId: string,
  keys: readonly string[],
): Promise<Hold[]> {
  if (keys.length === 0) return []
  const rows = await db
    .selectFrom('ledger_hold')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('key', 'in', keys)
    .orderBy('key')
    .execute()
  return rows.map(holdOf)
}

const sweptAtOnce = 100

/** Called every second by the worker: what nobody captured in time goes back. */
export async function sweepHolds(app: Pick<App, 'db' | 'clock' | 'ids'>): Promise<void> {
  const now = app.clock.now()
  const due = await app.db
    .selectFrom('ledger_hold')
    .select(['subscriber_id', 'hold_id'])
    .where('state', '=', 'placed')
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(sweptAtOnce)
    .execute()
  // One transaction each: one subscriber's trouble never keeps another's money.
  for (const row of due) {
    await app.db.transaction().execute(async (trx) => {
      const hold = await lockHold(trx, { subscriberId: row.subscriber_id, holdId: row.hold_id })
      if (hold?.state !== 'placed' || !isOver(hold, now)) return
      const context = { ids: app.ids, now, actor: system, reason: 'its time was over' }
      await giveBack(trx, context, hold, 'expired')
    })
  }
}

async function giveBack(trx: Trx, context: Context, hold: Hold, state: 'released' | 'expired') {
  const { ids, now } = context
  const { subscriberId, holdId, purpose } = hold
  await end(trx, hold, { state, ended_at: now })
  await post(trx, ids, {
    subscriberId,
    key: `${holdId}:ended`,
    kind: 'hold-ended',
    at: now,
    detail: { holdId, purpose },
    postings: givingBack(hold),
  })
  await note(trx, context, hold, `hold.${state}`)
}

type End = { state: HoldState; ended_at: Temporal.Instant; captured_minor?: bigint }

async function end(trx: Trx, { subscriberId, holdId }: Hold, change: End) {
  await trx
    .updateTable('ledger_hold')
    .set(change)
    .where('subscriber_id', '=', subscriberId)
    .where('hold_id', '=', holdId)
    .where('state', '=', 'placed')
    .execute()
}

async function note(trx: Trx, { ids, now, actor, reason }: Context, hold: Hold, action: string) {
  const { subscriberId, holdId, amount, purpose } = hold
  await audit(trx, ids, now, {
    subscriberId,
    actor,
    action,
    subject: { kind: 'hold', id: holdId },
    reason,
    detail: { amount: decimal(amount), currency: amount.currency, purpose },
  })
}

async function findHold(
  trx: Trx,
  subscriberId: string,
  { key }: { key: string },
): Promise<Hold | undefined> {
  const row = await trx
    .selectFrom('ledger_hold')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row && holdOf(row)
}

/** Balances first, as everywhere, so that no two writers wait for each other. */
async function lockHold(trx: Trx, { subscriberId, holdId }: HoldKey): Promise<Hold | undefined> {
  await lockBalances(trx, subscriberId)
  const row = await trx
    .selectFrom('ledger_hold')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('hold_id', '=', holdId)
    .forUpdate()
    .executeTakeFirst()
  return row && holdOf(row)
}

type HoldRow = {
  subscriber_id: string
  hold_id: string
  key: string
  line_id: string
  account: string
  currency: string
  minor: bigint
  purpose: string
  state: string
  captured_minor: bigint | null
  placed_at: Temporal.Instant
  expires_at: Temporal.Instant
}

function holdOf(row: HoldRow): Hold {
  return {
    subscriberId: row.subscriber_id,
    holdId: row.hold_id,
    key: row.key,
    from: { account: row.account as HeldFrom, lineId: row.line_id },
    amount: money(row.minor, row.currency),
    purpose: row.purpose as HoldPurpose,
    state: row.state as HoldState,
    captured: row.captured_minor === null ? null : money(row.captured_minor, row.currency),
    placedAt: row.placed_at,
    expiresAt: row.expires_at,
  }
}
