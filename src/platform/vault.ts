/** Personal data at rest: a key for each subscriber and reason to keep, wrapped by the master key; fields bound to their record. */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { categories, type Category } from '../values/closing.ts'

/** `account`: no reason to keep it once the account has ended. */
export type KeyCategory = Category | 'account'
export const keyCategories: readonly KeyCategory[] = ['account', ...categories]

export type MasterKeys = {
  /** 32 bytes; wraps every new key. */
  readonly masterKey: Uint8Array
  /** Still opens what it wrapped, until `violet keys rotate` has wrapped it anew. */
  readonly formerMasterKeys?: readonly Uint8Array[]
}

/** One field of one record; `record` is its primary key after the subscriber's, joined by "/". */
export type Place = {
  readonly subscriberId: string
  readonly category: KeyCategory
  /** `table.column` */
  readonly field: string
  readonly record: string
}
export type FieldKind = 'text' | 'json' | 'bytes'
export type Sealed = Place & { readonly kind: FieldKind; readonly body: string }

export const ivBytes = 12
const tagBytes = 16
export const dataKeyBytes = 32

const marks: Record<FieldKind, string> = { text: 't', json: 'j', bytes: 'b' }
const kinds: Record<string, FieldKind> = { t: 'text', j: 'json', b: 'bytes' }
const shape = /^sealed:1([tjb]):([^:]*):([a-z]+):([a-z_]+\.[a-z_]+):(.*):([A-Za-z0-9_-]{38,})$/s
/** What every sealed field begins with, so that a scan can tell. */
export const sealedPrefix = 'sealed:1'

// A master key opens thousands of keys; what follows from it is reckoned once.
const wrappingKeys = new WeakMap<Uint8Array, { id: string; key: Buffer }>()

function wrapping(masterKey: Uint8Array) {
  const known = wrappingKeys.get(masterKey)
  if (known) return known
  const digest = createHash('sha256').update(derive(masterKey, 'violet master id')).digest('hex')
  const made = { id: digest.slice(0, 16), key: derive(masterKey, 'violet data keys') }
  wrappingKeys.set(masterKey, made)
  return made
}

/** Names a master key without telling it. */
export function masterId(masterKey: Uint8Array): string {
  return wrapping(masterKey).id
}

/** Wraps a key under a master key; `about` is whose and what for. */
export function wrapKey(masterKey: Uint8Array, iv: Uint8Array, about: string, key: Uint8Array) {
  return encrypt(wrapping(masterKey).key, iv, about, key).toString('base64url')
}

/** Throws when it was wrapped by another master key, or for somebody else. */
export function unwrapKey(masterKey: Uint8Array, about: string, wrapped: string): Buffer {
  const raw = Buffer.from(wrapped, 'base64url')
  return decrypt(wrapping(masterKey).key, about, raw)
}

export function sealField(
  key: Uint8Array,
  iv: Uint8Array,
  place: Place & { kind: FieldKind },
  value: Uint8Array,
): string {
  const body = encrypt(key, iv, aboutOf(place), value).toString('base64url')
  const { kind, subscriberId, category, field, record } = place
  return `${sealedPrefix}${marks[kind]}:${subscriberId}:${category}:${field}:${record}:${body}`
}

/** Undefined when the text is no sealed field. */
export function parseSealed(text: string): Sealed | undefined {
  const [, mark, subscriberId, category, field, record, body] = shape.exec(text) ?? []
  if (body === undefined) return undefined
  const place = { subscriberId: subscriberId!, field: field!, record: record! }
  return { ...place, category: category as KeyCategory, kind: kinds[mark!]!, body }
}

/** Throws when the field was changed, or stands in another record than the one it was sealed for. */
export function openField(key: Uint8Array, sealed: Sealed): Buffer {
  return decrypt(key, aboutOf(sealed), Buffer.from(sealed.body, 'base64url'))
}

/** A blind index: the same address gives the same text, and nobody without the key can tell which. */
export function blindText(indexKey: Uint8Array, kind: string, value: string): string {
  return createHmac('sha256', indexKey).update(`${kind}\n${value}`).digest('hex')
}

/** For what is sealed for minutes, for people who have no key of their own. */
export function visitorKey(masterKey: Uint8Array): Buffer {
  return derive(masterKey, 'violet visitors')
}

function aboutOf({ kind, subscriberId, category, field, record }: Place & { kind: FieldKind }) {
  return `${kind}\n${subscriberId}\n${category}\n${field}\n${record}`
}

function derive(masterKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', purpose, dataKeyBytes))
}

function encrypt(key: Uint8Array, iv: Uint8Array, about: string, value: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about))
  return Buffer.concat([iv, cipher.update(value), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Uint8Array, about: string, raw: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, raw.subarray(0, ivBytes))
    .setAAD(Buffer.from(about))
    .setAuthTag(raw.subarray(raw.length - tagBytes))
  const body = raw.subarray(ivBytes, raw.length - tagBytes)
  return Buffer.concat([decipher.update(body), decipher.final()])
}
