/** A statement out of parts, each naming its values where it stands. */

/** Adds a value to the statement's and gives its place there: `$3::text`. */
export type Put = (value: unknown, type: string) => string
