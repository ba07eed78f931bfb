/** The durable work of a bulk closure: one job takes one cohort as far as it goes at once, and sends the next. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { type Actor, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { Job, JobData } from '../platform/queue.ts'
import type { Bulk } from './bulk.ts'
import { giveBackSome, toGiveBack } from './bulk-off-store.ts'
import { hasEndedAll, hasUnopened, openCohort, underWay } from './bulk-open-store.ts'
import {
  bulkOf,
  bulkQueue,
  cohortJob,
  cohortsOf,
  findBulk,
  note,
  startCohorts,
} from './bulk-store.ts'
import { advanceAll } from './steps.ts'
import type { Partners } from './steps/step.ts'

export const bulkQueues = [bulkQueue]

/** A job ends well before the queue takes it for lost; the cohort then goes on in another. */
const workMsMax = 120_000
const againAfterSeconds = 600

export function bulkJobs(app: App, partners: Partners): Job[] {
  return [
    {
      queue: bulkQueue,
      run: (data) => (isGivingBack(data) ? giveBackAll(app, data) : runCohort(app, partners, data)),
      gaveUp: (data, error, id) =>
        isGivingBack(data) ? giveUpGivingBack(app, data, error, id) : giveUp(app, data, error, id),
    },
  ]
}

/** Takes a cohort as far as it goes. Run twice, or by two workers at once, it has the effect of once. */
export async function runCohort(app: App, partners: Partners, data: JobData): Promise<void> {
  const { bulkId = '' } = data
  const cohort = Number(data['cohort'])
  const bulk = await findBulk(app.db, bulkId)
  if (bulk?.state !== 'running') return
  await app.db.transaction().execute((trx) => openCohort(trx, app, bulk, cohort))
  const finished = await carryOut(app, partners, bulk, cohort)
  await app.db.transaction().execute(async (trx) => {
    const { key } = cohortJob(bulkId, cohort)
    if (!finished) return app.queue.send(trx, bulkQueue, key, data)
    const sent = !isAlone(data) && (await sendNext(trx, app, bulk, cohort))
    if (!sent) await endIfDone(trx, app, bulk)
  })
}

/** A cohort that gave up before sent the next one then. */
const isAlone = ({ attempt }: JobData) => attempt !== undefined

async function sendNext(trx: Trx, app: App, bulk: Bulk, cohort: number): Promise<boolean> {
  const next = cohort + bulk.lanes
  if (next >= (await cohortsOf(trx, bulk))) return false
  await app.queue.sendAll(trx, bulkQueue, [cohortJob(bulk.bulkId, next)])
  return true
}

/** False when there is more to do and no time left for it in this job. */
async function carryOut(
  app: App,
  partners: Partners,
  bulk: Bulk,
  cohort: number,
): Promise<boolean> {
  if (Temporal.Instant.compare(bulk.endsAt, app.clock.now()) > 0) return true
  const paced = pacedPartners(partners, bulk)
  const end = app.clock.now().add({ milliseconds: workMsMax })
  let keys = await underWay(app, bulk.bulkId, cohort)
  while (keys.length > 0) {
    if (Temporal.Instant.compare(app.clock.now(), end) > 0) return false
    if ((await findBulk(app.db, bulk.bulkId))?.state !== 'running') return true
    // Those that wait for a partner, or for a person, go on alone.
    keys = await advanceAll(app, paced, keys, { waking: 'caller', lanes: bulk.calls })
  }
  return true
}

/** Partners that are asked no more often than agreed; the cohorts under way share the rate. */
function pacedPartners(partners: Partners, { networkRate, paymentsRate, lanes }: Bulk): Partners {
  const network = pace(networkRate && networkRate / lanes)
  const payments = pace(paymentsRate && paymentsRate / lanes)
  return {
    ...partners,
    network: {
      find: (...asked) => network(() => partners.network.find(...asked)),
      cancelLocation: (...asked) => network(() => partners.network.cancelLocation(...asked)),
      delete: (...asked) => network(() => partners.network.delete(...asked)),
    },
    payments: {
      refund: (...asked) => payments(() => partners.payments.refund(...asked)),
      findRefund: (...asked) => payments(() => partners.payments.findRefund(...asked)),
      payout: (...asked) => payments(() => partners.payments.payout(...asked)),
      findPayout: (...asked) => payments(() => partners.payments.findPayout(...asked)),
      findDisputes: (...asked) => payments(() => partners.payments.findDisputes(...asked)),
      findCheckout: (...asked) => payments(() => partners.payments.findCheckout(...asked)),
    },
  }
}

/** Lets calls begin at an even rate. */
function pace(perSecond: number | null) {
  let nextMs = 0
  return async <Result>(call: () => Promise<Result>): Promise<Result> => {
    if (perSecond !== null) {
      const nowMs = performance.now()
      const startMs = Math.max(nowMs, nextMs)
      nextMs = startMs + 1000 / perSecond
      if (startMs > nowMs) await sleep(startMs - nowMs)
    }
    return call()
  }
}

/**
 * A cohort that fails for good: its cases go on one by one, and each that can't asks a person. The cohorts after it go
 * on as well, and what of it could not be opened is tried again.
 */
