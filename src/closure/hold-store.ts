/** Legal holds: one record is kept beyond its day, or its account's end; the closure goes on, the erasure waits for the release. */
import { sql } from 'kysely'
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { personalOrGone } from '../platform/personal.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { isHoldable, recordIdsOf } from '../values/closing.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import { eraseReleased } from './erase-store.ts'
import { closings } from './leftovers-store.ts'
import { locateCase } from './store.ts'

export type Hold = {
  holdId: string
  record: string
  basis: string
  placedAt: Temporal.Instant
  releasedAt: Temporal.Instant | null
}

export async function holdsOf(db: Db | Trx, subscriberId: string): Promise<Hold[]> {
  const rows = await db
    .selectFrom('legal_hold')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .orderBy('placed_at')
    .orderBy('hold_id')
    .execute()
  return rows.map((row) => ({
    holdId: row.hold_id,
    record: row.record,
    basis: row.basis,
    placedAt: row.placed_at,
    releasedAt: row.released_at,
  }))
}

/** Placed on a record of the subscriber whose case it is; asked twice, it is the one that stands. */
export async function placeHold(
  app: App,
  staff: StaffMember,
  asked: { caseId: string; record: string; basis: string },
): Promise<Hold | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const place = await locateCase(trx, { caseId: asked.caseId })
    if (!place) return refuse('not-found')
    const subscriberId = place.subscriber_id
    // Whoever erases what is theirs has either seen this hold, or is done before it is placed.
    await lockSubscriber(trx, subscriberId)
    if (!(await hasRecord(trx, subscriberId, asked.record))) return refuse('not-found')
    const holdId = app.ids.make('hold')
    const inserted = await trx
      .insertInto('legal_hold')
      .values({
        subscriber_id: subscriberId,
        hold_id: holdId,
        record: asked.record,
        basis: said(subscriberId, holdId, 'basis', asked.basis),
        placed_at: now,
        placed_by: staff.staffId,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (inserted.numInsertedOrUpdatedRows === 1n) {
      await record(trx, app, staff, { subscriberId, ...asked }, 'placed', asked.basis, now)
    }
    const holds = await holdsOf(trx, subscriberId)
    const standing = holds.find((one) => one.record === asked.record && one.releasedAt === null)
    return standing ?? refuse('not-found')
  })
}

/** What the end of the account left for it is erased at once; what waited for a day, by the next sweep. */
export async function releaseHold(
  app: App,
  staff: StaffMember,
  asked: { caseId: string; holdId: string; reason: string },
): Promise<Hold | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const place = await locateCase(trx, { caseId: asked.caseId })
    if (!place) return refuse('not-found')
    const subscriberId = place.subscriber_id
    const owner = await lockSubscriber(trx, subscriberId)
    const released = await trx
      .updateTable('legal_hold')
      .set({
        released_at: now,
        released_by: staff.staffId,
        release_reason: said(subscriberId, asked.holdId, 'release_reason', asked.reason),
      })
      .where('subscriber_id', '=', subscriberId)
      .where('hold_id', '=', asked.holdId)
      .where('released_at', 'is', null)
      .returning('record')
      .executeTakeFirst()
    const holds = await holdsOf(trx, subscriberId)
    const found = holds.find(({ holdId }) => holdId === asked.holdId)
    if (!found) return refuse('not-found')
    if (!released) return found
    if (owner?.state === 'closed') await eraseReleased(trx, subscriberId, released.record, now)
    await trx
      .updateTable('retention')
      .set({ held_at: null })
      .where('subscriber_id', '=', subscriberId)
      .where('held_at', 'is not', null)
      .execute()
    const about = { subscriberId, caseId: asked.caseId, record: released.record }
    await record(trx, app, staff, about, 'released', asked.reason, now)
    return found
  })
}

const reasons = {
  placed: 'a record is kept for a legal reason',
  released: 'the legal reason is over',
} as const

/** Of whoever has nothing left to keep, there are no words to keep either. */
function said(
  subscriberId: string,
  record: string,
  column: 'basis' | 'release_reason',
  text: string,
) {
  const field = `legal_hold.${column}`
  return personalOrGone({ subscriberId, category: 'certificate', field, record }, text)
}

async function record(
  trx: Trx,
  app: App,
  staff: StaffMember,
  about: { subscriberId: string; caseId: string; record: string },
  what: keyof typeof reasons,
  note: string,
  now: Temporal.Instant,
) {
  await audit(trx, app.ids, now, {
    subscriberId: about.subscriberId,
    actor: { kind: 'staff', id: staff.staffId },
    action: `hold.${what}`,
    subject: { kind: 'closure', id: about.caseId },
    reason: reasons[what],
    note,
    detail: { record: about.record },
  })
}

/** A record that a hold can keep: one of the subscriber's rows that would otherwise go on its day. */
async function hasRecord(trx: Trx, subscriberId: string, id: string): Promise<boolean> {
  for (const { leftovers } of Object.values(closings)) {
    for (const [table, claim] of Object.entries(leftovers)) {
      if (claim === 'nobody' || !isHoldable(claim)) continue
      const names = recordIdsOf(claim)
      if (names.length === 0) continue
      const { rows } = await sql`
        select 1 from ${sql.table(table)} t where t.subscriber_id = ${subscriberId}
          and ${id} in (${sql.join(names.map((name) => sql`t.${sql.ref(name)}::text`))}) limit 1`.execute(
        trx,
      )
      if (rows.length > 0) return true
    }
  }
  return false
}
