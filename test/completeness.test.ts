/** Nothing of a subscriber is forgotten: every table and column that reaches one has a closing rule, or this fails. */
import { globSync } from 'node:fs'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closings } from '../src/closure/leftovers-store.ts'
import { readinessRowWire } from '../src/closure/wire.ts'
import { noticeQueues } from '../src/notices/store.ts'
import { verbs } from '../src/closure/workflow.ts'
import { checkout } from '../src/platform/config.ts'
import type { Db } from '../src/platform/database.ts'
import { datasetNames } from '../src/subscribers/export.ts'
import { exported, leftOut } from '../src/subscribers/export-parts.ts'
import { openQueue } from '../src/platform/queue.ts'
import { columnsOf, isHoldable, type Leftover, sealedColumns } from '../src/values/closing.ts'
import { testDatabase } from './database.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

type Column = { t: string; c: string }
type Edge = { child: string; parent: string }

/** Tables of subscribers: by a column, by sign-in, and whatever a foreign key ties to one of those. */
async function catalogOf(db: Db) {
  const { rows: columns } = await sql<Column>`
    select c.table_name as t, c.column_name as c
    from information_schema.columns c join information_schema.tables using (table_schema, table_name)
    where c.table_schema = 'public' and table_type = 'BASE TABLE' order by 1, c.ordinal_position`.execute(
    db,
  )
  const { rows: edges } = await sql<Edge>`
    select conrelid::regclass::text as child, confrelid::regclass::text as parent
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`.execute(db)
  const reached = new Set(
    columns
      .filter(({ t, c }) => c === 'subscriber_id' || t.startsWith('sign_in_'))
      .map(({ t }) => t),
  )
  for (let before = 0; before !== reached.size;) {
    before = reached.size
    for (const { child, parent } of edges) if (reached.has(parent)) reached.add(child)
  }
  return { columns: Map.groupBy(columns, ({ t }) => t), reached }
}

/** What the catalog has and no feature claims, and what is claimed and isn't there: one sentence each. */
async function unclaimed(db: Db): Promise<string[]> {
  const { columns, reached } = await catalogOf(db)
  const claims = Object.entries(closings).flatMap(([feature, { leftovers }]) =>
    Object.entries(leftovers).map(([table, claim]) => ({ feature, table, claim })),
  )
  const byTable = Map.groupBy(claims, ({ table }) => table)
  const found = [...byTable].flatMap(([table, claimed]) => [
    ...(claimed.length > 1 ? [`${table} is claimed twice`] : []),
    ...(columns.has(table) ? [] : [`${table} is claimed and is not there`]),
  ])
  for (const [table, its] of columns) {
    const [claimed] = byTable.get(table) ?? []
    if (!claimed) found.push(`${table} has no closing rule`)
    else
      found.push(
        ...wrongColumns(
          table,
          claimed.claim,
          its.map(({ c }) => c),
          reached,
        ),
      )
  }
  return found
}

function wrongColumns(table: string, claim: Leftover, there: string[], reached: Set<string>) {
  if (claim === 'nobody')
    return reached.has(table) ? [`${table} reaches a subscriber and is said to be nobody's`] : []
  const named = columnsOf(claim)
  return [
    ...there.filter((c) => !named.includes(c)).map((c) => `${table}.${c} has no closing rule`),
    ...named.filter((c) => !there.includes(c)).map((c) => `${table}.${c} is claimed, not there`),
    ...named
      .filter((c, at) => named.indexOf(c) !== at)
      .map((c) => `${table}.${c} is claimed twice`),
  ]
}

test('every table and every column that reaches a subscriber has one closing rule', async () => {
  expect(await unclaimed(database.db)).toEqual([])
  const { reached } = await catalogOf(database.db)
  expect(reached.size).toBeGreaterThan(30)
})

test('what a legal hold keeps when an account ends is not sealed with the key that goes then', () => {
  const claims = Object.values(closings).flatMap(({ leftovers }) => Object.entries(leftovers))
  const held = claims.flatMap(([table, claim]) =>
    claim !== 'nobody' && claim.erase && isHoldable(claim) ? [{ table, claim }] : [],
  )
  expect(held.map(({ table }) => table).sort()).toEqual(['line', 'port_in', 'port_out', 'profile'])
  const sealed = held.flatMap(({ claim }) => sealedColumns(claim))
  expect(sealed.filter(({ category }) => category === 'account')).toEqual([])
})

test('a new table with a subscriber id, one tied to it, or a new column, turns this red', async () => {
  const { db } = database
  await sql`create table loyalty (subscriber_id text primary key, points int)`.execute(db)
  await sql`create table loyalty_gift (gift_id text primary key, owner text references loyalty)`.execute(
    db,
  )
  await sql`alter table ticket add column mood text`.execute(db)
  await sql`alter table plan_zone add column owner text references subscriber`.execute(db)
  try {
    expect(await unclaimed(db)).toEqual([
      'loyalty has no closing rule',
      'loyalty_gift has no closing rule',
      "plan_zone reaches a subscriber and is said to be nobody's",
      'ticket.mood has no closing rule',
    ])
    expect((await catalogOf(db)).reached).toContain('loyalty_gift')
  } finally {
    await sql`drop table loyalty_gift, loyalty`.execute(db)
    await sql`alter table ticket drop column mood`.execute(db)
    await sql`alter table plan_zone drop column owner`.execute(db)
  }
})

test('the data export holds every table that reaches a subscriber, or says why not', async () => {
  const { reached } = await catalogOf(database.db)
  const named = [...Object.keys(exported), ...Object.keys(leftOut)]
  expect([...reached].filter((table) => !named.includes(table)).sort()).toEqual([])
  expect(new Set(named).size).toBe(named.length)
  expect(new Set(Object.values(exported))).toEqual(new Set(datasetNames))
})

test('every feature says what closing means for it, and is asked', () => {
  const features = globSync('src/*/README.md', { cwd: checkout }).map((path) => path.split('/')[1])
  const pages = new Set(['portal', 'console'])
  const asked = Object.keys(closings).filter((name) => name !== 'platform')
  expect(asked.sort()).toEqual(features.filter((name) => !pages.has(name ?? '')).sort())
})

test('every row of the checklist and every step of a closure belongs to one feature', () => {
  const all = Object.values(closings)
  expect(all.flatMap(({ blockers }) => blockers).sort()).toEqual(
    [...readinessRowWire.shape.key.options].sort(),
  )
  expect(all.flatMap(({ steps }) => steps).sort()).toEqual([...verbs].sort())
})

test('a job carries ids only: whatever has no closing rule, or is an address, is not enqueued', async () => {
  const queue = await openQueue(database.url, pino({ level: 'silent' }), noticeQueues)
  const send = (data: Record<string, string>) =>
    database.db.transaction().execute((trx) => queue.send(trx, 'notices.send', 'key', data))
  try {
    await send({ subscriberId: 'sub_1', noticeId: 'notice_1' })
    await expect(send({ email: 'x' })).rejects.toThrow(/"email", which has no closing rule/)
    await expect(send({ reason: 'to lin@example.com' })).rejects.toThrow(/address in "reason"/)
    await expect(send({ noticeId: '+447700900123' })).rejects.toThrow(/address in "noticeId"/)
    const { rows } = await sql<{ data: unknown }>`select data from pgboss.job`.execute(database.db)
    expect(rows).toEqual([{ data: { subscriberId: 'sub_1', noticeId: 'notice_1' } }])
  } finally {
    await queue.close()
  }
})
