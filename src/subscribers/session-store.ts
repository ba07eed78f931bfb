/** Sessions as the devices a subscriber sees: listed, removed, moved when an address goes, ended together. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { blind, personalOrNull } from '../platform/personal.ts'
import type { SubscriberId } from '../values/ids.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { kindOf } from './contact.ts'
import { deviceName } from './device.ts'
import { aliasOfBlind } from './sign-in.ts'

export type Device = {
  deviceId: string
  name: string
  signedInAt: Temporal.Instant
  lastSeenAt: Temporal.Instant
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const devicesMax = 100

/** The newest first. Session ends are better-auth's, so they are compared with the database's clock. */
export async function devicesOf(db: Db, subscriberId: string): Promise<Device[]> {
  const rows = await db
    .selectFrom('sign_in_session as s')
    .innerJoin('sign_in_user as u', 'u.id', 's.user_id')
    .select(['s.id', 's.user_agent', 's.created_at', 's.updated_at'])
    .where('u.subscriber_id', '=', subscriberId)
    .where('s.expires_at', '>', sql<Temporal.Instant>`now()`)
    .orderBy('s.created_at', 'desc')
    .limit(devicesMax)
    .execute()
  return rows.map(({ id, user_agent, created_at, updated_at }) => ({
    deviceId: id,
    name: deviceName(user_agent),
    signedInAt: created_at,
    lastSeenAt: updated_at,
  }))
}

export async function removeDevice(
  app: App,
  subscriberId: SubscriberId,
  deviceId: string,
): Promise<Refusal | undefined> {
  if (!uuid.test(deviceId)) return refuse('not-found')
  return app.db.transaction().execute(async (trx) => {
    const removed = await trx
      .deleteFrom('sign_in_session')
      .where('id', '=', deviceId)
      .where('user_id', 'in', (query) =>
        query.selectFrom('sign_in_user').select('id').where('subscriber_id', '=', subscriberId),
      )
      .returning('user_agent')
      .executeTakeFirst()
    if (!removed) return refuse('not-found')
    await audit(trx, app.ids, app.clock.now(), {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'device.removed',
      subject: { kind: 'device', id: deviceId },
      reason: deviceName(removed.user_agent),
    })
    return undefined
  })
}

/** Ends every session of a subscriber at once. */
export async function signOutEverywhere(trx: Trx, subscriberId: string): Promise<void> {
  await trx
    .deleteFrom('sign_in_session')
    .where('user_id', 'in', (query) =>
      query.selectFrom('sign_in_user').select('id').where('subscriber_id', '=', subscriberId),
    )
    .execute()
}

/** Deletes a subscriber's passkeys, or those that came since a moment; which those were. */
export async function forgetPasskeys(
  trx: Trx,
  subscriberId: string,
  since?: Temporal.Instant,
): Promise<{ passkey_id: string }[]> {
  const forgotten = await trx
    .deleteFrom('passkey')
    .where('subscriber_id', '=', subscriberId)
    .$if(since !== undefined, (query) => query.where('created_at', '>=', since!))
    .returning('passkey_id')
    .execute()
  const ids = forgotten.map(({ passkey_id }) => passkey_id)
  if (ids.length === 0) return forgotten
  await trx
    .deleteFrom('passkey_index')
    .where('subscriber_id', '=', subscriberId)
    .where('passkey_id', 'in', ids)
    .execute()
  return forgotten
}

/**
 * Takes an address out of use for signing in. Its sessions go on under another verified address of the same
 * subscriber, so that whoever removes an old address isn't thrown out by it; without another they end.
 */
export async function retireSignInAddress(
  trx: Trx,
  subscriberId: string,
  address: string,
  other: string | undefined,
): Promise<void> {
  const alias = await aliasOf(trx, address)
  await trx
    .deleteFrom('sign_in_verification')
    .where('identifier', '=', `sign-in-otp-${alias}`)
    .execute()
  const old = await trx
    .selectFrom('sign_in_user')
    .select('id')
    .where('email', '=', alias)
    .executeTakeFirst()
  if (!old) return
  if (other !== undefined) {
    const heir = await signInOf(trx, subscriberId, other)
    await trx
      .updateTable('sign_in_session')
      .set({ user_id: heir.id })
      .where('user_id', '=', old.id)
      .execute()
  }
  await trx.deleteFrom('sign_in_user').where('id', '=', old.id).execute()
}

/** What better-auth has of an address that is known to be this subscriber's; made where it has nothing yet. */
export async function signInOf(
  trx: Trx,
  subscriberId: string,
  address: string,
): Promise<{ id: string; alias: string }> {
  const alias = await aliasOf(trx, address)
  const { id } = await trx
    .insertInto('sign_in_user')
    .values({ name: '', email: alias, email_verified: true, subscriber_id: subscriberId })
    .onConflict((conflict) =>
      conflict.column('email').doUpdateSet({ subscriber_id: subscriberId, email_verified: true }),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  return { id, alias }
}

/** What better-auth knows an address by; its own tables never hold one. */
export async function aliasOf(db: Db | Trx, address: string): Promise<string> {
  const { rows } = await sql<{
    blinded: string
  }>`select ${blind(kindOf(address), address)} as blinded`.execute(db)
  return aliasOfBlind(rows[0]!.blinded)
}

/** A session's device, sealed for its owner. */
export function deviceFields(
  subscriberId: string,
  sessionId: string,
  { userAgent, ip }: { userAgent: string | null; ip: string | null },
) {
  const place = (column: string) =>
    ({
      subscriberId,
      category: 'account',
      field: `sign_in_session.${column}`,
      record: sessionId,
    }) as const
  return {
    user_agent: personalOrNull(place('user_agent'), userAgent),
    ip_address: personalOrNull(place('ip_address'), ip),
  }
}
