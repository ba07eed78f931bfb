/** Saved cards and mandates in the database; every change is audited and none of them says where a refund goes. */
import { sql } from 'kysely'
import { whyFixed } from '../lines/line.ts'
import { lockLines } from '../lines/store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, audit } from '../platform/audit.ts'
import { type Db, pairs, type Trx } from '../platform/database.ts'
import { personalJson } from '../platform/personal.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { FoundSetup } from './gateway.ts'
import { type Method, methodsMax, sameCard } from './method.ts'
import { type Instrument, nextLook, payWithinMinutes } from './order.ts'
import { accountIsClosing, indexReference } from './order-store.ts'

export const methodQueue = 'payments.method'

export type MethodKey = { subscriberId: string; methodId: string }
export type AskedMethod = MethodKey & {
  state: 'asked' | 'saved' | 'failed' | 'removed'
  setupUrl: string | null
  providerMethodId: string | null
  askedAt: Temporal.Instant
}

type Tools = Pick<App, 'ids' | 'clock' | 'queue'>
const by = (subscriberId: string): Actor => ({ kind: 'subscriber', id: subscriberId })

/** The saved ones, the default first, then the oldest. */
export async function methodsOf(db: Db | Trx, subscriberId: string): Promise<Method[]> {
  const rows = await db
    .selectFrom('payment_method')
    .select(['method_id', 'instrument', 'is_default', 'saved_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('state', '=', 'saved')
    .orderBy('is_default', 'desc')
    .orderBy('saved_at')
    .orderBy('method_id')
    .execute()
  const lines = await db
    .selectFrom('payment_mandate as m')
    .innerJoin('line as l', (join) =>
      join.onRef('l.subscriber_id', '=', 'm.subscriber_id').onRef('l.line_id', '=', 'm.line_id'),
    )
    .select(['m.method_id', 'l.line_id', 'l.nickname'])
    .where('m.subscriber_id', '=', subscriberId)
    .orderBy('l.line_id')
    .execute()
  return rows.map((row) => ({
    methodId: row.method_id,
    instrument: row.instrument as Instrument,
    isDefault: row.is_default,
    savedAt: row.saved_at!,
    lines: lines
      .filter(({ method_id }) => method_id === row.method_id)
      .map(({ line_id, nickname }) => ({ lineId: line_id, nickname })),
  }))
}

export async function findMethod(db: Db | Trx, key: MethodKey): Promise<AskedMethod | undefined> {
  const row = await db
    .selectFrom('payment_method')
    .select(['state', 'setup_url', 'provider_method_id', 'asked_at'])
    .where('subscriber_id', '=', key.subscriberId)
    .where('method_id', '=', key.methodId)
    .executeTakeFirst()
  return (
    row && {
      ...key,
      state: row.state as AskedMethod['state'],
      setupUrl: row.setup_url,
      providerMethodId: row.provider_method_id,
      askedAt: row.asked_at,
    }
  )
}

/** A card is asked for: the row that the provider's page, and its answer, hang on. */
export async function askMethod(
  app: App,
  subscriberId: string,
): Promise<{ methodId: string; locale: string } | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await lockSubscriber(trx, subscriberId)
    if (subscriber?.state !== 'active') return refuse('account-closed')
    if (await accountIsClosing(trx, subscriberId)) return refuse('closure-open')
    if ((await methodsOf(trx, subscriberId)).length >= methodsMax)
      return refuse('methods-full', { max: String(methodsMax) })
    const methodId = app.ids.make('method')
    const dueAt = nextLook(now.add({ minutes: payWithinMinutes }), now)
    await trx
      .insertInto('payment_method')
      .values({
        subscriber_id: subscriberId,
        method_id: methodId,
        state: 'asked',
        asked_at: now,
        due_at: dueAt,
      })
      .execute()
    await indexReference(trx, methodId, subscriberId)
    await record(trx, app, { subscriberId, methodId }, 'method.asked', by(subscriberId))
    return { methodId, locale: subscriber.locale }
  })
}

