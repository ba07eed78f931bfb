/** Whether a line renews and with what, set by its owner; woken by credit that arrives, ended with the line. */
import { sql } from 'kysely'
import { whyFixed } from '../lines/line.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import { pairs, type Trx } from '../platform/database.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { isOver } from './renewal.ts'
import { type LineKey, lockStanding } from './standing-store.ts'
import { nothingNext, setLine, setRenewal } from './term-store.ts'

type Setting = { autoRenew?: boolean | undefined; scheduled?: null | undefined }

/** Turns renewal on or off, or drops what the next period would have begun with. */
export async function setAutoRenew(
  app: App,
  key: LineKey,
  { autoRenew, scheduled }: Setting,
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const standing = await lockStanding(trx, key)
    if (!standing) return refuse('not-found')
    const fixed = whyFixed(standing.state)
    if (fixed) return fixed
    const drops = scheduled === null || autoRenew === false
    // Turned on after the end it would charge at once; a new period then is asked for, with its price.
    if (autoRenew === true && isOver(standing, now) && !standing.autoRenew)
      return refuse('plan-has-ended')
    await setRenewal(trx, key, {
      ...(drops && nothingNext),
      ...(autoRenew === false && { waiting_since: null }),
    })
    if (autoRenew !== undefined) await setLine(trx, key, { auto_renew: autoRenew })
    await audit(trx, app.ids, now, {
      subscriberId: key.subscriberId,
      actor: { kind: 'subscriber', id: key.subscriberId },
      action: 'plan.renewal-set',
      subject: { kind: 'line', id: key.lineId },
      reason: 'asked by the subscriber',
      detail: {
        autoRenew: String(autoRenew ?? standing.autoRenew),
        ...(drops && standing.next && { dropped: 'scheduled change' }),
      },
    })
    return undefined
  })
}

/** Credit has come to a line: a period that waits for it is looked at now. */
export async function wakeRenewal(trx: Trx, now: Temporal.Instant, key: LineKey): Promise<void> {
  await sql`
    update line set due_at = ${now}
    where subscriber_id = ${key.subscriberId} and line_id = ${key.lineId} and auto_renew and period_end <= ${now}
      and state not in ('closing', 'closed')`.execute(trx)
}

/** Lines end: they renew no more and nothing waits for them; gives which did renew. The case writes the audit. */
export async function endRenewals(
  trx: Trx,
  lines: readonly LineKey[],
): Promise<ReadonlySet<string>> {
  const those = sql`
    ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x(subscriber_id, line_id)`
  await sql`
    update line_renewal r set next_plan_id = null, next_version = null, next_steps = null, waiting_since = null, changes = r.changes + 1
    from ${those} where r.subscriber_id = x.subscriber_id and r.line_id = x.line_id`.execute(trx)
  const { rows } = await sql<{ line_id: string }>`
    update line l set auto_renew = false, version = l.version + 1
    from ${those} where l.subscriber_id = x.subscriber_id and l.line_id = x.line_id and l.auto_renew
    returning l.line_id`.execute(trx)
  return new Set(rows.map(({ line_id }) => line_id))
}
