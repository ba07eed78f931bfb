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
}

type SealedSubscription = Record<'k' | 'opc' | 'pin' | 'puk' | 'adm1', string>

/** The order under the profile's lock, with the subscription's keys, which are made at the first call. */
export async function lockOrder(
  trx: Trx,
  app: App,
  smdpAddress: string,
  key: ProfileKey,
): Promise<OrderRow | undefined> {
  const profile = await lockProfile(trx, key)
  if (!profile) return undefined
  const secrets = await secretsOf(trx, app, profile)
  const { nickname, msisdn } = await trx
    .selectFrom('line')
    .select(['nickname', 'msisdn'])
    .where('subscriber_id', '=', profile.subscriberId)
    .where('line_id', '=', profile.lineId)
    .executeTakeFirstOrThrow()
  const { iccid, imsi, matchingId, state, eid } = profile
  return {
    profile,
    order: {
      iccid,
      matchingId,
      state,
      eid,
      confirmationCodeHash: null,
      confirmationFailures: 0,
      downloadAttempts: secrets.downloadAttempts,
      expiresMs: null,
      binding: secrets.binding,
      metadata: {
        iccid,
        serviceProviderName: within(operator.name, 32),
        profileName: within(nickname || operator.name, 64),
        profileClass: 'operational',
        notifications: [
          { events: ['install', 'enable', 'disable', 'delete'], address: smdpAddress },
        ],
      },
    },
    subscription: secrets.subscription && {
      ...secrets.subscription,
      iccid,
      imsi,
      msisdn,
      serviceProviderName: operator.name,
    },
  }
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

async function secretsOf(trx: Trx, app: App, { subscriberId, iccid, state }: Profile) {
  const key = sealKey(app.config.masterKey, 'profile')
  const about = `${subscriberId} ${iccid}`
  const read = () =>
    trx
      .selectFrom('profile_secret')
      .select(['subscription', 'binding', 'download_attempts'])
      .where('subscriber_id', '=', subscriberId)
      .where('iccid', '=', iccid)
      .executeTakeFirst()
  const row =
    (await read()) ?? (mayDownload(state) && (await made(trx, app, { subscriberId, iccid })))
  if (!row) return { subscription: undefined, binding: null, downloadAttempts: 0 }
  const kept = JSON.parse(
    unseal(key, `${about} subscription`, row.subscription),
  ) as SealedSubscription
  const { k, opc, adm1, pin, puk } = kept
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return {
    subscription: { k: bytes(k), opc: bytes(opc), adm1: bytes(adm1), pin, puk },
    binding:
      row.binding === null
        ? null
        : (JSON.parse(unseal(key, `${about} binding`, row.binding)) as Binding),
    downloadAttempts: row.download_attempts,
  }
}

async function made(
  trx: Trx,
  app: App,
  { subscriberId, iccid }: Pick<Profile, 'subscriberId' | 'iccid'>,
) {
  const random = (bytes: number) => Buffer.from(app.ids.random(bytes))
  const subscription: SealedSubscription = {
    k: random(16).toString('base64'),
    opc: random(16).toString('base64'),
    adm1: random(8).toString('base64'),
    pin: digits(random(16), 4),
    puk: digits(random(16), 8),
  }
  const sealed = sealed_(app, `${subscriberId} ${iccid} subscription`, subscription)
  await trx
    .insertInto('profile_secret')
    .values({ subscriber_id: subscriberId, iccid, subscription: sealed })
    .execute()
  return { subscription: sealed, binding: null, download_attempts: 0 }
}

function sealed_(app: App, about: string, value: object): string {
  const key = sealKey(app.config.masterKey, 'profile')
  return seal(key, app.ids.random(sealIvBytes), about, JSON.stringify(value))
}

/** Stores what a step made of an order. */
export async function saveOrder(
  trx: Trx,
  app: App,
  now: Temporal.Instant,
  profile: Profile,
  { state, eid, binding, downloadAttempts }: DownloadOrder,
): Promise<void> {
  const { subscriberId, iccid } = profile
  await saveProfile(trx, profile, { ...profile, state, eid }, now)
  const about = `${subscriberId} ${iccid} binding`
  await trx
    .updateTable('profile_secret')
    .set({
      binding: binding === null ? null : sealed_(app, about, binding),
      download_attempts: downloadAttempts,
    })
    .where('subscriber_id', '=', subscriberId)
    .where('iccid', '=', iccid)
    .execute()
}
