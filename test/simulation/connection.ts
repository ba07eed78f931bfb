/** PostgreSQL as the processes of the simulation see it: the real one, through connections that can break at a commit. */
import type pg from 'pg'
import { caseStates } from '../../src/closure/wire.ts'
import { busily, current, type Life, meet } from './node.ts'

/** A connection of one life of a process. */
type Held = {
  client: pg.PoolClient
  life: Life
  inTransaction: boolean
  /** Whether the transaction may keep others from going on: it has written, or said what it will write. */
  holdsLocks: boolean
  /** What was written since the transaction began, to tell one commit from another. */
  wrote: Set<string>
}

/** What the server says to clients whose connection it ends. */
const broken = () =>
  Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' })

/** The pool of one process: its connections live and die with it. */
export function openSimPool(): pg.Pool {
  const pool = {
    connect,
    async query(...asked: [unknown, unknown[]?]) {
      const client = await pool.connect()
      try {
        return await (client.query as (...asked: [unknown, unknown[]?]) => unknown)(...asked)
      } finally {
        client.release()
      }
    },
    end: async () => {},
    on: () => pool,
  }
  return pool as unknown as pg.Pool
}

async function connect(): Promise<pg.PoolClient> {
  const { life, world, label } = current()
  // With every connection in such a transaction nobody would ever get a second one.
  if (life.transactions > 0)
    world.troubles.push({ rule: 'a transaction waits for a second connection', what: label })
  const client = await busily(life, () => world.pool.connect())
  const held: Held = { client, life, inTransaction: false, holdsLocks: false, wrote: new Set() }
  world.database.lend(client)
  // What the kernel does for a process that dies: its connections break, and PostgreSQL rolls back.
  const cleanup = async () => {
    if (held.inTransaction) await client.query('rollback').catch(() => undefined)
    world.database.take(client)
  }
  life.cleanups.add(cleanup)
  return {
    query: (asked: unknown, values?: unknown[]) => query(held, asked, values),
    release(error?: Error) {
      // A process that has ended gave its connections back already.
      if (life.cleanups.delete(cleanup)) world.database.take(client, error)
    },
  } as unknown as pg.PoolClient
}

type Asked = { text: string; values?: readonly unknown[] }

function query(held: Held, asked: unknown, values?: readonly unknown[]): unknown {
  if (isStream(asked)) {
    held.wrote.add(writes({ text: asked.text })!)
    hold(held)
    return held.client.query(asked as unknown as pg.Submittable)
  }
  const { text } = typeof asked === 'string' ? { text: asked } : (asked as Asked)
  const run = () => busily(held.life, () => held.client.query(asked as string, values as unknown[]))
  if (/^\s*(begin|start transaction)/i.test(text)) return begin(held, run)
  if (/^\s*commit/i.test(text)) return commit(held)
  if (/^\s*rollback\s*$/i.test(text)) return end(held, 'rollback')
  if (locking.test(text)) hold(held)
  const given = values ?? (asked as Partial<Asked>).values ?? []
  return execute(held, { text, values: given }, run)
}

const locking = /\bfor (no key )?(update|(key )?share)\b|advisory/i

function hold(held: Held) {
  if (!held.inTransaction || held.holdsLocks) return
  held.holdsLocks = true
  held.life.locks += 1
}

/** A COPY, which is no promise but a stream. */
function isStream(asked: unknown): asked is { text: string } {
  return typeof asked === 'object' && asked !== null && 'submit' in asked
}

async function execute<Result extends { rowCount: number | null }>(
  held: Held,
  asked: Asked,
  run: () => Promise<Result>,
): Promise<Result> {
  const table = writes(asked)
  if (!table) return run()
  if (!held.inTransaction) await onTheWay(`writes ${table}`)
  hold(held)
  const result = await run()
  if ((result.rowCount ?? 0) === 0) return result
  if (!held.inTransaction) held.wrote.clear()
  held.wrote.add(table)
  if (held.inTransaction) return result
  noteCommit(held.wrote)
  await onTheWayBack(`wrote ${table}`)
  return result
}

async function begin<Result>(held: Held, run: () => Promise<Result>) {
  const result = await run()
  held.inTransaction = true
  held.life.transactions += 1
  held.wrote.clear()
  return result
}

async function commit(held: Held) {
  const wrote = [...held.wrote].sort().join(' ')
  const fault =
    wrote === '' ? undefined : await meet(`commits ${wrote}`, ['crash', 'break', 'restart'])
  if (fault === 'restart') {
    await current().world.database.restart()
    ended(held)
    throw broken()
  }
  if (fault) {
    await end(held, 'rollback')
    throw broken()
  }
  const result = await end(held, 'commit')
  noteCommit(held.wrote)
  if (wrote === '') await meet('has read', ['freeze'])
  else await onTheWayBack(`committed ${wrote}`)
  return result
}

/** What no rule is about need not be looked at. */
const harmless = /^(idempotency_key|notice|(staff_)?sign_in_\w+|one_time_code)$/

function noteCommit(wrote: ReadonlySet<string>) {
  const { world } = current()
  if ([...wrote].some((table) => !harmless.test(table))) world.commits += 1
  if ([...wrote].some((table) => /^(ledger|purse)/.test(table))) world.money += 1
}

async function end(held: Held, how: 'commit' | 'rollback') {
  const result = await busily(held.life, () => held.client.query(how))
  ended(held)
  return result
}

function ended(held: Held) {
  if (held.inTransaction) held.life.transactions -= 1
  if (held.holdsLocks) held.life.locks -= 1
  held.inTransaction = false
  held.holdsLocks = false
}

async function onTheWay(place: string) {
  if (await meet(place, ['crash', 'break'])) throw broken()
}

async function onTheWayBack(place: string) {
  if (await meet(place, ['crash', 'break', 'freeze'])) throw broken()
}

const states: ReadonlySet<unknown> = new Set(caseStates)
const written = /(?:^|\)|;)\s*(?:insert\s+into|update|delete\s+from|copy)\s+"?(\w+)"?/i

/** The table a statement writes to, with the step or state it writes where a reader would want to know. */
function writes({ text, values = [] }: Asked): string | undefined {
  if (/pgboss/.test(text)) return undefined
  // Online charging commits by a function of the database.
  const table = text.startsWith('select purse_commit')
    ? 'purse'
    : written.exec(text)?.[1]?.toLowerCase()
  if (!table) return undefined
  const given = values.flatMap(unfolded)
  if (table === 'closure_case') {
    const state = given.find((value) => states.has(value))
    return state ? `${table}(${String(state)})` : table
  }
  const step = table === 'closure_step' && given.find(isStep)
  return step ? `${table}(${step.split(':')[0]})` : table
}

/** A set of rows is one parameter: of those, what they say a step or a state is. */
function unfolded(value: unknown): unknown[] {
  if (typeof value !== 'string' || !value.startsWith('[{')) return [value]
  const rows = JSON.parse(value) as { step?: string; state?: string; change?: { state?: string } }[]
  return rows.flatMap(({ step, state, change }) => [step, change?.state ?? state])
}

function isStep(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z-]+(:.+)?$/.test(value)
}
