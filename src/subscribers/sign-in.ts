/** The numbers and names of signing in by e-mail. */
export type Realm = 'subscribers' | 'staff'

export const signInMinutes = 10
export const signInTries = 5
/** Codes an address may be sent in an hour; with five tries each, guessing stays hopeless. */
export const asksPerHourMax = 10
/** Per client address and minute; a code has only five tries whatever the address. */
export const asksPerMinuteMax = 20
export const triesPerMinuteMax = 30
