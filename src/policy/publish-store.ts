/** Publishing: a checked document becomes the next version of its country; what is published already is never changed. */
import { sql } from 'kysely'
import { type Actor, audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { changesIn } from './changes.ts'
import { type Policy, readPolicy } from './policy.ts'

export type Published = {
  country: string
  /** The version that stands now. */
  version: number
  isNew: boolean
  /** Rules that differ from the version before, and what else does. */
  changed: string[]
}

/** Publishing a policy belongs to no subscriber. */
const nobody = ''

/** Nothing is published where nothing differs, or on trial. Open cases keep the version they were submitted under. */
export async function publishPolicy(
  { db, ids }: { db: Db; ids: Ids },
  draft: Policy,
  wish: { now: Temporal.Instant; actor: Actor; dryRun: boolean },
): Promise<Published> {
  return db.transaction().execute((trx) => publishIn(trx, ids, draft, wish))
}

/** Until the transaction ends nobody else publishes. */
export async function lockPublishing(trx: Trx): Promise<void> {
  await sql`lock table policy_version in share row exclusive mode`.execute(trx)
}

/** In a transaction that does more. */
export async function publishIn(
  trx: Trx,
  ids: Ids,
  draft: Policy,
  { now, actor, dryRun }: { now: Temporal.Instant; actor: Actor; dryRun: boolean },
): Promise<Published> {
  const { country } = draft
  await lockPublishing(trx)
  const newest = await trx
    .selectFrom('policy_version')
    .select(['version', 'document'])
    .where('country', '=', country)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const before = newest && readPolicy(newest.document)
  const changed = changesIn(before, draft)
  if (newest && changed.length === 0)
    return { country, version: newest.version, isNew: false, changed }
  const version = (newest?.version ?? 0) + 1
  if (dryRun) return { country, version, isNew: false, changed }
  await trx
    .insertInto('policy_version')
    .values({ country, version, document: { ...draft, version }, published_at: now })
    .execute()
  await audit(trx, ids, now, {
    subscriberId: nobody,
    actor,
    action: 'policy.published',
    subject: { kind: 'policy', id: `${country} ${version}` },
    reason: 'published',
    detail: { changed: changed.join(', ').slice(0, 1000) },
  })
  return { country, version, isNew: true, changed }
}
