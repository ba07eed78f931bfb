import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../../test/database.ts'
import { ledgerCheckCommand } from '../main/ledger.ts'
import { system } from '../platform/audit.ts'
import { systemIds } from '../platform/ids.ts'
import { money } from '../values/money.ts'
import { isClean, reportOf } from './check.ts'
import { checkLedger } from './check-store.ts'
import { placeHold } from './hold-store.ts'
import { post } from './store.ts'

const ids = systemIds()
const at = Temporal.Instant.from('2026-11-23T10:00:00Z')
const people = Array.from({ length: 25 }, (_, n) => `sub_${String(n).padStart(2, '0')}`)
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  await sql`insert into subscriber (subscriber_id, created_at) select unnest(${people}::text[]), now()`.execute(
    database.db,
  )
  for (const [n, subscriberId] of people.entries()) {
    await database.db.transaction().execute(async (trx) => {
      const lineId = 'line_1'
      const transfer = { subscriberId, at, detail: {} }
      await post(trx, ids, {
        ...transfer,
        key: 'top-up',
        kind: 'top-up',
        postings: [
          {
            from: { account: 'payments-clearing' },
            to: { account: 'paid-credit', lineId },
            amount: money(1000n, n % 2 === 0 ? 'GBP' : 'JPY'),
          },
        ],
      })
      await post(trx, ids, {
        ...transfer,
        key: 'use',
        kind: 'usage',
        postings: [
          {
            from: { account: 'paid-credit', lineId },
            to: { account: 'usage-revenue' },
            amount: money(BigInt(n + 1), n % 2 === 0 ? 'GBP' : 'JPY'),
          },
        ],
      })
    })
  }
  await database.db.transaction().execute((trx) =>
    placeHold(
      trx,
      { ids, now: at, actor: system, reason: 'a test' },
      {
        subscriberId: 'sub_12',
        key: 'hold',
        from: { account: 'paid-credit', lineId: 'line_1' },
        amount: money(100n, 'GBP'),
        purpose: 'chargeback',
        expiresAt: at.add({ hours: 1 }),
      },
    ),
  )
})
afterAll(() => database.drop())

/** Damage no application could do: the triggers and keys of the tables are switched off for it. */
async function damaged<T>(damage: string, use: () => Promise<T>): Promise<T> {
  const before = await snapshot()
  await database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql.raw(damage).execute(trx)
  })
  try {
    expect(await snapshot()).not.toEqual(before)
    return await use()
  } finally {
    await database.db.transaction().execute(async (trx) => {
      await sql`set local session_replication_role = replica`.execute(trx)
      // Put back whatever the damage took away to be possible at all.
      await sql`alter table ledger_account drop constraint if exists no_overdraft,
        add constraint no_overdraft check (case when account = 'owed' then minor <= 0 else minor >= 0 end) not valid`.execute(
        trx,
      )
      for (const table of tables) {
        await sql`delete from ${sql.table(table)}`.execute(trx)
        await sql`insert into ${sql.table(table)} select * from json_populate_recordset(
          null::${sql.table(table)}, ${JSON.stringify(before[table])}::json)`.execute(trx)
      }
    })
  }
}

const tables = [
  'ledger_transfer',
  'ledger_posting',
  'ledger_account',
  'purse',
  'ledger_hold',
] as const
type Snapshot = Record<(typeof tables)[number], unknown[]>

async function snapshot(): Promise<Snapshot> {
  const read = async (table: (typeof tables)[number]) => {
    const { rows } = await sql<{ all: unknown[] }>`
      select coalesce(json_agg(t order by t::text), '[]') as all from ${sql.table(table)} t`.execute(
      database.db,
    )
    return [table, rows[0]?.all ?? []]
  }
  return Object.fromEntries(await Promise.all(tables.map(read))) as Snapshot
}

beforeEach(async () => {
  expect((await checkLedger(database.db)).differences).toEqual([])
})

test('a sound ledger is proven, in whatever ranges it is read', async () => {
  for (const rangePostings of [1, 3, 7, 99, 200_000]) {
    const seen: number[] = []
    const check = await checkLedger(database.db, {
      rangePostings,
      onProgress: (postings) => seen.push(postings),
    })
    expect(isClean(check)).toBe(true)
    expect(check).toMatchObject({ postings: 102, transfers: 51, balances: 51 })
    expect(check.currencies).toEqual(
      new Map([
        ['GBP', 0n],
        ['JPY', 0n],
      ]),
    )
    expect(seen.at(-1)).toBe(102)
    expect(seen.length).toBeGreaterThanOrEqual(Math.min(25, Math.floor(102 / (rangePostings + 4))))
  }
  expect(reportOf(await checkLedger(database.db))).toMatch(
    /102 postings, 51 transfers, 51 balances\nGBP {2}sum 0\.00\nJPY {2}sum 0\nClean/,
  )
})

