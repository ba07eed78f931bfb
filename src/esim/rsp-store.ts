/** Sessions of remote provisioning, and the orders behind them, in the database; secrets only sealed. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import { operator } from '../platform/operator.ts'
import { seal, sealIvBytes, sealKey, unseal } from '../platform/seal.ts'
import { mayDownload } from './esim.ts'
import { lockProfile, type Profile, type ProfileKey, saveProfile } from './store.ts'
import type { Subscription } from './sgp22/saip-personalise.ts'
import type { Binding, DownloadOrder, RspSession } from './sgp22/smdp.ts'

export async function insertSession(db: Db, session: RspSession): Promise<void> {
  await db
    .insertInto('rsp_session')
    .values({
      transaction_id: session.transactionId,
      session: JSON.stringify(session),
      started_at: Temporal.Instant.fromEpochMilliseconds(session.startedMs),
    })
    .execute()
}

/** The session under its lock: two calls with one transaction id come one after the other. */
export async function lockSession(
  trx: Trx,
  transactionId: string | undefined,
): Promise<RspSession | undefined> {
  if (transactionId === undefined) return undefined
  const row = await trx
    .selectFrom('rsp_session')
    .select('session')
    .where('transaction_id', '=', transactionId)
    .forUpdate()
    .executeTakeFirst()
  return row?.session as RspSession | undefined
}

export async function saveSession(trx: Trx, session: RspSession): Promise<void> {
  await trx
    .updateTable('rsp_session')
    .set({ session: JSON.stringify(session) })
    .where('transaction_id', '=', session.transactionId)
    .execute()
}

/** Sessions without an eUICC are forgotten after an hour; the others after a month, when results no longer come. */
export async function sweepRspSessions(app: App): Promise<void> {
  const now = app.clock.now()
  const hour = now.subtract({ hours: 1 })
  const month = now.subtract({ hours: 30 * 24 })
  await sql`
    delete from rsp_session where transaction_id in (
      select transaction_id from rsp_session
      where started_at < ${hour}
        and (started_at < ${month} or session->>'phase' in ('initiated', 'refused'))
      limit 1000)`.execute(app.db)
}

export type OrderRow = {
  readonly profile: Profile
  readonly order: DownloadOrder
  /** Undefined once the profile has ended: its keys are gone. */
  readonly subscription: Subscription | undefined
  /** The subscription as it is stored, or is to be stored with the first download. */
  readonly sealedSubscription: string | undefined
}

type SealedSubscription = Record<'k' | 'opc' | 'pin' | 'puk' | 'adm1', string>
type Details = {
  nickname: string
  msisdn: string | null
  subscription: string | null
  binding: string | null
  download_attempts: number | null
}

/** The order under the profile's lock. What hangs on the profile is read after the lock, or it could be stale. */
export async function lockOrder(
  trx: Trx,
  app: App,
  smdpAddress: string,
  key: ProfileKey,
): Promise<OrderRow | undefined> {
  const profile = await lockProfile(trx, key)
  if (!profile) return undefined
  const { subscriberId, lineId, iccid, imsi, matchingId, state, eid } = profile
  const { rows } = await sql<Details>`
    select l.nickname, l.msisdn, s.subscription, s.binding, s.download_attempts
    from line l left join profile_secret s on s.subscriber_id = l.subscriber_id and s.iccid = ${iccid}
    where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId}`.execute(trx)
  const details = rows[0]!
  const about = `${subscriberId} ${iccid}`
  const sealed =
    details.subscription ?? (mayDownload(state) ? newSubscription(app, about) : undefined)
  const open = (what: string, text: string): unknown =>
    JSON.parse(unseal(profileKey(app), `${about} ${what}`, text))
  const metadata = {
    iccid,
    serviceProviderName: within(operator.name, 32),
    profileName: within(details.nickname || operator.name, 64),
    profileClass: 'operational' as const,
    notifications: [
      { events: ['install', 'enable', 'disable', 'delete'] as const, address: smdpAddress },
    ],
  }
  const order: DownloadOrder = {
    iccid,
    matchingId,
    state,
    eid,
    confirmationCodeHash: null,
    confirmationFailures: 0,
    downloadAttempts: details.download_attempts ?? 0,
    expiresMs: null,
    binding: details.binding === null ? null : (open('binding', details.binding) as Binding),
    metadata,
  }
  const identity = { iccid, imsi, msisdn: details.msisdn, serviceProviderName: operator.name }
  const subscription = sealed
    ? { ...keysOf(open('subscription', sealed) as SealedSubscription), ...identity }
    : undefined
  return { profile, order, subscription, sealedSubscription: sealed }
}

