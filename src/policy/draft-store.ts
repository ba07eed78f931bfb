/** Drafts of policies in rows: saved with the version that was looked at, published by somebody else, thrown away. */
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { staffLocale } from '../values/locale.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { type Changes, changesIn } from './changes.ts'
import { type Checked, checkDraft, type Held, startOf, whyHeld } from './draft.ts'
import { packOf } from './packs.ts'
import { type Policy, readPolicy } from './policy.ts'
import { lockPublishing, publishIn } from './publish-store.ts'

/** Writing a policy belongs to no subscriber. */
const nobody = ''

type Newest = { version: number; publishedAt: Temporal.Instant; policy: Policy }
type Saved = {
  text: string
  basedOn: number
  editedBy: string
  editorName: string
  editedAt: Temporal.Instant
  version: number
}
export type DraftView = {
  country: string
  newest: Newest | null
  saved: Saved | null
  text: string
  checked: Checked
  changes: Changes
  held: Held | null
}

type Tools = Pick<App, 'db' | 'clock'>

/** What is being written for a country; where nothing is, what stands is what one would begin with. */
export async function seeDraft({ db, clock }: Tools, country: string, staff: StaffMember) {
  return viewOf(db, clock.now(), country, staff)
}

async function viewOf(
  db: Db | Trx,
  now: Temporal.Instant,
  country: string,
  { staffId, locale }: StaffMember,
): Promise<DraftView> {
  const newest = await newestOf(db, country)
  const saved = await savedOf(db, country)
  const text = saved?.text ?? startOf(newest?.policy, packOf('EU'), country)
  const today = now.toZonedDateTimeISO('UTC').toPlainDate()
  const checked = checkDraft(text, country, { today, locale: staffLocale(locale) })
  const changes = checked.policy ? changesIn(newest?.policy, checked.policy) : []
  const held = saved
    ? whyHeld(saved, { checked, changes, newest: newest?.version ?? 0, staffId })
    : 'nothing-changed'
  return { country, newest: newest ?? null, saved: saved ?? null, text, checked, changes, held }
}

async function newestOf(db: Db | Trx, country: string): Promise<Newest | undefined> {
  const row = await db
    .selectFrom('policy_version')
    .select(['version', 'published_at', 'document'])
    .where('country', '=', country)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) return undefined
  const { version, published_at: publishedAt } = row
  return { version, publishedAt, policy: readPolicy(row.document) }
}

async function savedOf(db: Db | Trx, country: string): Promise<Saved | undefined> {
  const row = await db
    .selectFrom('policy_draft as d')
    .leftJoin('staff_member as s', 's.staff_id', 'd.edited_by')
    .select(['d.text', 'd.based_on', 'd.edited_by', 'd.edited_at', 'd.version', 's.name'])
    .where('d.country', '=', country)
    .executeTakeFirst()
  return (
    row && {
      text: row.text,
      basedOn: row.based_on,
      editedBy: row.edited_by,
      editorName: row.name ?? row.edited_by,
      editedAt: row.edited_at,
      version: row.version,
    }
  )
}

/** What is half right is kept, too. `version` is the one that was looked at, 0 where there was none. */
export async function saveDraft(
  app: App,
  staff: StaffMember,
  { country, text, version }: { country: string; text: string; version: number },
): Promise<DraftView | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const newest = await newestOf(trx, country)
    const row = {
      text,
      based_on: newest?.version ?? 0,
      edited_by: staff.staffId,
      edited_at: now,
    }
    const written =
      version === 0
        ? await trx
            .insertInto('policy_draft')
            .values({ country, ...row })
            .onConflict((conflict) => conflict.doNothing())
            .returning('version')
            .executeTakeFirst()
        : await trx
            .updateTable('policy_draft')
            .set({ ...row, version: version + 1 })
            .where('country', '=', country)
            .where('version', '=', version)
            .returning('version')
            .executeTakeFirst()
    if (!written) return refuse('changed-meanwhile')
    await note(trx, app, staff, { country, version: written.version, action: 'draft-saved' })
    return viewOf(trx, now, country, staff)
  })
}

/** Null: there is none any more. */
export async function discardDraft(
  app: App,
  staff: StaffMember,
  { country, version }: { country: string; version: number },
): Promise<Refusal | null> {
  return app.db.transaction().execute(async (trx) => {
    if (!(await removed(trx, country, version))) return refuse('changed-meanwhile')
    await note(trx, app, staff, { country, version, action: 'draft-discarded' })
    return null
  })
}

/** Whoever wrote it last can't; the version that was looked at is the one that is published. */
export async function publishDraft(
  app: App,
  staff: StaffMember,
  { country, version }: { country: string; version: number },
): Promise<{ country: string; version: number } | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    await lockPublishing(trx)
    await trx
      .selectFrom('policy_draft')
      .select('version')
      .where('country', '=', country)
      .forUpdate()
      .execute()
    const { saved, checked, held } = await viewOf(trx, now, country, staff)
    if (saved?.version !== version || held === 'outdated') return refuse('changed-meanwhile')
    if (held === 'own-edit') return refuse('requester-cannot-decide')
    if (held !== null || !checked.policy)
      return refuse('invalid-request', {}, { errors: checked.errors })
    const actor = { kind: 'staff', id: staff.staffId } as const
    const done = await publishIn(trx, app.ids, checked.policy, { now, actor, dryRun: false })
    await removed(trx, country, version)
    return { country, version: done.version }
  })
}

async function removed(trx: Trx, country: string, version: number): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('policy_draft')
    .where('country', '=', country)
    .where('version', '=', version)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

type Noted = { country: string; version: number; action: 'draft-saved' | 'draft-discarded' }

async function note(
  trx: Trx,
  { ids, clock }: App,
  { staffId }: StaffMember,
  { country, version, action }: Noted,
): Promise<void> {
  await audit(trx, ids, clock.now(), {
    subscriberId: nobody,
    actor: { kind: 'staff', id: staffId },
    action: `policy.${action}`,
    subject: { kind: 'policy', id: country },
    reason: 'written in the console',
    detail: { draft: String(version) },
  })
}
