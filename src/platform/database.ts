/** The connection to PostgreSQL: bigint for int8, Temporal.Instant for timestamptz, one pool a process. */
import {
  type Insertable,
  Kysely,
  PostgresDialect,
  type RawBuilder,
  sql,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import type { DB } from './tables.ts'

export type Db = Kysely<DB>
export type Trx = Transaction<DB>

const int8 = 20
const timestamptz = 1184

// node-pg asks parameters for this method; without it an Instant would be sent as a quoted JSON string.
Object.defineProperty(Temporal.Instant.prototype, 'toPostgres', {
  value: function (this: Temporal.Instant) {
    return this.toString()
  },
})

export function instantFromPostgres(text: string): Temporal.Instant {
  return Temporal.Instant.from(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') => {
    if (oid === int8) return BigInt
    if (oid === timestamptz) return instantFromPostgres
    return pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

/** `settings` hold on every connection, such as `enable_hashjoin = off`. */
export function openPool(url: string, max = 10, settings: readonly string[] = []): pg.Pool {
  const options = ['timezone=UTC', ...settings.map((one) => one.replaceAll(' ', ''))]
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types,
    options: options.map((one) => `-c ${one}`).join(' '),
    connectionTimeoutMillis: 10_000,
  })
  // A stopping server ends connections, idle or not; without a listener that would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

const pools = new WeakMap<Db, pg.Pool>()

export function openDatabase(pool: pg.Pool): Db {
  const db: Db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
  pools.set(db, pool)
  return db
}

/** The pool under a database, for what only the driver can do, such as COPY. */
export function poolOf(db: Db): pg.Pool {
  const pool = pools.get(db)
  if (!pool) throw new Error('this database was not opened by openDatabase')
  return pool
}

/**
 * Rows as one parameter of a statement, so that a thousand cost one round trip and one plan: for `jsonb_to_recordset` and the
 * like. Bytes travel as PostgreSQL writes them, integers of 8 bytes as text.
 */
export function rowsParameter(rows: readonly object[]): RawBuilder<unknown> {
  const text = JSON.stringify(rows, function (this: Record<string, unknown>, key, value: unknown) {
    if (typeof value === 'bigint') return value.toString()
    const raw = this[key]
    return Buffer.isBuffer(raw) ? `\\x${raw.toString('hex')}` : value
  })
  return sql`${text}::text::jsonb`
}

/** Pairs of keys as a relation: `join ${pairs(lines)} as x(subscriber_id, line_id) on …`. */
export function pairs(keys: readonly (readonly [string, string])[]): RawBuilder<unknown> {
  return sql`unnest(${keys.map(([first]) => first)}::text[], ${keys.map(([, second]) => second)}::text[])`
}

/** Inserts any number of rows in one statement. Every row names the same columns. */
export async function insertRows<Table extends keyof DB & string>(
  trx: Trx,
  table: Table,
  rows: readonly Insertable<DB[Table]>[],
): Promise<void> {
  const [first] = rows
  if (!first) return
  const columns = sql.join(Object.keys(first).map((name) => sql.ref(name)))
  await sql`insert into ${sql.table(table)} (${columns})
    select ${columns} from jsonb_populate_recordset(null::${sql.table(table)}, ${rowsParameter(rows)})`.execute(
    trx,
  )
}
