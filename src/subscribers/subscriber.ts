/** A subscriber: a person with contacts, a country whose rules apply, and a language. */
import type { z } from 'zod'
import { knownLocale } from '../values/locale.ts'
import type { Segment } from '../values/wire.ts'
import type { Contact } from './contact.ts'
import type { contactWire, subscriberWire } from './wire.ts'

export type Subscriber = {
  subscriberId: string
  state: 'active' | 'closed'
  name: string
  country: string | null
  /** CA of US-CA. */
  region: string | null
  segment: Segment
  locale: string
  createdAt: Temporal.Instant
  closedAt: Temporal.Instant | null
  exportedAt: Temporal.Instant | null
  contacts: readonly Contact[]
}

// The door: what other features may know of a contact, a name, and who acts for somebody.
export { maskContact } from './contact.ts'
export { comesOfAge, type Representative, representativeShown } from './representative.ts'
export { wordsOf } from './sign-in.ts'

/** Money may move only for somebody with a name, a country, and a verified e-mail. */
export function isComplete({ name, country, contacts }: Subscriber): boolean {
  const reachable = contacts.some(({ kind, verifiedAt }) => kind === 'email' && verifiedAt !== null)
  return name !== '' && country !== null && reachable
}

export function verifiedContacts(contacts: readonly Contact[]): Contact[] {
  return contacts.filter(({ verifiedAt }) => verifiedAt !== null)
}

export function toWire(subscriber: Subscriber): z.input<typeof subscriberWire> {
  const { subscriberId, name, country, region, segment, locale, createdAt, state, contacts } =
    subscriber
  return {
    subscriberId,
    name,
    country,
    region,
    segment,
    locale: knownLocale(locale),
    createdAt: createdAt.toString(),
    state,
    contacts: contacts.map(contactToWire),
    complete: isComplete(subscriber),
  }
}

export function contactToWire(contact: Contact): z.input<typeof contactWire> {
  const { contactId, kind, value, addedAt, verifiedAt } = contact
  return {
    contactId,
    kind,
    value,
    addedAt: addedAt.toString(),
    verifiedAt: verifiedAt?.toString() ?? null,
  }
}