async function giveUp(app: App, data: JobData, error: string, id: string) {
  const { bulkId = '', cohort = '0' } = data
  app.log.error({ bulkId, cohort, error }, 'a cohort of a bulk closure goes on line by line')
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    await sql`
      update closure_case c set wake_at = ${now} from closure_bulk_line b
      where b.bulk_id = ${bulkId} and b.cohort = ${Number(cohort)} and c.subscriber_id = b.subscriber_id
        and c.case_id = b.case_id and c.state in ('scheduled', 'executing', 'settling')`.execute(
      trx,
    )
    const bulk = await findBulk(trx, bulkId)
    if (bulk?.state !== 'running') return
    if (!isAlone(data)) await sendNext(trx, app, bulk, Number(cohort))
    if (!(await hasUnopened(trx, bulkId, Number(cohort)))) return
    const { key } = cohortJob(bulkId, Number(cohort))
    const again = { bulkId, cohort, attempt: 'alone' }
    await app.queue.sendAgain(trx, bulkQueue, key, again, {
      id,
      afterSeconds: againAfterSeconds,
    })
  })
}

/** The one job of what was called off. */
const isGivingBack = ({ cohort }: JobData) => cohort === undefined
const givingBackJob = (bulkId: string) => ({ key: `${bulkId}:off`, data: { bulkId } })

/** Gives lines back until none is left. Run twice, or beside who called it off, it has the effect of once. */
async function giveBackAll(app: App, data: JobData): Promise<void> {
  const { bulkId = '' } = data
  if ((await findBulk(app.db, bulkId))?.state !== 'cancelled') return
  const actor: Actor = { kind: 'system', id: bulkId }
  const end = app.clock.now().add({ milliseconds: workMsMax })
  while ((await giveBackSome(app, bulkId, actor)) > 0) {
    if (Temporal.Instant.compare(app.clock.now(), end) < 0) continue
    const { key } = givingBackJob(bulkId)
    return app.db.transaction().execute((trx) => app.queue.send(trx, bulkQueue, key, data))
  }
}

/** One that can't be given back stops no other: those on their way go alone, and the rest is tried again. */
async function giveUpGivingBack(app: App, data: JobData, error: string, id: string) {
  const { bulkId = '' } = data
  app.log.error({ bulkId, error }, 'a bulk closure that was called off is given back line by line')
  await app.db.transaction().execute(async (trx) => {
    await sql`
      update closure_case c set wake_at = ${app.clock.now()} from closure_bulk_line b
      where b.bulk_id = ${bulkId} and c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
        and c.state = 'scheduled' and ${toGiveBack}`.execute(trx)
    const { key } = givingBackJob(bulkId)
    const again = { id, afterSeconds: againAfterSeconds }
    await app.queue.sendAgain(trx, bulkQueue, key, data, again)
  })
}

/** Takes up the cohorts of bulk closures whose day has come, and gives back the lines of those that were called off. */
export async function sweepBulk(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ bulk_id: string }>`
      update closure_bulk set wake_at = null
      where bulk_id in (select bulk_id from closure_bulk where wake_at <= ${now} and state in ('running', 'cancelled')
        order by wake_at limit 5 for update skip locked)
      returning bulk_id`.execute(trx)
    for (const { bulk_id } of rows) {
      const bulk = await findBulk(trx, bulk_id)
      if (bulk?.state === 'running') await startCohorts(trx, app, bulk)
      if (bulk?.state === 'cancelled')
        await app.queue.sendAll(trx, bulkQueue, [givingBackJob(bulk_id)])
    }
  })
}

/** Says that a bulk closure is done once each of its lines has come to an end. */
async function endIfDone(trx: Trx, app: App, { bulkId, reason }: Bulk): Promise<void> {
  if (!(await hasEndedAll(trx, bulkId))) return
  const ended = await trx
    .updateTable('closure_bulk')
    .set((row) => ({ state: 'done', ended_at: app.clock.now(), version: row('version', '+', 1) }))
    .where('bulk_id', '=', bulkId)
    .where('state', '=', 'running')
    .returning('bulk_id')
    .executeTakeFirst()
  if (ended) await note(trx, app, bulkId, system, 'done', reason)
}

/** Those whose last line waited for a partner. */
export async function endBulk(app: App): Promise<void> {
  const running = await app.db
    .selectFrom('closure_bulk')
    .selectAll()
    .where('state', '=', 'running')
    .where('ends_at', '<=', app.clock.now())
    .execute()
  for (const row of running)
    await app.db.transaction().execute((trx) => endIfDone(trx, app, bulkOf(row)))
}

const rejectDays = 90

/** Rows that named no line of ours are kept long enough to mend the file, and may name somebody: then they go. */
export async function sweepBulkRejects(app: App): Promise<void> {
  const before = app.clock.now().subtract({ hours: 24 * rejectDays })
  await sql`
    delete from closure_bulk_reject r using closure_bulk b
    where b.bulk_id = r.bulk_id and b.proposed_at < ${before}`.execute(app.db)
}
