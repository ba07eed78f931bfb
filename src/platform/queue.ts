/** Durable jobs on the same database: enqueued in the transaction that changed the domain, woken by NOTIFY. */
import { fromKysely, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Trx } from './database.ts'

export type JobData = Record<string, string>
export type Job = {
  readonly queue: string
  run(data: JobData): Promise<void>
  /** Called when the job failed for good; says so where a person looks. */
  gaveUp(data: JobData, error: string): Promise<void>
}
export type Queue = {
  /** Enqueues inside the caller's transaction; one job at a time runs per key. */
  send(trx: Trx, queue: string, key: string, data: JobData): Promise<void>
  work(jobs: readonly Job[]): Promise<void>
  close(): Promise<void>
}

const retries = { retryLimit: 5, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 }
const supervision = { heartbeatSeconds: 10, expireInSeconds: 300 }

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
  for (const name of queues) {
    await boss.createQueue(`${name}.dead`, { notify: true })
    await boss.createQueue(name, {
      policy: 'singleton',
      notify: true,
      deadLetter: `${name}.dead`,
      ...retries,
      ...supervision,
    })
  }
  return {
    async send(trx, queue, key, data) {
      await boss.send(queue, data, { db: fromKysely(trx), singletonKey: key })
    },
    async work(jobs) {
      for (const job of jobs) await workOn(boss, job, log)
    },
    async close() {
      await boss.stop({ graceful: true, timeout: 8000 })
    },
  }
}

async function workOn(boss: PgBoss, job: Job, log: Logger) {
  const options = {
    batchSize: 8,
    perJobResults: true as const,
    pollingIntervalSeconds: 2,
    burstWhenBatchFull: true,
  }
  await boss.work<JobData>(job.queue, options, async (batch) =>
    Promise.all(
      batch.map(async ({ id, data }) => {
        try {
          await job.run(data)
          return { id, status: 'completed' as const }
        } catch (error) {
          log.error({ err: error, queue: job.queue, data }, 'job failed')
          return { id, status: 'failed' as const, output: { message: String(error) } }
        }
      }),
    ),
  )
  await boss.work<JobData>(
    `${job.queue}.dead`,
    { batchSize: 8, pollingIntervalSeconds: 2 },
    async (batch) => {
      for (const dead of batch) await job.gaveUp(dead.data, outputOf(dead))
    },
  )
}

function outputOf(job: object): string {
  return 'sourceOutput' in job ? JSON.stringify(job.sourceOutput) : 'failed too often'
}
