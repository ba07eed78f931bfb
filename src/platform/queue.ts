/** Durable jobs on the same database: enqueued in the transaction that changed the domain, woken by NOTIFY. */
import assert from 'node:assert/strict'
import { fromKysely, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import { payloadKeys } from './closing.ts'
import type { Trx } from './database.ts'
import { scrub } from './log.ts'
import type { Put } from './statement.ts'

export type JobData = Record<string, string>
export type Job = {
  readonly queue: string
  run(data: JobData): Promise<void>
  /** Called when the job failed for good; says so where a person looks. `id` names this failure, also when it is told twice. */
  gaveUp(data: JobData, error: string, id: string): Promise<void>
}
export type Again = { id: string; afterSeconds: number }
export type KeyedJob = { key: string; data: JobData }
export type Queue = {
  /** Enqueues inside the caller's transaction; one job at a time runs per key. `afterSeconds`: not before. */
  send(trx: Trx, queue: string, key: string, data: JobData, afterSeconds?: number): Promise<void>
  /** The same later, after a failure that `id` names: told of it twice, it is one job. */
  sendAgain(trx: Trx, queue: string, key: string, data: JobData, again: Again): Promise<void>
  /** The same for any number of jobs, in one statement. */
  sendAll(trx: Trx, queue: string, jobs: readonly KeyedJob[]): Promise<void>
  /** The same for one job, as the end of a larger statement. */
  sending(queue: string, job: KeyedJob): Promise<Sending>
  work(jobs: readonly Job[]): Promise<void>
  close(): Promise<void>
}
/** What follows `with … ,` in a statement; the job is enqueued where the relation `from` has its one row. */
export type Sending = (put: Put, from: string) => string

const retries = { retryLimit: 5, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 }
const supervision = { heartbeatSeconds: 10, expireInSeconds: 300 }
// Nobody comes after who takes note of a job that failed for good, so that is tried until it is done.
const untilDone = { ...retries, retryLimit: 1_000_000, ...supervision, notify: true }

export async function openQueue(
  url: string,
  log: Logger,
  queues: readonly string[],
): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: url,
    schema: 'pgboss',
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    max: 5,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'queue'))
  await boss.start()
  await makeQueues(boss, queues)
  return {
    async send(trx, queue, key, data, afterSeconds = 0) {
      assertNamesNobody(queue, data)
      const later = afterSeconds > 0 && { startAfter: afterSeconds }
      await boss.send(queue, data, { db: fromKysely(trx), singletonKey: key, ...later })
    },
    sendAgain: (trx, ...job) => insertAgain(boss, trx, ...job),
    async sendAll(trx, queue, jobs) {
      await insertJobs(boss, trx, queue, jobs)
    },
    sending: (queue, job) => sendingOf(boss, queue, job),
    async work(jobs) {
      for (const job of jobs) await workOn(boss, job, log)
    },
    async close() {
      await boss.stop({ graceful: true, timeout: 8000 })
    },
  }
}

/** Makes those that aren't there yet: a start on a database that has them all asks once. */
async function makeQueues(boss: PgBoss, queues: readonly string[]) {
  const made = new Map((await boss.getQueues()).map((queue) => [queue.name, queue]))
  for (const name of queues) {
    const dead = made.get(`${name}.dead`)
    if (!dead) await boss.createQueue(`${name}.dead`, untilDone)
    else if (dead.retryLimit !== untilDone.retryLimit)
      await boss.updateQueue(`${name}.dead`, untilDone)
    if (made.has(name)) continue
    await boss.createQueue(name, {
      policy: 'singleton',
      notify: true,
      deadLetter: `${name}.dead`,
      ...retries,
      ...supervision,
    })
  }
}

/** Ended jobs stay for days, so what they carry is named in `closing.ts`: ids and moments, never a person's data. */
function assertNamesNobody(queue: string, data: JobData) {
  for (const [key, value] of Object.entries(data)) {
    assert(payloadKeys.has(key), `a job of ${queue} carries "${key}", which has no closing rule`)
    assert(!/@|^\+\d/.test(value), `a job of ${queue} carries an address in "${key}"`)
  }
}

