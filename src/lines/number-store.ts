/** The inventory of telephone numbers: available, assigned, kept unused after a closing, available again. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'

type Owner = { subscriberId: string; lineId: string }

/** Adds numbers that are not in the inventory yet. */
export async function seedNumbers(
  db: Db,
  numbers: readonly { msisdn: string; country: string }[],
): Promise<void> {
  await sql`
    insert into phone_number (msisdn, country)
    select * from unnest(
      ${numbers.map(({ msisdn }) => msisdn)}::text[], ${numbers.map(({ country }) => country)}::text[])
    on conflict (msisdn) do nothing`.execute(db)
}

/** Takes the next free number of a country; undefined when there is none. */
export async function assignNumber(
  trx: Trx,
  country: string,
  { subscriberId, lineId }: Owner,
): Promise<string | undefined> {
  // Others who buy at the same moment skip the row instead of waiting for it.
  const { rows } = await sql<{ msisdn: string }>`
    update phone_number set state = 'assigned', subscriber_id = ${subscriberId}, line_id = ${lineId},
      version = version + 1
    where msisdn = (
      select msisdn from phone_number where country = ${country} and state = 'available'
      order by msisdn limit 1 for update skip locked)
    returning msisdn`.execute(trx)
  return rows[0]?.msisdn
}

/** Releases the numbers whose quarantine is over. */
export async function sweepNumbers(app: App): Promise<void> {
  await app.db
    .updateTable('phone_number')
    .set((row) => ({
      state: 'available',
      quarantined_until: null,
      version: row('version', '+', 1),
    }))
    .where('state', '=', 'quarantined')
    .where('quarantined_until', '<=', app.clock.now())
    .execute()
}
