/** Passkeys (WebAuthn Level 3): what a browser is asked, challenges that are signed and not stored, what answers must say. */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { CreationOptions, RequestOptions } from './passkey-wire.ts'

export const passkeysMax = 20
export const challengeMinutes = 10

export type Passkey = {
  passkeyId: string
  credentialId: string
  name: string
  createdAt: Temporal.Instant
  lastUsedAt: Temporal.Instant | null
  /** Kept by a password manager on several devices (WebAuthn §6.1.3). */
  backedUp: boolean
  transports: readonly string[]
}

/** Where passkeys are made and used: they work nowhere else. */
export type Place = { rpId: string; origin: string }

export function placeOf(publicUrl: string): Place {
  const { hostname, origin } = new URL(publicUrl)
  return { rpId: hostname, origin }
}

/** EdDSA, ES256, RS256 (IANA COSE algorithms): what the authenticators in use make, the best first. */
export const algorithms = [-8, -7, -257]

/** What a challenge is for; one made for a subscriber is worth nothing to another. */
export type ChallengeFor = 'sign-in' | { add: string }

export function challengeKey(masterKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'violet passkey challenge', 32))
}

const bodyBytes = 24

/** Sixteen random bytes, the moment it runs out, and a keyed hash over both and the purpose. */
export function makeChallenge(
  key: Uint8Array,
  purpose: ChallengeFor,
  random: Uint8Array,
  now: Temporal.Instant,
): string {
  const body = Buffer.alloc(bodyBytes)
  body.set(random.subarray(0, 16))
  const expiresAt = now.add({ minutes: challengeMinutes })
  body.writeBigUInt64BE(BigInt(expiresAt.epochMilliseconds), 16)
  return Buffer.concat([body, tagOf(key, purpose, body)]).toString('base64url')
}

/** When a challenge of ours runs out, or why it counts for nothing. */
export function judgeChallenge(
  key: Uint8Array,
  purpose: ChallengeFor,
  challenge: string,
  now: Temporal.Instant,
): { expiresAt: Temporal.Instant } | Refusal {
  const bytes = Buffer.from(challenge, 'base64url')
  const body = bytes.subarray(0, bodyBytes)
  const tag = bytes.subarray(bodyBytes)
  if (tag.length !== 32 || !timingSafeEqual(tag, tagOf(key, purpose, body)))
    return refuse('passkey-not-valid')
  const expiresAt = Temporal.Instant.fromEpochMilliseconds(Number(body.readBigUInt64BE(16)))
  return Temporal.Instant.compare(now, expiresAt) < 0 ? { expiresAt } : refuse('passkey-expired')
}

function tagOf(key: Uint8Array, purpose: ChallengeFor, body: Uint8Array): Buffer {
  const text = purpose === 'sign-in' ? purpose : `add ${purpose.add}`
  return createHmac('sha256', key).update(`${text}\n`).update(body).digest()
}

export function hashChallenge(challenge: string): string {
  return createHash('sha256').update(Buffer.from(challenge, 'base64url')).digest('base64url')
}

const clientDataWire = z.object({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
})

/** The challenge a browser answered to, if it says it did the right thing on our page (WebAuthn §5.8.1). */
export function challengeIn(
  clientDataJson: string,
  type: 'webauthn.create' | 'webauthn.get',
  { origin }: Place,
): { challenge: string } | Refusal {
  const said = clientDataWire.safeParse(parsed(clientDataJson))
  if (!said.success || said.data.type !== type) return refuse('passkey-not-valid')
  if (said.data.origin !== origin || said.data.crossOrigin)
    return refuse('passkey-elsewhere', { url: origin })
  return { challenge: said.data.challenge }
}

function parsed(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** A counter that stands still or goes back is that of a copy; authenticators without one always say 0 (§6.1.1). */
export function wasCopied(counter: bigint, seen: bigint): boolean {
  return (counter > 0n || seen > 0n) && seen <= counter
}

/** What the authenticator keeps of whose key it is: opaque, and the same for all keys of one subscriber (§5.4.3). */
export function handleOf(subscriberId: string): string {
  return Buffer.from(subscriberId).toString('base64url')
}

export type Owner = { subscriberId: string; email: string; name: string }

/** PublicKeyCredentialCreationOptionsJSON: a discoverable key, its owner verified by the device, no attestation. */
export function creationOptions(
  { rpId }: Place,
  operatorName: string,
  { subscriberId, email, name }: Owner,
  challenge: string,
  known: readonly Pick<Passkey, 'credentialId' | 'transports'>[],
): CreationOptions {
  return {
    rp: { id: rpId, name: operatorName },
    user: { id: handleOf(subscriberId), name: email, displayName: name || email },
    challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout: challengeMinutes * 60_000,
    excludeCredentials: known.map(({ credentialId, transports }) => ({
      type: 'public-key',
      id: credentialId,
      transports: [...transports],
    })),
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    attestation: 'none',
  }
}

/** PublicKeyCredentialRequestOptionsJSON: any discoverable key of ours. */
export function requestOptions({ rpId }: Place, challenge: string): RequestOptions {
  return {
    rpId,
    challenge,
    timeout: challengeMinutes * 60_000,
    userVerification: 'required',
  }
}
