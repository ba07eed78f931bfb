/** The seal of a PDF: a signed digest of the file in its keywords, so that the printed page counts. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

export const sealType = 'violet.pdf-seal.v1'
const mark = 'violet-seal:'

/** What keeps the place of a seal of that many characters until the digest is known. */
export function sealPlace(length: number): string {
  return mark + '0'.repeat(length)
}

export function sealPayload(sha256: string) {
  return { type: sealType, sha256 }
}

/** A file's seal and the digest without it; undefined when there is none, or two that differ. */
export function readSeal(pdf: Uint8Array): { seal: string; sha256: string } | undefined {
  const text = Buffer.from(pdf).toString('latin1')
  const seals = new Set([...text.matchAll(/violet-seal:([\w.-]+)/g)].map(([, seal]) => seal))
  const [seal] = seals
  if (seal === undefined || seals.size > 1) return undefined
  const open = text.replaceAll(mark + seal, sealPlace(seal.length))
  return { seal, sha256: createHash('sha256').update(open, 'latin1').digest('hex') }
}

/** Puts the seal where its place was kept; every offset in the file stays what it was. */
export function putSeal(pdf: Uint8Array, seal: string): Uint8Array {
  const text = Buffer.from(pdf).toString('latin1')
  const place = sealPlace(seal.length)
  assert(text.includes(place), 'the document keeps a place for a seal of this length')
  return new Uint8Array(Buffer.from(text.replaceAll(place, mark + seal), 'latin1'))
}
