/** What a try at a one-time code is worth: six digits, ten minutes, five tries, used once, only the newest counts. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export const codeMinutes = 10
export const codeTries = 5
export const codesPerHourMax = 5
/** Over all contacts and cases of one subscriber, so that an account can't be used to mail strangers. */
export const codesPerHourOfSubscriberMax = 20

export type StoredCode = {
  hash: string
  expiresAt: Temporal.Instant
  triesLeft: number
  usedAt: Temporal.Instant | null
}

export type Verdict =
  | { kind: 'ok' }
  | { kind: 'wrong'; triesLeft: number }
  | { kind: 'expired' | 'used' | 'too-many' | 'not-asked' }

/** Judges a try against the newest code that was sent; `wrong` and a fresh `too-many` cost a try. */
export function judgeTry(
  code: StoredCode | undefined,
  triedHash: string,
  now: Temporal.Instant,
): Verdict {
  if (!code) return { kind: 'not-asked' }
  if (code.usedAt) return { kind: 'used' }
  if (code.triesLeft <= 0) return { kind: 'too-many' }
  if (Temporal.Instant.compare(now, code.expiresAt) >= 0) return { kind: 'expired' }
  if (sameHash(code.hash, triedHash)) return { kind: 'ok' }
  const triesLeft = code.triesLeft - 1
  return triesLeft > 0 ? { kind: 'wrong', triesLeft } : { kind: 'too-many' }
}

/**
 * Minutes until another code may be asked for, or 0 when that is now. `sentAt` holds the moments of the codes sent in
 * the last hour.
 */
export function minutesUntilNext(
  sentAt: readonly Temporal.Instant[],
  now: Temporal.Instant,
  perHourMax = codesPerHourMax,
): number {
  if (sentAt.length < perHourMax) return 0
  const newestFirst = [...sentAt].sort((a, b) => Temporal.Instant.compare(b, a))
  const freesAt = newestFirst[perHourMax - 1]!.add({ hours: 1 })
  const ms = freesAt.epochMilliseconds - now.epochMilliseconds
  return Math.max(0, Math.ceil(ms / 60_000))
}

/** The key that codes are hashed with; without it six digits could be found from their hash. */
export function codeKey(masterKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'violet one-time code', 32))
}

export function hashCode(key: Uint8Array, codeId: string, code: string): string {
  return createHmac('sha256', key).update(`${codeId}:${code}`).digest('base64url')
}

/** Six digits, each number equally likely: the uneven rest of the range is drawn again. */
export function sixDigits(random: (size: number) => Uint8Array): string {
  const evenRange = 4_294_000_000
  for (;;) {
    const drawn = Buffer.from(random(4)).readUInt32BE()
    if (drawn < evenRange) return String(drawn % 1_000_000).padStart(6, '0')
  }
}

function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
