/** The simulators' own small databases: every committed write survives kill -9. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

export type Values = Record<string, SQLInputValue>

export type Database = {
  run(sql: string, values?: Values): number
  get<Row>(sql: string, values?: Values): Row | undefined
  all<Row>(sql: string, values?: Values): Row[]
  transaction<T>(work: () => T): T
  close(): void
}

/** Opens `<data>/simulators/<name>.db`; without a folder it lives in memory only. */
export function openDatabase(dataDir: string | undefined, name: string, schema: string): Database {
  const folder = dataDir === undefined ? undefined : join(dataDir, 'simulators')
  if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const sqlite = new DatabaseSync(folder ? join(folder, `${name}.db`) : ':memory:')
  sqlite.exec('pragma journal_mode = wal')
  sqlite.exec('pragma synchronous = full')
  sqlite.exec('pragma busy_timeout = 5000')
  sqlite.exec(schema)
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  const statement = (sql: string) => {
    const found = prepared.get(sql) ?? sqlite.prepare(sql)
    prepared.set(sql, found)
    return found
  }
  return {
    run: (sql, values = {}) => Number(statement(sql).run(values).changes),
    get: <Row>(sql: string, values: Values = {}) => statement(sql).get(values) as Row | undefined,
    all: <Row>(sql: string, values: Values = {}) => statement(sql).all(values) as Row[],
    transaction(work) {
      if (sqlite.isTransaction) return work()
      sqlite.exec('begin immediate')
      try {
        const result = work()
        sqlite.exec('commit')
        return result
      } catch (error) {
        sqlite.exec('rollback')
        throw error
      }
    },
    close: () => sqlite.close(),
  }
}
