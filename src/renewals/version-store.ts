/** A newer version of a plan: whoever has an older one is told once that it is there, and that theirs stays. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { type Plan, planDocument } from '../plans/plan.ts'
import { tellVersion } from './notice-store.ts'
import { findStanding } from './standing-store.ts'

const linesAtOnce = 100

/** Called once a minute: tells some lines, and takes note of a version when all have been told. */
export async function tellNewVersions(app: App): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    const version = await untoldVersion(trx, app.clock.now())
    if (!version) return
    const { rows } = await sql<{ subscriber_id: string; line_id: string }>`
      update line_renewal r set told_version = ${version.version}
      from (
        select l.subscriber_id, l.line_id from line l
        join line_renewal w on w.subscriber_id = l.subscriber_id and w.line_id = l.line_id
        where l.plan_id = ${version.planId} and l.plan_version < ${version.version}
          and l.state not in ('closing', 'closed') and w.told_version < ${version.version}
        order by l.subscriber_id, l.line_id limit ${linesAtOnce} for update of w skip locked) d
      where r.subscriber_id = d.subscriber_id and r.line_id = d.line_id
      returning r.subscriber_id, r.line_id`.execute(trx)
    for (const { subscriber_id, line_id } of rows) {
      const standing = await findStanding(trx, { subscriberId: subscriber_id, lineId: line_id })
      if (standing) await tellVersion(trx, app, standing, version)
    }
    if (rows.length < linesAtOnce) await takeNote(trx, app.clock.now(), version)
  })
}

/** One that is on sale, with its row held so that two workers do not tell at once. */
async function untoldVersion(trx: Trx, now: Temporal.Instant): Promise<Plan | undefined> {
  const row = await trx
    .selectFrom('plan_version')
    .select(['plan_id', 'version', 'document'])
    .where('told_at', 'is', null)
    .where('valid_from', '<=', now)
    .orderBy('plan_id')
    .orderBy('version')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  if (!row) return undefined
  return { planId: row.plan_id, version: row.version, ...planDocument.parse(row.document) }
}

async function takeNote(trx: Trx, now: Temporal.Instant, { planId, version }: Plan) {
  await trx
    .updateTable('plan_version')
    .set({ told_at: now })
    .where('plan_id', '=', planId)
    .where('version', '=', version)
    .execute()
}
