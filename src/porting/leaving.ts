/** Taking a number along after its account has ended: the link in the last message is who one is. */
import { macOf, sameHash } from './porting.ts'

const shape = /^(sub_[0-9a-f]{32})\.[A-Za-z0-9_-]{43}$/

/** How many codes one number is given within an hour. */
export const codesPerHourMax = 5

export function leavingUrl(
  { publicUrl, masterKey }: { publicUrl: string; masterKey: Uint8Array },
  subscriberId: string,
): string {
  return `${publicUrl}/take-number/${leavingToken(masterKey, subscriberId)}`
}

export function leavingToken(masterKey: Uint8Array, subscriberId: string): string {
  return `${subscriberId}.${macOf(masterKey, 'link', subscriberId)}`
}

/** Whose numbers a link is for, or undefined when it was not made by us. */
export function ownerOfLink(masterKey: Uint8Array, token: string): string | undefined {
  const subscriberId = shape.exec(token)?.[1]
  const isOurs = subscriberId && sameHash(leavingToken(masterKey, subscriberId), token)
  return isOurs ? subscriberId : undefined
}
