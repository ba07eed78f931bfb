/** Passkeys as the API shows them, and the JSON forms browsers make of what they ask and answer (WebAuthn §5.1). */
import { z } from 'zod'
import { instantWire } from '../values/wire.ts'

const bytes = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]+$/)
const type = z.literal('public-key')

export const passkeyWire = z
  .object({
    passkeyId: z.string(),
    credentialId: z.string(),
    name: z.string(),
    createdAt: instantWire,
    lastUsedAt: instantWire.nullable(),
    backedUp: z.boolean().describe('A password manager keeps it on several devices'),
  })
  .meta({ id: 'Passkey' })

export const passkeyNameWire = z.string().trim().min(1).max(60)

export const creationOptionsWire = z
  .object({
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.object({ type, alg: z.int() })),
    timeout: z.int(),
    excludeCredentials: z.array(
      z.object({ type, id: z.string(), transports: z.array(z.string()) }),
    ),
    authenticatorSelection: z.object({
      residentKey: z.literal('required'),
      requireResidentKey: z.literal(true),
      userVerification: z.literal('required'),
    }),
    attestation: z.literal('none'),
  })
  .meta({ id: 'PasskeyCreationOptions' })

export const requestOptionsWire = z
  .object({
    rpId: z.string(),
    challenge: z.string(),
    timeout: z.int(),
    userVerification: z.literal('required'),
  })
  .meta({ id: 'PasskeyRequestOptions' })

const credentialId = bytes(1400).describe('Base64url, at most 1023 bytes')

/** RegistrationResponseJSON. */
export const newCredentialWire = z.object({
  id: credentialId,
  rawId: credentialId,
  type,
  response: z.object({
    clientDataJSON: bytes(4000),
    attestationObject: bytes(20_000),
    transports: z.array(z.string().max(40)).max(10).default([]),
  }),
})

/** AuthenticationResponseJSON. */
export const assertionWire = z.object({
  id: credentialId,
  rawId: credentialId,
  type,
  response: z.object({
    clientDataJSON: bytes(4000),
    authenticatorData: bytes(4000),
    signature: bytes(2000),
    userHandle: bytes(200).nullish(),
  }),
})

export type NewCredential = z.output<typeof newCredentialWire>
export type Assertion = z.output<typeof assertionWire>
export type CreationOptions = z.input<typeof creationOptionsWire>
export type RequestOptions = z.input<typeof requestOptionsWire>
