/** Runs work when it is due by the simulator's clock; what is due is in the database, so a restart forgets nothing. */
import type { Clock } from '../src/platform/clock.ts'

export type Timer = { schedule(): void; stop(): void }

export function openTimer(
  clock: Clock,
  nextDueMs: () => number | undefined,
  work: () => void,
): Timer {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const schedule = () => {
    clearTimeout(timer)
    const due = stopped ? undefined : nextDueMs()
    if (due === undefined) return
    // Not longer than a second: a test moves the clock without telling us.
    timer = setTimeout(tick, Math.min(1000, Math.max(0, due - clock.now().epochMilliseconds)))
  }
  const tick = () => {
    const due = nextDueMs()
    if (due !== undefined && due <= clock.now().epochMilliseconds) work()
    schedule()
  }
  schedule()
  return {
    schedule,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
