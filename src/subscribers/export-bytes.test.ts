import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from 'kysely'
import { testDatabase } from '../../test/database.ts'
import { csvRow } from '../values/csv.ts'
import { decimal, money } from '../values/money.ts'
import { type Cell, type Column, datasets, jsonRow } from './export.ts'
import { csvBytes, jsonBytes } from './export-bytes.ts'
import { copiedRows } from './export-copy-store.ts'
import { rowsOf } from './export-store.ts'

const columns: Column[] = [
  { name: 'usageId', kind: 'text' },
  { name: 'at', kind: 'moment' },
  { name: 'detail', kind: 'text' },
  { name: 'amount', kind: 'amount' },
  { name: 'currency', kind: 'text' },
]

/** COPY's text format, as PostgreSQL's documentation has it. */
const escapes: Record<string, string> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}
const copyCell = (cell: Cell) =>
  cell === null ? '\\N' : [...cell].map((letter) => escapes[letter] ?? letter).join('')

const nasty = fc.constantFrom(...'\b\f\n\r\t\v\\",NbN0\u0001\u001f\u007f\u2028é語😀 ')
const cell = fc.oneof(
  fc.constant(null),
  fc.array(nasty, { maxLength: 12 }).map((letters) => letters.join('')),
  fc.constantFrom('', 'N', '\\N', '\\.', 'plain', '"', ',', '\r\n'),
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '').toWellFormed()),
)
const moment = fc
  .option(fc.integer({ min: 0, max: 4_000_000_000_000 }))
  .map((ms) => (ms === null ? null : Temporal.Instant.fromEpochMilliseconds(ms).toString()))

const paid = fc.tuple(
  fc.oneof(fc.bigInt(-1200n, 1200n), fc.bigInt(-(2n ** 62n), 2n ** 62n)),
  fc.constantFrom('GBP', 'JPY', 'KWD', 'EUR', 'TND', 'KRW'),
)

test('any cells: the same bytes as row by row, for JSON and for CSV', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, moment, cell, paid), { maxLength: 6 }), (given) => {
      const rows = given.map(([a, at, b, [minor, code]]) => [
        a,
        at,
        b,
        decimal(money(minor, code)),
        code,
      ])
      const copied = Buffer.from(
        given
          .map(([a, at, b, [minor, code]]) => [
            copyCell(a),
            copyCell(at).replace('T', ' ').replace('Z', '+00'),
            copyCell(b),
            minor.toString(),
            code,
          ])
          .map((cells) => `${cells.join('\t')}\n`)
          .join(''),
      )
      expect(jsonBytes(columns, copied).toString()).toBe(
        rows.map((row) => `${jsonRow(columns, row)},\n`).join(''),
      )
      expect(csvBytes(columns, copied).toString()).toBe(rows.map(csvRow).join(''))
    }),
    { numRuns: 10_000 },
  )
})

test('a row that is cut off, and a moment elsewhere than in UTC, are bugs', () => {
  expect(() => jsonBytes(columns, Buffer.from('a\t\\N\n'))).toThrow(/as many cells/)
  const elsewhere = Buffer.from('a\t2026-11-25 23:15:11+01:30\tb\t5\tGBP\n')
  expect(() => jsonBytes(columns, elsewhere)).toThrow(/in UTC/)
  expect(() => csvBytes(columns, elsewhere)).toThrow(/in UTC/)
})

let database: Awaited<ReturnType<typeof testDatabase>>
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

test('what the database copies is what is read row by row, over many ranges and every currency', async () => {
  const { db } = database
  await sql`insert into subscriber (subscriber_id, created_at) values ('sub_a', now()), ('sub_b', now())`.execute(
    db,
  )
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql`insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc,
        country, outcome, from_bucket, charged_minor, currency, received_at)
      select case n % 2 when 0 then 'sub_a' else 'sub_b' end,
        case n % 1000 when 0 then E'odd "\\t\\n\\\\, é語' || n else 'usage_' || lpad(n::text, 8, '0') end, 'line_1', 'data', n,
        '2026-11-01T00:00:00Z'::timestamptz + n * interval '1371 millisecond', '2026-11-02T00:00:00Z', '440', '10',
        'JP', 'charged', n % 3, (n * 7) % 12345, (array['GBP', 'JPY', 'KWD'])[n % 3 + 1], now()
      from generate_series(1, 24002) n`.execute(trx)
    await sql`insert into ledger_transfer (subscriber_id, transfer_id, key, kind, detail, posted_at)
      select 'sub_a', 'transfer_' || lpad(n::text, 8, '0'), n::text, 'usage',
        jsonb_build_object('country', 'JP', 'what', 'a "b"'), now() from generate_series(1, 10500) n`.execute(
      trx,
    )
    await sql`insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
      select 'sub_a', 'transfer_' || lpad(n::text, 8, '0'), seq, account, line_id,
        (array['GBP', 'JPY', 'KWD'])[n % 3 + 1], sign * (n % 1234 + 1)
      from generate_series(1, 10500) n, (values (0, 'paid-credit', 'line_1', -1), (1, 'usage-revenue', '', 1),
        (2, 'held', '', 1), (3, 'payments-clearing', '', -1)) p (seq, account, line_id, sign)`.execute(
      trx,
    )
  })
  await sql`analyze`.execute(db)
  for (const [name, count] of [
    ['usage', 12_001],
    ['statement', 21_000],
  ] as const) {
    const byRow: string[] = []
    for await (const row of rowsOf(db, 'sub_a', name)) byRow.push(jsonRow(datasets[name], row))
    const copied: string[] = []
    let slices = 0
    for await (const rows of copiedRows(db, 'sub_a', name)) {
      slices += 1
      copied.push(...jsonBytes(datasets[name], rows).toString().slice(0, -2).split(',\n'))
    }
    expect(copied).toHaveLength(count)
    expect(slices).toBeGreaterThan(count / 1000)
    expect(copied.sort()).toEqual(byRow.sort())
  }
  for await (const rows of copiedRows(db, 'sub_nobody', 'usage')) expect(rows.length).toBe(0)
}, 60_000)
