/** The house as a test: who imports whom, what pure files may do, how long things get, what every table carries. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkout } from '../src/platform/config.ts'
import { testDatabase } from './database.ts'

const features = [
  'closure',
  'subscribers',
  'staff',
  'lines',
  'plans',
  'ledger',
  'usage',
  'esim',
  'payments',
  'policy',
  'renewals',
  'porting',
  'tickets',
  'notices',
]
const impure = /(^|[/-])(routes|store|steps|gateway)\.ts$|\/steps\/|\/(portal|console)\//

const sources = globSync('{src,simulators,scripts,test,bench}/**/*.{ts,tsx}', {
  cwd: checkout,
}).sort()
const pure = sources.filter(
  (path) =>
    features.some((feature) => path.startsWith(`src/${feature}/`)) &&
    !impure.test(path) &&
    !path.includes('.test.'),
)
const read = (path: string) => readFileSync(join(checkout, path), 'utf8')
const code = (path: string) =>
  read(path)
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")

function cruise(): string {
  try {
    execFileSync(
      process.execPath,
      [
        join(checkout, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
        'src',
        'simulators',
      ],
      {
        cwd: checkout,
        encoding: 'utf8',
        stdio: 'pipe',
      },
    )
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

test('imports follow the house', () => {
  expect(cruise()).toBe('')
}, 60_000)

test('a pure file that imports store.ts is caught', () => {
  const planted = join(checkout, 'src/closure/planted.ts')
  writeFileSync(planted, "import { findCase } from './store.ts'\nexport const planted = findCase\n")
  try {
    expect(cruise()).toMatch(/pure-imports-pure: src\/closure\/planted\.ts/)
  } finally {
    rmSync(planted)
  }
}, 60_000)

test('pure files wait for nothing and ask neither clock, chance, network nor process', () => {
  const forbidden =
    /\basync\b|\bawait\b|\bDate\.now\b|\bnew Date\(\)|\bTemporal\.Now\b|\bMath\.random\b|\bfetch\(|\bprocess\./
  const found = pure.filter((path) => forbidden.test(code(path)))
  expect(found).toEqual([])
  expect(pure.length).toBeGreaterThan(20)
})

test('files are at most 400 lines of at most 100 columns, and begin by saying what they are', () => {
  const generated = new Set(['src/platform/tables.ts', 'src/portal/api.d.ts'])
  const long = sources.filter((path) => !generated.has(path) && read(path).split('\n').length > 401)
  expect(long).toEqual([])
  const silent = sources.filter(
    (path) =>
      path.startsWith('src/') &&
      !generated.has(path) &&
      !path.includes('.test.') &&
      !/^(#!.*\n)?\/\*\*? \S/.test(read(path)),
  )
  expect(silent).toEqual([])
})

test('no barrels, no drawers', () => {
  expect(sources.filter((path) => /(^|\/)index\.tsx?$/.test(path))).toEqual([])
  const drawers = /\/(utils|common|helpers|lib|shared|core|services|managers)\//
  expect(sources.filter((path) => drawers.test(path))).toEqual([])
})

test('every feature says what it owns', () => {
  const silent = features.filter((feature) => {
    const [readme] = globSync(`src/${feature}/README.md`, { cwd: checkout })
    return !readme || !/own/i.test(read(readme))
  })
  expect(silent).toEqual([])
})

test('docs/architecture.md names every folder of the tree, and no other', () => {
  const text = read('docs/architecture.md')
  const named = [
    ...text.matchAll(/`(src\/[a-z]+\/|simulators\/|migrations\/|scripts\/|test\/)`/g),
  ].map(([, name]) => name)
  const folders = globSync('src/*/', { cwd: checkout }).map((path) => `${relative('.', path)}/`)
  expect([...new Set(named)].filter((name) => name?.startsWith('src/')).sort()).toEqual(
    folders.sort(),
  )
})

test('the type checker is TypeScript 7', () => {
  const version = execFileSync(
    process.execPath,
    [join(checkout, 'node_modules/@typescript/native/bin/tsc'), '-v'],
    { encoding: 'utf8' },
  )
  expect(version).toMatch(/^Version 7\./)
})

let database: Awaited<ReturnType<typeof testDatabase>>
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

test('every table with a subscriber_id has it first in its primary key; only index tables map to it', async () => {
  const { rows } = await sql<{ table_name: string; first: string }>`
    select c.table_name, (
      select k.column_name from information_schema.table_constraints t
      join information_schema.key_column_usage k using (constraint_name, table_schema)
      where t.table_schema = 'public' and t.table_name = c.table_name
        and t.constraint_type = 'PRIMARY KEY' and k.ordinal_position = 1) as first
    from information_schema.columns c
    join information_schema.tables using (table_schema, table_name)
    where c.table_schema = 'public' and c.column_name = 'subscriber_id' and table_type = 'BASE TABLE'`.execute(
    database.db,
  )
  const wrong = rows
    .filter(({ first }) => first !== 'subscriber_id')
    .map(({ table_name }) => table_name)
    .sort()
  expect(wrong).toEqual([
    'closure_index',
    'contact_index',
    'line_index',
    'passkey_index',
    'payment_index',
    'phone_number',
    'port_index',
    'profile_index',
    'sign_in_user',
    'ticket_index',
  ])
})
