/** What better-auth doesn't know of a sign-in: whose the address is, and who is told of the new device. */
import { sql } from 'kysely'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { SubscriberId } from '../values/ids.ts'
import { isRefusal, type Refusal, type RefusalCode, refuse } from '../values/refusal.ts'
import { kindOf, recipientOf } from './contact.ts'
import { deviceName } from './device.ts'
import { signsIn } from './number-sign-in-store.ts'
import { estateOf } from './representative-store.ts'
import { aliasOf, deviceFields } from './session-store.ts'
import { lockSubscriber, subscriberById, subscriberOfAddress } from './store.ts'
import { type Subscriber, verifiedContacts } from './subscriber.ts'

/** A session that better-auth just began. */
type Begun = {
  token: string
  /** Of the request that signed in. */
  userAgent: string | null
  ip: string | null
}
type Owner = { subscriberId: SubscriberId; isNew: boolean; alias: string }

/** Thrown so that a subscriber created for a session that ended meanwhile is rolled back. */
const sessionGone = new Error('the session ended while it began')

/** Whose a sign-in by code is: on the first one the subscriber is created. */
export async function settleSignIn(
  app: App,
  signedIn: Begun & { address: string; locale: string },
): Promise<Subscriber | Refusal> {
  const { address, locale } = signedIn
  return settle(app, signedIn, 'code-expired', async (trx) => {
    // Its line may have begun to close since the code was sent.
    if (kindOf(address) === 'phone' && !(await signsIn(trx, address))) return refuse('code-expired')
    const owner = await subscriberOfAddress(trx, app, address, locale)
    return isRefusal(owner) ? owner : { ...owner, alias: await aliasOf(trx, address) }
  })
}

/** Whose a sign-in by passkey is was known before it began. */
export async function settlePasskey(
  app: App,
  signedIn: Begun & { subscriberId: SubscriberId; alias: string },
): Promise<Subscriber | Refusal> {
  const owner = { ...signedIn, isNew: false }
  return settle(app, signedIn, 'passkey-expired', async () => owner)
}

/**
 * Ties a session to its subscriber and tells the contacts of a known subscriber about the new device. Refused, it
 * ends the session again.
 */
async function settle(
  app: App,
  begun: Begun,
  whenGone: RefusalCode,
  findOwner: (trx: Trx) => Promise<Owner | Refusal>,
): Promise<Subscriber | Refusal> {
  const settling = app.db.transaction().execute(async (trx) => {
    const owner = await findOwner(trx)
    if (isRefusal(owner)) return owner
    // Locked, so that an account that is being closed is closed first, or sees this session and ends it.
    const locked = await lockSubscriber(trx, owner.subscriberId)
    if (locked?.state !== 'active') return refuse('account-closed')
    // After a death nobody goes on in the name of who died.
    if (await estateOf(trx, owner.subscriberId)) return refuse('representative-acts')
    const session = await tie(trx, owner, begun)
    if (!session) throw sessionGone
    const subscriber = await subscriberById(trx, owner.subscriberId)
    if (!subscriber) return refuse('account-closed')
    if (!owner.isNew) await tellOfDevice(trx, app, subscriber, session)
    return subscriber
  })
  const settled = await settling.catch((error: unknown) => {
    if (error === sessionGone) return refuse(whenGone)
    throw error
  })
  if (isRefusal(settled)) await endSession(app, begun.token)
  return settled
}

export async function endSession(app: App, token: string): Promise<void> {
  await app.db.deleteFrom('sign_in_session').where('token', '=', token).execute()
}

async function tie(trx: Trx, { subscriberId, alias }: Owner, { token, userAgent, ip }: Begun) {
  await trx
    .updateTable('sign_in_user')
    .set({ subscriber_id: subscriberId })
    .where('email', '=', alias)
    .execute()
  const session = await trx
    .selectFrom('sign_in_session as s')
    .innerJoin('sign_in_user as u', 'u.id', 's.user_id')
    .select(['s.id', 's.created_at'])
    .where('s.token', '=', token)
    .where('u.subscriber_id', '=', subscriberId)
    .executeTakeFirst()
  if (!session) return undefined
  await trx
    .updateTable('sign_in_session')
    .set(deviceFields(subscriberId, session.id, { userAgent, ip }))
    .where('id', '=', session.id)
    .execute()
  return { ...session, user_agent: userAgent }
}

async function tellOfDevice(
  trx: Trx,
  app: App,
  subscriber: Subscriber,
  session: { id: string; user_agent: string | null; created_at: Temporal.Instant },
) {
  const { subscriberId, locale, contacts } = subscriber
  const device = deviceName(session.user_agent)
  await notify(trx, app, {
    subscriberId,
    noticeId: `new-device:${session.id}`,
    recipients: verifiedContacts(contacts).map(recipientOf),
    template: 'new-device',
    locale,
    params: {
      device,
      at: session.created_at.toString(),
      url: `${app.config.publicUrl}/account/devices`,
    },
  })
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: { kind: 'subscriber', id: subscriberId },
    action: 'device.signed-in',
    subject: { kind: 'device', id: session.id },
    reason: device,
  })
}

/** Forgets what ran out: codes nobody used, sessions that ended, counts older than their hour. */
export async function sweepSubscribers(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  const ended = sql<Temporal.Instant>`now()`
  await app.db
    .deleteFrom('sign_in_verification')
    .where('expires_at', '<', sql<Temporal.Instant>`now() - interval '1 hour'`)
    .execute()
  await app.db
    .deleteFrom('staff_sign_in_verification')
    .where('expires_at', '<', sql<Temporal.Instant>`now() - interval '1 hour'`)
    .execute()
  await app.db.deleteFrom('sign_in_session').where('expires_at', '<', ended).execute()
  await app.db.deleteFrom('staff_sign_in_session').where('expires_at', '<', ended).execute()
  // better-auth counts in milliseconds and never forgets.
  const stale = sql<boolean>`last_request < (extract(epoch from now()) * 1000)::int8 - 86400000`
  await app.db.deleteFrom('sign_in_rate_limit').where(stale).execute()
  await app.db.deleteFrom('staff_sign_in_rate_limit').where(stale).execute()
  const now = app.clock.now()
  await app.db.deleteFrom('passkey_challenge_used').where('expires_at', '<', now).execute()
  const hourAgo = now.subtract({ hours: 2 })
  await app.db.deleteFrom('sign_in_ask').where('window_start', '<', hourAgo).execute()
}
