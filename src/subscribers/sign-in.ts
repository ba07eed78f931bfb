/** The numbers and names of signing in by a code, and which telephone numbers sign nobody in. */
export type Realm = 'subscribers' | 'staff'

export const signInMinutes = 10
export const signInTries = 5
/** Codes an address may be sent in an hour; with five tries each, guessing stays hopeless. */
export const asksPerHourMax = 10
/** Texts cost money, each, and somebody else may be paid for them. */
export const textsPerHourMax = 5
export const textsPerHourOfClientMax = 30
/**
 * A flood from one client address is turned away. better-auth counts until there is a pause as long as the window, so
 * the window is short and the count high: many people may sit behind one address.
 */
export const flood = { window: 10, max: 100 } // seconds, requests

/** The name better-auth knows an address by: its tables hold no address. */
export function aliasOfBlind(blinded: string): string {
  return `${blinded.slice(0, 48)}@sign-in.invalid`
}

export type NumberOwner = { subscriberId: string; verifiedAt: Temporal.Instant | null }

/**
 * A number of ours proves something while its line works; of others' numbers we know nothing. What one person verified
 * before the line had it is not theirs any more, once it is another's line.
 */
export function mayNumberSignIn(
  held:
    | {
        state: string
        subscriberId: string | null
        lineState: string | null
        since: Temporal.Instant | null
      }
    | undefined,
  owner: NumberOwner | undefined,
): boolean {
  if (!held || held.state === 'ported-out' || held.state === 'arriving') return true
  if (held.state !== 'assigned' || held.lineState !== 'active') return false
  if (!owner || owner.subscriberId === held.subscriberId) return true
  const { verifiedAt } = owner
  const { since } = held
  return verifiedAt !== null && since !== null && Temporal.Instant.compare(verifiedAt, since) > 0
}

/** What a name is found by, whole words in one spelling. */
export function wordsOf(name: string): string[] {
  const words = name
    .normalize('NFKC')
    .toLowerCase()
    .split(/[\s,;.'’"()-]+/)
  return [...new Set(words.filter((word) => word !== ''))].slice(0, 12)
}