/** Keys that a phone was given with its profile, for the network; undefined where there are none, or none any more. */
export async function subscriptionKeys(
  app: Pick<App, 'db' | 'config'>,
  { subscriberId, iccid }: { subscriberId: string; iccid: string },
): Promise<{ k: Buffer; opc: Buffer } | undefined> {
  const row = await app.db
    .selectFrom('profile_secret')
    .select('subscription')
    .where('subscriber_id', '=', subscriberId)
    .where('iccid', '=', iccid)
    .executeTakeFirst()
  if (!row) return undefined
  const about = `${subscriberId} ${iccid} subscription`
  const text = unseal(profileKey(app), about, row.subscription)
  const { k, opc } = keysOf(JSON.parse(text) as SealedSubscription)
  return { k, opc }
}

function keysOf({ k, opc, adm1, pin, puk }: SealedSubscription) {
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return { k: bytes(k), opc: bytes(opc), adm1: bytes(adm1), pin, puk }
}

/** As much of the text as its UTF-8 may be long, never half a character. */
function within(text: string, bytesMax: number): string {
  let cut = ''
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytesMax) break
    cut += character
  }
  return cut
}

const digits = (random: Uint8Array, count: number): string =>
  (BigInt(`0x${Buffer.from(random).toString('hex')}`) % 10n ** BigInt(count))
    .toString()
    .padStart(count, '0')

/** Keys of a subscription nobody has yet, sealed. */
function newSubscription(app: App, about: string): string {
  const random = (bytes: number) => Buffer.from(app.ids.random(bytes))
  const subscription: SealedSubscription = {
    k: random(16).toString('base64'),
    opc: random(16).toString('base64'),
    adm1: random(8).toString('base64'),
    pin: digits(random(16), 4),
    puk: digits(random(16), 8),
  }
  return sealed(app, `${about} subscription`, subscription)
}

function sealed(app: App, about: string, value: object): string {
  return seal(profileKey(app), app.ids.random(sealIvBytes), about, JSON.stringify(value))
}

const keys = new WeakMap<object, Buffer>()

function profileKey(app: Pick<App, 'config'>): Buffer {
  const key = keys.get(app) ?? sealKey(app.config.masterKey, 'profile')
  keys.set(app, key)
  return key
}

/** Stores what a step made of an order, and the keys of a subscription that has none yet. */
export async function saveOrder(
  trx: Trx,
  app: App,
  now: Temporal.Instant,
  { profile, sealedSubscription }: OrderRow,
  { state, eid, binding, downloadAttempts }: DownloadOrder,
): Promise<void> {
  const { subscriberId, iccid } = profile
  await saveProfile(trx, profile, { ...profile, state, eid }, now)
  if (sealedSubscription === undefined) return
  const sealedBinding = binding && sealed(app, `${subscriberId} ${iccid} binding`, binding)
  await sql`
    insert into profile_secret (subscriber_id, iccid, subscription, binding, download_attempts)
    values (${subscriberId}, ${iccid}, ${sealedSubscription}, ${sealedBinding}, ${downloadAttempts})
    on conflict (subscriber_id, iccid) do update
      set binding = excluded.binding, download_attempts = excluded.download_attempts`.execute(trx)
}
