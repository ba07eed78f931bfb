/** Add-ons in the database: on sale, bought from a line's credit, earned when they end, ended with their line. */
import { isDeepStrictEqual } from 'node:util'
import { sql } from 'kysely'
import { earn } from '../ledger/ledger.ts'
import { post } from '../ledger/store.ts'
import { taxFor } from '../ledger/tax-store.ts'
import type { LineState } from '../lines/line.ts'
import { addBucket } from '../lines/purse-store.ts'
import { lockLines } from '../lines/store.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import { type Db, pairs, type Trx } from '../platform/database.ts'
import type { Kind } from '../plans/plan.ts'
import { planKey, planVersions } from '../plans/store.ts'
import { decimal, money, toWire } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import {
  type Addon,
  addonDocument,
  type Buyer,
  fits,
  lackOf,
  type Running,
  whyNoAddons,
} from './addon.ts'
import { catalogAddons } from './catalog.ts'

type LineKey = { subscriberId: string; lineId: string }

/** Brings the stored add-ons to those Violet comes with: new versions only where something changed. */
export async function seedAddons(db: Db, now: Temporal.Instant): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('violet add-ons'))`.execute(trx)
    const stored = await trx
      .selectFrom('addon_version')
      .distinctOn('addon_id')
      .select(['addon_id', 'version', 'document', 'valid_to'])
      .orderBy('addon_id')
      .orderBy('version', 'desc')
      .execute()
    const latest = new Map(stored.map((row) => [row.addon_id, row]))
    const catalog = catalogAddons()
    const fresh = catalog.flatMap(({ addonId, document }) => {
      const before = latest.get(addonId)
      const same = before?.valid_to === null && isDeepStrictEqual(before.document, document)
      return same ? [] : [{ addonId, version: (before?.version ?? 0) + 1, document }]
    })
    const sold = new Set(catalog.map(({ addonId }) => addonId))
    const over = [
      ...fresh.map(({ addonId }) => addonId),
      ...stored.flatMap(({ addon_id }) => (sold.has(addon_id) ? [] : addon_id)),
    ]
    await sql`update addon_version set valid_to = ${now}
      where addon_id = any(${over}) and valid_to is null`.execute(trx)
    if (fresh.length === 0) return
    await trx
      .insertInto('addon_version')
      .values(
        fresh.map(({ addonId, version, document }) => ({
          addon_id: addonId,
          version,
          document: JSON.stringify(document),
          valid_from: now,
        })),
      )
      .execute()
  })
}

/** All on sale at a moment, cheapest first within a kind. */
export async function addonsOnSale(db: Db | Trx, now: Temporal.Instant): Promise<Addon[]> {
  const rows = await db
    .selectFrom('addon_version')
    .select(['addon_id', 'version', 'document'])
    .where('valid_from', '<=', now)
    .where((where) => where.or([where('valid_to', 'is', null), where('valid_to', '>', now)]))
    .execute()
  const order = ['data', 'voice', 'sms']
  return rows
    .map((row) => ({
      addonId: row.addon_id,
      version: row.version,
      ...addonDocument.parse(row.document),
    }))
    .sort(
      (a, b) =>
        order.indexOf(a.kind) - order.indexOf(b.kind) || Number(a.price.minor - b.price.minor),
    )
}

export async function buyerOf(db: Db | Trx, key: LineKey): Promise<Buyer | undefined> {
  const { rows } = await sql<{
    state: LineState
    plan_id: string
    plan_version: number
    currency: string
    credit: bigint
  }>`
    select l.state, l.plan_id, l.plan_version, l.currency,
      greatest(p.paid_minor - greatest(p.held_minor - p.promotional_minor, 0), 0)::int8 as credit
    from line l
    join purse p on p.subscriber_id = l.subscriber_id and p.line_id = l.line_id and p.currency = l.currency
    where l.subscriber_id = ${key.subscriberId} and l.line_id = ${key.lineId}`.execute(db)
  const [row] = rows
  if (!row) return undefined
  const own = { planId: row.plan_id, version: row.plan_version }
  const plans = await planVersions(db, [own])
  return {
    state: row.state,
    plan: plans.get(planKey(own.planId, own.version))!,
    currency: row.currency,
    credit: money(row.credit, row.currency),
  }
}

type Row = {
  subscriber_id: string
  line_id: string
  bucket_id: string
  kind: Kind
  document: unknown
  paid_minor: bigint
  currency: string
  begins_at: Temporal.Instant
  ends_at: Temporal.Instant
  granted: bigint
  remaining: bigint
}

/** Add-ons that are not earned yet, by line; what is past its end is still among them until it is. */
export async function runningOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
): Promise<(lineId: string) => readonly Running[]> {
  const { rows } = await sql<Row>`
    select a.subscriber_id, a.line_id, a.bucket_id, a.kind, v.document, a.paid_minor, a.currency, a.begins_at, a.ends_at,
      coalesce(b.granted, a.quantity)::int8 as granted, coalesce(b.remaining, 0)::int8 as remaining
    from line_addon a
    join addon_version v on v.addon_id = a.addon_id and v.version = a.addon_version
    left join lateral (
      select granted, remaining from bucket
      where subscriber_id = a.subscriber_id and line_id = a.line_id and bucket_id = a.bucket_id) b on true
    where a.subscriber_id = any(${subscriberIds}) and a.ended_at is null
    order by a.ends_at, a.bucket_id`.execute(db)
  const byLine = Map.groupBy(rows, ({ line_id }) => line_id)
  return (lineId) =>
    (byLine.get(lineId) ?? []).map((row) => ({
      bucketId: row.bucket_id,
      kind: row.kind,
      name: addonDocument.parse(row.document).name,
      paid: money(row.paid_minor, row.currency),
      from: row.begins_at,
      until: row.ends_at,
      granted: row.granted,
      remaining: row.remaining,
    }))
}

type Asked = LineKey & { addonId: string; version: number; key: string }

/** Buys an add-on at the price it was shown at; once by the request's key. */
export async function buyAddon(app: App, asked: Asked): Promise<Refusal | undefined> {
  const { subscriberId, lineId, key } = asked
  const now = app.clock.now().round({ smallestUnit: 'microsecond', roundingMode: 'floor' })
  return app.db.transaction().execute(async (trx) => {
    await lockLines(trx, subscriberId, [lineId])
    const buyer = await buyerOf(trx, asked)
    if (!buyer) return refuse('not-found')
    const addon = await wanted(trx, now, asked, buyer)
    if (isRefusal(addon)) return addon
    const { price, kind, quantity, days } = addon
    const posted = await post(trx, app.ids, {
      subscriberId,
      key: `addon:${key}`,
      kind: 'addon',
      at: now,
      detail: { addonId: addon.addonId, days: String(days) },
      postings: [
        {
          from: { account: 'paid-credit', lineId },
          to: { account: 'addon-prepaid', lineId },
          amount: price,
        },
      ],
    })
    if (posted === 'posted-before') return undefined
    const until = now.add({ hours: 24 * days })
    const bucketId = await addBucket(trx, app.ids, asked, { kind, quantity, until })
    await trx
      .insertInto('line_addon')
      .values({
        subscriber_id: subscriberId,
        line_id: lineId,
        bucket_id: bucketId,
        addon_id: addon.addonId,
        addon_version: addon.version,
        kind,
        quantity,
        paid_minor: price.minor,
        currency: price.currency,
        begins_at: now,
        ends_at: until,
        due_at: until,
      })
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'addon.bought',
      subject: { kind: 'line', id: lineId },
      reason: 'asked by the subscriber',
      detail: {
        addon: `${addon.addonId}/${addon.version}`,
        amount: decimal(price),
        currency: price.currency,
        until: until.toString(),
      },
    })
    return undefined
  })
}

async function wanted(trx: Trx, now: Temporal.Instant, asked: Asked, buyer: Buyer) {
  const no = whyNoAddons(buyer)
  if (no) return no
  const addon = (await addonsOnSale(trx, now)).find(
    ({ addonId, version }) => addonId === asked.addonId && version === asked.version,
  )
  if (!addon || !fits(addon, buyer)) return refuse('addon-not-sold')
  const missing = lackOf(addon.price, buyer.credit)
  if (!missing) return addon
  const facts = { missing: `${decimal(missing)} ${missing.currency}` }
  return refuse('not-enough-credit', facts, { amount: toWire(missing) })
}

const addonsAtOnce = 200
const lookAgainHours = 6

/** Called every second by the worker: what was paid for an add-on that is over is earned, once. */
export async function sweepAddons(app: App): Promise<void> {
  const now = app.clock.now()
  const { rows } = await sql<{ subscriber_id: string; line_id: string; bucket_id: string }>`
    select subscriber_id, line_id, bucket_id from line_addon where due_at <= ${now}
    order by due_at limit ${addonsAtOnce}`.execute(app.db)
  for (const row of rows)
    await app.db
      .transaction()
      .execute((trx) =>
        earnAddon(
          trx,
          app,
          { subscriberId: row.subscriber_id, lineId: row.line_id },
          row.bucket_id,
          now,
        ),
      )
}

async function earnAddon(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: LineKey,
  bucketId: string,
  now: Temporal.Instant,
): Promise<void> {
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  // Its closure settles what was not over when it was asked for; one that is taken back leaves it to us.
  const closes = state === 'closing'
  const ended = closes ? null : now
  const dueAt = closes ? now.add({ hours: lookAgainHours }) : null
  const { rows } = await sql<{ paid_minor: bigint; currency: string; addon_id: string }>`
    update line_addon set due_at = ${dueAt}, ended_at = ${ended}
    where subscriber_id = ${subscriberId} and line_id = ${lineId} and bucket_id = ${bucketId} and ended_at is null
    returning paid_minor, currency, addon_id`.execute(trx)
  const [row] = rows
  if (!row || closes) return
  const amount = money(row.paid_minor, row.currency)
  const { postings, detail } = earn(
    [{ from: { account: 'addon-prepaid', lineId }, to: { account: 'plan-revenue' }, amount }],
    await taxFor(trx, subscriberId, now),
  )
  await post(trx, app.ids, {
    subscriberId,
    key: `addon-used:${bucketId}`,
    kind: 'addon-used',
    at: now,
    detail: {
      addonId: row.addon_id,
      amount: decimal(amount),
      currency: amount.currency,
      ...detail,
    },
    postings,
  })
}

/** Their lines' money is settled: nothing of them is left to earn. */
export async function endAddons(
  trx: Trx,
  now: Temporal.Instant,
  lines: readonly LineKey[],
): Promise<void> {
  await sql`
    update line_addon a set ended_at = ${now}, due_at = null
    from ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x(subscriber_id, line_id)
    where a.subscriber_id = x.subscriber_id and a.line_id = x.line_id and a.ended_at is null`.execute(
    trx,
  )
}
