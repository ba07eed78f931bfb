/** Durable work of lines: service begins once the eSIM is installed, a period that ended is earned. */
import { sql } from 'kysely'
import { subscriptionKeys } from '../esim/rsp-store.ts'
import { earn } from '../ledger/ledger.ts'
import { post } from '../ledger/store.ts'
import { taxFor } from '../ledger/tax-store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Job } from '../platform/queue.ts'
import { decimal, money } from '../values/money.ts'
import type { Network } from './gateway.ts'
import { activateQueue, type Line } from './line.ts'
import { linesOf, lockLines, ownerOf, startService } from './store.ts'

const periodQueue = 'lines.end-period'
export const lineQueues = [activateQueue, periodQueue]

const periodsAtOnce = 200

export function linesJobs(app: App, network: Network): Job[] {
  return [
    {
      queue: activateQueue,
      run: ({ subscriberId, lineId }) => activate(app, network, subscriberId!, lineId!),
      gaveUp: async ({ lineId }, error) =>
        app.log.error({ lineId, error }, 'a line has no service'),
    },
    {
      queue: periodQueue,
      run: ({ subscriberId, lineId }) => endPeriod(app, subscriberId!, lineId!),
      gaveUp: async ({ lineId }, error) =>
        app.log.error({ lineId, error }, 'a period is not earned'),
    },
  ]
}

async function activate(app: App, network: Network, subscriberId: string, lineId: string) {
  const [line] = await linesOf(app.db, subscriberId, lineId)
  if (!line) throw new Error(`no such line: ${lineId}`)
  const { imsi, iccid, msisdn, plan } = line
  if (line.state !== 'ordered' && line.state !== 'closed') return
  const held = await network.find(imsi)
  if (line.state === 'ordered' && line.profile.state === 'installed') {
    if (held?.state !== 'active') {
      const keys = () => subscriptionKeys(app, { subscriberId, iccid })
      const subscription = { imsi, iccid, msisdn, zones: [plan.zoneId], keys }
      await network.activate(subscription, `${lineId}:activate`)
    }
    if (await begin(app, line)) return
  }
  // A closure that ended the line meanwhile found nothing to remove: what we brought back goes again.
  const [after] = await linesOf(app.db, subscriberId, lineId)
  if (after?.state === 'closed' && (held || line.state === 'ordered')) {
    await network.cancelLocation(imsi, `${lineId}:undo:location`)
    await network.delete(imsi, `${lineId}:undo`)
  }
}

async function begin(app: App, line: Line): Promise<boolean> {
  const { subscriberId, lineId, plan } = line
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const began = await startService(trx, now, { subscriberId, lineId }, plan.periodDays)
    if (!began) return false
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: system,
      action: 'line.activated',
      subject: { kind: 'line', id: lineId },
      reason: 'the eSIM was installed',
    })
    const { recipients, locale } = await ownerOf(trx, subscriberId)
    await notify(trx, app, {
      subscriberId,
      noticeId: `line-active:${lineId}`,
      recipients,
      template: 'line-active',
      locale,
      params: {
        lineName: line.nickname,
        plan: plan.name[locale] ?? '',
        ...(line.msisdn ? { msisdn: line.msisdn } : {}),
        url: `${app.config.publicUrl}/lines/${lineId}`,
      },
    })
    return true
  })
}

/** What was paid for a period is earned when it ends; a closing line's closure does that itself. */
async function endPeriod(app: App, subscriberId: string, lineId: string) {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
    if (state === undefined || state === 'closing' || state === 'closed') return
    const row = await trx
      .selectFrom('line')
      .select(['period_end', 'due_at', 'currency', 'plan_id'])
      .where('subscriber_id', '=', subscriberId)
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
    if (!row.period_end || Temporal.Instant.compare(row.period_end, now) > 0) return
    const prepaid = await trx
      .selectFrom('ledger_account')
      .select('minor')
      .where('subscriber_id', '=', subscriberId)
      .where('line_id', '=', lineId)
      .where('account', '=', 'plan-prepaid')
      .where('currency', '=', row.currency)
      .executeTakeFirst()
    if (prepaid && prepaid.minor > 0n) {
      const amount = money(prepaid.minor, row.currency)
      const { postings, detail } = earn(
        [{ from: { account: 'plan-prepaid', lineId }, to: { account: 'plan-revenue' }, amount }],
        await taxFor(trx, subscriberId, now),
      )
      await post(trx, app.ids, {
        subscriberId,
        key: `${lineId}:period:${row.period_end.toString()}`,
        kind: 'plan-days-used',
        at: now,
        detail: {
          planId: row.plan_id,
          amount: decimal(amount),
          currency: amount.currency,
          ...detail,
        },
        postings,
      })
    }
    await trx
      .updateTable('line')
      .set({ due_at: null })
      .where('subscriber_id', '=', subscriberId)
      .where('line_id', '=', lineId)
      .execute()
  })
}

/** Called every second by the worker. */
export async function sweepLines(app: App): Promise<void> {
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
