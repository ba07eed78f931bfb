/** Profiles in the database: made with their line, downloaded once, told by the phone what became of them. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { matchingIdOf } from './iccid.ts'
import {
  type DeviceEvent,
  type DeviceState,
  download,
  orderQueue,
  type ProfileState,
  type ProfileStatus,
  type Removal,
  report,
} from './esim.ts'
import { matchingIdSeals, sealedMatchingId } from './seal-store.ts'
import { addStock, drawIdentities, lockStock, ownKind, saveStock } from './stock-store.ts'

export type Profile = ProfileStatus & {
  readonly subscriberId: string
  readonly lineId: string
  readonly iccid: string
  readonly imsi: string
  /** Sealed. */
  readonly sealedMatchingId: string
  readonly orderAttempt: number
  /** Null: the platform's own address. */
  readonly smdpAddress: string | null
  readonly wantedEid: string | null
  /** Sealed. */
  readonly sealedCode: string | null
}

export const columns = [
  'subscriber_id',
  'line_id',
  'iccid',
  'imsi',
  'matching_id',
  'eid',
  'state',
  'device_state',
  'removal',
  'last_seq',
  'order_attempt',
  'smdp_address',
  'wanted_eid',
  'confirmation_code',
] as const

type Row = Record<
  'subscriber_id' | 'line_id' | 'iccid' | 'imsi' | 'matching_id' | 'state' | 'removal',
  string
> & {
  eid: string | null
  device_state: string | null
  last_seq: number
  order_attempt: number
  smdp_address: string | null
  wanted_eid: string | null
  confirmation_code: string | null
}

export function profileOf(row: Row): Profile {
  return {
    subscriberId: row.subscriber_id,
    lineId: row.line_id,
    iccid: row.iccid,
    imsi: row.imsi,
    sealedMatchingId: row.matching_id,
    eid: row.eid,
    state: row.state as ProfileState,
    deviceState: row.device_state as DeviceState | null,
    removal: row.removal as Removal,
    lastSeq: row.last_seq,
    orderAttempt: row.order_attempt,
    smdpAddress: row.smdp_address,
    wantedEid: row.wanted_eid,
    sealedCode: row.confirmation_code,
  }
}

/**
 * A profile for a new line, out of stock; the embedded SM-DP+ makes one where there is none. The line is inserted between
 * this and `requestProfile`.
 */
export async function takeProfile(
  trx: Trx,
  app: Pick<App, 'clock' | 'config'>,
): Promise<{ imsi: string; iccid: string } | undefined> {
  const kind = ownKind(app.config)
  const free = await lockStock(trx, { owner: kind.owner, freeOf: kind.profileType })
  if (free) {
    const { imsi, iccid } = free
    await trx.updateTable('profile_stock').set({ taken: true }).where('iccid', '=', iccid).execute()
    return { imsi, iccid }
  }
  if (app.config.smdp) return undefined
  const [made] = await drawIdentities(trx, 1)
  if (!made) throw new Error('a sequence always has a next number')
  await addStock(trx, app.clock.now(), kind, [{ ...made, subscription: null }], true)
  return made
}

/** The profile of a line, with a fresh matching id; it is ordered once this transaction has been committed. */
export async function requestProfile(
  trx: Trx,
  app: Pick<App, 'config' | 'ids' | 'queue'>,
  profile: { subscriberId: string; lineId: string; imsi: string; iccid: string },
): Promise<void> {
  const { subscriberId, lineId, imsi, iccid } = profile
  await trx
    .insertInto('profile')
    .values({
      subscriber_id: subscriberId,
      line_id: lineId,
      iccid,
      imsi,
      matching_id: sealedMatchingId(app.config.masterKey, matchingIdOf(app.ids.random(16))),
      state: 'available',
    })
    .execute()
  await trx
    .insertInto('profile_index')
    .values({ iccid, subscriber_id: subscriberId, line_id: lineId })
    .execute()
  await app.queue.send(trx, orderQueue, iccid, { subscriberId, iccid })
}

