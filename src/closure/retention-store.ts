/** The erasure's own case: on the day a reason to keep ends it tells the subscriber, erases, and destroys the key. */
import { sql } from 'kysely'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { destroyKeys } from '../platform/key-life.ts'
import { addresseeOf } from '../subscribers/store.ts'
import { type Category, goesWith } from '../values/closing.ts'
import { knownLocale } from '../values/locale.ts'
import { eraseCategory, type Erasing } from './erase-store.ts'
import { holdsOf } from './hold-store.ts'
import { forgetTraces } from './trace-store.ts'

export type ErasureState = 'waiting' | 'telling' | 'held' | 'erased'

type Due = {
  subscriber_id: string
  case_id: string
  category: Category
  told_at: Temporal.Instant | null
}
const dueAtOnce = 50

/** All that is due in one go; where one fails, each alone, so that it holds up no other. */
export async function sweepRetention(app: App): Promise<void> {
  try {
    await takeDue(app)
  } catch {
    for (const one of await dueNow(app.db, app.clock.now())) {
      const { subscriber_id: subscriberId, case_id: caseId, category } = one
      await takeDue(app, one).catch((error: unknown) => {
        app.log.error({ err: error, subscriberId, caseId, category }, 'an erasure has failed')
      })
    }
  }
}

async function takeDue(app: App, only?: Due): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    for (const due of await dueNow(trx, now, only)) await take(trx, app, due, now)
  })
}

async function dueNow(db: Db | Trx, now: Temporal.Instant, only?: Due): Promise<Due[]> {
  const those = only
    ? sql`and r.subscriber_id = ${only.subscriber_id} and r.case_id = ${only.case_id} and r.category = ${only.category}`
    : sql``
  const { rows } = await sql<Due>`
    select r.subscriber_id, r.case_id, r.category, r.told_at from retention r
    join subscriber s on s.subscriber_id = r.subscriber_id
    where erased_at is null and held_at is null and keep_until <= ${now} ${those}
      -- An address is needed until the last message has left.
      and (category <> 'contacts' or not exists (
        select from notice n where n.subscriber_id = r.subscriber_id and n.state = 'queued'))
    order by keep_until limit ${dueAtOnce}
    -- Somebody may be placing a hold on what is theirs: then it waits for the next sweep, and sees it.
    for update of r skip locked for no key update of s skip locked`.execute(db)
  return rows
}

async function take(trx: Trx, app: App, due: Due, now: Temporal.Instant): Promise<void> {
  const erasing = await erasingOf(trx, due, now)
  // The contacts are what one is told at, so for them the message goes first.
  if (due.category === 'contacts' && due.told_at === null) {
    if (await tell(trx, app, due, now)) return
  }
  const going = goesWith(due.category, await namedBy(trx, due))
  let kept = 0
  for (const category of going) kept += await eraseCategory(trx, category, erasing)
  if (kept > 0) return hold(trx, app, due, kept, now)
  await settle(trx, app, due, going, now)
}

/** What the case keeps for reasons of their own. */
async function namedBy(trx: Trx, due: Due): Promise<Category[]> {
  const rows = await trx
    .selectFrom('retention')
    .select('category')
    .where('subscriber_id', '=', due.subscriber_id)
    .where('case_id', '=', due.case_id)
    .execute()
  return rows.map(({ category }) => category as Category)
}

async function erasingOf(trx: Trx, due: Due, now: Temporal.Instant): Promise<Erasing> {
  const { subscriber_id: subscriberId, case_id: caseId } = due
  const c = await trx
    .selectFrom('closure_case')
    .select(['scope', 'closing_lines'])
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .executeTakeFirstOrThrow()
  const holds = await holdsOf(trx, subscriberId)
  return {
    subscriberId,
    caseId,
    scope: c.scope === 'account' ? 'account' : 'line',
    lineIds: (c.closing_lines ?? []) as string[],
    hasHolds: holds.some(({ releasedAt }) => releasedAt === null),
    now,
  }
}