export async function changeMethod(
  trx: Trx,
  { subscriberId, methodId }: MethodKey,
  changed: {
    state?: 'failed'
    setup_url?: string | null
    provider_method_id?: null
    due_at?: Temporal.Instant | null
  },
): Promise<void> {
  await trx
    .updateTable('payment_method')
    .set(changed)
    .where('subscriber_id', '=', subscriberId)
    .where('method_id', '=', methodId)
    .execute()
}

/** The provider has it: saved once. The first is the default; the same card again takes the place of what was saved. */
export async function saveMethod(
  trx: Trx,
  app: Tools,
  key: MethodKey,
  { providerMethodId, instrument }: NonNullable<FoundSetup['saved']>,
): Promise<void> {
  const now = app.clock.now()
  const { subscriberId, methodId } = key
  const subscriber = await lockSubscriber(trx, subscriberId)
  const asked = await findMethod(trx, key)
  if (asked?.state !== 'asked') return
  const others = await methodsOf(trx, subscriberId)
  const known = sameCard(others, instrument)
  const field = 'payment_method.instrument'
  const place = { subscriberId, category: 'account', field, record: methodId } as const
  const isOver = subscriber?.state !== 'active' || (await accountIsClosing(trx, subscriberId))
  if (known) await moveMandates(trx, subscriberId, known.methodId, null)
  await trx
    .updateTable('payment_method')
    .set({
      state: 'saved',
      provider_method_id: providerMethodId,
      instrument: personalJson(place, instrument),
      is_default: false,
      saved_at: now,
      setup_url: null,
      due_at: null,
    })
    .where('subscriber_id', '=', subscriberId)
    .where('method_id', '=', methodId)
    .execute()
  await record(trx, app, key, 'method.saved', by(subscriberId))
  if (isOver) return retire(trx, app, key, by(subscriberId))
  if (known) {
    await moveMandates(trx, subscriberId, known.methodId, methodId)
    await retire(trx, app, { subscriberId, methodId: known.methodId }, by(subscriberId))
  }
  if (known?.isDefault || others.length === 0) await beDefault(trx, key)
}

/** With null it only locks them, so that a renewal under way is done with before its card changes its name. */
async function moveMandates(trx: Trx, subscriberId: string, from: string, to: string | null) {
  await trx
    .updateTable('payment_mandate')
    .set({ method_id: to ?? from })
    .where('subscriber_id', '=', subscriberId)
    .where('method_id', '=', from)
    .execute()
}

async function beDefault(trx: Trx, { subscriberId, methodId }: MethodKey) {
  const all = trx.updateTable('payment_method').where('subscriber_id', '=', subscriberId)
  await all.set({ is_default: false }).where('is_default', '=', true).execute()
  await all.set({ is_default: true }).where('method_id', '=', methodId).execute()
}

export async function makeDefault(app: App, key: MethodKey): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    await lockSubscriber(trx, key.subscriberId)
    const method = (await methodsOf(trx, key.subscriberId)).find(isThe(key))
    if (!method) return refuse('not-found')
    if (method.isDefault) return undefined
    await beDefault(trx, key)
    await record(trx, app, key, 'method.default-set', by(key.subscriberId))
    return undefined
  })
}

const isThe =
  ({ methodId }: MethodKey) =>
  (method: Method) =>
    method.methodId === methodId

/** Gone from here at once, with the mandates on it; the provider forgets it by the job. */
export async function removeMethod(app: App, key: MethodKey): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    await lockSubscriber(trx, key.subscriberId)
    const methods = await methodsOf(trx, key.subscriberId)
    const method = methods.find(isThe(key))
    if (!method) return refuse('not-found')
    await retire(trx, app, key, by(key.subscriberId))
    const heir = methods.find(({ methodId }) => methodId !== key.methodId)
    if (method.isDefault && heir) await beDefault(trx, { ...key, methodId: heir.methodId })
    return undefined
  })
}

