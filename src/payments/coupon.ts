/** A coupon: what it gives, how its code is written, and whether it can be used. */
import type { Money } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'

export type Coupon = {
  readonly code: string
  readonly amount: Money
  readonly expiresAt: Temporal.Instant
  readonly usesMax: number
  readonly used: number
}

const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `K7QX-M29D-WF3H`: nobody guesses one of twelve letters from twelve random bytes. */
export function makeCouponCode(random: Uint8Array): string {
  const letters = [...random.subarray(0, 12)].map((byte) => alphabet[byte % alphabet.length])
  return [0, 4, 8].map((at) => letters.slice(at, at + 4).join('')).join('-')
}

/** A code as it is kept: upper case, however it was typed; undefined where it can't be one. */
export function readCouponCode(typed: string): string | undefined {
  const code = typed.trim().toUpperCase().replace(/\s+/g, '')
  return /^[A-Z0-9][A-Z0-9-]{3,39}$/.test(code) ? code : undefined
}

/** Why a coupon gives nothing, or nothing when it does. */
export function whyNotUsed(
  coupon: Coupon | undefined,
  line: { currency: string; usedBefore: boolean },
  now: Temporal.Instant,
): Refusal | undefined {
  if (!coupon) return refuse('coupon-unknown')
  if (line.usedBefore) return refuse('coupon-used')
  if (Temporal.Instant.compare(now, coupon.expiresAt) >= 0) return refuse('coupon-expired')
  if (coupon.used >= coupon.usesMax) return refuse('coupon-expired')
  const { currency } = coupon.amount
  return currency === line.currency ? undefined : refuse('wrong-currency', { currency })
}