/** False when there is nobody left to tell. */
async function tell(trx: Trx, app: App, due: Due, now: Temporal.Instant): Promise<boolean> {
  const { subscriber_id: subscriberId, case_id: caseId, category } = due
  const person = await trx
    .selectFrom('subscriber as s')
    .innerJoin('closure_case as c', 'c.subscriber_id', 's.subscriber_id')
    .select(['s.locale', 'c.reference'])
    .where('s.subscriber_id', '=', subscriberId)
    .where('c.case_id', '=', caseId)
    .executeTakeFirstOrThrow()
  const addressee = await addresseeOf(trx, subscriberId)
  const recipients = addressee.recipients.filter(({ address }) => address !== '')
  if (recipients.length === 0) return false
  await trx
    .updateTable('retention')
    .set({ told_at: now })
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .where('category', '=', category)
    .execute()
  await notify(trx, app, {
    subscriberId,
    noticeId: `${caseId}:erased:${category}`,
    recipients,
    template: 'erased',
    locale: knownLocale(person.locale),
    params: {
      reference: person.reference,
      categories: JSON.stringify([category]),
      at: now.toString(),
    },
    caseId,
  })
  await move(trx, due, 'telling', now)
  return true
}

/** Something is under a legal hold: everything else of the category is gone; the rest follows on release. */
async function hold(trx: Trx, app: App, due: Due, kept: number, now: Temporal.Instant) {
  await trx
    .updateTable('retention')
    .set({ held_at: now })
    .where('subscriber_id', '=', due.subscriber_id)
    .where('case_id', '=', due.case_id)
    .where('category', '=', due.category)
    .execute()
  await move(trx, due, 'held', now)
  await note(trx, app, due, 'retention.held', `a legal hold keeps ${kept} of ${due.category}`, now)
}

async function settle(
  trx: Trx,
  app: App,
  due: Due,
  going: readonly Category[],
  now: Temporal.Instant,
): Promise<void> {
  const { subscriber_id: subscriberId, case_id: caseId, category } = due
  await trx
    .updateTable('retention')
    .set({ erased_at: now, held_at: null })
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .where('category', '=', category)
    .execute()
  // The key goes with the last case that keeps the category, and never while the account lives.
  const { rows } = await sql<{ closed: boolean; left: number; waiting: number }>`
    select s.state = 'closed' as closed,
      (select count(*)::int from retention r where r.subscriber_id = s.subscriber_id
        and r.category = ${category} and r.erased_at is null) as left,
      (select count(*)::int from retention r where r.subscriber_id = s.subscriber_id
        and r.case_id = ${caseId} and r.erased_at is null) as waiting
    from subscriber s where s.subscriber_id = ${subscriberId}`.execute(trx)
  const [standing] = rows
  if (standing?.closed && standing.left === 0)
    for (const one of going) await destroyKeys(trx, [subscriberId], one, now)
  if (due.told_at === null && category !== 'contacts') await tell(trx, app, due, now)
  await note(trx, app, due, 'retention.erased', `the day to keep ${category} has come`, now)
  await move(trx, due, standing?.waiting === 0 ? 'erased' : 'waiting', now)
  if (standing?.closed && standing.waiting === 0) await forgetTraces(trx, subscriberId)
}

async function move(trx: Trx, due: Due, state: ErasureState, now: Temporal.Instant) {
  await trx
    .insertInto('erasure')
    .values({
      subscriber_id: due.subscriber_id,
      case_id: due.case_id,
      state,
      started_at: now,
      changed_at: now,
      ended_at: state === 'erased' ? now : null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['subscriber_id', 'case_id'])
        .doUpdateSet({ state, changed_at: now, ended_at: state === 'erased' ? now : null }),
    )
    .execute()
}

async function note(
  trx: Trx,
  app: App,
  due: Due,
  action: string,
  reason: string,
  now: Temporal.Instant,
) {
  await audit(trx, app.ids, now, {
    subscriberId: due.subscriber_id,
    actor: system,
    action,
    subject: { kind: 'closure', id: due.case_id },
    reason,
  })
}
