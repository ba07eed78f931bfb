import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../test/database.ts'
import { system } from '../platform/audit.ts'
import { testClock } from '../platform/clock.ts'
import type { Trx } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { money } from '../values/money.ts'
import { checkLedger } from './check-store.ts'
import { capturing, type HeldFrom, type Hold } from './hold.ts'
import {
  captureHold,
  type NewHold,
  placedHolds,
  placeHold,
  releaseHold,
  sweepHolds,
} from './hold-store.ts'
import { entriesOf } from './ledger.ts'
import { balances, post } from './store.ts'

const ids = systemIds()
const clock = testClock('2026-11-23T10:00:00Z')
const from = { account: 'paid-credit', lineId: 'line_1' } as const
const revenue = { account: 'usage-revenue' } as const
let database: Awaited<ReturnType<typeof testDatabase>>
let made = 0

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const within = <T>(use: (trx: Trx) => Promise<T>) => database.db.transaction().execute(use)
const context = () => ({ ids, now: clock.now(), actor: system, reason: 'a test' })

async function subscriberWith(minor: bigint, account: HeldFrom = 'paid-credit'): Promise<string> {
  const subscriberId = `sub_${(made += 1)}`
  await sql`insert into subscriber (subscriber_id, country, created_at)
    values (${subscriberId}, 'GB', now())`.execute(database.db)
  await within((trx) =>
    post(trx, ids, {
      subscriberId,
      key: 'top-up',
      kind: 'top-up',
      at: clock.now(),
      detail: {},
      postings: [
        {
          from: { account: 'payments-clearing' },
          to: { account, lineId: 'line_1' },
          amount: money(minor, 'GBP'),
        },
      ],
    }),
  )
  return subscriberId
}

function asked(subscriberId: string, minor: bigint, key = 'case_1:reserve'): NewHold {
  return {
    subscriberId,
    key,
    from,
    amount: money(minor, 'GBP'),
    purpose: 'chargeback',
    expiresAt: clock.now().add({ hours: 24 }),
  }
}
const place = (one: NewHold) => within((trx) => placeHold(trx, context(), one))
async function placed(one: NewHold): Promise<Hold> {
  const hold = await place(one)
  if (typeof hold === 'string') throw new Error(hold)
  return hold
}
const held = async (subscriberId: string) =>
  Object.fromEntries(
    (await balances(database.db, subscriberId)).map(({ account, amount }) => [
      account,
      amount.minor,
    ]),
  )

test('a hold sets money aside, once for its key; what is held cannot be spent or held again', async () => {
  const someone = await subscriberWith(1000n)
  const hold = await placed(asked(someone, 700n))
  expect(await placed(asked(someone, 700n))).toEqual(hold)
  expect(await place(asked(someone, 701n))).toBe('key-taken')
  expect(await held(someone)).toEqual({ 'paid-credit': 300n, held: 700n })
  expect(await place(asked(someone, 301n, 'other'))).toBe('not-covered')
  const spending = within((trx) =>
    post(trx, ids, {
      subscriberId: someone,
      key: 'spend',
      kind: 'usage',
      at: clock.now(),
      detail: {},
      postings: [{ from, to: revenue, amount: money(301n, 'GBP') }],
    }),
  )
  await expect(spending).rejects.toThrow(/no_overdraft/)
  expect(await placedHolds(database.db, someone)).toEqual([hold])
})

test('captured in part: what is due goes with its tax, the rest returns; then it is over', async () => {
  const someone = await subscriberWith(1000n)
  const { holdId } = await placed(asked(someone, 700n))
  const capture = (minor: bigint) =>
    within((trx) =>
      captureHold(trx, context(), {
        subscriberId: someone,
        holdId,
        amount: money(minor, 'GBP'),
        to: revenue,
        kind: 'usage',
      }),
    )
  expect(await capture(120n)).toBe('done')
  expect(await capture(120n)).toBe('done-before')
  expect(await held(someone)).toEqual({ 'paid-credit': 880n })
  const { rows } = await sql`select account, sum(minor)::int8 as minor from ledger_posting
    where subscriber_id = ${someone} and account in ('usage-revenue', 'tax-payable')
    group by 1 order by 1`.execute(database.db)
  expect(rows).toEqual([
    { account: 'tax-payable', minor: 20n },
    { account: 'usage-revenue', minor: 100n },
  ])
  const release = within((trx) => releaseHold(trx, context(), { subscriberId: someone, holdId }))
  expect(await release).toBe('ended-otherwise')
  const { rows: audited } = await sql`select action, detail from audit_entry
    where subscriber_id = ${someone} order by at, audit_id`.execute(database.db)
  expect(audited).toEqual([
    { action: 'hold.placed', detail: { amount: '7.00', currency: 'GBP', purpose: 'chargeback' } },
    { action: 'hold.captured', detail: { amount: '1.20', currency: 'GBP', purpose: 'chargeback' } },
  ])
})

