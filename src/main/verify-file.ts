/** Finds the signed certificate, or receipt, in what a person was given: the JSON, the bare JWS, or the PDF. */
import { inflateSync } from 'node:zlib'

export type CertificateFile =
  | { kind: 'json'; jws: string; copy: unknown; addenda: readonly SignedCopy[] }
  | { kind: 'jws'; jws: string }
  | { kind: 'pdf'; jws: string; bytes: Uint8Array }

/** What was added later: signed, with a copy for reading. */
export type SignedCopy = { addendum: unknown; jws: string }

export type Opened = { found: CertificateFile } | { problem: string }

const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/

export function openCertificateFile(bytes: Uint8Array): Opened {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (raw.subarray(0, 1024).includes('%PDF-')) return readPdf(raw)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return none('is neither a PDF nor text in UTF-8')
  }
  const bare = text.replace(/\r?\n$/, '')
  if (compact.test(bare)) return { found: { kind: 'jws', jws: bare } }
  return readJson(text)
}

function readJson(text: string): Opened {
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    return none('is neither a PDF, nor JSON, nor a compact JWS')
  }
  const { certificate, receipt, jws, addenda = [], ...more } = members(file)
  const copy = certificate ?? receipt
  if (copy === undefined) return none('has no "certificate"')
  if (certificate !== undefined && receipt !== undefined)
    return none('has both a "certificate" and a "receipt", and only one was signed')
  // What no signature covers must not stand beside what one does.
  if (Object.keys(more).length > 0 || (receipt !== undefined && 'addenda' in members(file)))
    return none('holds more than what was signed')
  if (typeof jws !== 'string') return none('has no "jws"')
  if (!compact.test(jws)) return none('has a "jws" that is no compact JWS')
  if (!isSignedCopies(addenda)) return none('has "addenda" that are not signed')
  // Spelled otherwise it might still mean the same, but somebody has touched it.
  const spelled = [JSON.stringify(file), JSON.stringify(file, null, 2)]
  if (!spelled.includes(text.replace(/\n$/, '')))
    return none('was spelled otherwise when it was made: somebody changed its text')
  return { found: { kind: 'json', jws, copy, addenda } }
}

const members = (value: unknown) => (value ?? {}) as Record<string, unknown>

function isSignedCopies(value: unknown): value is SignedCopy[] {
  if (!Array.isArray(value) || value.length > 1000) return false
  return value.every(
    (one: unknown) =>
      typeof one === 'object' &&
      one !== null &&
      Object.keys(one).length === 2 &&
      'addendum' in one &&
      'jws' in one &&
      typeof one.jws === 'string' &&
      compact.test(one.jws),
  )
}

function readPdf(raw: Buffer): Opened {
  const found = new Set(embeddedFiles(raw).filter((text) => compact.test(text)))
  const [jws] = found
  if (jws === undefined) return none('carries no signed certificate that can be read')
  if (found.size > 1) return none('carries more than one signed certificate')
  return { found: { kind: 'pdf', jws, bytes: raw } }
}

/** ISO 32000 §7.11.4: embedded file streams, as they are or deflated. */
function embeddedFiles(raw: Buffer): string[] {
  const text = raw.toString('latin1')
  return [...text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)].flatMap(({ index }) => {
    const begin = /stream\r?\n/g
    begin.lastIndex = index
    const head = begin.exec(text)
    const end = text.indexOf('endstream', index)
    if (!head || end < begin.lastIndex) return []
    const body = raw.subarray(begin.lastIndex, end)
    const dictionary = text.slice(text.lastIndexOf(' obj', index), head.index)
    try {
      const deflated = dictionary.includes('/FlateDecode')
      return [
        (deflated ? inflateSync(body, { maxOutputLength: 1_000_000 }) : body)
          .toString('utf8')
          .trim(),
      ]
    } catch {
      return []
    }
  })
}

const none = (problem: string): Opened => ({ problem })
