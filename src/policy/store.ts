/** Published policies, by country and version; a published version is never changed. */
import type { Db, Trx } from '../platform/database.ts'
import cn from './packs/cn.json' with { type: 'json' }
import de from './packs/de.json' with { type: 'json' }
import gb from './packs/gb.json' with { type: 'json' }
import { type Policy, policySchema } from './policy.ts'

/** Publishes the packs that come with Violet and aren't there yet. */
export async function seedPolicies(db: Db, now: Temporal.Instant): Promise<void> {
  const packs = [gb, de, cn].map((pack) => policySchema.parse(pack))
  await db
    .insertInto('policy_version')
    .values(
      packs.map((pack) => ({
        country: pack.country,
        version: pack.version,
        document: pack,
        published_at: now,
      })),
    )
    .onConflict((conflict) => conflict.columns(['country', 'version']).doNothing())
    .execute()
}

export async function currentPolicy(db: Db | Trx, country: string): Promise<Policy | undefined> {
  const row = await db
    .selectFrom('policy_version')
    .select('document')
    .where('country', '=', country)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && policySchema.parse(row.document)
}

/** The version a case is pinned to. */
export async function pinnedPolicy(
  db: Db | Trx,
  country: string,
  version: number,
): Promise<Policy> {
  const row = await db
    .selectFrom('policy_version')
    .select('document')
    .where('country', '=', country)
    .where('version', '=', version)
    .executeTakeFirstOrThrow()
  return policySchema.parse(row.document)
}

/** The newest version of every country. */
export async function publishedPolicies(db: Db) {
  return db
    .selectFrom('policy_version')
    .distinctOn('country')
    .select(['country', 'version', 'published_at', 'document'])
    .orderBy('country')
    .orderBy('version', 'desc')
    .execute()
}
