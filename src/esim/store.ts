/** Profiles in the database: made with their line, downloaded once, told by the phone what became of them. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { iccidOf, imsiOf, matchingIdOf } from './iccid.ts'
import {
  type DeviceEvent,
  type DeviceState,
  download,
  type ProfileState,
  type ProfileStatus,
  type Removal,
  report,
} from './esim.ts'

export type Profile = ProfileStatus & {
  readonly subscriberId: string
  readonly lineId: string
  readonly iccid: string
  readonly imsi: string
  readonly matchingId: string
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
] as const

type Row = Record<
  'subscriber_id' | 'line_id' | 'iccid' | 'imsi' | 'matching_id' | 'state' | 'removal',
  string
> & {
  eid: string | null
  device_state: string | null
  last_seq: number
}

export function profileOf(row: Row): Profile {
  return {
    subscriberId: row.subscriber_id,
    lineId: row.line_id,
    iccid: row.iccid,
    imsi: row.imsi,
    matchingId: row.matching_id,
    eid: row.eid,
    state: row.state as ProfileState,
    deviceState: row.device_state as DeviceState | null,
    removal: row.removal as Removal,
    lastSeq: row.last_seq,
  }
}

/** New identities for a new line; the line is inserted between this and `releaseProfile`. */
export async function drawIdentities(trx: Trx): Promise<{ imsi: string; iccid: string }> {
  const drawn = await sql<{ serial: bigint }>`select nextval('imsi_seq') as serial`.execute(trx)
  const serial = drawn.rows[0]!.serial
  return { imsi: imsiOf(serial), iccid: iccidOf(serial) }
}

/** Makes the profile ready for download with a fresh matching id. */
export async function releaseProfile(
  trx: Trx,
  ids: Ids,
  now: Temporal.Instant,
  profile: { subscriberId: string; lineId: string; imsi: string; iccid: string },
): Promise<void> {
  const { subscriberId, lineId, imsi, iccid } = profile
  const matchingId = matchingIdOf(ids.random(16))
  await trx
    .insertInto('profile')
    .values({
      subscriber_id: subscriberId,
      line_id: lineId,
      iccid,
      imsi,
      matching_id: matchingId,
      state: 'released',
      released_at: now,
    })
    .execute()
  await trx
    .insertInto('profile_index')
    .values({ matching_id: matchingId, iccid, subscriber_id: subscriberId })
    .execute()
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

export type ProfileKey = { matchingId: string } | { iccid: string }

export async function lockProfile(trx: Trx, key: ProfileKey): Promise<Profile | undefined> {
  const wanted =
    'matchingId' in key ? sql`i.matching_id = ${key.matchingId}` : sql`i.iccid = ${key.iccid}`
  const { rows } = await sql<Row>`
    select ${named}
    from profile_index i join profile p on p.subscriber_id = i.subscriber_id and p.iccid = i.iccid
    where ${wanted} for update of p`.execute(trx)
  return rows[0] && profileOf(rows[0])
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

export async function downloadProfile(
  trx: Trx,
  now: Temporal.Instant,
  matchingId: string,
  eid: string,
): Promise<Profile | Refusal> {
  const profile = await lockProfile(trx, { matchingId })
  if (!profile) return refuse('activation-code-unknown')
  const after = download(profile, eid)
  if (isRefusal(after)) return after
  if (after !== profile) await saveProfile(trx, profile, after, now)
  return { ...profile, ...after }
}

/** Records a phone's report. `installed`, `removed`: this is the one that brought the profile to life, or says it is gone. */
export async function recordReport(
  trx: Trx,
  now: Temporal.Instant,
  device: { eid: string; iccid: string; event: DeviceEvent; seq: number },
): Promise<{ profile: Profile; installed: boolean; removed: boolean } | Refusal> {
  const profile = await lockProfile(trx, { iccid: device.iccid })
  if (!profile || profile.eid !== device.eid) return refuse('not-found')
  const after = report(profile, device.event, device.seq)
  if (!after) return { profile, installed: false, removed: false }
  await saveProfile(trx, profile, after, now)
  const installed = after.state === 'installed' && profile.state !== 'installed'
  const removed = after.removal === 'confirmed' && profile.removal !== 'confirmed'
  return { profile: { ...profile, ...after }, installed, removed }
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
