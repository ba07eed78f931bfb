/** The connection to PostgreSQL: bigint for int8, Temporal.Instant for timestamptz, one pool a process. */
import {
  type DatabaseConnection,
  type Insertable,
  Kysely,
  PostgresDialect,
  type PostgresPool,
  type RawBuilder,
  sql,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import { attachSealing, rowsParameter } from './personal.ts'
import type { DB } from './tables.ts'
import type { MasterKeys } from './vault.ts'

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
const sealers = new WeakMap<Db, MasterKeys | undefined>()

/** With master keys, personal fields are sealed and opened on the way; without, they are only ever seen sealed. */
export function openDatabase(pool: pg.Pool, masters?: MasterKeys): Db {
  const db: Db = new Kysely<DB>({ dialect: dialectOn(pool, masters) })
  pools.set(db, pool)
  sealers.set(db, masters)
  return db
}

/** Each connection seals what goes in and opens what comes out. */
export function dialectOn(pool: PostgresPool, masters: MasterKeys | undefined): PostgresDialect {
  const onCreateConnection = async (connection: DatabaseConnection) =>
    attachSealing(connection, masters)
  return new PostgresDialect({ pool, onCreateConnection })
}

/** The master keys a database was opened with. */
export function mastersOf(db: Db): MasterKeys | undefined {
  return sealers.get(db)
}

/** The pool under a database, for what only the driver can do, such as COPY. */
export function poolOf(db: Db): pg.Pool {
  const pool = pools.get(db)
  if (!pool) throw new Error('this database was not opened by openDatabase')
  return pool
}

export { rowsParameter }

/** Pairs of keys as a relation: `join ${pairs(lines)} as x(subscriber_id, line_id) on …`. */
export function pairs(keys: readonly (readonly [string, string])[]): RawBuilder<unknown> {
  return sql`unnest(${keys.map(([first]) => first)}::text[], ${keys.map(([, second]) => second)}::text[])`
}

type Sealable<Row> = { [Column in keyof Row]: Row[Column] | RawBuilder<Row[Column]> }

/** Inserts any number of rows in one statement. Every row names the same columns. */
export async function insertRows<Table extends keyof DB & string>(
  trx: Trx,
  table: Table,
  rows: readonly Sealable<Insertable<DB[Table]>>[],
): Promise<void> {
  const [first] = rows
  if (!first) return
  const columns = sql.join(Object.keys(first).map((name) => sql.ref(name)))
  await sql`insert into ${sql.table(table)} (${columns})
    select ${columns} from jsonb_populate_recordset(null::${sql.table(table)}, ${rowsParameter(rows)})`.execute(
    trx,
  )
}
