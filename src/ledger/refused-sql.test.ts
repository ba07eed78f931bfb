import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../test/database.ts'
import { system } from '../platform/audit.ts'
import { systemIds } from '../platform/ids.ts'
import { money } from '../values/money.ts'
import { checkLedger } from './check-store.ts'
import { placeHold } from './hold-store.ts'
import { post } from './store.ts'

// What is tried here is tried by hand, as somebody with a database console would: nothing of Violet's code runs.
const ids = systemIds()
const at = Temporal.Instant.from('2026-11-23T10:00:00Z')
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  await sql`insert into subscriber (subscriber_id, created_at) values ('sub_a', now()), ('sub_b', now())`.execute(
    database.db,
  )
  for (const subscriberId of ['sub_a', 'sub_b']) {
    await database.db.transaction().execute(async (trx) => {
      const credit = (account: 'paid-credit' | 'promotional-credit' | 'plan-prepaid') => ({
        from: { account: 'payments-clearing' } as const,
        to: { account, lineId: 'line_1' },
        amount: money(1000n, 'GBP'),
      })
      await post(trx, ids, {
        subscriberId,
        key: 'top-up',
        kind: 'top-up',
        at,
        detail: {},
        postings: [credit('paid-credit'), credit('promotional-credit'), credit('plan-prepaid')],
      })
      await placeHold(
        trx,
        { ids, now: at, actor: system, reason: 'a test' },
        {
          subscriberId,
          key: 'hold',
          from: { account: 'paid-credit', lineId: 'line_1' },
          amount: money(400n, 'GBP'),
          purpose: 'chargeback',
          expiresAt: at.add({ hours: 1 }),
        },
      )
    })
  }
})
afterAll(() => database.drop())

const transfer = (id: string, key = id) =>
  `insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
    values ('sub_a', '${id}', '${key}', 'settlement', now());`
const posting = (id: string, ...entries: [account: string, minor: number, currency?: string][]) =>
  `insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor) values ${entries
    .map(([account, minor, currency = 'GBP'], seq) => {
      const line = account.includes('revenue') || account.includes('clearing') ? '' : 'line_1'
      return `('sub_a', '${id}', ${seq}, '${account}', '${line}', '${currency}', ${minor})`
    })
    .join(', ')};`
const moved = (from: string, to: string, minor: number) =>
  transfer('transfer_x') + posting('transfer_x', [from, -minor], [to, minor])
const ended = (rest: string) =>
  `update ledger_hold set ended_at = now(), ${rest} where subscriber_id = 'sub_a';`

