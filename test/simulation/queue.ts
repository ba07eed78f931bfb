/** The real queue on a clock that moves: pg-boss on the world's database, one job at a time by the world's choice. */
import { fromKysely, PgBoss, TestClock } from 'pg-boss'
import type pg from 'pg'
import {
  insertAgain,
  insertJobs,
  type JobData,
  type Queue,
  sendingOf,
} from '../../src/platform/queue.ts'
import type { Dice } from './dice.ts'

export type FetchedJob = { id: string; retryCount: number; data: JobData }

export type SimQueue = {
  send: Queue['send']
  sendAgain: Queue['sendAgain']
  sendAll: Queue['sendAll']
  sending: Queue['sending']
  setTime(ms: number): void
  /** The queues in which a job may be taken now. */
  ready(nowMs: number): Promise<string[]>
  fetch(queue: string): Promise<FetchedJob | undefined>
  complete(queue: string, job: FetchedJob): Promise<void>
  fail(queue: string, job: FetchedJob, error: unknown): Promise<void>
  /** Gives the jobs of dead workers back. */
  supervise(queue: string): Promise<void>
  /** Its own connections. */
  readonly pool: pg.Pool
  close(): Promise<void>
}

const at = (ms: number) => new Date(ms).toISOString()

export async function openSimQueue(
  url: string,
  eyes: pg.Pool,
  nowMs: number,
  chance: Dice,
): Promise<SimQueue> {
  const clock = new TestClock(nowMs)
  const boss = new PgBoss({
    connectionString: url,
    schema: 'pgboss',
    migrate: false,
    supervise: false,
    schedule: false,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    reindex: false,
    monitorVacuum: false,
    max: 1,
    clock,
  })
  boss.on('error', () => undefined)
  await boss.start()
  let drawn = 0
  // Retries are spread by the database's own chance, which is seeded like all other.
  const spread = () =>
    boss.getDb().executeSql('select setseed($1)', [chance.roll('spread', (drawn += 1))])
  let [wanted, told, telling] = [nowMs, nowMs, Promise.resolve()]
  // The database hears of the time when the queue is used next, and not with every step of the clock.
  const tell = () => {
    if (told !== wanted) {
      told = wanted
      telling = clock.setTime(wanted)
    }
    return telling
  }
  const queue: SimQueue = {
    async send(trx, name, key, data, afterSeconds = 0) {
      await tell()
      const later = afterSeconds > 0 && { startAfter: afterSeconds }
      await boss.send(name, data, { db: fromKysely(trx), singletonKey: key, ...later })
    },
    async sendAgain(trx, name, key, data, again) {
      await tell()
      await insertAgain(boss, trx, name, key, data, again)
    },
    async sendAll(trx, name, jobs) {
      await tell()
      await insertJobs(boss, trx, name, jobs)
    },
    sending: (name, job) => sendingOf(boss, name, job),
    setTime(ms) {
      wanted = ms
    },
    ready: async (ms) =>
      namesOf(await eyes.query({ name: 'ready', text: readySql, values: [at(ms)] })),
    async fetch(name) {
      await tell()
      const [job] = await boss.fetch<JobData>(name, { batchSize: 1 })
      return job && { id: job.id, retryCount: job.retryCount ?? 0, data: job.data }
    },
    async complete(name, { id, retryCount }) {
      await tell()
      await boss.complete(name, { id, retryCount })
    },
    async fail(name, { id, retryCount }, error) {
      await tell()
      await spread()
      await boss.fail(name, { id, retryCount }, { message: String(error) })
    },
    async supervise(name) {
      await tell()
      await spread()
      await boss.supervise(name)
    },
    // Its type tells only what a queue needs of a database.
    pool: (boss.getDb() as unknown as { pool: pg.Pool }).pool,
    close: () => boss.stop({ graceful: false }),
  }
  return queue
}

function namesOf({ rows }: { rows: { name: string }[] }): string[] {
  return rows.map(({ name }) => name)
}

const readySql = `
  select distinct j.name from pgboss.job j
  where j.state < 'active' and j.start_after <= $1 and not exists (
    select from pgboss.job a where a.name = j.name and a.state = 'active'
      and a.singleton_key is not distinct from j.singleton_key)
  order by 1`
const expires = `heartbeat_on + make_interval(secs => heartbeat_seconds)`
/** When a job may be taken or its worker is taken for dead, and the queues where one is; $1 is now. */
export const jobsDue = `
  (select min(due) from (
    select min(start_after) as due from pgboss.job where state < 'active' and start_after > $1
    union all
    select min(${expires}) + interval '1 millisecond' from pgboss.job where state = 'active') d)`
export const jobsOfTheDead = `
  array(select distinct name from pgboss.job where state = 'active' and ${expires} < $1 order by 1)`
