import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Cluster, startThrowAwayCluster } from './cluster.ts'
import { freePort } from './free-port.ts'
import { migrate, planMigrations, readMigrations } from './migrate.ts'

let cluster: Cluster
let folder: string
let database: string
let count = 0

beforeAll(async () => {
  cluster = await startThrowAwayCluster()
})

afterAll(async () => {
  await cluster.stop()
})

beforeEach(async () => {
  database = `migrate_${(count += 1)}`
  await query('postgres', `create database ${database}`)
  folder = mkdtempSync(join(tmpdir(), 'violet-migrate-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

async function query(name: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: cluster.url(name) })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const write = (name: string, sql: string) => writeFileSync(join(folder, name), sql)
const run = () => migrate(cluster.url(database), folder)

test('applies in order, once, and only what is new', async () => {
  write('001-lines.sql', 'create table line (id text); create index on line (id);')
  write('002-more.sql', 'alter table line add column state text;')
  expect(await run()).toEqual({ applied: ['001-lines.sql', '002-more.sql'], total: 2 })
  expect(await run()).toEqual({ applied: [], total: 2 })
  write('003-last.sql', "insert into line values ('a', 'active');")
  expect((await run()).applied).toEqual(['003-last.sql'])
  expect(await query(database, 'select * from line')).toEqual([{ id: 'a', state: 'active' }])
})

test('one failing file undoes all of the run and is named with its line', async () => {
  write('001-good.sql', 'create table line (id text);')
  write('002-bad.sql', 'select 1;\nselect nonsense;')
  await expect(run()).rejects.toThrow(/002-bad\.sql line 2 failed/)
  expect(await query(database, "select to_regclass('line') as found")).toEqual([{ found: null }])
})

test('several nodes that start together apply every file once', async () => {
  write('001-slow.sql', 'create table line (id text); select pg_sleep(0.2);')
  write('002-row.sql', "insert into line values ('a');")
  const runs = await Promise.all([run(), run(), run()])
  expect(runs.flatMap(({ applied }) => applied)).toHaveLength(2)
  expect(await query(database, 'select count(*)::int as n from line')).toEqual([{ n: 1 }])
})

test('a changed file and a newer database are refused', async () => {
  write('001-lines.sql', 'create table line (id text);')
  await run()
  write('001-lines.sql', 'create table line (id text);\r\n')
  await expect(run()).rejects.toThrow(/001-lines\.sql was changed/)
  rmSync(join(folder, '001-lines.sql'))
  await expect(run()).rejects.toThrow(/newer than this code/)
})

describe('planMigrations', () => {
  const file = (name: string) => ({ name, sha256: name, sql: '' })

  test('a file that would come before one already applied is refused', () => {
    const files = ['001-a.sql', '002-b.sql', '003-c.sql'].map(file)
    const plan = planMigrations(files, [file('001-a.sql'), file('003-c.sql')])
    expect(plan).toMatchObject({ kind: 'refused', reason: expect.stringContaining('002-b.sql') })
  })
})

test('names that are not NNN-name.sql and numbers given twice are refused', () => {
  write('1-short.sql', '')
  expect(() => readMigrations(folder)).toThrow(/1-short\.sql/)
  rmSync(join(folder, '1-short.sql'))
  write('001-a.sql', '')
  write('001-b.sql', '')
  expect(() => readMigrations(folder)).toThrow(/number 001/)
})

test('an address that cannot be used is refused in one sentence without the password', async () => {
  const wrong = cluster.url(database).replace(/:[^:@/]+@/, ':hunter2@')
  await expect(migrate(wrong, folder)).rejects.toThrow(/^(?!.*hunter2).*refused the sign-in.*\.$/)
  const nobody = `postgres://violet:hunter2@127.0.0.1:${await freePort(0)}/violet`
  await expect(migrate(nobody, folder)).rejects.toThrow(/^(?!.*hunter2)No database answers.*\.$/)
  await expect(migrate(cluster.url('none'), folder)).rejects.toThrow(/no database "none"/)
})
