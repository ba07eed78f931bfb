/** Erases what was kept after a closure, on the day its reason ends. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { eraseNotices } from '../notices/store.ts'
import { eraseSubscriber } from '../subscribers/store.ts'
import { eraseTickets } from '../tickets/store.ts'

type Due = { subscriber_id: string; case_id: string; category: string }

/** Invoices and certificates are evidence until their years are over; usage and contacts are erased by the day. */
const erasable = ['usage', 'contacts'] as const

export async function sweepRetention(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<Due>`
      select subscriber_id, case_id, category from retention
      where erased_at is null and keep_until <= ${now} and category = any(${[...erasable]})
      order by keep_until limit 50 for update skip locked`.execute(trx)
    for (const due of rows) await erase(trx, app, due, now)
  })
}

async function erase(trx: Trx, app: App, due: Due, now: Temporal.Instant): Promise<void> {
  if (due.category === 'usage') await eraseUsage(trx, due)
  if (due.category === 'contacts') {
    await eraseSubscriber(trx, due.subscriber_id, now)
    await eraseNotices(trx, due.subscriber_id)
    await eraseTickets(trx, due.subscriber_id)
  }
  await trx
    .updateTable('retention')
    .set({ erased_at: now })
    .where('subscriber_id', '=', due.subscriber_id)
    .where('case_id', '=', due.case_id)
    .where('category', '=', due.category)
    .execute()
  await audit(trx, app.ids, now, {
    subscriberId: due.subscriber_id,
    actor: system,
    action: 'retention.erased',
    subject: { kind: 'closure', id: due.case_id },
    reason: `the day to keep ${due.category} has come`,
  })
}

async function eraseUsage(trx: Trx, { subscriber_id, case_id }: Due): Promise<void> {
  await sql`
    delete from usage_record u using closure_case c
    where c.subscriber_id = ${subscriber_id} and c.case_id = ${case_id} and u.subscriber_id = c.subscriber_id
      and c.closing_lines ? u.line_id`.execute(trx)
  // The last sessions of a line say in which networks it was.
  await sql`
    update purse p set sessions = '', open_sessions = 0, sessions_due_at = null, version = p.version + 1
    from closure_case c
    where c.subscriber_id = ${subscriber_id} and c.case_id = ${case_id} and p.subscriber_id = c.subscriber_id
      and c.closing_lines ? p.line_id and p.sessions <> ''`.execute(trx)
}
