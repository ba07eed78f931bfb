/** An e-mail address or telephone number a subscriber can be reached at: parsed once, compared in one spelling. */
import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import { z } from 'zod'
import type { Recipient } from '../notices/notice.ts'
import { type Refusal, refuse } from '../values/refusal.ts'

export type ContactKind = 'email' | 'phone'
export type Contact = {
  contactId: string
  kind: ContactKind
  value: string
  addedAt: Temporal.Instant
  verifiedAt: Temporal.Instant | null
}

const address = z.email().max(254)

/** The one spelling of an address: lower case e-mail, or E.164; undefined when nobody can be reached there. */
export function parseContact(
  kind: ContactKind,
  text: string,
  country: string | null,
): string | undefined {
  if (kind === 'email') {
    const parsed = address.safeParse(text.trim().toLowerCase())
    return parsed.success ? parsed.data : undefined
  }
  const home = country && isSupportedCountry(country) ? (country as CountryCode) : undefined
  const number = parsePhoneNumberFromString(text, {
    ...(home && { defaultCountry: home }),
    extract: false,
  })
  return number?.isPossible() && number.ext === undefined ? number.number : undefined
}

/** `l••••e@example.com`, `+44 •••• 461`: enough to recognise, too little to write to. */
export function maskContact(kind: ContactKind, value: string): string {
  if (kind === 'phone') return `${value.slice(0, 3)} •••• ${value.slice(-3)}`
  const at = value.lastIndexOf('@')
  const name = value.slice(0, at)
  const shown = name.length < 3 ? `${name.slice(0, 1)}••••` : `${name[0]}••••${name.at(-1)}`
  return shown + value.slice(at)
}

/** A verified e-mail is how one signs in, so the last of them stays; an unverified contact may always go. */
export function mayRemove(contacts: readonly Contact[], contact: Contact): Refusal | undefined {
  if (!contact.verifiedAt || contact.kind === 'phone') return undefined
  const others = contacts.some(
    ({ contactId, kind, verifiedAt }) =>
      kind === 'email' && verifiedAt !== null && contactId !== contact.contactId,
  )
  return others ? undefined : refuse('contact-last')
}

export function recipientOf({ kind, value }: Pick<Contact, 'kind' | 'value'>): Recipient {
  return { channel: kind === 'phone' ? 'sms' : 'email', address: value }
}

export function asContact(row: {
  contact_id: string
  kind: string
  value: string
  added_at: Temporal.Instant
  verified_at: Temporal.Instant | null
}): Contact {
  return {
    contactId: row.contact_id,
    kind: row.kind as ContactKind,
    value: row.value,
    addedAt: row.added_at,
    verifiedAt: row.verified_at,
  }
}
