/** The installation's Ed25519 keys: they sign what must be provable later, and their public halves stay published. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  calculateJwkThumbprint,
  CompactSign,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import type { Config } from './config.ts'
import { CannotStart } from './process.ts'

export const signatureType = 'violet-closure+jws'

export type PublicKey = {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  alg: 'Ed25519'
  use: 'sig'
}
export type Signer = {
  readonly keyId: string
  /** A compact JWS over the JSON of the payload. */
  sign(payload: object): Promise<string>
  /** Every key that ever signed, the current one first (RFC 7517). */
  jwks(): { keys: PublicKey[] }
}

type PrivateKey = { kty: 'OKP'; crv: 'Ed25519'; x: string; d: string }

/**
 * Reads the keys and makes the first one; several processes may do so at the same moment and agree.
 * Machines that share no folder share `signingKey`, a private JWK, or each would publish only its own.
 */
export async function openSigner({
  dataDir,
  signingKey,
}: Pick<Config, 'dataDir'> & { signingKey?: string | undefined }): Promise<Signer> {
  const folder = join(dataDir, 'keys')
  const made = signingKey === undefined ? await openCurrent(folder) : givenKey(signingKey)
  const keyId = await calculateJwkThumbprint(made)
  const key = await importJWK(made as JWK, 'Ed25519')
  const header = { alg: 'Ed25519', kid: keyId, typ: signatureType }
  const keys = [publicKey(made, keyId), ...(await retiredKeys(folder, keyId))]
  return {
    keyId,
    sign: (payload) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader(header)
        .sign(key),
    jwks: () => ({ keys: keys.map((one) => ({ ...one })) }),
  }
}

// The message never repeats what was given: it is the secret itself.
function givenKey(text: string): PrivateKey {
  const key = privateKey(text)
  if (key) return key
  throw new CannotStart(
    'VIOLET_SIGNING_KEY must be a private JWK: {"kty":"OKP","crv":"Ed25519","x":…,"d":…}.',
  )
}

async function openCurrent(folder: string): Promise<PrivateKey> {
  const path = join(folder, 'signing.json')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return read(path) ?? (await create(path))
  } catch (error) {
    if (error instanceof CannotStart) throw error
    throw new CannotStart(`The signing keys in ${folder} cannot be opened (${codeOf(error)}).`)
  }
}

// A link either makes the whole file or finds another process's; nobody ever reads a half-written key.
async function create(path: string): Promise<PrivateKey> {
  const pair = await generateKeyPair('Ed25519', { extractable: true })
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${JSON.stringify(await exportJWK(pair.privateKey))}\n`, {
    mode: 0o600,
    flush: true,
  })
  try {
    linkSync(draft, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  const kept = read(path)
  if (!kept) throw new CannotStart(`The signing key ${path} disappeared while it was opened.`)
  return kept
}

function read(path: string): PrivateKey | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
    chmodSync(path, 0o600)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const key = privateKey(text)
  // A new key would leave every certificate signed so far without its published half.
  if (!key)
    throw new CannotStart(`${path} is damaged; restore it from a backup, it signs certificates.`)
  return key
}

/** Only a pair that fits together: a wrong public half would sign what nobody can verify. */
function privateKey(text: string): PrivateKey | undefined {
  const { kty, crv, x, d } = parse(text) ?? {}
  if (kty !== 'OKP' || crv !== 'Ed25519' || !x || !d) return undefined
  try {
    const made = createPublicKey(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }))
    return made.export({ format: 'jwk' }).x === x ? { kty, crv, x, d } : undefined
  } catch {
    return undefined
  }
}

/** Keys that were replaced: `retired-*.json`, or the folder's own by a given one. Only the public half counts. */
async function retiredKeys(folder: string, current: string): Promise<PublicKey[]> {
  const keys: PublicKey[] = []
  if (!existsSync(folder)) return keys
  for (const name of readdirSync(folder).sort()) {
    if (!/^(retired-.*|signing)\.json$/.test(name)) continue
    const jwk = parse(readFileSync(join(folder, name), 'utf8'))
    if (jwk?.['crv'] !== 'Ed25519' || !jwk['x']) continue
    const keyId = await calculateJwkThumbprint(jwk as JWK)
    if (keyId !== current) keys.push(publicKey(jwk as { x: string }, keyId))
  }
  return keys
}

const publicKey = ({ x }: { x: string }, kid: string): PublicKey => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x,
  kid,
  alg: 'Ed25519',
  use: 'sig',
})

function parse(text: string): Record<string, string> | undefined {
  try {
    return JSON.parse(text) as Record<string, string>
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
