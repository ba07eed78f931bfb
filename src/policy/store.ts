/** Published policies, by country and version; a published version is never changed. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { dayIn, ruleOn } from './rule-for.ts'
import { defaultRules, followed, packs, regionsIn, residences } from './packs.ts'
import { onDayOf, type Pinned, type Policy, readPolicy } from './policy.ts'
import { isGated } from './rights.ts'
import type { Segment } from '../values/wire.ts'

/** Publishes the packs that come with Violet and aren't there yet. */
export async function seedPolicies(db: Db, now: Temporal.Instant): Promise<void> {
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

/** The newest policy of the first that a residence follows and that is published, as it holds for a segment at a moment. */
export async function currentPolicy(
  db: Db | Trx,
  residence: string,
  at: Temporal.Instant,
  segment?: Segment,
): Promise<Policy | undefined> {
  const policy = await newestPolicy(db, residence)
  return policy && onDayOf(policy, at, segment)
}

/** The same with all that it will ever say. */
export async function newestPolicy(db: Db | Trx, residence: string): Promise<Policy | undefined> {
  const row = await db
    .selectFrom('policy_version')
    .select('document')
    .where('country', 'in', followed(residence))
    .orderBy(sql`array_position(${followed(residence)}::text[], country)`)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && readPolicy(row.document)
}

/** What it is pinned to, as it holds at a moment. */
export async function pinnedPolicy(
  db: Db | Trx,
  { country, version, segment }: Pinned,
  at: Temporal.Instant,
): Promise<Policy> {
  return onDayOf(await publishedPolicy(db, country, version), at, segment)
}

/** A version with all that it will ever say. */
export async function publishedPolicy(
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
  return readPolicy(row.document)
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

/**
 * The countries people can live in under the published policies, parts of them, where an account holder may be asked to
 * sign in, and what leaving is called there.
 */
export async function publishedResidences(db: Db, at: Temporal.Instant) {
  const rows = await db
    .selectFrom('policy_version')
    .distinctOn('country')
    .select([
      'country',
      sql<string>`document ->> 'timeZone'`.as('zone'),
      // Null in a document from before there was such a rule.
      sql<Rules['loginGateAllowed'] | null>`document #> '{rules,loginGateAllowed}'`.as('gate'),
      sql<Rules['buttonLabels'] | null>`document #> '{rules,buttonLabels}'`.as('labels'),
      sql<Rules['withdrawalWindow'] | null>`document #> '{rules,withdrawalWindow}'`.as('window'),
    ])
    .orderBy('country')
    .orderBy('version', 'desc')
    .execute()
  const found = new Map(
    rows.map(({ country, zone, gate, labels, window }) => {
      const day = dayIn(zone, at)
      const held = {
        gate: gate && ruleOn(gate, 'loginGateAllowed', day).value,
        labels: labels && ruleOn(labels, 'buttonLabels', day).value,
        window: window && ruleOn(window, 'withdrawalWindow', day).value,
      }
      return [country, held] as const
    }),
  )
  const published = [...found.keys()]
  const residence = [...residences(published)]
  const regions = [...regionsIn(published)]
  const places = [...residence, ...regions]
  const ruleOf = (place: string) => followed(place).flatMap((one) => found.get(one) ?? [])[0]
  const signInFirst = places.filter((place) => {
    const rule = ruleOf(place)
    if (!rule) return false
    return isGated(rule.gate ?? defaultRules.loginGateAllowed.value, { hasAccount: true })
  })
  const leaving = places.flatMap((place) => {
    const { labels, window } = ruleOf(place) ?? {}
    const [, days] = /^P(\d+)D$/.exec(window ?? '') ?? []
    const open = labels?.['close.open'] ?? {}
    const withdraw = labels?.['withdraw.open'] ?? {}
    if (!days && Object.keys(open).length === 0) return []
    return [[place, { open, withdraw, withdrawDays: days ? Number(days) : null }] as const]
  })
  return { residence, regions, signInFirst, leaving: Object.fromEntries(leaving) }
}

type Rules = Policy['rules']

/** Every version of a country, the newest first. */
export async function versionsOf(db: Db, country: string) {
  return db
    .selectFrom('policy_version')
    .select(['version', 'published_at'])
    .where('country', '=', country)
    .orderBy('version', 'desc')
    .execute()
}

export async function publishedVersion(db: Db, country: string, version: number) {
  return db
    .selectFrom('policy_version')
    .select(['country', 'version', 'published_at', 'document'])
    .where('country', '=', country)
    .where('version', '=', version)
    .executeTakeFirst()
}
