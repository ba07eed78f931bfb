/** What authenticators sign, checked by @simplewebauthn/server; an answer that isn't right is told by nothing. */
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { algorithms, type Place } from './passkey.ts'
import type { Assertion, NewCredential } from './passkey-wire.ts'

export type Made = {
  credentialId: string
  publicKey: Buffer
  counter: bigint
  backedUp: boolean
}

/** What a new passkey is, if it was made for this challenge, here, by somebody the device verified. */
export async function checkNew(
  credential: NewCredential,
  { rpId, origin }: Place,
  challenge: string,
): Promise<Made | undefined> {
  const checked = await verifyRegistrationResponse({
    response: { ...credential, clientExtensionResults: {} } as never,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch(() => undefined)
  if (!checked?.verified) return undefined
  const { credential: made, credentialBackedUp } = checked.registrationInfo
  return {
    credentialId: made.id,
    publicKey: Buffer.from(made.publicKey),
    counter: BigInt(made.counter),
    backedUp: credentialBackedUp,
  }
}

/** The counter and backup state a passkey answered with, if its signature is that of the key. */
export async function checkAnswer(
  assertion: Assertion,
  { rpId, origin }: Place,
  challenge: string,
  publicKey: Uint8Array,
): Promise<Pick<Made, 'counter' | 'backedUp'> | undefined> {
  const checked = await verifyAuthenticationResponse({
    response: { ...assertion, clientExtensionResults: {} } as never,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    // The counter is ours to judge, and only once the signature is known to be right.
    credential: { id: assertion.id, publicKey: new Uint8Array(publicKey), counter: 0 },
  }).catch(() => undefined)
  if (!checked?.verified) return undefined
  const { newCounter, credentialBackedUp } = checked.authenticationInfo
  return { counter: BigInt(newCounter), backedUp: credentialBackedUp }
}
