/** Durable work of periods: reminded of, earned when over, begun again, waited for, ended. */
import { sql } from 'kysely'
import { chargeForRenewal, chargeWithinMinutes } from '../payments/charge-store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { Job } from '../platform/queue.ts'
import { decimal, type Money } from '../values/money.ts'
import { tellEnded, tellReminder, tellRenewed, tellWaiting } from './notice-store.ts'
import { beginPeriod, earnPeriod } from './period-store.ts'
import { type Due, dueOn, type Standing } from './renewal.ts'
import { lockStanding } from './standing-store.ts'
import { nothingNext, setLine, setRenewal } from './term-store.ts'

export const periodQueue = 'renewals.period'
export const renewalQueues = [periodQueue]

const periodsAtOnce = 200

export function renewalJobs(app: App): Job[] {
  return [
    {
      queue: periodQueue,
      run: ({ subscriberId, lineId }) => lookAt(app, subscriberId!, lineId!),
      // The line keeps its due date, so the sweep sends it again.
      gaveUp: async ({ lineId }, error) =>
        app.log.error({ lineId, error }, 'a period is not settled'),
    },
  ]
}

/** Does what is due on a line. Run again, it finds nothing more to do. */
async function lookAt(app: App, subscriberId: string, lineId: string) {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const standing = await lockStanding(trx, { subscriberId, lineId })
    if (!standing) return
    const due = dueOn(standing, now)
    // Its closure earns what a closing line has paid ahead.
    if (standing.state !== 'closing' && standing.state !== 'closed')
      await earnPeriod(trx, app, standing, now)
    await perform(trx, app, standing, due, now)
  })
}

async function perform(
  trx: Trx,
  app: App,
  standing: Standing,
  due: Due,
  now: Temporal.Instant,
): Promise<void> {
  if (due.do === 'nothing') return setLine(trx, standing, { due_at: due.lookAt })
  if (due.do === 'remind') {
    await setRenewal(trx, standing, { reminded_for: standing.periodEnd! })
    await setLine(trx, standing, { due_at: due.lookAt })
    return tellReminder(trx, app, standing, due)
  }
  if (due.do === 'renew') return renew(trx, app, standing, due, now)
  if (due.do === 'end') return end(trx, app, standing, due.why, now)
  // Its owner named a card for what the credit lacks: the money, or the card's no, wakes this line again.
  if (due.first && standing.state === 'active' && (await asksCard(trx, app, standing, due.missing)))
    return setLine(trx, standing, { due_at: now.add({ minutes: chargeWithinMinutes }) })
  await setLine(trx, standing, { due_at: due.lookAt })
  if (!due.first) return
  await setRenewal(trx, standing, { waiting_since: now })
  await tellWaiting(trx, app, standing, due)
  await note(trx, app, standing, now, {
    action: 'plan.renewal-waits',
    reason: 'the credit does not cover it',
    detail: { missing: decimal(due.missing), currency: due.missing.currency },
  })
}

function asksCard(trx: Trx, app: App, standing: Standing, amount: Money): Promise<boolean> {
  const { subscriberId, lineId, periodEnd } = standing
  return chargeForRenewal(trx, app, { subscriberId, lineId, periodEnd: periodEnd!, amount })
}

async function renew(
  trx: Trx,
  app: App,
  standing: Standing,
  { terms, price, percentOff, start }: Extract<Due, { do: 'renew' }>,
  now: Temporal.Instant,
) {
  const next = { terms, price, percentOff, start, quoteHash: null }
  const until = await beginPeriod(trx, app, standing, next, now)
  await tellRenewed(trx, app, standing, { price, end: until })
  await note(trx, app, standing, now, {
    action: 'plan.renewed',
    reason: 'renewal is on',
    detail: {
      amount: decimal(price),
      currency: price.currency,
      plan: `${terms.plan.planId}/${terms.plan.version}`,
      until: until.toString(),
    },
  })
}

const endings = {
  'renewal-off': 'renewal is off',
  'no-credit': 'the credit for another period did not come',
  'no-line-to-go-with': 'the line that the companion went with is closed',
} as const

/** The plan is over; the line stays, and what it uses is paid from its credit. */
async function end(
  trx: Trx,
  app: App,
  standing: Standing,
  why: keyof typeof endings,
  now: Temporal.Instant,
) {
  await setRenewal(trx, standing, { waiting_since: null, ...nothingNext })
  await setLine(trx, standing, { due_at: null, auto_renew: false })
  await tellEnded(trx, app, standing)
  await note(trx, app, standing, now, {
    action: 'plan.ended',
    reason: endings[why],
    detail: {},
  })
}

type Note = { action: string; reason: string; detail: Record<string, string> }

async function note(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: Standing,
  now: Temporal.Instant,
  { action, reason, detail }: Note,
) {
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: system,
    action,
    subject: { kind: 'line', id: lineId },
    reason,
    detail,
  })
}

/** Called every second by the worker. */
export async function sweepRenewals(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    // Pushed on, so that the next sweep does not send the same line again before its job has run.
    const { rows } = await sql<{ subscriber_id: string; line_id: string }>`
      update line set due_at = ${now.add({ minutes: 5 })}
      where (subscriber_id, line_id) in (
        select subscriber_id, line_id from line where due_at <= ${now}
        order by due_at limit ${periodsAtOnce} for update skip locked)
      returning subscriber_id, line_id`.execute(trx)
    for (const { subscriber_id, line_id } of rows) {
      await app.queue.send(trx, periodQueue, line_id, {
        subscriberId: subscriber_id,
        lineId: line_id,
      })
    }
  })
}
