/** A transaction that can also COPY: what goes in by the thousand goes in as one stream. */
import { finished } from 'node:stream/promises'
import { Kysely, type PostgresPool } from 'kysely'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type Db, dialectOn, mastersOf, openPool, poolOf, type Trx } from './database.ts'
import type { DB } from './tables.ts'
import type { MasterKeys } from './vault.ts'

export type CopyWork = {
  client: pg.PoolClient
  /** The same transaction, for typed statements. */
  trx: Trx
  /** `statement` is a COPY … FROM STDIN; `rows` are in its text format. */
  copy(statement: string, rows: string): Promise<void>
}

/** Each row by its key, in the order given: never a scan of a large table, and locks in one order. */
export const eachByKey = [
  'enable_nestloop = on',
  'enable_hashjoin = off',
  'enable_mergejoin = off',
  'enable_seqscan = off',
  'enable_material = off',
]

/**
 * Many rows at once, by an index that is given all their keys together (`key = any($1)`): neighbours share its pages, where each
 * alone would go down from its root. Only for a statement that names its keys so: anything else would read whole tables.
 */
export const allByKey = [
  'enable_hashjoin = on',
  'enable_nestloop = off',
  'enable_mergejoin = off',
  'enable_seqscan = off',
  'enable_bitmapscan = off',
]

/** From how many rows on that is worth a statement of its own. */
export const manyRows = 100

const keyed = new WeakSet<pg.Pool>()

/** A pool on which every statement goes by key: one alone needs no transaction around it. */
export function openKeyedPool(url: string, max: number): pg.Pool {
  const pool = openPool(url, max, eachByKey)
  keyed.add(pool)
  return pool
}

/** One statement that goes by key, in as few round trips as the pool allows. */
export async function queryByKey<Row extends pg.QueryResultRow | unknown[]>(
  db: Db,
  asked: pg.QueryConfig & { rowMode: 'array' },
  settings: readonly string[] = eachByKey,
): Promise<Row[]> {
  const pool = poolOf(db)
  if (settings === eachByKey && keyed.has(pool)) return (await pool.query(asked)).rows as Row[]
  return copyTransaction(
    db,
    settings,
    async ({ client }) => (await client.query(asked)).rows as Row[],
  )
}

/** The rest of a transaction goes by other settings. */
export async function setLocal(client: pg.PoolClient, settings: readonly string[]): Promise<void> {
  await client.query(localText(settings))
}

const localText = (settings: readonly string[]) =>
  settings.map((one) => `set local ${one}`).join(';')

/** `settings` hold until the transaction ends, such as `enable_hashjoin = off`. */
export async function copyTransaction<Result>(
  db: Db,
  settings: readonly string[],
  run: (work: CopyWork) => Promise<Result>,
): Promise<Result> {
  const client = await poolOf(db).connect()
  let broken: Error | undefined
  try {
    await client.query(`begin;${localText(settings)}`)
    const result = await run({
      client,
      trx: typedOn(client, mastersOf(db)),
      copy: (statement, rows) => copyRows(client, statement, rows),
    })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((lost: Error) => {
      broken = lost
    })
    throw error
  } finally {
    client.release(broken)
  }
}

async function copyRows(client: pg.PoolClient, statement: string, rows: string): Promise<void> {
  const stream = client.query(copyFrom(statement))
  stream.end(rows)
  await finished(stream)
}

const kyselys = new WeakMap<pg.PoolClient, Trx>()

function typedOn(client: pg.PoolClient, masters: MasterKeys | undefined): Trx {
  const made = kyselys.get(client)
  if (made) return made
  const borrowed = { query: client.query.bind(client), release: () => undefined }
  const pool = { connect: async () => borrowed, end: async () => undefined }
  const trx = new Kysely<DB>({
    dialect: dialectOn(pool as unknown as PostgresPool, masters),
  }) as unknown as Trx
  kyselys.set(client, trx)
  return trx
}

/** A value in COPY's text format. */
export function copyText(value: string): string {
  if (!/[\\\t\n\r]/.test(value)) return value
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
}

/** An array as PostgreSQL writes it: one string is far cheaper to send than a list. */
export function arrayText(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map(elementText).join(',')}}`
}

function elementText(value: string | number | bigint | null): string {
  if (value === null) return 'null'
  if (typeof value !== 'string') return String(value)
  if (/^[\w:-]+$/.test(value) && !/^null$/i.test(value)) return value
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
