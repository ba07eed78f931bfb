/** The clock everything asks for the time, so that tests and simulations can move it. */
export type Clock = { now(): Temporal.Instant }

export const systemClock: Clock = { now: () => Temporal.Now.instant() }

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