type Planted = [name: string, damage: string, kinds: string[], detail: object]
const planted: Planted[] = [
  [
    'a posting that was changed',
    `update ledger_posting set minor = minor + 5 where subscriber_id = 'sub_04' and account = 'paid-credit' and minor > 0`,
    ['balance-differs', 'currency-not-zero', 'transfer-not-zero'],
    { subscriberId: 'sub_04', currency: 'GBP', found: '5' },
  ],
  [
    'a posting that was deleted',
    `delete from ledger_posting where subscriber_id = 'sub_05' and account = 'usage-revenue'`,
    ['currency-not-zero', 'transfer-not-zero'],
    { subscriberId: 'sub_05', currency: 'JPY', found: '-6' },
  ],
  [
    'a transfer whose postings are gone',
    `delete from ledger_posting where subscriber_id = 'sub_06' and transfer_id in
      (select transfer_id from ledger_transfer where subscriber_id = 'sub_06' and key = 'use')`,
    ['balance-differs', 'transfer-without-posting'],
    { subscriberId: 'sub_06', expected: '1000', found: '993' },
  ],
  [
    'postings whose transfer is gone',
    `delete from ledger_transfer where subscriber_id = 'sub_07' and key = 'use'`,
    ['posting-without-transfer'],
    { subscriberId: 'sub_07', currency: 'JPY', found: '0' },
  ],
  [
    'a balance that was changed',
    `update purse set paid_minor = paid_minor + 1 where subscriber_id = 'sub_24'`,
    ['balance-differs'],
    { account: 'paid-credit', lineId: 'line_1', expected: '975', found: '976' },
  ],
  [
    'a balance that was deleted',
    `delete from purse where subscriber_id = 'sub_00'`,
    ['balance-differs'],
    { subscriberId: 'sub_00', expected: '999', found: '0' },
  ],
  [
    'a balance nobody posted to',
    `insert into ledger_account (subscriber_id, line_id, account, currency, minor)
      values ('sub_00', '', 'refunds-payable', 'GBP', 1)`,
    ['balance-differs'],
    { subscriberId: 'sub_00', lineId: '', expected: '0', found: '1' },
  ],
  [
    'an account that is overdrawn with its postings',
    `update ledger_posting set minor = minor * -1 where subscriber_id = 'sub_12' and transfer_id in
      (select transfer_id from ledger_transfer where subscriber_id = 'sub_12' and key like '%:placed');
    alter table ledger_account drop constraint no_overdraft;
    update ledger_account set minor = -100 where subscriber_id = 'sub_12' and account = 'held';
    update purse set paid_minor = paid_minor + 200 where subscriber_id = 'sub_12'`,
    ['balance-overdrawn', 'holds-differ'],
    { kind: 'balance-overdrawn', subscriberId: 'sub_12', account: 'held', found: '-100' },
  ],
  [
    'a hold that was ended behind the ledger’s back',
    `update ledger_hold set state = 'released', ended_at = now()`,
    ['holds-differ'],
    { subscriberId: 'sub_12', lineId: 'line_1', expected: '0', found: '100' },
  ],
  [
    'credit set aside for a session that has ended',
    `update purse set held_minor = 3 where subscriber_id = 'sub_02'`,
    ['held-without-session'],
    { subscriberId: 'sub_02', lineId: 'line_1', expected: '0', found: '3' },
  ],
  [
    'a hold without its money',
    `insert into ledger_hold select subscriber_id, 'hold_x', 'x', line_id, account, 'JPY', minor, purpose, state,
      null, placed_at, expires_at from ledger_hold`,
    ['holds-differ'],
    { currency: 'JPY', expected: '100', found: '0' },
  ],
  [
    'two postings that hide each other in the total',
    `update ledger_posting set minor = minor + case subscriber_id when 'sub_08' then 7 else -7 end
      where subscriber_id in ('sub_08', 'sub_10') and account = 'usage-revenue'`,
    ['transfer-not-zero'],
    { subscriberId: 'sub_08', found: '7' },
  ],
]

test.each(planted)('%s is found, and named', async (_, damage, kinds, detail) => {
  await damaged(damage, async () => {
    for (const rangePostings of [2, 200_000]) {
      const check = await checkLedger(database.db, { rangePostings })
      expect([...new Set(check.differences.map(({ kind }) => kind))].sort()).toEqual(kinds)
      expect(check.differences).toContainEqual(expect.objectContaining(detail))
      expect(check.differenceCount).toBe(check.differences.length)
    }
  })
})

test('the command: 0 and clean, 1 and the differences, as text and as JSON', async () => {
  let out = ''
  const run = (json: boolean) => {
    out = ''
    return ledgerCheckCommand(database.url, json, (text) => (out += text))
  }
  expect(await run(false)).toBe(0)
  expect(out).toMatch(/Clean: every transfer is zero/)
  expect(await run(true)).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ clean: true, postings: 102, currencies: { GBP: '0' } })
  await damaged(`update purse set paid_minor = paid_minor + 1`, async () => {
    expect(await run(false)).toBe(1)
    expect(out).toContain(
      'balance-differs  sub_24 paid-credit of line_1  GBP  9.76 instead of 9.75',
    )
    expect(out).toContain('NOT clean: 25 differences.')
    expect(await run(true)).toBe(1)
    const told = JSON.parse(out)
    expect(told).toMatchObject({ clean: false, differenceCount: 25 })
    expect(told.differences).toHaveLength(25)
  })
})

test('what is written meanwhile is neither held up nor mistaken for damage', async () => {
  let written: Promise<unknown> | undefined
  const check = await checkLedger(database.db, {
    rangePostings: 2,
    onProgress() {
      written ??= database.db.transaction().execute((trx) =>
        post(trx, ids, {
          subscriberId: 'sub_20',
          key: 'meanwhile',
          kind: 'top-up',
          at,
          detail: {},
          postings: [
            {
              from: { account: 'payments-clearing' },
              to: { account: 'paid-credit', lineId: 'line_1' },
              amount: money(1n, 'GBP'),
            },
          ],
        }),
      )
    },
  })
  await written
  expect(check).toMatchObject({ postings: 102, differenceCount: 0 })
})
