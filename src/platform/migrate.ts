/** Brings a database's schema up to this code: numbered SQL files, each applied once, never edited. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { checkout } from './config.ts'
import { CannotStart } from './process.ts'

export type Migration = { name: string; sha256: string; sql: string }
export type Migrated = { applied: string[]; total: number }

type Row = { name: string; sha256: string }
type Plan = { kind: 'apply'; pending: Migration[] } | { kind: 'refused'; reason: string }

// Any number, the same for every node: two nodes that start together migrate one after the other.
const LOCK = 7_302_614_001

const TABLE = `create table if not exists migrations (
  name text primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
)`

/** Applies what is missing, all in one transaction, and says what it applied. */
export async function migrate(
  databaseUrl: string,
  folder = join(checkout, 'migrations'),
): Promise<Migrated> {
  const files = readMigrations(folder)
  const client = await connect(databaseUrl)
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [LOCK])
    await client.query(TABLE)
    const { rows } = await client.query<Row>('select name, sha256 from migrations order by name')
    const plan = planMigrations(files, rows)
    if (plan.kind === 'refused') throw new CannotStart(plan.reason)
    for (const migration of plan.pending) await apply(client, migration)
    await client.query('commit')
    return { applied: plan.pending.map(({ name }) => name), total: files.length }
  } finally {
    // An open transaction ends with its connection, so nothing of a failed run stays.
    await client.end().catch(() => {})
  }
}

/** Reads `NNN-name.sql` in order. */
export function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  const numbers = new Set<string>()
  return names.map((name) => {
    const number = /^(\d{3})-[a-z0-9-]+\.sql$/.exec(name)?.[1]
    if (number === undefined)
      throw new CannotStart(`migrations/${name} must be named NNN-name.sql.`)
    if (numbers.has(number)) throw new CannotStart(`Two migrations carry the number ${number}.`)
    numbers.add(number)
    // A checkout with Windows line ends is the same migration.
    const sql = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
    return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
  })
}

/** What to apply, or why this code and this database do not belong together. */
export function planMigrations(files: readonly Migration[], applied: readonly Row[]): Plan {
  const known = new Map(files.map((file) => [file.name, file]))
  const done = new Set(applied.map(({ name }) => name))
  const foreign = applied.find(({ name }) => !known.has(name))
  if (foreign) {
    return refused(`The database is newer than this code: it has ${foreign.name}; update Violet.`)
  }
  const changed = applied.find(({ name, sha256 }) => known.get(name)?.sha256 !== sha256)
  if (changed) {
    return refused(
      `migrations/${changed.name} was changed after it was applied; restore it and add a new file.`,
    )
  }
  const pending = files.filter(({ name }) => !done.has(name))
  const last = applied
    .map(({ name }) => name)
    .sort()
    .at(-1)
  const late = pending.find(({ name }) => last !== undefined && name < last)
  if (late) return refused(`migrations/${late.name} comes before ${last}, already applied.`)
  return { kind: 'apply', pending }
}

const refused = (reason: string): Plan => ({ kind: 'refused', reason })

async function apply(client: pg.Client, { name, sha256, sql }: Migration): Promise<void> {
  try {
    await client.query(sql)
  } catch (error) {
    const { message, position } = error as pg.DatabaseError
    const line = position ? ` line ${sql.slice(0, Number(position)).split('\n').length}` : ''
    throw new CannotStart(`migrations/${name}${line} failed: ${message}; nothing was changed.`)
  }
  await client.query('insert into migrations (name, sha256) values ($1, $2)', [name, sha256])
}

/** Connects, or says in one sentence why that is not possible, never repeating the password. */
export async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5000,
    application_name: 'violet-start',
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw new CannotStart(connectFailure(databaseUrl, error as Error & { code?: string }))
  }
}

function connectFailure(databaseUrl: string, error: Error & { code?: string }): string {
  const { hostname, port, pathname, username } = new URL(databaseUrl)
  const where = `${hostname || 'localhost'}:${port || '5432'}`
  const inner = error instanceof AggregateError ? (error.errors[0] as Error) : error
  const code = error.code ?? (inner as { code?: string }).code
  switch (code) {
    case '28P01':
    case '28000':
      return `The database at ${where} refused the sign-in of "${username}": check DATABASE_URL.`
    case '3D000':
      return `The database at ${where} has no database "${pathname.slice(1)}": create it first.`
    case '53300':
      return `The database at ${where} has no free connection left.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${hostname} of DATABASE_URL is not known.`
    default:
      return `No database answers at ${where} (${code ?? inner.message}): check DATABASE_URL.`
  }
}
