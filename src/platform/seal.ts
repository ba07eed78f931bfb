/** Seals what no table or backup may hold readable: codes that wait, keys of SIM profiles (AES-256-GCM). */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

const ivBytes = 12
const tagBytes = 16

/** A key for each purpose, so that what is sealed for one never opens for another. */
export function sealKey(
  masterKey: Uint8Array,
  purpose:
    | 'notice'
    | 'profile'
    | 'matching'
    | 'matching iv'
    | 'port'
    | 'payout'
    | 'intake'
    | 'session',
): Buffer {
  const known = derived.get(masterKey) ?? new Map<string, Buffer>()
  derived.set(masterKey, known)
  const key =
    known.get(purpose) ??
    Buffer.from(hkdfSync('sha256', masterKey, '', `violet ${purpose} seal`, 32))
  known.set(purpose, key)
  return key
}

// A master key seals and opens thousands of texts; what follows from it is reckoned once.
const derived = new WeakMap<Uint8Array, Map<string, Buffer>>()

/** `about` binds the seal to its row: moved to another one it does not open. */
export function seal(key: Uint8Array, iv: Uint8Array, about: string, text: string): string {
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url')
}

/** Throws when the seal was broken, moved, or made with another key. */
export function unseal(key: Uint8Array, about: string, sealed: string): string {
  const raw = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, raw.subarray(0, ivBytes))
    .setAAD(Buffer.from(about))
    .setAuthTag(raw.subarray(raw.length - tagBytes))
  const body = raw.subarray(ivBytes, raw.length - tagBytes)
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
}

type Masters = { readonly masterKey: Uint8Array; readonly formerMasterKeys?: readonly Uint8Array[] }

/** Opens what the master key sealed, or one before it that is still configured. */
export function unsealByAny(
  { masterKey, formerMasterKeys = [] }: Masters,
  purpose: 'notice' | 'profile' | 'matching' | 'port' | 'intake',
  about: string,
  sealed: string,
): string {
  for (const former of formerMasterKeys) {
    try {
      return unseal(sealKey(former, purpose), about, sealed)
    } catch {
      // Not by this one.
    }
  }
  return unseal(sealKey(masterKey, purpose), about, sealed)
}

export const sealIvBytes = ivBytes
