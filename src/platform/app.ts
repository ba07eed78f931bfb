/** The tools that every feature is given: nothing here knows a feature. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Logger } from 'pino'
import type { SubscriberId } from '../values/ids.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Db } from './database.ts'
import type { Ids } from './ids.ts'
import type { Again, JobData, Queue } from './queue.ts'

export type Role = 'reviewer' | 'support' | 'finance' | 'admin' | 'auditor'
export type StaffMember = {
  staffId: string
  name: string
  email: string
  role: Role
  locale: string
}

/** Who a request's cookies belong to. `fresh` looks at the database and not at a cached cookie. */
export type Sessions = {
  subscriberOf(headers: IncomingHttpHeaders, fresh: boolean): Promise<SubscriberId | undefined>
  staffOf(headers: IncomingHttpHeaders): Promise<StaffMember | undefined>
}

export type App = {
  config: Config
  db: Db
  clock: Clock
  ids: Ids
  log: Logger
  queue: Queue
  sessions: Sessions
}

/** Sends a job that was given up once more, in a transaction of its own. */
export async function tryAgain(
  { db, queue }: App,
  name: string,
  key: string,
  data: JobData,
  again: Again,
): Promise<void> {
  await db.transaction().execute((trx) => queue.sendAgain(trx, name, key, data, again))
}
