/** Coupons in the database: made by the operator, used once by each subscriber, for promotional credit on a line. */
import { sql } from 'kysely'
import { post } from '../ledger/store.ts'
import { whyFixed } from '../lines/line.ts'
import { lockLines } from '../lines/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { decimal, type Money, money } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { type Coupon, readCouponCode, whyNotUsed } from './coupon.ts'

export type NewCoupon = {
  code: string
  amount: Money
  expiresAt: Temporal.Instant
  usesMax: number
  note: string
}

/** False when there is one of that code already. */
export async function createCoupon(
  db: Db,
  ids: Ids,
  now: Temporal.Instant,
  coupon: NewCoupon,
): Promise<boolean> {
  const { code, amount, expiresAt, usesMax, note } = coupon
  return db.transaction().execute(async (trx) => {
    const made = await trx
      .insertInto('coupon')
      .values({
        code,
        minor: amount.minor,
        currency: amount.currency,
        expires_at: expiresAt,
        uses_max: usesMax,
        note,
        created_at: now,
      })
      .onConflict((conflict) => conflict.column('code').doNothing())
      .returning('code')
      .executeTakeFirst()
    if (!made) return false
    await audit(trx, ids, now, {
      subscriberId: '',
      actor: system,
      action: 'coupon.created',
      subject: { kind: 'coupon', id: code },
      reason: note,
      detail: {
        amount: decimal(amount),
        currency: amount.currency,
        usesMax: String(usesMax),
        until: expiresAt.toString(),
      },
    })
    return true
  })
}

/** The newest first. */
export async function listCoupons(db: Db): Promise<(Coupon & { note: string })[]> {
  const rows = await db
    .selectFrom('coupon')
    .selectAll()
    .orderBy('created_at', 'desc')
    .limit(1000)
    .execute()
  return rows.map((row) => ({ ...couponFrom(row), note: row.note }))
}

/** Gives what a coupon is worth to a line, as promotional credit. */
export async function useCoupon(
  app: App,
  { subscriberId, lineId, typed }: { subscriberId: string; lineId: string; typed: string },
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  const code = readCouponCode(typed)
  if (code === undefined) return refuse('coupon-unknown')
  return app.db.transaction().execute(async (trx) => {
    const line = await lineOf(trx, { subscriberId, lineId, code })
    if (!line) return refuse('not-found')
    const fixed = whyFixed(line.state)
    if (fixed) return fixed
    const coupon = await lockCoupon(trx, code)
    const no = whyNotUsed(coupon, line, now)
    if (no) return no
    const { amount } = coupon!
    await trx
      .insertInto('coupon_use')
      .values({
        subscriber_id: subscriberId,
        code,
        line_id: lineId,
        minor: amount.minor,
        currency: amount.currency,
        used_at: now,
      })
      .execute()
    await trx
      .updateTable('coupon')
      .set((row) => ({ used: row('used', '+', 1) }))
      .where('code', '=', code)
      .execute()
    await post(trx, app.ids, {
      subscriberId,
      key: `coupon:${code}`,
      kind: 'promotion',
      at: now,
      detail: { coupon: code },
      postings: [
        {
          from: { account: 'promotions-granted' },
          to: { account: 'promotional-credit', lineId },
          amount,
        },
      ],
    })
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'coupon.used',
      subject: { kind: 'line', id: lineId },
      reason: 'asked by the subscriber',
      detail: { coupon: code, amount: decimal(amount), currency: amount.currency },
    })
    return undefined
  })
}

/** Its owner's lines are held one after the other, so that one coupon is not used on two of them at once. */
async function lineOf(
  trx: Trx,
  { subscriberId, lineId, code }: { subscriberId: string; lineId: string; code: string },
) {
  await sql`select 1 from subscriber where subscriber_id = ${subscriberId} for no key update`.execute(
    trx,
  )
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  if (state === undefined) return undefined
  const { rows } = await sql<{ currency: string; used: boolean }>`
    select l.currency, exists (select from coupon_use u
      where u.subscriber_id = l.subscriber_id and u.code = ${code}) as used
    from line l where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId}`.execute(trx)
  return { state, currency: rows[0]!.currency, usedBefore: rows[0]!.used }
}

async function lockCoupon(trx: Trx, code: string): Promise<Coupon | undefined> {
  const row = await trx
    .selectFrom('coupon')
    .selectAll()
    .where('code', '=', code)
    .forUpdate()
    .executeTakeFirst()
  return row && couponFrom(row)
}

type Row = {
  code: string
  minor: bigint
  currency: string
  expires_at: Temporal.Instant
  uses_max: number
  used: number
}

function couponFrom(row: Row): Coupon {
  return {
    code: row.code,
    amount: money(row.minor, row.currency),
    expiresAt: row.expires_at,
    usesMax: row.uses_max,
    used: row.used,
  }
}
