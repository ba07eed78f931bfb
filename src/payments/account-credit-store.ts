/** Credit that is no line's: kept when a line closed, moved to a line when its owner says so. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { type Money, money } from '../values/money.ts'

/** What of it each of these subscribers has, one amount per currency. */
export async function accountCreditOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
): Promise<(subscriberId: string) => readonly Money[]> {
  const rows = await db
    .selectFrom('purse')
    .select(['subscriber_id', 'currency', 'paid_minor'])
    .where('subscriber_id', '=', sql<string>`any(${subscriberIds})`)
    .where('line_id', '=', '')
    .where('paid_minor', '>', 0n)
    .orderBy('currency')
    .execute()
  const owners = Map.groupBy(rows, (row) => row.subscriber_id)
  return (subscriberId) =>
    (owners.get(subscriberId) ?? []).map(({ paid_minor, currency }) => money(paid_minor, currency))
}
