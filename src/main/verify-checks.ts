/** What makes a certificate valid: signed with a published key, unchanged, whole, and adding up. */
import { isDeepStrictEqual } from 'node:util'
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import { z } from 'zod'
import { addendumSchema, belongsTo, type ClosureAddendum } from '../closure/addendum.ts'
import {
  arithmeticProblems,
  certificateSchema,
  type ClosureCertificate,
} from '../closure/certificate.ts'
import { readSeal, sealPayload } from '../closure/pdf-seal.ts'
import { receiptSchema, receiptType, type RetentionReceipt } from '../closure/receipt.ts'
import { signatureType } from '../platform/signing.ts'
import type { CertificateFile } from './verify-file.ts'
import type { Keys } from './verify-keys.ts'

export type Check =
  | 'file'
  | 'key'
  | 'signature'
  | 'schema'
  | 'arithmetic'
  | 'copy'
  | 'page'
  | 'addendum'
export type Problem = { check: Check; field?: string; problem: string }
type Key = { kty: string; crv: string; x: string }
export type Verdict = {
  valid: boolean
  /** What was looked at, in that order; an early failure ends it. */
  checked: readonly Check[]
  problems: Problem[]
  keyId: string | undefined
  /** Only what the signature covers; undefined unless it holds. */
  certificate: ClosureCertificate | undefined
  /** The same for a retention receipt. */
  receipt?: RetentionReceipt | undefined
  /** What was added to it; only what its own signature covers. */
  addenda: readonly ClosureAddendum[]
}

/** What the file claims before anything was checked: only good for asking for its keys. */
export function claimedIssuer({ jws }: CertificateFile): string | undefined {
  const payload = jsonOf(jws.split('.')[1] ?? '')
  const issuer = z.object({ issuer: z.object({ url: z.string() }) }).safeParse(payload)
  return issuer.data?.issuer.url
}

export async function checkCertificate(file: CertificateFile, keys: Keys): Promise<Verdict> {
  const keyId = keyIdOf(file.jws)
  const refused = (check: Check, problem: string): Verdict => ({
    valid: false,
    checked: check === 'key' ? ['file', 'key'] : ['file', 'key', 'signature'],
    problems: [{ check, problem }],
    keyId,
    certificate: undefined,
    addenda: [],
  })
  if (keyId === undefined) return refused('key', 'the signature names none')
  const key = await publishedKey(keyId, keys)
  if (!key) return refused('key', `${keyId} is not among the published keys`)
  const payload = await signedPayload(file.jws, key)
  if (payload === undefined) {
    return refused('signature', 'does not fit: the certificate was changed after it was signed')
  }
  const problems = contentProblems(file, payload)
  if (file.kind === 'pdf') problems.push(...(await pageProblems(file.bytes, keys)))
  const checked: Check[] = ['file', 'key', 'signature', 'schema']
  if (!isReceipt(payload)) checked.push('arithmetic')
  if (file.kind !== 'jws') checked.push(file.kind === 'json' ? 'copy' : 'page')
  const { data: certificate } = certificateSchema.safeParse(payload)
  const { data: receipt } = receiptSchema.safeParse(payload)
  const added = await checkAddenda(file, certificate, keys)
  if (added.checked) checked.push('addendum')
  problems.push(...added.problems)
  const valid = problems.length === 0
  return { valid, checked, problems, keyId, certificate, receipt, addenda: added.addenda }
}

/** Each by its own signature, to this certificate, and read as it was signed. */
async function checkAddenda(
  file: CertificateFile,
  certificate: ClosureCertificate | undefined,
  keys: Keys,
) {
  const problems: Problem[] = []
  const addenda: ClosureAddendum[] = []
  const given = file.kind === 'json' ? file.addenda : []
  for (const [at, { addendum: copy, jws }] of given.entries()) {
    const keyId = keyIdOf(jws)
    const key = keyId === undefined ? undefined : await publishedKey(keyId, keys)
    const parsed = addendumSchema.safeParse(key && (await signedPayload(jws, key)))
    const says = (text: string) => problems.push(problem('addendum', [String(at)], text))
    if (!key) says('is not signed with a published key')
    else if (!parsed.success) says('does not fit: it was changed after it was signed')
    else if (!certificate || !belongsTo(parsed.data, { certificate, jws: file.jws }))
      says('belongs to another certificate')
    else if (differences(parsed.data, copy).length > 0) says('reads otherwise than what was signed')
    else addenda.push(parsed.data)
  }
  return { checked: given.length > 0, problems, addenda }
}