const refusals: [what: string, statements: string, answer: RegExp][] = [
  // postings and transfers
  ['edit a posting', 'update ledger_posting set minor = minor + 1', /never changed/],
  ['edit a posting nobody has', `update ledger_posting set minor = 1 where false`, /never changed/],
  ['delete a posting', 'delete from ledger_posting', /never changed/],
  ['truncate the postings', 'truncate ledger_posting', /never changed/],
  ['edit a transfer', `update ledger_transfer set kind = 'refund'`, /never changed/],
  ['delete a transfer', 'delete from ledger_transfer', /never changed/],
  ['truncate all', 'truncate ledger_transfer, ledger_posting cascade', /never changed/],
  ['use a key twice', transfer('transfer_x', 'top-up'), /unique constraint/],
  ['post nothing', moved('paid-credit', 'usage-revenue', 0), /minor_check/],
  [
    'post without a transfer',
    posting('transfer_y', ['usage-revenue', -1], ['paid-credit', 1]),
    /./,
  ],
  ['a transfer without postings', transfer('transfer_x'), /does not balance/],
  [
    'a transfer of nobody',
    transfer('transfer_x').replace(`'sub_a'`, `'sub_nobody'`),
    /subscriber|foreign key/,
  ],
  // balance
  [
    'unbalance a transfer',
    transfer('transfer_x') + posting('transfer_x', ['paid-credit', -5], ['usage-revenue', 4]),
    /does not balance/,
  ],
  [
    'one sided',
    transfer('transfer_x') + posting('transfer_x', ['paid-credit', 5]),
    /does not balance/,
  ],
  [
    'balance one currency with another',
    transfer('transfer_x') +
      posting('transfer_x', ['paid-credit', -5, 'GBP'], ['usage-revenue', 5, 'EUR']),
    /does not balance/,
  ],
  [
    'balance one transfer with another',
    transfer('transfer_x') +
      transfer('transfer_y') +
      posting('transfer_x', ['paid-credit', -5]) +
      posting('transfer_y', ['usage-revenue', 5]),
    /does not balance/,
  ],
  // overdrafts
  ['overdraw paid credit', moved('paid-credit', 'usage-revenue', 601), /no_overdraft/],
  ['overdraw promotional credit', moved('promotional-credit', 'usage-revenue', 1001), /no_over/],
  ['overdraw a prepaid plan', moved('plan-prepaid', 'plan-revenue', 1001), /no_overdraft/],
  ['refund what is not payable', moved('refunds-payable', 'payments-clearing', 1), /no_overdraft/],
  ['take a reserve that is not there', moved('late-usage-reserve', 'usage-revenue', 1), /no_over/],
  ['owe less than nothing', moved('usage-revenue', 'owed', 1), /no_overdraft/],
  ['set a balance below zero', `update purse set paid_minor = -1`, /no_overdraft/],
  ['set an account below zero', `update ledger_account set minor = -1`, /no_overdraft/],
  // holds
  ['delete a hold', 'delete from ledger_hold', /never changed/],
  ['truncate the holds', 'truncate ledger_hold', /never changed/],
  ['enlarge a hold', 'update ledger_hold set minor = minor + 1', /ends once/],
  ['prolong a hold', `update ledger_hold set expires_at = now() + interval '9 years'`, /ends once/],
  ['change it while ending it', ended(`state = 'released', minor = 1`), /never changed, only/],
  ['end a hold and keep its money', ended(`state = 'released'`), /held is 400/],
  ['spend held money', moved('held', 'usage-revenue', 400), /held is 0/],
  ['spend part of it', moved('held', 'paid-credit', 1), /held is 399/],
  ['overdraw held money', moved('held', 'usage-revenue', 401), /no_overdraft/],
  ['hold money without a hold', moved('paid-credit', 'held', 1), /held is 401/],
  [
    'capture more than is held',
    ended(`state = 'captured', captured_minor = 401`) + moved('held', 'usage-revenue', 400),
    /captured_at_most_held/,
  ],
  [
    'hold more than is there',
    `insert into ledger_hold (subscriber_id, hold_id, key, line_id, account, currency, minor, purpose, placed_at, expires_at)
      values ('sub_a', 'hold_x', 'x', 'line_1', 'paid-credit', 'GBP', 601, 'chargeback', now(), now() + interval '1 hour');` +
      moved('paid-credit', 'held', 601),
    /no_overdraft/,
  ],
  [
    'hold without money',
    `insert into ledger_hold (subscriber_id, hold_id, key, line_id, account, currency, minor, purpose, placed_at, expires_at)
      values ('sub_a', 'hold_x', 'x', 'line_1', 'paid-credit', 'GBP', 1, 'chargeback', now(), now() + interval '1 hour')`,
    /holds of sub_a are for 401, held is 400/,
  ],
  [
    'begin a hold that has ended',
    `insert into ledger_hold select subscriber_id, 'hold_x', 'x', line_id, account, currency, minor, purpose,
      'released', null, placed_at, expires_at, now() from ledger_hold where subscriber_id = 'sub_a'`,
    /begins placed/,
  ],
  // what happened
  ['rewrite the audit', `update audit_entry set reason = ''`, /never changed/],
  ['delete the audit', 'delete from audit_entry', /never changed/],
]

test.each(refusals)(
  '%s: refused by the database, and nothing stays',
  async (_, statements, answer) => {
    const before = await everything()
    const tried = database.db.transaction().execute((trx) => sql.raw(statements).execute(trx))
    await expect(tried).rejects.toThrow(answer)
    expect(await everything()).toEqual(before)
  },
)

test('the same statements, made whole, are taken', async () => {
  await database.db
    .transaction()
    .execute((trx) => sql.raw(moved('paid-credit', 'usage-revenue', 600)).execute(trx))
  await database.db
    .transaction()
    .execute((trx) =>
      sql
        .raw(
          ended(`state = 'captured', captured_minor = 400`) +
            (transfer('transfer_z') +
              posting('transfer_z', ['held', -400], ['usage-revenue', 400])),
        )
        .execute(trx),
    )
  const again = database.db
    .transaction()
    .execute((trx) => sql.raw(ended(`state = 'released'`)).execute(trx))
  await expect(again).rejects.toThrow(/ends once/)
  expect((await checkLedger(database.db)).differences).toEqual([])
})

async function everything() {
  const tables = [
    'ledger_transfer',
    'ledger_posting',
    'ledger_balance',
    'ledger_hold',
    'audit_entry',
  ]
  const { rows } = await sql`
    select ${sql.join(
      tables.map(
        (table) =>
          sql`(select json_agg(t order by t::text) from ${sql.table(table)} t) as ${sql.ref(table)}`,
      ),
    )}`.execute(database.db)
  return rows[0]
}
