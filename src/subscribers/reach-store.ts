/** How a subscriber can be reached, and when anything about that changed: what an account taker would have touched. */
import { sql } from 'kysely'
import type { Recipient } from '../notices/notice.ts'
import type { Db, Trx } from '../platform/database.ts'
import { type ContactKind, maskContact, recipientOf } from './contact.ts'
import { deviceName } from './device.ts'
import type { Representative } from './representative.ts'
import { estateOf } from './representative-store.ts'

export type CodeContact = {
  contactId: string
  channel: ContactKind
  value: string
  maskedTo: string
  recipient: Recipient
}
export type ReachChange = { kind: 'contact' | 'device'; at: Temporal.Instant }

/** Verified contacts, the oldest first (after a death who acts for the estate alone), and every change; a device counts from the day its name was first seen. */
export async function reachOf(
  db: Db | Trx,
  subscriberId: string,
): Promise<{ contacts: CodeContact[]; changes: ReachChange[] }> {
  const rows = await db
    .selectFrom('subscriber_contact')
    .select(['contact_id', 'kind', 'value', 'added_at', 'verified_at', 'removed_at'])
    .where('subscriber_id', '=', subscriberId)
    .orderBy('added_at')
    .orderBy('contact_id')
    .execute()
  const contacts = rows
    .filter(({ verified_at, removed_at }) => verified_at !== null && removed_at === null)
    .map((row): CodeContact => {
      const kind = row.kind as ContactKind
      const { contact_id: contactId, value } = row
      const maskedTo = maskContact(kind, value)
      return { contactId, channel: kind, value, maskedTo, recipient: recipientOf({ kind, value }) }
    })
  const estate = await estateOf(db, subscriberId)
  const touched = rows.flatMap(({ added_at, removed_at }) => [
    added_at,
    ...(removed_at ? [removed_at] : []),
  ])
  return {
    contacts: estate ? [contactFor(estate)] : contacts,
    changes: [
      ...touched.map((at) => ({ kind: 'contact' as const, at })),
      ...(await devicesSince(db, subscriberId)).map((at) => ({ kind: 'device' as const, at })),
    ],
  }
}

function contactFor({ representativeId: contactId, email: value }: Representative): CodeContact {
  const channel = 'email'
  const maskedTo = maskContact(channel, value)
  return { contactId, channel, value, maskedTo, recipient: { channel, address: value } }
}

async function devicesSince(db: Db | Trx, subscriberId: string): Promise<Temporal.Instant[]> {
  const sessions = await db
    .selectFrom('sign_in_session as s')
    .innerJoin('sign_in_user as u', 'u.id', 's.user_id')
    .select(['s.user_agent', 's.created_at'])
    .where('u.subscriber_id', '=', subscriberId)
    .execute()
  const known = await signedIn(db, [subscriberId])
  const first = new Map<string, Temporal.Instant>()
  const see = (name: string, at: Temporal.Instant) => {
    const before = first.get(name)
    if (!before || Temporal.Instant.compare(at, before) < 0) first.set(name, at)
  }
  for (const { name, at } of known) see(name, at)
  const live = sessions.map(({ user_agent, created_at }) => {
    const name = deviceName(user_agent)
    see(name, created_at)
    return name
  })
  return [...new Set(live)].map((name) => first.get(name)!)
}

/** When each kind of device first signed in to each account, also those that have signed out since. */
export async function devicesSeen(
  db: Db | Trx,
  ids: readonly string[],
): Promise<(subscriberId: string) => Temporal.Instant[]> {
  const seen = Map.groupBy(await signedIn(db, ids), ({ subscriberId }) => subscriberId)
  return (subscriberId) => (seen.get(subscriberId) ?? []).map(({ at }) => at)
}

async function signedIn(
  db: Db | Trx,
  ids: readonly string[],
): Promise<{ subscriberId: string; name: string; at: Temporal.Instant }[]> {
  return db
    .selectFrom('audit_entry')
    .select((build) => [
      'subscriber_id as subscriberId',
      'reason as name',
      build.fn.min('at').as('at'),
    ])
    .where('subscriber_id', '=', sql<string>`any(${ids})`)
    .where('action', '=', 'device.signed-in')
    .groupBy(['subscriber_id', 'reason'])
    .execute()
}
