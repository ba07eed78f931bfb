import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../test/database.ts'
import { ledgerBalancesCommand } from '../main/ledger.ts'
import { testClock } from '../platform/clock.ts'
import { systemIds } from '../platform/ids.ts'
import { decimal, money } from '../values/money.ts'
import { checkLedger } from './check-store.ts'
import { earn, type Posting } from './ledger.ts'
import { operatorBalances, resealDays, sealDays } from './operator-store.ts'
import { post } from './store.ts'

const ids = systemIds()
const clock = testClock('2026-11-20T09:00:00Z')
let database: Awaited<ReturnType<typeof testDatabase>>
let made = 0

beforeAll(async () => {
  database = await testDatabase()
  await sql`insert into subscriber (subscriber_id, country, created_at)
    values ('sub_gb', 'GB', now()), ('sub_de', 'DE', now())`.execute(database.db)
})
afterAll(() => database.drop())

async function move(
  subscriberId: string,
  postings: Posting[],
  detail: Record<string, string> = {},
) {
  await database.db.transaction().execute((trx) =>
    post(trx, ids, {
      subscriberId,
      key: `key_${(made += 1)}`,
      kind: 'usage',
      at: clock.now(),
      detail,
      postings,
    }),
  )
}
const credit = { account: 'paid-credit', lineId: 'line_1' } as const
const topUp = (subscriberId: string, minor: bigint, code = 'GBP') =>
  move(subscriberId, [
    { from: { account: 'payments-clearing' }, to: credit, amount: money(minor, code) },
  ])
function use(subscriberId: string, minor: bigint, country: string, rate: bigint) {
  const amount = money(minor, 'GBP')
  const gross: Posting[] = [{ from: credit, to: { account: 'usage-revenue' }, amount }]
  const { postings, detail } = earn(gross, { country, rate })
  return move(subscriberId, postings, detail)
}
const shown = async () =>
  (await operatorBalances(database.db)).map(({ account, taxCountry, amount }) =>
    [account, taxCountry, decimal(amount), amount.currency].filter(Boolean).join(' '),
  )
const sealed = async () =>
  (
    await sql<{ day: string; transfers: bigint; postings: bigint }>`
      select day::text, transfers, postings from ledger_sealed_day order by day`.execute(
      database.db,
    )
  ).rows

test('before anything moved there is nothing to seal and nothing to show', async () => {
  await sealDays({ db: database.db, clock })
  expect(await sealed()).toEqual([])
  expect(await shown()).toEqual([])
  let out = ''
  await ledgerBalancesCommand(database.url, { json: false, again: true }, (text) => (out += text))
  expect(out).toBe('No money has moved yet.\n')
})

test('the same figures, however much of the journal is sealed; tax apart for each country', async () => {
  await topUp('sub_gb', 5000n)
  await use('sub_gb', 1200n, 'GB', 2000n)
  await topUp('sub_de', 300n, 'EUR')
  clock.advance({ hours: 24 * 3 })
  await topUp('sub_de', 5000n)
  await use('sub_de', 1190n, 'DE', 1900n)
  clock.set('2026-11-24T01:59:59Z')
  await use('sub_gb', 600n, 'GB', 2000n)
  const all = [
    'paid-credit 3.00 EUR',
    'payments-clearing -3.00 EUR',
    'paid-credit 70.10 GBP',
    'payments-clearing -100.00 GBP',
    'tax-payable DE 1.90 GBP',
    'tax-payable GB 3.00 GBP',
    'usage-revenue 25.00 GBP',
  ]
  expect(await shown()).toEqual(all)

  // Two hours after midnight the 23rd is sealed, not before.
  await sealDays({ db: database.db, clock })
  expect((await sealed()).map(({ day }) => day)).toEqual(['2026-11-20', '2026-11-21', '2026-11-22'])
  expect(await shown()).toEqual(all)
  clock.set('2026-11-24T02:00:00Z')
  await Promise.all([sealDays({ db: database.db, clock }), sealDays({ db: database.db, clock })])
  expect(await sealed()).toEqual([
    { day: '2026-11-20', transfers: 3n, postings: 8n },
    { day: '2026-11-21', transfers: 0n, postings: 0n },
    { day: '2026-11-22', transfers: 0n, postings: 0n },
    { day: '2026-11-23', transfers: 2n, postings: 6n },
  ])
  expect(await shown()).toEqual(all)
  expect((await checkLedger(database.db)).differences).toEqual([])
})

test('what is sealed is not summed again: a kept sum that is wrong shows, and is found', async () => {
  const change = (by: number) =>
    sql`update ledger_day_sum set minor = minor + ${by}
      where day = '2026-11-20' and account = 'usage-revenue'`.execute(database.db)
  const before = await shown()
  await change(1)
  expect(await shown()).not.toEqual(before)
  expect((await checkLedger(database.db)).differences.map(({ kind }) => kind)).toEqual([
    'day-sum-differs',
  ])
  await change(-1)
  await topUp('sub_gb', 1n)
  expect(await shown()).toContain('payments-clearing -100.01 GBP')
})

test('a transfer that came late into a sealed day is found, and summing again sets it right', async () => {
  clock.set('2026-11-22T12:00:00Z')
  await topUp('sub_gb', 77n)
  clock.set('2026-11-24T03:00:00Z')
  const check = await checkLedger(database.db)
  expect(check.differences).toEqual([
    {
      kind: 'day-sum-differs',
      day: '2026-11-22',
      account: 'paid-credit',
      currency: 'GBP',
      expected: '77',
      found: '0',
    },
    {
      kind: 'day-sum-differs',
      day: '2026-11-22',
      account: 'payments-clearing',
      currency: 'GBP',
      expected: '-77',
      found: '0',
    },
  ])
  await resealDays({ db: database.db, clock })
  expect((await checkLedger(database.db)).differences).toEqual([])
  let out = ''
  const write = (text: string) => (out += text)
  await ledgerBalancesCommand(database.url, { json: true, again: false }, write)
  expect(JSON.parse(out).accounts).toContainEqual({
    account: 'tax-payable',
    country: 'DE',
    amount: '1.90',
    currency: 'GBP',
  })
  out = ''
  await ledgerBalancesCommand(database.url, { json: false, again: true }, write)
  expect(out).toMatch(/^paid-credit {11}3\.00 EUR\n/)
  expect(out).toContain('tax-payable GB')
})