/** The profiles of a subscriber's lines, one per line, by line. */
export async function profilesOf(
  db: Db | Trx,
  subscriberId: string,
): Promise<ReadonlyMap<string, Profile>> {
  const rows = await db
    .selectFrom('profile')
    .select(columns)
    .where('subscriber_id', '=', subscriberId)
    .execute()
  return new Map(rows.map((row) => [row.line_id, profileOf(row)]))
}

const named = sql.raw(columns.map((column) => `p.${column}`).join(', '))

export async function lockProfile(trx: Trx, iccid: string): Promise<Profile | undefined> {
  const { rows } = await sql<Row>`
    select ${named}
    from profile_index i join profile p on p.subscriber_id = i.subscriber_id and p.iccid = i.iccid
    where i.iccid = ${iccid} for update of p`.execute(trx)
  return rows[0] && profileOf(rows[0])
}

/** What the SM-DP+ made of the order; the profile's own lock is held already. */
export async function followOrder(
  trx: Trx,
  now: Temporal.Instant,
  { subscriberId, iccid }: { subscriberId: string; iccid: string },
  { state, eid }: Pick<ProfileStatus, 'state' | 'eid'>,
): Promise<void> {
  await sql`
    update profile set state = ${state}, eid = ${eid}, version = version + 1,
      downloaded_at = case when ${state} = 'downloaded' then ${now}::timestamptz else downloaded_at end
    where subscriber_id = ${subscriberId} and iccid = ${iccid} and state <> 'unavailable'`.execute(
    trx,
  )
}

export async function saveProfile(
  trx: Trx,
  before: Profile,
  after: ProfileStatus,
  now: Temporal.Instant,
) {
  const became = (state: ProfileState) => after.state === state && before.state !== state
  await trx
    .updateTable('profile')
    .set((row) => ({
      state: after.state,
      device_state: after.deviceState,
      removal: after.removal,
      eid: after.eid,
      last_seq: after.lastSeq,
      version: row('version', '+', 1),
      ...(became('downloaded') ? { downloaded_at: now } : {}),
      ...(became('installed') ? { installed_at: now } : {}),
    }))
    .where('subscriber_id', '=', before.subscriberId)
    .where('iccid', '=', before.iccid)
    .execute()
}

/** The interim channel's download, under the same lock as every other. */
export async function downloadProfile(
  trx: Trx,
  { config, clock }: Pick<App, 'config' | 'clock'>,
  matchingId: string,
  eid: string,
): Promise<Profile | Refusal> {
  const now = clock.now()
  const stock = await lockStock(trx, { sealedMatchingIds: matchingIdSeals(config, matchingId) })
  const profile = stock && (await lockProfile(trx, stock.iccid))
  if (!profile) return refuse('activation-code-unknown')
  const after = download(profile, eid)
  if (isRefusal(after)) return after
  if (after !== profile) {
    await saveProfile(trx, profile, after, now)
    await saveStock(trx, now, stock, { state: after.state, eid }, undefined)
  }
  return { ...profile, ...after }
}

/** Records a phone's report: what the profile was, and what it is now. */
export async function recordReport(
  trx: Trx,
  now: Temporal.Instant,
  device: { eid: string; iccid: string; event: DeviceEvent; seq: number },
): Promise<{ before: Profile; after: ProfileStatus } | Refusal> {
  const before = await lockProfile(trx, device.iccid)
  if (!before || before.eid !== device.eid) return refuse('not-found')
  const after = report(before, device.event, device.seq) ?? before
  if (after !== before) await saveProfile(trx, before, after, now)
  return { before, after }
}

/** What the phone shows the profile as. */
export async function lineNameOf(
  trx: Trx,
  subscriberId: string,
  lineId: string,
): Promise<{ name: string; msisdn: string | null }> {
  const { nickname, msisdn } = await trx
    .selectFrom('line')
    .select(['nickname', 'msisdn'])
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  return { name: nickname, msisdn }
}
