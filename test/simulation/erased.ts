/** Months later: what was due to be erased is, its keys are gone, and nobody who left can be read anywhere. */
import { sql } from 'kysely'
import type pg from 'pg'
import { closings } from '../../src/closure/leftovers-store.ts'
import { sealedColumns } from '../../src/values/closing.ts'
import type { Broken } from './invariants.ts'
import { emailOf, nameOf } from './mind.ts'
import type { World } from './world.ts'

/** What somebody is recognised by: their address, their name, their numbers. */
export type Known = { readonly subscriberId: string; readonly values: readonly string[] }

const broken = (rule: string, what: string): Broken => ({ rule, what })

/** Looked up while it can be read. */
export async function knownOf({ seed, story, members, eyes }: World): Promise<Known[]> {
  const { rows } = await eyes.query<{ subscriber_id: string; msisdn: string }>(
    `select subscriber_id, msisdn from line where msisdn <> ''
     union select subscriber_id, msisdn from port_out where msisdn <> ''`,
  )
  return story.people.flatMap(({ name }) => {
    const subscriberId = members.get(name)
    if (!subscriberId) return []
    const numbers = rows.filter((row) => row.subscriber_id === subscriberId)
    const values = [emailOf(name, seed), nameOf(name), ...numbers.map(({ msisdn }) => msisdn)]
    return [{ subscriberId, values }]
  })
}

export async function readableStill(world: World, known: readonly Known[]): Promise<Broken[]> {
  const { eyes, clock } = world
  const { rows } = await eyes.query<{ subscriber_id: string }>(
    `select subscriber_id from subscriber where state = 'closed'`,
  )
  const closed = new Set(rows.map(({ subscriber_id }) => subscriber_id))
  const gone = known.filter(({ subscriberId }) => closed.has(subscriberId))
  return [
    ...(await overdue(eyes, clock.now())),
    ...(await keptKeys(eyes)),
    ...(await opened(world, gone)),
    ...(await standing(eyes, gone)),
  ]
}

async function overdue(pool: pg.Pool, now: Temporal.Instant): Promise<Broken[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select case_id || ' ' || category as what from retention
     where keep_until <= $1 and erased_at is null and held_at is null`,
    [now.toString()],
  )
  return rows.map(({ what }) => broken('what was due to be erased is kept', what))
}

/** Whatever a category is kept for, once nothing keeps it any more its key is destroyed. */
async function keptKeys(pool: pg.Pool): Promise<Broken[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select k.subscriber_id || ' ' || k.category as what from subscriber_key k
     join subscriber s using (subscriber_id)
     where s.state = 'closed' and k.wrapped is not null and not exists (
       select from retention r where r.subscriber_id = k.subscriber_id and r.category = k.category
         and r.erased_at is null)`,
  )
  return rows.map(({ what }) => broken('a key outlived its reason', what))
}

/** What is kept of whom for years, longer than any world lasts. */
async function keptStill(pool: pg.Pool): Promise<(subscriberId: string, kind: string) => boolean> {
  const { rows } = await pool.query<{ kept: string }>(
    `select subscriber_id || ' ' || category as kept from retention where erased_at is null`,
  )
  const kept = new Set(rows.map((row) => row.kept))
  return (subscriberId, kind) => kept.has(`${subscriberId} ${kind}`)
}

/** Sealed fields as the platform itself would read them. */
async function opened({ db, eyes }: World, gone: readonly Known[]): Promise<Broken[]> {
  const isKept = await keptStill(eyes)
  const columns = Object.values(closings).flatMap(({ leftovers }) =>
    Object.entries(leftovers).flatMap(([table, claim]) =>
      claim === 'nobody' ? [] : sealedColumns(claim).map((sealed) => ({ table, ...sealed })),
    ),
  )
  const found: Broken[] = []
  for (const { table, column, category } of columns) {
    const { rows } = await sql<{ value: unknown }>`
      select ${sql.ref(column)} as value from ${sql.table(table)}
      where ${sql.ref(column)} is not null`.execute(db)
    const texts = rows.map(({ value }) =>
      Buffer.isBuffer(value) ? value.toString() : JSON.stringify(value),
    )
    for (const { subscriberId, values } of gone.filter(
      (one) => !isKept(one.subscriberId, category),
    ))
      if (texts.some((text) => values.some((value) => text.includes(value))))
        found.push(broken('a sealed field outlived its key', `${table}.${column} ${subscriberId}`))
  }
  return found
}

/** The operator's inventory names numbers, whoever had them, and so does the record of a number that is free again. */
const inventory = ['phone_number.msisdn', 'audit_entry.subject_id']

/** Everything that is written in the clear, in every table and in the queue. */
async function standing(pool: pg.Pool, gone: readonly Known[]): Promise<Broken[]> {
  const { rows: columns } = await pool.query<{ s: string; t: string; c: string; bytes: boolean }>(
    `select table_schema as s, table_name as t, column_name as c, data_type = 'bytea' as bytes
     from information_schema.columns
     join information_schema.tables using (table_schema, table_name)
     where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'
       and data_type in ('text', 'jsonb', 'json', 'character varying', 'bytea', 'ARRAY')
     order by 1, 2, 3`,
  )
  const values = gone.flatMap((one) => one.values.map((value) => `%${value.replace('+', '')}%`))
  if (values.length === 0) return []
  const everywhere = columns
    .filter(({ t, c }) => !inventory.includes(`${t}.${c}`))
    .map(({ s, t, c, bytes }) => {
      const text = bytes ? `encode(x."${c}", 'escape')` : `to_jsonb(x."${c}")::text`
      return `select '${t}.${c}' as what from "${s}"."${t}" x where ${text} like any ($1)`
    })
    .join(' union all ')
  const { rows } = await pool.query<{ what: string }>(
    `select distinct what from (${everywhere}) x`,
    [values],
  )
  return rows.map(({ what }) => broken('somebody who left can still be read', what))
}
