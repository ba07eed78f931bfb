/** An e-mail address or telephone number a subscriber can be reached at: parsed once, compared in one spelling. */
import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import { z } from 'zod'
import type { Recipient } from '../notices/notice.ts'
import { knownLocale } from '../values/locale.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { catalogs } from './words/catalogs.ts'

export type ContactKind = 'email' | 'phone'
export type Contact = {
  contactId: string
  kind: ContactKind
  value: string
  addedAt: Temporal.Instant
  verifiedAt: Temporal.Instant | null
}

/** A contact's kind can be told from how it is written: numbers have no @. */
export function kindOf(value: string): ContactKind {
  return value.includes('@') ? 'email' : 'phone'
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

/**
 * The last verified e-mail stays, since receipts go there, and so does what alone signs in; an unverified contact may
 * always go.
 */
export function mayRemove(contacts: readonly Contact[], contact: Contact): Refusal | undefined {
  if (!contact.verifiedAt) return undefined
  const heir = heirOf(contacts, contact)
  const isEnough = contact.kind === 'phone' ? heir !== undefined : heir?.kind === 'email'
  return isEnough ? undefined : refuse('contact-last')
}

/** What signs in in another contact's place: an e-mail before a number. */
export function heirOf(contacts: readonly Contact[], gone?: Contact): Contact | undefined {
  const others = contacts.filter(
    ({ contactId, verifiedAt }) => verifiedAt !== null && contactId !== gone?.contactId,
  )
  return others.find(({ kind }) => kind === 'email') ?? others[0]
}

/** Texts to these cost whoever sends them a share of a fee, or never arrive. */
const unreachable: ReadonlySet<string | undefined> = new Set([
  'PREMIUM_RATE',
  'SHARED_COST',
  'TOLL_FREE',
  'UAN',
  'PAGER',
  'VOICEMAIL',
])

/** What somebody signs in with, in its one spelling; a number has its country's code. */
export function signInAddress(
  { email = '', phone }: { email?: string | undefined; phone?: string | undefined },
  locale: string,
): string | Refusal {
  if (phone === undefined) return email.toLowerCase()
  const value = parseContact('phone', phone.trim().replace(/^00/, '+'), null)
  const type = value && parsePhoneNumberFromString(value)?.getType()
  if (value !== undefined && !unreachable.has(type)) return value
  return refuse('contact-invalid', { kind: kindWord('phone', locale) })
}

export function kindWord(kind: ContactKind, locale: string): string {
  return catalogs[knownLocale(locale)][`contact.${kind}`]
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
