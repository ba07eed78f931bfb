import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../test/database.ts'
import { systemIds } from '../platform/ids.ts'
import { money } from '../values/money.ts'
import type { Posting } from './ledger.ts'
import { balances, post, proveLedger } from './store.ts'

const ids = systemIds()
const at = Temporal.Instant.from('2026-11-23T10:00:00Z')
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  await sql`insert into subscriber (subscriber_id, created_at) values ('sub_a', now()), ('sub_b', now())`.execute(
    database.db,
  )
})
afterAll(() => database.drop())

function transfer(subscriberId: string, key: string, postings: Posting[]) {
  return database.db
    .transaction()
    .execute((trx) =>
      post(trx, ids, { subscriberId, key, kind: 'top-up', at, detail: {}, postings }),
    )
}
const topUp = (minor: bigint, lineId = 'line_1'): Posting => ({
  from: { account: 'payments-clearing' },
  to: { account: 'paid-credit', lineId },
  amount: money(minor, 'GBP'),
})

test('a transfer moves money once, however often its key is posted', async () => {
  expect(await transfer('sub_a', 'order_1', [topUp(1000n)])).toBe('posted')
  expect(await transfer('sub_a', 'order_1', [topUp(1000n)])).toBe('posted-before')
  expect(await transfer('sub_b', 'order_1', [topUp(300n)])).toBe('posted')
  expect(await balances(database.db, 'sub_a')).toEqual([
    { account: 'paid-credit', lineId: 'line_1', amount: money(1000n, 'GBP') },
  ])
})

test('what is there can be spent, to the last penny', async () => {
  const spend: Posting = {
    from: { account: 'paid-credit', lineId: 'line_1' },
    to: { account: 'usage-revenue' },
    amount: money(300n, 'GBP'),
  }
  expect(await transfer('sub_b', 'spend_all', [spend])).toBe('posted')
  expect(await balances(database.db, 'sub_b')).toEqual([])
  expect(await transfer('sub_b', 'order_2', [topUp(200n)])).toBe('posted')
})

test('an overdraft is refused by the database and leaves nothing behind', async () => {
  const spend: Posting = {
    from: { account: 'paid-credit', lineId: 'line_1' },
    to: { account: 'usage-revenue' },
    amount: money(1001n, 'GBP'),
  }
  await expect(transfer('sub_a', 'spend', [spend])).rejects.toThrow(/no_overdraft/)
  const left = await sql`select 1 from ledger_transfer where key = 'spend'`.execute(database.db)
  expect(left.rows).toHaveLength(0)
})

test('an unbalanced transfer, a changed posting and a deleted one are refused by the database', async () => {
  const unbalanced = database.db.transaction().execute(async (trx) => {
    await sql`insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
      values ('sub_a', 'transfer_x', 'x', 'top-up', now())`.execute(trx)
    await sql`insert into ledger_posting (subscriber_id, transfer_id, seq, account, currency, minor)
      values ('sub_a', 'transfer_x', 0, 'usage-revenue', 'GBP', 5)`.execute(trx)
  })
  await expect(unbalanced).rejects.toThrow(/does not balance/)
  await expect(
    sql`update ledger_posting set minor = minor + 1`.execute(database.db),
  ).rejects.toThrow(/never changed/)
  await expect(sql`delete from ledger_transfer`.execute(database.db)).rejects.toThrow(
    /never changed/,
  )
})

test('the proof finds a balance that drifted from its postings', async () => {
  expect(await proveLedger(database.db)).toEqual({ unbalanced: [], drifted: [] })
  await sql`update purse set paid_minor = paid_minor + 1 where subscriber_id = 'sub_b'`.execute(
    database.db,
  )
  const { drifted } = await proveLedger(database.db)
  expect(drifted).toEqual([
    { subscriberId: 'sub_b', account: 'paid-credit', lineId: 'line_1', currency: 'GBP' },
  ])
})