async function retire(trx: Trx, app: Tools, key: MethodKey, actor: Actor) {
  const { subscriberId, methodId } = key
  const ended = await trx
    .deleteFrom('payment_mandate')
    .where('subscriber_id', '=', subscriberId)
    .where('method_id', '=', methodId)
    .returning('line_id')
    .execute()
  await trx
    .updateTable('payment_method')
    .set({ state: 'removed', is_default: false, removed_at: app.clock.now(), instrument: null })
    .where('subscriber_id', '=', subscriberId)
    .where('method_id', '=', methodId)
    .execute()
  const lines = ended.map(({ line_id }) => line_id).join(' ')
  await record(trx, app, key, 'method.removed', actor, { lines })
  await app.queue.send(trx, methodQueue, methodId, key)
}

/** Which card a line's renewal may be paid from; null: from its credit alone. */
export async function giveMandate(
  app: App,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
  methodId: string | null,
): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
    if (state === undefined) return refuse('not-found')
    const fixed = whyFixed(state)
    if (fixed) return fixed
    const key = { subscriberId, methodId: methodId ?? '' }
    if (methodId === null) {
      const ended = await endMandates(trx, [{ subscriberId, lineId }])
      if (ended.size > 0) await recordMandate(trx, app, subscriberId, lineId, 'ended', '')
      return undefined
    }
    if (!(await methodsOf(trx, subscriberId)).some(isThe(key))) return refuse('not-found')
    const { rows } = await sql`
      insert into payment_mandate (subscriber_id, line_id, method_id, given_at)
      values (${subscriberId}, ${lineId}, ${methodId}, ${app.clock.now()})
      on conflict (subscriber_id, line_id) do update set method_id = excluded.method_id, given_at = excluded.given_at
      where payment_mandate.method_id <> excluded.method_id returning line_id`.execute(trx)
    if (rows.length > 0) await recordMandate(trx, app, subscriberId, lineId, 'given', methodId)
    return undefined
  })
}

/** Lines end, or renew from their credit alone; gives which had a mandate. */
export async function endMandates(
  trx: Trx,
  lines: readonly { subscriberId: string; lineId: string }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ line_id: string }>`
    delete from payment_mandate m
    using ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x(subscriber_id, line_id)
    where m.subscriber_id = x.subscriber_id and m.line_id = x.line_id returning m.line_id`.execute(
    trx,
  )
  return new Set(rows.map(({ line_id }) => line_id))
}

/** Accounts end: no card of them is kept here or at the provider. */
export async function forgetMethods(
  trx: Trx,
  app: Tools,
  subscriberIds: readonly string[],
  actor: Actor,
): Promise<void> {
  if (subscriberIds.length === 0) return
  const saved = await trx
    .selectFrom('payment_method')
    .select(['subscriber_id as subscriberId', 'method_id as methodId'])
    .where('subscriber_id', '=', sql<string>`any(${[...new Set(subscriberIds)]})`)
    .where('state', '=', 'saved')
    .execute()
  for (const key of saved) await retire(trx, app, key, actor)
}

export async function takeDueMethods(
  trx: Trx,
  now: Temporal.Instant,
  most: number,
): Promise<MethodKey[]> {
  const { rows } = await sql<{ subscriber_id: string; method_id: string }>`
    update payment_method set due_at = ${now}::timestamptz
      + least(greatest((${now}::timestamptz - asked_at) / 4, interval '30 seconds'), interval '30 minutes')
    where (subscriber_id, method_id) in (
      select subscriber_id, method_id from payment_method where due_at <= ${now}
      order by due_at limit ${most} for update skip locked)
    returning subscriber_id, method_id`.execute(trx)
  return rows.map((row) => ({ subscriberId: row.subscriber_id, methodId: row.method_id }))
}

async function record(
  trx: Trx,
  app: Tools,
  { subscriberId, methodId }: MethodKey,
  action: string,
  actor: Actor,
  detail: Record<string, string> = {},
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor,
    action,
    subject: { kind: 'payment-method', id: methodId },
    reason: actor.kind === 'subscriber' ? 'asked by the subscriber' : 'the account is closed',
    detail,
  })
}

async function recordMandate(
  trx: Trx,
  app: Tools,
  subscriberId: string,
  lineId: string,
  what: 'given' | 'ended',
  methodId: string,
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: by(subscriberId),
    action: `mandate.${what}`,
    subject: { kind: 'line', id: lineId },
    reason: 'asked by the subscriber',
    detail: { methodId },
  })
}
