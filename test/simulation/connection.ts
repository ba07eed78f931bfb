/** PostgreSQL as a process of the simulation sees it: the real one, through connections that can break at a commit. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type pg from 'pg'
import { caseStates } from '../../src/closure/wire.ts'
import type { Db } from '../../src/platform/database.ts'
import type { DB } from '../../src/platform/tables.ts'
import { busily, current, type Life, meet } from './node.ts'

type Connection = DatabaseConnection & {
  client: pg.PoolClient
  inTransaction: boolean
  /** What the transaction has written, to tell one commit from another. */
  wrote: Set<string>
  cleanup: () => Promise<void>
}

/** What the server says to clients whose connection it ends. */
const broken = () =>
  Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' })

export function openSimDatabase(life: Life, pool: pg.Pool): Db {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver(life, pool),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

function driver(life: Life, pool: pg.Pool): Driver {
  return {
    init: async () => {},
    acquireConnection: () => busily(life, async () => connect(life, await pool.connect())),
    beginTransaction: (connection, settings) => begin(life, connection as Connection, settings),
    commitTransaction: (connection) => commit(life, connection as Connection),
    rollbackTransaction: (connection) => end(life, connection as Connection, 'rollback'),
    async releaseConnection(connection) {
      const { client, cleanup } = connection as Connection
      // A process that has ended gave its connections back already.
      if (life.cleanups.delete(cleanup)) client.release()
    },
    destroy: async () => {},
  }
}

function connect(life: Life, client: pg.PoolClient): Connection {
  const connection: Connection = {
    client,
    inTransaction: false,
    wrote: new Set(),
    cleanup: async () => {
      if (connection.inTransaction) await client.query('rollback').catch(() => undefined)
      client.release()
    },
    executeQuery: (query) => execute(life, connection, query),
    streamQuery() {
      throw new Error('the simulation reads no streams')
    },
  }
  life.cleanups.add(connection.cleanup)
  return connection
}

async function execute<Row>(
  life: Life,
  connection: Connection,
  { sql, parameters }: CompiledQuery,
): Promise<QueryResult<Row>> {
  const table = writes(sql, parameters)
  if (!connection.inTransaction && table) await onTheWay(`writes ${table}`)
  const { rows, rowCount } = await busily(life, () =>
    connection.client.query(sql, parameters as unknown[]),
  )
  const wrote = table && (rowCount ?? 0) > 0
  if (wrote) connection.wrote.add(table)
  if (wrote && !connection.inTransaction) current().world.commits += 1
  if (!connection.inTransaction && wrote) await onTheWayBack(`wrote ${table}`)
  return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) }
}

async function begin(life: Life, connection: Connection, settings: TransactionSettings) {
  const level = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : ''
  await busily(life, () => connection.client.query(`begin${level}`))
  connection.inTransaction = true
  connection.wrote.clear()
}

async function commit(life: Life, connection: Connection) {
  const wrote = [...connection.wrote].sort().join(' ')
  if (wrote !== '') {
    const fault = await meet(`commits ${wrote}`, ['crash', 'break'])
    if (fault) {
      await end(life, connection, 'rollback')
      throw broken()
    }
  }
  await end(life, connection, 'commit')
  if (wrote !== '') current().world.commits += 1
  if (wrote === '') await meet('has read', ['freeze'])
  else await onTheWayBack(`committed ${wrote}`)
}

async function end(life: Life, connection: Connection, how: 'commit' | 'rollback') {
  await busily(life, () => connection.client.query(how))
  connection.inTransaction = false
}

async function onTheWay(place: string) {
  if (await meet(place, ['crash', 'break'])) throw broken()
}

async function onTheWayBack(place: string) {
  if (await meet(place, ['crash', 'break', 'freeze'])) throw broken()
}

const states: ReadonlySet<unknown> = new Set(caseStates)
const written = /^\s*(?:insert\s+into|update|delete\s+from)\s+"?(?:pgboss"?\.?"?)?(\w+)/i

/** The table a statement writes to, with the step or state it writes where a reader would want to know. */
function writes(sql: string, parameters: readonly unknown[]): string | undefined {
  if (/^\s*with\b/i.test(sql) && /pgboss/.test(sql)) return undefined
  const table = written.exec(sql)?.[1]
  if (!table || table.startsWith('job')) return undefined
  if (table === 'closure_case') {
    const state = parameters.find((value) => states.has(value))
    return state ? `${table}(${String(state)})` : table
  }
  const step = table === 'closure_step' && parameters.find(isStep)
  return step ? `${table}(${step.split(':')[0]})` : table
}

function isStep(value: unknown): value is string {
  return (
    typeof value === 'string' && /^[a-z-]+(:.+)?$/.test(value) && !/_/.test(value.split(':')[0]!)
  )
}
