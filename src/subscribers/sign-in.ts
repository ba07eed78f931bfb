/** The numbers and names of signing in by e-mail. */
export type Realm = 'subscribers' | 'staff'

export const signInMinutes = 10
export const signInTries = 5
/** Codes an address may be sent in an hour; with five tries each, guessing stays hopeless. */
export const asksPerHourMax = 10
/**
 * A flood from one client address is turned away. better-auth counts until there is a pause as long as the window, so
 * the window is short and the count high: many people may sit behind one address.
 */
export const flood = { window: 10, max: 100 } // seconds, requests

/** The name better-auth knows an address by: its tables hold no address. */
export function aliasOfBlind(blinded: string): string {
  return `${blinded.slice(0, 48)}@sign-in.invalid`
}

/** What a name is found by, whole words in one spelling. */
export function wordsOf(name: string): string[] {
  const words = name
    .normalize('NFKC')
    .toLowerCase()
    .split(/[\s,;.'’"()-]+/)
  return [...new Set(words.filter((word) => word !== ''))].slice(0, 12)
}
