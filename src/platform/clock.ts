/** The clock everything asks for the time, so that tests and simulations can move it. */
export type Clock = { now(): Temporal.Instant }

/** Whole milliseconds: what is written down is what a person and a database can repeat. */
export const systemClock: Clock = {
  now: () => Temporal.Instant.fromEpochMilliseconds(Date.now()),
}

export function testClock(
  start: string,
): Clock & { set(at: string): void; advance(by: Temporal.DurationLike): void } {
  let now = Temporal.Instant.from(start)
  return {
    now: () => now,
    set(at) {
      now = Temporal.Instant.from(at)
    },
    advance(by) {
      now = now.toZonedDateTimeISO('UTC').add(by).toInstant()
    },
  }
}
