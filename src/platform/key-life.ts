/** The life of wrapped keys: the platform's own are made, a subscriber's destroyed, all wrapped anew by another master. */
import { hkdfSync, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { indexKeyName, keyNameOf, unwrap } from './data-keys.ts'
import type { Db, Trx } from './database.ts'
import {
  dataKeyBytes,
  ivBytes,
  type KeyCategory,
  type MasterKeys,
  masterId,
  wrapKey,
} from './vault.ts'

type KeyRow = {
  subscriber_id: string
  category: KeyCategory
  wrapped: string
  master_id: string
}

/** Makes the platform's own keys where they are missing; done before anything is looked up by them. */
export async function makePlatformKeys(db: Db, masters: MasterKeys): Promise<void> {
  const key = randomBytes(dataKeyBytes)
  const wrapped = wrapKey(masters.masterKey, randomBytes(ivBytes), indexKeyName, key)
  await db
    .insertInto('platform_key')
    .values({ name: indexKeyName, wrapped, master_id: masterId(masters.masterKey) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  // Another master key is noticed now, and not when the first person signs in.
  const kept = await db.selectFrom('platform_key').selectAll().execute()
  for (const { name, wrapped: text, master_id } of kept) unwrap(masters, name, text, master_id)
}

/** Whatever these keys sealed can't be read from here on, here or in any copy of the data. */
export async function destroyKeys(
  trx: Trx,
  subscriberIds: readonly string[],
  category: KeyCategory,
  now: Temporal.Instant,
): Promise<void> {
  // Also where none was ever made: nothing may be sealed for somebody who was erased.
  await sql`
    insert into subscriber_key (subscriber_id, category, destroyed_at)
    select id, ${category}, ${now} from unnest(${[...subscriberIds]}::text[]) as x (id)
    on conflict (subscriber_id, category)
    do update set wrapped = null, master_id = null, destroyed_at = ${now}
    where subscriber_key.destroyed_at is null`.execute(trx)
}

const rotatedAtOnce = 1000

/** Wraps keys anew that a former master key wraps, a batch a transaction; how many there were. Goes on after a crash. */
export async function rotateKeys(
  db: Db,
  masters: MasterKeys,
  onBatch: (done: number, total: number) => void,
): Promise<number> {
  const by = masterId(masters.masterKey)
  const wrapAnew = (name: string, wrapped: string, master: string | null) => {
    const key = unwrap(masters, name, wrapped, master)
    return wrapKey(masters.masterKey, randomBytes(ivBytes), name, key)
  }
  const platform = await db
    .selectFrom('platform_key')
    .selectAll()
    .where('master_id', '<>', by)
    .execute()
  for (const { name, wrapped, master_id } of platform) {
    await db
      .updateTable('platform_key')
      .set({ wrapped: wrapAnew(name, wrapped, master_id), master_id: by })
      .where('name', '=', name)
      .execute()
  }
  const { rows: counted } = await sql<{ n: number }>`
    select count(*)::int as n from subscriber_key where wrapped is not null and master_id <> ${by}`.execute(
    db,
  )
  const total = counted[0]?.n ?? 0
  for (let done = 0; ;) {
    const batch = await db.transaction().execute(async (trx) => {
      const { rows } = await sql<KeyRow>`
        select subscriber_id, category, wrapped, master_id from subscriber_key
        where wrapped is not null and master_id <> ${by}
        order by master_id limit ${rotatedAtOnce} for update`.execute(trx)
      const names = rows.map(({ subscriber_id: subscriberId, category }) =>
        keyNameOf({ subscriberId, category }),
      )
      await sql`
        update subscriber_key k set wrapped = n.wrapped, master_id = ${by}
        from unnest(${rows.map((row) => row.subscriber_id)}::text[], ${rows.map((row) => row.category)}::text[],
          ${rows.map((row, at) => wrapAnew(names[at]!, row.wrapped, row.master_id))}::text[])
          as n (subscriber_id, category, wrapped)
        where k.subscriber_id = n.subscriber_id and k.category = n.category`.execute(trx)
      return rows.length
    })
    done += batch
    onBatch(done, total)
    if (batch < rotatedAtOnce) return done + platform.length
  }
}

/** The key that the erasure report recognises values by: from the index key, so it outlives a rotation as well. */
export async function reportKey(db: Db | Trx, masters: MasterKeys): Promise<Buffer> {
  const { wrapped, master_id } = await db
    .selectFrom('platform_key')
    .select(['wrapped', 'master_id'])
    .where('name', '=', indexKeyName)
    .executeTakeFirstOrThrow()
  const indexKey = unwrap(masters, indexKeyName, wrapped, master_id)
  return Buffer.from(hkdfSync('sha256', indexKey, '', 'violet erasure report', dataKeyBytes))
}