/** What is wrong with a file whoever signed it; nothing found here says nothing about who did. */
export function problemsWithoutKeys(file: CertificateFile): Problem[] {
  const payload = jsonOf(file.jws.split('.')[1] ?? '')
  if (payload === undefined) return [{ check: 'schema', problem: 'what was signed is no JSON' }]
  return contentProblems(file, payload)
}

function contentProblems(file: CertificateFile, payload: unknown): Problem[] {
  return [
    ...(isReceipt(payload) ? receiptProblems(payload) : certificateProblems(payload)),
    ...(file.kind === 'json' ? differences(payload, file.copy) : []),
  ]
}

const isReceipt = (payload: unknown) => isStructure(payload) && payload['type'] === receiptType

function receiptProblems(payload: unknown): Problem[] {
  const parsed = receiptSchema.safeParse(payload)
  return parsed.success ? [] : schemaProblems(parsed.error)
}

function certificateProblems(payload: unknown): Problem[] {
  const parsed = certificateSchema.safeParse(payload)
  return parsed.success ? arithmetic(parsed.data) : schemaProblems(parsed.error)
}

function keyIdOf(jws: string): string | undefined {
  const header = z.object({ kid: z.string() }).safeParse(jsonOf(jws.split('.')[0] ?? ''))
  return header.data?.kid
}

/** A published key counts under the id it computes to (RFC 7638), whatever name it was given. */
async function publishedKey(keyId: string, { keys }: Keys): Promise<Key | undefined> {
  for (const { kty, crv, x, kid } of keys) {
    if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined || kid !== keyId) continue
    if ((await calculateJwkThumbprint({ kty, crv, x })) === keyId) return { kty, crv, x }
  }
  return undefined
}

/**
 * A published key sealed the whole PDF, or anything could be printed around a genuine certificate. It may be a newer one
 * than signed the certificate: a page is typeset when somebody asks for it.
 */
async function pageProblems(pdf: Uint8Array, keys: Keys): Promise<Problem[]> {
  const found = readSeal(pdf)
  const keyId = found && keyIdOf(found.seal)
  const key = keyId === undefined ? undefined : await publishedKey(keyId, keys)
  const sealed = found && key && (await signedPayload(found.seal, key))
  if (sealed !== undefined && isDeepStrictEqual(sealed, sealPayload(found?.sha256 ?? ''))) return []
  const text = 'was changed, or saved by another program; the certificate attached to it is genuine'
  return [{ check: 'page', problem: text }]
}

async function signedPayload(jws: string, key: Key): Promise<unknown> {
  // The last letter of base64url has spare bits: a changed one could leave the bytes alone.
  if (
    !jws.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  ) {
    return undefined
  }
  try {
    const options = { algorithms: ['Ed25519'] }
    const { payload, protectedHeader } = await compactVerify(
      jws,
      await importJWK(key, 'Ed25519'),
      options,
    )
    if (protectedHeader.typ !== signatureType) return undefined
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return undefined
  }
}

function schemaProblems(error: z.ZodError): Problem[] {
  return error.issues.map(({ path, message }) => problem('schema', path.map(String), message))
}

function arithmetic(certificate: ClosureCertificate): Problem[] {
  return arithmeticProblems(certificate).map((one) => ({ check: 'arithmetic', ...one }))
}

/** Where the copy for reading says something else than what was signed. */
function differences(signed: unknown, shown: unknown, path: readonly string[] = []): Problem[] {
  if (
    !isStructure(signed) ||
    !isStructure(shown) ||
    Array.isArray(signed) !== Array.isArray(shown)
  ) {
    if (signed === shown) return []
    return [problem('copy', path, `reads ${brief(shown)}, but ${brief(signed)} was signed`)]
  }
  const names = [...new Set([...Object.keys(signed), ...Object.keys(shown)])]
  return names.flatMap((name) => {
    const at = [...path, name]
    if (!Object.hasOwn(shown, name))
      return [problem('copy', at, 'was signed, but is missing in the copy for reading')]
    if (!Object.hasOwn(signed, name)) return [problem('copy', at, 'was never signed')]
    return differences(signed[name], shown[name], at)
  })
}

const problem = (check: Check, path: readonly string[], text: string): Problem =>
  path.length === 0 ? { check, problem: text } : { check, field: path.join('.'), problem: text }

const isStructure = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

function brief(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}
