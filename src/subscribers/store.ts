/** Subscribers and their contacts in the database; every statement is scoped to one subscriber. */
import { type Recipient } from '../notices/notice.ts'
import type { App } from '../platform/app.ts'
import { audit, type Actor } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { blind, personal } from '../platform/personal.ts'
import type { ContactId, SubscriberId } from '../values/ids.ts'
import { knownLocale, type Locale } from '../values/locale.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { Segment } from '../values/wire.ts'
import { asContact, type Contact, type ContactKind, kindOf, recipientOf } from './contact.ts'
import { estateOf } from './representative-store.ts'
import { forgetPasskeys } from './session-store.ts'
import { aliasOfBlind, wordsOf } from './sign-in.ts'
import { type Subscriber, verifiedContacts } from './subscriber.ts'

// Other features ask for codes through this file, the store of the feature.
export {
  type CodePurpose,
  type CodeRequest,
  type CodeSent,
  sendCode,
  useCode,
} from './code-store.ts'
export { pseudonymOf } from './client-address.ts'
export { parseContact } from './contact.ts'
export {
  codeKey,
  codeMinutes,
  codeTries,
  hashCode,
  judgeTry,
  minutesUntilNext,
  sixDigits,
} from './one-time-code.ts'
export { representativesOf } from './representative-store.ts'
export { signOutEverywhere } from './session-store.ts'
export { aliasOfBlind }

export async function subscriberById(
  db: Db | Trx,
  subscriberId: string,
): Promise<Subscriber | undefined> {
  const row = await db
    .selectFrom('subscriber')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    subscriberId,
    state: row.state as Subscriber['state'],
    name: row.name,
    country: row.country,
    region: row.region,
    segment: row.segment as Segment,
    locale: row.locale,
    createdAt: row.created_at,
    closedAt: row.closed_at,
    exportedAt: row.exported_at,
    contacts: await contactsOf(db, subscriberId),
  }
}

