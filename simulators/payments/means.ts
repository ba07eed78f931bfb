/** What the provider works with: its books, a clock, names, messages, and how long things take. */
import type { Clock } from '../../src/platform/clock.ts'
import type { Ids } from '../../src/platform/ids.ts'
import type { Database } from '../database.ts'
import type { Outbox } from '../outbox.ts'
import type { openTimer } from '../timer.ts'

export type Pace = { refundMs: number; lateMs: number; expiresMs: number; timeoutMs: number }

export type Means = {
  db: Database
  clock: Clock
  ids: Ids
  outbox: Outbox
  pace: Pace
  baseUrl: () => string
  /** What wakes it when something is due; a simulation has its own. */
  timer?: typeof openTimer
}