/** A job's id is used once in its queue: the failure's own is free in the queue that it goes back to. */
export async function insertAgain(
  boss: PgBoss,
  trx: Trx,
  queue: string,
  key: string,
  data: JobData,
  { id, afterSeconds }: Again,
): Promise<void> {
  assertNamesNobody(queue, data)
  const options = { db: fromKysely(trx), id, singletonKey: key, startAfter: afterSeconds }
  await boss.send(queue, data, options)
}

export async function insertJobs(
  boss: PgBoss,
  trx: Trx,
  queue: string,
  jobs: readonly KeyedJob[],
): Promise<void> {
  if (jobs.length === 0) return
  for (const { data } of jobs) assertNamesNobody(queue, data)
  const rows = jobs.map(({ key, data }) => ({ data, singletonKey: key }))
  await boss.insert(queue, rows, { db: fromKysely(trx) })
}

// By queue manager and queue: what pg-boss says to insert a job is the same every time.
const insertions = new WeakMap<PgBoss, Map<string, string>>()

/** pg-boss's own statement as a part of ours, so that a call which a phone waits for needs no second one. */
export async function sendingOf(
  boss: PgBoss,
  queue: string,
  { key, data }: KeyedJob,
): Promise<Sending> {
  assertNamesNobody(queue, data)
  const known = insertions.get(boss) ?? new Map<string, string>()
  insertions.set(boss, known)
  const text = known.get(queue) ?? (await insertionOf(boss, queue))
  known.set(queue, text)
  const jobs = JSON.stringify([{ data, singletonKey: key }])
  return (put, from) => text.replace('$1', () => `(select ${put(jobs, 'text')} from ${from})`)
}

async function insertionOf(boss: PgBoss, queue: string): Promise<string> {
  let said = ''
  const listen = async (text: string) => {
    said = text
    return { rows: [] }
  }
  await boss.insert(queue, [{ data: {} }], { db: { executeSql: listen }, returnId: true })
  const [, parts = ''] = /^\s*with\s(.*)$/is.exec(said) ?? []
  assert(
    parts.split('$').length === 2 && parts.includes('$1'),
    'pg-boss inserts with one parameter',
  )
  return parts
}

async function workOn(boss: PgBoss, job: Job, log: Logger) {
  const work = (queue: string, run: (given: Given) => Promise<void>, how = options) =>
    boss.work<JobData>(queue, how, async (batch) =>
      Promise.all(
        batch.map(async (given) => {
          const { id, data } = given
          try {
            await run(given)
            return { id, status: 'completed' as const }
          } catch (error) {
            log.error({ err: error, queue, data }, 'job failed')
            return { id, status: 'failed' as const, output: { message: scrub(String(error)) } }
          }
        }),
      ),
    )
  await work(job.queue, ({ data }) => job.run(data))
  // Why a job failed is told only with all that is known of it.
  const whole = { ...options, includeMetadata: true }
  await work(`${job.queue}.dead`, (dead) => job.gaveUp(dead.data, causeOf(dead), dead.id), whole)
}

type Given = { id: string; data: JobData }

const options = {
  batchSize: 8,
  perJobResults: true as const,
  pollingIntervalSeconds: 2,
  // Nobody notifies of a job that failed and is due again; the default would find it after 30 s.
  notifyPollingIntervalSeconds: 5,
  burstWhenBatchFull: true,
}

/** What the last try of it came to: our own failure has a message, the queue's says what was missed. */
function causeOf(job: object): string {
  const output: unknown = 'sourceOutput' in job ? job.sourceOutput : null
  if (typeof output !== 'object' || output === null) return 'failed too often'
  return 'message' in output ? String(output.message) : scrub(JSON.stringify(output))
}