/** Every contact that was not removed, the oldest first. */
export async function contactsOf(db: Db | Trx, subscriberId: string): Promise<Contact[]> {
  const rows = await db
    .selectFrom('subscriber_contact')
    .select(['contact_id', 'kind', 'value', 'added_at', 'verified_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('removed_at', 'is', null)
    .orderBy('added_at')
    .orderBy('contact_id')
    .execute()
  return rows.map(asContact)
}

/** Whom to tell about something of this subscriber, and in which language: every verified contact; after a death who acts for the estate. */
export async function addresseeOf(
  db: Db | Trx,
  subscriberId: string,
): Promise<{ recipients: Recipient[]; locale: Locale }> {
  const subscriber = await subscriberById(db, subscriberId)
  if (!subscriber) return { recipients: [], locale: 'en' }
  const estate = await estateOf(db, subscriberId)
  if (estate)
    return { recipients: [{ channel: 'email', address: estate.email }], locale: estate.locale }
  const recipients = verifiedContacts(subscriber.contacts).map(recipientOf)
  return { recipients, locale: knownLocale(subscriber.locale) }
}

/** Holds back everybody else who changes this subscriber's contacts until the transaction ends. */
export async function lockSubscriber(
  trx: Trx,
  subscriberId: string,
): Promise<
  | { state: string; locale: string; country: string | null; exportedAt: Temporal.Instant | null }
  | undefined
> {
  const row = await trx
    .selectFrom('subscriber')
    .select(['state', 'locale', 'country', 'exported_at'])
    .where('subscriber_id', '=', subscriberId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return (
    row && {
      state: row.state,
      locale: row.locale,
      country: row.country,
      exportedAt: row.exported_at,
    }
  )
}

/**
 * The subscriber a verified address belongs to: the one it is already a contact of, or a new one with it as the first
 * verified contact.
 */
export async function subscriberOfAddress(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock'>,
  address: string,
  locale: string,
): Promise<{ subscriberId: SubscriberId; isNew: boolean } | Refusal> {
  const now = app.clock.now()
  const kind = kindOf(address)
  const subscriberId = app.ids.make<SubscriberId>('sub')
  const claimed = await trx
    .insertInto('contact_index')
    .values({ kind, value: blind(kind, address), subscriber_id: subscriberId })
    .onConflict((conflict) => conflict.columns(['kind', 'value']).doNothing())
    .returning('subscriber_id')
    .executeTakeFirst()
  if (!claimed) return ownerOf(trx, kind, address)
  await trx
    .insertInto('subscriber')
    .values({ subscriber_id: subscriberId, locale, created_at: now })
    .execute()
  const contactId = app.ids.make<ContactId>('contact')
  await trx
    .insertInto('subscriber_contact')
    .values({
      subscriber_id: subscriberId,
      contact_id: contactId,
      kind,
      value: contactValue(subscriberId, contactId, address),
      added_at: now,
      verified_at: now,
    })
    .execute()
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: { kind: 'subscriber', id: subscriberId },
    action: 'subscriber.joined',
    subject: { kind: 'subscriber', id: subscriberId },
    reason: 'first sign-in',
  })
  return { subscriberId, isNew: true }
}

/** A contact's address as its row holds it: sealed, and bound to the row. */
export function contactValue(subscriberId: string, contactId: string, value: string) {
  const field = 'subscriber_contact.value'
  return personal({ subscriberId, category: 'contacts', field, record: contactId }, value)
}

async function ownerOf(trx: Trx, kind: ContactKind, address: string) {
  const owner = await trx
    .selectFrom('contact_index')
    .innerJoin('subscriber', 'subscriber.subscriber_id', 'contact_index.subscriber_id')
    .select(['subscriber.subscriber_id', 'subscriber.state'])
    .where('kind', '=', kind)
    .where('value', '=', blind(kind, address))
    .executeTakeFirst()
  if (!owner || owner.state === 'closed') return refuse('account-closed')
  return { subscriberId: owner.subscriber_id as SubscriberId, isNew: false }
}

export type SubscriberPatch = {
  name?: string | undefined
  country?: string | undefined
  region?: string | null | undefined
  segment?: Segment | undefined
  locale?: string | undefined
}

export async function changeSubscriber(
  app: App,
  subscriberId: SubscriberId,
  patch: SubscriberPatch,
): Promise<Subscriber | Refusal> {
  const { name, country, region = null, segment, locale } = patch
  const changes = {
    ...(name !== undefined && { name: nameValue(subscriberId, name) }),
    // Of another country a region says nothing.
    ...(country !== undefined && { country, region }),
    ...(segment !== undefined && { segment }),
    ...(locale !== undefined && { locale }),
  }
  return app.db.transaction().execute(async (trx) => {
    const locked = await lockSubscriber(trx, subscriberId)
    if (!locked || locked.state === 'closed') return refuse('not-found')
    if (name !== undefined) await indexName(trx, subscriberId, name)
    if (Object.keys(changes).length > 0) {
      await trx
        .updateTable('subscriber')
        .set((eb) => ({ ...changes, version: eb('version', '+', 1) }))
        .where('subscriber_id', '=', subscriberId)
        .execute()
      await audit(trx, app.ids, app.clock.now(), {
        subscriberId,
        actor: { kind: 'subscriber', id: subscriberId },
        action: 'subscriber.changed',
        subject: { kind: 'subscriber', id: subscriberId },
        reason: Object.keys(changes).join(', '),
      })
    }
    return (await subscriberById(trx, subscriberId)) ?? refuse('not-found')
  })
}

function nameValue(subscriberId: string, name: string) {
  const place = {
    subscriberId,
    category: 'contract',
    field: 'subscriber.name',
    record: '',
  } as const
  return personal(place, name)
}

/** Staff find people by the words of their names, which are kept as keyed hashes only. */
export async function indexName(trx: Trx, subscriberId: string, name: string): Promise<void> {
  await trx.deleteFrom('subscriber_word').where('subscriber_id', '=', subscriberId).execute()
  const words = wordsOf(name)
  if (words.length === 0) return
  await trx
    .insertInto('subscriber_word')
    .values(words.map((word) => ({ subscriber_id: subscriberId, word: blind('word', word) })))
    .execute()
}

/**
 * Ends an account for good: no contact leads to it any more, every sign-in of it is deleted, its sessions end at once.
 * The same address may join again as somebody new. Done before, it changes nothing.
 */
export async function closeSubscriber(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock'>,
  close: { subscriberId: string; actor: Actor; reason: string },
): Promise<void> {
  const { subscriberId, actor, reason } = close
  const now = app.clock.now()
  const closed = await trx
    .updateTable('subscriber')
    .set((eb) => ({ state: 'closed', closed_at: now, version: eb('version', '+', 1) }))
    .where('subscriber_id', '=', subscriberId)
    .where('state', '=', 'active')
    .returning('subscriber_id')
    .executeTakeFirst()
  if (!closed) return
  const released = await trx
    .deleteFrom('contact_index')
    .where('subscriber_id', '=', subscriberId)
    .returning('value')
    .execute()
  const aliases = released.map(({ value }) => aliasOfBlind(value))
  await forgetSignIn(trx, subscriberId, aliases)
  const subject = { kind: 'subscriber', id: subscriberId }
  await audit(trx, app.ids, now, {
    subscriberId,
    actor,
    action: 'subscriber.closed',
    subject,
    reason,
  })
}

/** Deletes what could still sign somebody in: passkeys, addresses with their sessions, and codes on their way. */
export async function forgetSignIn(trx: Trx, subscriberId: string, aliases: readonly string[]) {
  await forgetPasskeys(trx, subscriberId)
  await trx.deleteFrom('sign_in_user').where('subscriber_id', '=', subscriberId).execute()
  if (aliases.length === 0) return
  await trx.deleteFrom('sign_in_user').where('email', 'in', aliases).execute()
  const identifiers = aliases.map((alias) => `sign-in-otp-${alias}`)
  await trx.deleteFrom('sign_in_verification').where('identifier', 'in', identifiers).execute()
}

export async function recordExport(
  db: Db,
  subscriberId: string,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .updateTable('subscriber')
    .set({ exported_at: now })
    .where('subscriber_id', '=', subscriberId)
    .execute()
}
