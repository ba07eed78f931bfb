/** Who acts for subscribers now: one at a time for each. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { knownLocale } from '../values/locale.ts'
import type { Representative, RepresentativeKind } from './representative.ts'

/** Who acts for each of these subscribers now. */
export async function representativesOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
): Promise<ReadonlyMap<string, Representative>> {
  const rows = await db
    .selectFrom('representative')
    .selectAll()
    .where('subscriber_id', '=', sql<string>`any(${subscriberIds})`)
    .where('ended_at', 'is', null)
    .execute()
  return new Map(
    rows.map((row) => [
      row.subscriber_id,
      {
        representativeId: row.representative_id,
        kind: row.kind as RepresentativeKind,
        name: row.name,
        email: row.email,
        bornOn: row.born_on === '' ? null : Temporal.PlainDate.from(row.born_on),
        locale: knownLocale(row.locale),
        addedAt: row.added_at,
        addedBy: row.added_by,
      },
    ]),
  )
}

/** Who acts for the estate of one who died; undefined where nobody does. */
export async function estateOf(
  db: Db | Trx,
  subscriberId: string,
): Promise<Representative | undefined> {
  const acting = (await representativesOf(db, [subscriberId])).get(subscriberId)
  return acting?.kind === 'estate' ? acting : undefined
}