test('promotional credit that was held pays without tax', async () => {
  const someone = await subscriberWith(600n, 'promotional-credit')
  const { holdId } = await placed({
    ...asked(someone, 600n),
    from: { account: 'promotional-credit', lineId: 'line_1' },
  })
  const capture = { subscriberId: someone, holdId, to: revenue, kind: 'usage' } as const
  expect(await within((trx) => captureHold(trx, context(), capture))).toBe('done')
  const { rows } = await sql`select 1 from ledger_posting
    where subscriber_id = ${someone} and account = 'tax-payable'`.execute(database.db)
  expect(rows).toEqual([])
})

test('released, all of it returns; nobody else’s hold is there', async () => {
  const someone = await subscriberWith(1000n)
  const other = await subscriberWith(1000n)
  const { holdId } = await placed(asked(someone, 1000n))
  const release = (subscriberId: string) =>
    within((trx) => releaseHold(trx, context(), { subscriberId, holdId }))
  expect(await release(other)).toBe('not-found')
  expect(await release(someone)).toBe('done')
  expect(await release(someone)).toBe('done-before')
  expect(await held(someone)).toEqual({ 'paid-credit': 1000n })
})

test('when its time is over it expires, and is not captured even where nothing has swept yet', async () => {
  const someone = await subscriberWith(1000n)
  const early = await placed(asked(someone, 400n, 'early'))
  const swept = await placed(asked(someone, 500n, 'swept'))
  const later = await placed({
    ...asked(someone, 100n, 'later'),
    expiresAt: clock.now().add({ hours: 48 }),
  })
  clock.advance({ hours: 24 })
  const capture = {
    subscriberId: someone,
    holdId: early.holdId,
    to: revenue,
    kind: 'usage',
  } as const
  expect(await within((trx) => captureHold(trx, context(), capture))).toBe('ended-otherwise')
  await sweepHolds({ db: database.db, clock, ids })
  await sweepHolds({ db: database.db, clock, ids })
  expect((await placedHolds(database.db, someone)).map(({ holdId }) => holdId)).toEqual([
    later.holdId,
  ])
  expect(await held(someone)).toEqual({ 'paid-credit': 900n, held: 100n })
  const { rows } = await sql`select action, subject_id from audit_entry
    where subscriber_id = ${someone} and action = 'hold.expired' order by at, audit_id`.execute(
    database.db,
  )
  expect(rows.map((row) => (row as { subject_id: string }).subject_id).sort()).toEqual(
    [early.holdId, swept.holdId].sort(),
  )
})

test('twenty at once: never more is held than is there, and one key is one hold', async () => {
  const someone = await subscriberWith(1000n)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => place(asked(someone, 300n, `key_${n % 10}`))),
  )
  const holds = new Set(answers.filter((one) => typeof one !== 'string').map((one) => one.holdId))
  expect(holds.size).toBe(3)
  expect(await held(someone)).toEqual({ 'paid-credit': 100n, held: 900n })
})

test('captured, released and swept at once: one of them ends it', async () => {
  const someone = await subscriberWith(1000n)
  for (let round = 0; round < 5; round += 1) {
    const { holdId } = await placed(asked(someone, 100n, `round_${round}`))
    const key = { subscriberId: someone, holdId }
    const capture = { ...key, to: revenue, kind: 'usage' } as const
    const results = await Promise.all([
      within((trx) => captureHold(trx, context(), capture)),
      within((trx) => releaseHold(trx, context(), key)),
      within((trx) => captureHold(trx, context(), capture)),
      sweepHolds({ db: database.db, clock, ids }),
    ])
    expect(results.filter((one) => one === 'done')).toHaveLength(1)
  }
  expect(await placedHolds(database.db, someone)).toEqual([])
  expect((await held(someone))['held']).toBeUndefined()
})

test('for any hold and any part of it: what is taken and what returns is the hold', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 12n), fc.bigInt(0n, 10n ** 12n), (whole, cut) => {
      const part = 1n + (cut % whole)
      const postings = capturing({ from, amount: money(whole, 'GBP') }, money(part, 'GBP'), revenue)
      const left = entriesOf(postings).filter(({ account }) => account === 'held')
      expect(left.reduce((sum, { amount }) => sum + amount.minor, 0n)).toBe(-whole)
      expect(postings[0]).toMatchObject({ to: revenue, amount: { minor: part } })
    }),
    { numRuns: 10_000 },
  )
})

test('after all of this the ledger proves itself', async () => {
  expect((await checkLedger(database.db)).differences).toEqual([])
})
