/** The tax that applies to subscribers, by the country they live in. */
import type { Db, Trx } from '../platform/database.ts'
import { type Tax, taxOfCountry } from './tax.ts'

export { type Tax, taxOfCountry }

export const untaxed: Tax = { country: null, rate: 0n }

export async function taxFor(
  db: Db | Trx,
  subscriberId: string,
  at: Temporal.Instant,
): Promise<Tax> {
  return (await taxesFor(db, [subscriberId], at)).get(subscriberId) ?? untaxed
}

/** For a whole batch in one read. */
export async function taxesFor(
  db: Db | Trx,
  subscriberIds: readonly string[],
  at: Temporal.Instant,
): Promise<Map<string, Tax>> {
  if (subscriberIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('subscriber')
    .select(['subscriber_id', 'country'])
    .where('subscriber_id', 'in', [...new Set(subscriberIds)])
    .execute()
  return new Map(rows.map((row) => [row.subscriber_id, taxOfCountry(row.country, at)]))
}
