/** Plan versions and zones in the database; a version is never changed, a change is a new version. */
import { isDeepStrictEqual } from 'node:util'
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { type CatalogPlan, catalogPlans, catalogZones } from './catalog.ts'
import { type Plan, planDocument, type Zone } from './plan.ts'

/** Brings the stored catalog to the one Violet comes with: new versions only where something changed. */
export async function seedCatalog(
  db: Db,
  now: Temporal.Instant,
  plans = catalogPlans(),
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('violet catalog'))`.execute(trx)
    const zones = catalogZones().map((zone) => ({
      zone_id: zone.zoneId,
      document: JSON.stringify(zone),
    }))
    await trx
      .insertInto('plan_zone')
      .values(zones)
      .onConflict((conflict) =>
        conflict
          .column('zone_id')
          .doUpdateSet((set) => ({ document: set.ref('excluded.document') })),
      )
      .execute()
    await seedPlans(trx, now, plans)
  })
}

async function seedPlans(trx: Trx, now: Temporal.Instant, plans: readonly CatalogPlan[]) {
  const stored = await trx
    .selectFrom('plan_version')
    .distinctOn('plan_id')
    .select(['plan_id', 'version', 'document', 'valid_to'])
    .orderBy('plan_id')
    .orderBy('version', 'desc')
    .execute()
  const latest = new Map(stored.map((row) => [row.plan_id, row]))
  const fresh = plans.flatMap(({ planId, document }) => {
    const before = latest.get(planId)
    const same = before?.valid_to === null && isDeepStrictEqual(before.document, document)
    return same ? [] : [{ planId, version: (before?.version ?? 0) + 1, document }]
  })
  const sold = new Set(plans.map(({ planId }) => planId))
  const over = [
    ...fresh.map(({ planId }) => planId),
    ...stored.map(({ plan_id }) => plan_id).filter((planId) => !sold.has(planId)),
  ]
  if (over.length > 0) {
    await trx
      .updateTable('plan_version')
      .set({ valid_to: now })
      .where('plan_id', 'in', over)
      .where('valid_to', 'is', null)
      .execute()
  }
  if (fresh.length === 0) return
  await trx
    .insertInto('plan_version')
    .values(
      fresh.map(({ planId, version, document }) => ({
        plan_id: planId,
        version,
        document: JSON.stringify(document),
        valid_from: now,
        // A first version has nobody to tell.
        told_at: version === 1 ? now : null,
      })),
    )
    .execute()
}

type Row = { plan_id: string; version: number; document: unknown }

function planOf({ plan_id, version, document }: Row): Plan {
  return { planId: plan_id, version, ...planDocument.parse(document) }
}

const sold = (db: Db | Trx, now: Temporal.Instant) =>
  db
    .selectFrom('plan_version')
    .select(['plan_id', 'version', 'document'])
    .where('valid_from', '<=', now)
    .where((where) => where.or([where('valid_to', 'is', null), where('valid_to', '>', now)]))

/** Every plan on sale at a moment, cheapest first. */
export async function plansOnSale(db: Db | Trx, now: Temporal.Instant): Promise<Plan[]> {
  const rows = await sold(db, now).orderBy('plan_id').execute()
  return rows.map(planOf).sort((a, b) => Number(a.price.minor - b.price.minor))
}

export async function planOnSale(
  db: Db | Trx,
  now: Temporal.Instant,
  planId: string,
): Promise<Plan | undefined> {
  const row = await sold(db, now).where('plan_id', '=', planId).executeTakeFirst()
  return row && planOf(row)
}

/** The versions that lines were bought at, by `planKey`. */
export async function planVersions(
  db: Db | Trx,
  wanted: readonly { planId: string; version: number }[],
): Promise<ReadonlyMap<string, Plan>> {
  if (wanted.length === 0) return new Map()
  const ids = wanted.map(({ planId }) => planId)
  const rows = await db
    .selectFrom('plan_version')
    .select(['plan_id', 'version', 'document'])
    .where((where) =>
      where(
        where.refTuple('plan_id', 'version'),
        'in',
        wanted.map(({ planId, version }) => where.tuple(planId, version)),
      ),
    )
    .where('plan_id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [planKey(row.plan_id, row.version), planOf(row)]))
}

export function planKey(planId: string, version: number): string {
  return `${planId}/${version}`
}

export async function planZones(db: Db): Promise<Zone[]> {
  const rows = await db.selectFrom('plan_zone').select('document').orderBy('zone_id').execute()
  return rows.map(({ document }) => document as Zone)
}
