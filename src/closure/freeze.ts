/** "This wasn't me": a link in every notice of a closure, that only we can have made. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

const shape = /^(case_[0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/

type Use = 'freeze' | 'act' | 'intake'

function macOf(masterKey: Uint8Array, use: Use, text: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', `violet closure ${use}`, 32))
  return createHmac('sha256', key).update(text).digest()
}

/** The case that a link names; whether it was made by us is another question. */
export function caseInToken(token: string): string | undefined {
  return shape.exec(token)?.[1]
}

/** A link for one use and, where it names somebody, for them alone. */
export function linkToken(masterKey: Uint8Array, use: Use, caseId: string, whose = ''): string {
  const text = whose === '' ? caseId : `${caseId} ${whose}`
  return `${caseId}.${macOf(masterKey, use, text).toString('base64url')}`
}

/** Whether a link was made by us, for that use. */
export function isLink(masterKey: Uint8Array, use: Use, token: string, whose = ''): boolean {
  const caseId = caseInToken(token)
  if (caseId === undefined) return false
  const made = Buffer.from(linkToken(masterKey, use, caseId, whose))
  const given = Buffer.from(token)
  return given.length === made.length && timingSafeEqual(given, made)
}

export function freezeToken(masterKey: Uint8Array, caseId: string): string {
  return linkToken(masterKey, 'freeze', caseId)
}

/** The case that a link is for, or undefined when it was not made by us. */
export function readFreezeToken(masterKey: Uint8Array, token: string): string | undefined {
  return isLink(masterKey, 'freeze', token) ? caseInToken(token) : undefined
}
