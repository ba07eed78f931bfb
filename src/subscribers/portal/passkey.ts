/** The browser's side of passkeys: what it can, what it is asked, and what its refusals mean. */
import type { CreationOptions, RequestOptions } from '../../portal/wire.ts'
import type { WordKey } from '../../portal/words/keys.ts'

/** Newer than the browser's own types. */
type Signals = {
  signalUnknownCredential?: (about: { rpId: string; credentialId: string }) => Promise<void>
  signalAllAcceptedCredentials?: (about: {
    rpId: string
    userId: string
    allAcceptedCredentialIds: string[]
  }) => Promise<void>
}

/** Also false where the page did not come over a secure connection. */
export function canUsePasskeys(): boolean {
  const has = window.PublicKeyCredential as typeof PublicKeyCredential | undefined
  return typeof has?.parseRequestOptionsFromJSON === 'function'
}

/** Whether the browser offers passkeys in a field, among what it fills in. */
export async function canOfferPasskeys(): Promise<boolean> {
  if (!canUsePasskeys()) return false
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false
}

export async function makePasskey(options: CreationOptions): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  return answerOf(await navigator.credentials.create({ publicKey }))
}

/** With a signal it waits in the background until one is chosen in a field. */
export async function askForPasskey(
  options: RequestOptions,
  inField?: AbortSignal,
): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const how = inField && { mediation: 'conditional' as const, signal: inField }
  return answerOf(await navigator.credentials.get({ publicKey, ...how }))
}

function answerOf(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException('', 'NotAllowedError')
  return credential.toJSON()
}

const said: Partial<Record<string, WordKey>> = {
  InvalidStateError: 'passkeys.here-already',
  SecurityError: 'passkeys.other-address',
  ConstraintError: 'passkeys.no-lock',
  NotSupportedError: 'passkeys.no-lock',
}

/** What the browser refused, or, most often, its person; undefined: it was somebody else. */
export function passkeyWord(error: unknown): WordKey | 'cancelled' | undefined {
  return error instanceof DOMException ? (said[error.name] ?? 'cancelled') : undefined
}

/** So that a password manager stops offering what no longer opens anything. */
export async function sayUnknown(credentialId: string): Promise<void> {
  const about = { rpId: location.hostname, credentialId }
  await signals()
    ?.signalUnknownCredential?.(about)
    .catch(() => undefined)
}

export async function sayAccepted(subscriberId: string, credentialIds: string[]): Promise<void> {
  const userId = btoa(subscriberId).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const about = { rpId: location.hostname, userId, allAcceptedCredentialIds: credentialIds }
  await signals()
    ?.signalAllAcceptedCredentials?.(about)
    .catch(() => undefined)
}

function signals(): Signals | undefined {
  return window.PublicKeyCredential as unknown as Signals | undefined
}
