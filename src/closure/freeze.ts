/** "This wasn't me": a link in every notice of a closure, that only we can have made. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

const shape = /^(case_[0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/

function macOf(masterKey: Uint8Array, caseId: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'violet closure freeze', 32))
  return createHmac('sha256', key).update(caseId).digest()
}

export function freezeToken(masterKey: Uint8Array, caseId: string): string {
  return `${caseId}.${macOf(masterKey, caseId).toString('base64url')}`
}

/** The case that a link is for, or undefined when it was not made by us. */
export function readFreezeToken(masterKey: Uint8Array, token: string): string | undefined {
  const [, caseId, mac] = shape.exec(token) ?? []
  if (caseId === undefined || mac === undefined) return undefined
  const given = Buffer.from(mac, 'base64url')
  return timingSafeEqual(given, macOf(masterKey, caseId)) ? caseId : undefined
}
