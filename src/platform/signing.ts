/** The installation's Ed25519 keys: they sign what must be provable later, and their public halves stay published. */
import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { Config } from './config.ts'
import { CannotStart } from './process.ts'

export const signatureType = 'violet-closure+jws'

export type PublicKey = { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; alg: 'Ed25519'; use: 'sig' }
export type Signer = {
  readonly keyId: string
  /** A compact JWS over the JSON of the payload. */
  sign(payload: object): Promise<string>
  /** Every key that ever signed, the current one first (RFC 7517). */
  jwks(): { keys: PublicKey[] }
}

type PrivateKey = { kty: 'OKP'; crv: 'Ed25519'; x: string; d: string }

/** Reads the keys and makes the first one; several processes may do so at the same moment and agree. */
export async function openSigner({ dataDir }: Pick<Config, 'dataDir'>): Promise<Signer> {
  const folder = join(dataDir, 'keys')
  const made = await openCurrent(folder)
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
  writeFileSync(draft, `${JSON.stringify(await exportJWK(pair.privateKey))}\n`, { mode: 0o600, flush: true })
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
  const key = parse(text)
  const whole = key?.['kty'] === 'OKP' && key['crv'] === 'Ed25519' && key['x'] && key['d']
  // A new key would leave every certificate signed so far without its published half.
  if (!whole) throw new CannotStart(`${path} is damaged; restore it from a backup, it signs certificates.`)
  return key as PrivateKey
}

/** Keys that were replaced: `retired-*.json`, of which only the public half counts. */
async function retiredKeys(folder: string, current: string): Promise<PublicKey[]> {
  const keys: PublicKey[] = []
  for (const name of readdirSync(folder).sort()) {
    if (!/^retired-.*\.json$/.test(name)) continue
    const jwk = parse(readFileSync(join(folder, name), 'utf8'))
    if (jwk?.['crv'] !== 'Ed25519' || !jwk['x']) continue
    const keyId = await calculateJwkThumbprint(jwk as JWK)
    if (keyId !== current) keys.push(publicKey(jwk as { x: string }, keyId))
  }
  return keys
}

const publicKey = ({ x }: { x: string }, kid: string): PublicKey => ({
  kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'Ed25519', use: 'sig',
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
