/** Checks a closure certificate or a retention receipt in the browser: an Ed25519 signature against the operator's
 * published keys. */

export type Jwks = { keys: (JsonWebKey & { kid?: string })[] }

/** A profile whose removal was proven after the certificate was signed. */
export type Added = { iccidMasked: string; confirmedAt: string }

export type Check =
  | { kind: 'valid'; claims: Record<string, unknown>; keyId: string; added: Added[] }
  | { kind: 'not-valid'; reason: 'no-certificate' | 'unknown-key' | 'changed' | 'not-supported' }

type Parts = { protectedHeader: string; payload: string; signature: string }

const documents = ['violet.closure-certificate', 'violet.retention-receipt']

export function isReceipt(claims: Record<string, unknown>): boolean {
  return String(claims['type'] ?? '').startsWith('violet.retention-receipt')
}

/** `text` is the JSON file, a compact JWS, or a JSON serialisation of one. */
export async function checkCertificate(text: string, jwks: Jwks): Promise<Check> {
  const parts = partsOf(text)
  const header = parts && json(parts.protectedHeader)
  if (!parts || !header) return { kind: 'not-valid', reason: 'no-certificate' }
  const keyId = String(header['kid'] ?? '')
  const key = jwks.keys.find((one) => one.kid === keyId)
  if (!key) return { kind: 'not-valid', reason: 'unknown-key' }
  const claims = json(parts.payload)
  const genuine = await verify(parts, key)
  if (genuine === undefined) return { kind: 'not-valid', reason: 'not-supported' }
  if (!genuine || !claims) return { kind: 'not-valid', reason: 'changed' }
  const type = String(claims['type'] ?? '')
  if (!documents.some((known) => type.startsWith(known)))
    return { kind: 'not-valid', reason: 'no-certificate' }
  if (!agrees(text, claims)) return { kind: 'not-valid', reason: 'changed' }
  const added = await checkAddenda(text, parts, jwks)
  if (!added) return { kind: 'not-valid', reason: 'changed' }
  return { kind: 'valid', claims, keyId, added }
}

/** What was added to a certificate; undefined when any of it is not genuine, or belongs to another one. */
async function checkAddenda(text: string, of: Parts, jwks: Jwks): Promise<Added[] | undefined> {
  const { addenda = [] } = parse(text.trim()) ?? {}
  if (!Array.isArray(addenda)) return undefined
  const digest = await sha256(`${of.protectedHeader}.${of.payload}.${of.signature}`)
  const added: Added[] = []
  for (const one of addenda as { addendum?: unknown; jws?: unknown }[]) {
    const parts = typeof one?.jws === 'string' ? compactIn(one.jws) : undefined
    const claims = parts && json(parts.payload)
    const keyId = String((parts && json(parts.protectedHeader)?.['kid']) ?? '')
    const key = jwks.keys.find(({ kid }) => kid === keyId)
    if (!parts || !claims || !key || !(await verify(parts, key))) return undefined
    const { type, certificateSha256, iccidMasked, confirmedAt } = claims
    const isOfThis =
      String(type ?? '').startsWith('violet.closure-addendum') && certificateSha256 === digest
    if (!isOfThis || canonical(one.addendum) !== canonical(claims)) return undefined
    added.push({ iccidMasked: String(iccidMasked), confirmedAt: String(confirmedAt) })
  }
  return added
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function verify(parts: Parts, jwk: JsonWebKey): Promise<boolean | undefined> {
  const { kty, crv, x } = jwk
  const bytes = decode(parts.signature)
  if (!bytes) return false
  try {
    const shape = { kty, crv, x } as JsonWebKey
    const key = await crypto.subtle.importKey('jwk', shape, { name: 'Ed25519' }, false, ['verify'])
    const signed = new TextEncoder().encode(`${parts.protectedHeader}.${parts.payload}`)
    return await crypto.subtle.verify({ name: 'Ed25519' }, key, bytes, signed)
  } catch {
    return undefined
  }
}

function partsOf(text: string): Parts | undefined {
  const trimmed = text.trim()
  const compact = compactIn(trimmed)
  if (compact) return compact
  const file = parse(trimmed)
  if (!file) return undefined
  const inside = Object.values(file).find((value) => typeof value === 'string' && compactIn(value))
  if (inside) return compactIn(inside as string)
  const [first] = Array.isArray(file['signatures'])
    ? (file['signatures'] as Record<string, unknown>[])
    : [file]
  const { protected: protectedHeader, signature } = first ?? {}
  const { payload } = file
  if (
    typeof protectedHeader !== 'string' ||
    typeof signature !== 'string' ||
    typeof payload !== 'string'
  ) {
    return undefined
  }
  return { protectedHeader, payload, signature }
}

function compactIn(text: string): Parts | undefined {
  const match = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text)
  const [, protectedHeader, payload, signature] = match ?? []
  return protectedHeader && payload && signature
    ? { protectedHeader, payload, signature }
    : undefined
}

const shownBeside = ['certificate', 'receipt', 'claims']

/** A file that shows readable claims beside the signed ones must show the same, once, and nothing else. */
function agrees(text: string, claims: Record<string, unknown>): boolean {
  const file = parse(text.trim())
  const names = Object.keys(file ?? {})
  const shows = names.filter((name) => shownBeside.includes(name))
  const others = names.filter((name) => ![...shows, 'jws', 'addenda'].includes(name))
  if (names.includes('jws') && (shows.length > 1 || others.length > 0)) return false
  const shown = file?.['certificate'] ?? file?.['receipt'] ?? file?.['claims']
  if (typeof shown !== 'object' || shown === null) return true
  return canonical(shown) === canonical(claims)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const members = entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
  return `{${members.join(',')}}`
}

function json(part: string): Record<string, unknown> | undefined {
  const bytes = decode(part)
  return bytes && parse(new TextDecoder().decode(bytes))
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function decode(part: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
