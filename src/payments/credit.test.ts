import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  buy,
  cards,
  openShop,
  pay,
  type Shop,
  type Shopper,
  shopper,
  until,
  untilOrder,
} from '../../test/shop.ts'
import { proveLedger } from '../ledger/store.ts'
import { money } from '../values/money.ts'
import { refuse } from '../values/refusal.ts'
import { askDisputes } from './dispute-store.ts'
import { endUnclaimed, unclaimedPage } from './unclaimed-store.ts'
import { checkOrder } from './order-steps.ts'
import { returnPayment } from './return-steps.ts'
import { takeDueOrders } from './order-store.ts'
import { paymentsJobs } from './steps.ts'
import { endRefunds, findRefundRow, startRefunds } from './store.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const linesOf = async (someone: Shopper) => (await someone.get('/v1/lines')).body['items']

test('a top-up is credit on its line; wrong money, lines and moments are refused', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const topUp = (amount: object, who = someone) =>
    who.post(`/v1/lines/${lineId}/top-ups`, { amount })
  const { body: placed } = await topUp({ amount: '20.00', currency: 'GBP' })
  await pay(placed['checkoutUrl'])
  await untilOrder(someone, placed['orderId'], 'paid')
  const [line] = await linesOf(someone)
  expect(line.paidCredit).toEqual({ amount: '20.00', currency: 'GBP' })

  const code = async (asked: Promise<{ body: Record<string, unknown> }>) =>
    (await asked).body['code']
  expect(await code(topUp({ amount: '4.99', currency: 'GBP' }))).toBe('amount-out-of-range')
  expect(await code(topUp({ amount: '200.01', currency: 'GBP' }))).toBe('amount-out-of-range')
  expect(await code(topUp({ amount: '-20.00', currency: 'GBP' }))).toBe('amount-out-of-range')
  expect(await code(topUp({ amount: '20.00', currency: 'EUR' }))).toBe('wrong-currency')
  expect(await code(topUp({ amount: '20.00', currency: 'ZZZ' }))).toBe('unknown-currency')
  expect(await code(topUp({ amount: '20.00', currency: 'GBP' }, await shopper(shop)))).toBe(
    'not-found',
  )
  const setState = (state: string) =>
    shop.app.db.updateTable('line').set({ state }).where('line_id', '=', lineId).execute()
  await setState('closing')
  expect(await code(topUp({ amount: '20.00', currency: 'GBP' }))).toBe('line-closing')
  await setState('closed')
  expect(await code(topUp({ amount: '20.00', currency: 'GBP' }))).toBe('line-closed')
})

test('a top-up paid after its line began to close goes back whole and never touches the line', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const { body: placed } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
    amount: { amount: '50.00', currency: 'GBP' },
  })
  await shop.app.db
    .updateTable('line')
    .set({ state: 'closing' })
    .where('line_id', '=', lineId)
    .execute()
  await pay(placed['checkoutUrl'])
  await untilOrder(someone, placed['orderId'], 'expired')
  await until(
    () => shop.gateways.payments.findRefund(`${placed['orderId']}.1.return`),
    (found) => found?.state === 'succeeded',
  )
  await checkOrder(shop.app, shop.gateways.payments, {
    subscriberId: someone.subscriberId,
    orderId: placed['orderId'],
  })
  expect((await someone.get(`/v1/orders/${placed['orderId']}`)).body['state']).toBe('expired')
  const back = { subscriberId: someone.subscriberId, orderId: placed['orderId'], attempt: 1 }
  await returnPayment(shop.app, shop.gateways.payments, { ...back, reason: 'again' })
  const noted = await shop.app.db
    .selectFrom('audit_entry')
    .select('reason')
    .where('subject_id', '=', placed['orderId'])
    .where('action', '=', 'payment.returned')
    .execute()
  expect(noted).toEqual([{ reason: 'line-closing' }])
  const [line] = await linesOf(someone)
  expect(line.paidCredit.amount).toBe('0.00')
})

test('money that its card does not take back is looked at until that is known, and stays in the books as owed', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const amount = { amount: '50.00', currency: 'GBP' }
  const { body: placed } = await someone.post(`/v1/lines/${lineId}/top-ups`, { amount })
  const orderId = String(placed['orderId'])
  await shop.app.db
    .updateTable('line')
    .set({ state: 'closing' })
    .where('line_id', '=', lineId)
    .execute()
  await pay(String(placed['checkoutUrl']), cards.diesLater)
  await untilOrder(someone, orderId, 'expired')
  const reference = `${orderId}.1.return`
  await until(
    () => shop.gateways.payments.findRefund(reference),
    (found) => found?.state === 'failed',
  )
  const looks = async () => {
    const { rows } = await sql<{ data: { reason: string }; wait: number }>`
      select data, extract(epoch from start_after - created_on)::int as wait from pgboss.job
      where name = 'payments.return' and singleton_key = ${`${orderId}.1`} and state = 'created'`.execute(
      shop.app.db,
    )
    return rows
  }
  const [look, ...others] = await until(looks, (rows) => rows.length > 0)
  expect([look?.wait, others]).toEqual([6 * 3600, []])
  const one = { subscriberId: someone.subscriberId, orderId, attempt: 1 }
  const { reason } = look!.data
  for (let round = 0; round < 2; round += 1)
    await returnPayment(shop.app, shop.gateways.payments, { ...one, reason })
  const { rows: owed } = await sql<{ account: string; minor: bigint }>`
    select account, minor from ledger_posting join ledger_transfer t using (subscriber_id, transfer_id)
    where t.key = ${`return:${orderId}.1`} order by minor`.execute(shop.app.db)
  expect(owed).toEqual([
    { account: 'payments-clearing', minor: -5000n },
    { account: 'unclaimed', minor: 5000n },
  ])
  const noted = await shop.app.db
    .selectFrom('audit_entry')
    .select(['action', 'reason'])
    .where('subject_id', '=', orderId)
    .where('action', 'like', 'payment.%')
    .orderBy('at')
    .execute()
  expect(noted).toEqual([
    { action: 'payment.returned', reason: 'line-closing' },
    { action: 'payment.unclaimed', reason: 'card_expired' },
  ])

  // Its bank takes it back in the end: nothing is owed any more, and no other credit is touched for it.
  const checkout = await shop.gateways.payments.findCheckout(`${orderId}.1`)
  const bank = (path: string, body: object) =>
    fetch(`${shop.urls.payments}/bank/disputes${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { paymentId } = checkout as { paymentId: string }
  const { id } = (await (await bank('', { paymentId })).json()) as { id: string }
  const ask = () => askDisputes(shop.app, shop.gateways.payments, one)
  const row = async () => {
    const { rows } = await sql<{ state: string; taken: string }>`
      select state, taken_minor::text as taken from unclaimed_money where reference = ${orderId}`.execute(
      shop.app.db,
    )
    return rows
  }
  const pays = async () => {
    const { items } = await unclaimedPage(shop.app.db, {
      state: 'held',
      cursor: undefined,
      limit: 9,
    })
    const { unclaimedId, waitsForBank } = items.find(({ reference }) => reference === orderId)!
    const staffId = 'staff_priya'
    const finance = { staffId, name: 'Priya', email: '', role: 'finance', locale: 'en' } as const
    const ending = { unclaimedId, how: 'paid', proof: 'SEPA 1' } as const
    return [waitsForBank, await endUnclaimed(shop.app, finance, ending)]
  }
  await ask()
  expect(await row()).toEqual([{ state: 'held', taken: '0' }])
  expect(await pays()).toEqual([true, refuse('unclaimed-disputed')])
  // One that is decided for us says nothing of another that is open.
  const { id: other } = (await (await bank('', { paymentId })).json()) as { id: string }
  await bank(`/${other}`, { status: 'won' })
  await ask()
  expect(await pays()).toEqual([true, refuse('unclaimed-disputed')])
  await bank(`/${id}`, { status: 'lost' })
  for (let round = 0; round < 2; round += 1) await ask()
  expect(await row()).toEqual([{ state: 'taken-back', taken: '5000' }])
  const { rows: disputes } = await sql`
    select 1 from payment_dispute where order_id = ${orderId}`.execute(shop.app.db)
  expect(disputes).toEqual([])
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})

test('money that could not be sent back is sent back later, however often that failed', async () => {
  const [, job] = paymentsJobs(shop.app, shop.gateways.payments)
  const data = { subscriberId: 'sub_x', orderId: 'order_x', attempt: '2', reason: 'paid twice' }
  const id = randomUUID()
  await job!.gaveUp(data, 'away', id)
  // A worker that died right after is told of it again.
  await job!.gaveUp(data, 'away', id)
  const { rows } = await sql<{ data: object; wait: number }>`
    select data, extract(epoch from start_after - created_on)::int as wait from pgboss.job
    where name = ${job!.queue} and singleton_key = 'order_x.2'`.execute(shop.app.db)
  expect(rows).toEqual([{ data, wait: 1800 }])
})

test('what a provider said is looked at again later where it could not be asked', async () => {
  const jobs = paymentsJobs(shop.app, shop.gateways.payments)
  const [check, dispute] = ['payments.check', 'payments.dispute'].map((queue) =>
    jobs.find((job) => job.queue === queue),
  )
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const amount = { amount: '5.00', currency: 'GBP' }
  const { orderId } = (await someone.post(`/v1/lines/${lineId}/top-ups`, { amount })).body
  const data = { subscriberId: someone.subscriberId, orderId: orderId as string }
  const order = () => shop.app.db.updateTable('payment_order').where('order_id', '=', data.orderId)
  // Nobody was to look at it any more, and then the provider had something to say.
  await order().set({ due_at: null }).execute()
  const before = shop.app.clock.now()
  await check!.gaveUp(data, 'away', randomUUID())
  const { due_at: due } = await shop.app.db
    .selectFrom('payment_order')
    .select('due_at')
    .where('order_id', '=', data.orderId)
    .executeTakeFirstOrThrow()
  expect(before.until(due!).total('minutes')).toBeGreaterThan(29)
  await dispute!.gaveUp(data, 'away', randomUUID())
  const { rows } = await sql<{ data: object; wait: number }>`
    select data, extract(epoch from start_after - created_on)::int as wait from pgboss.job
    where name = ${dispute!.queue} and singleton_key = ${data.orderId}`.execute(shop.app.db)
  expect(rows).toEqual([{ data, wait: 1800 }])
})

test('while the provider is silent, an older order is asked about less often', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const amount = { amount: '5.00', currency: 'GBP' }
  const { orderId } = (await someone.post(`/v1/lines/${lineId}/top-ups`, { amount })).body
  const trx = await shop.app.db.startTransaction().execute()
  const order = () => trx.selectFrom('payment_order').where('order_id', '=', orderId)
  const { created_at: created } = await order().select('created_at').executeTakeFirstOrThrow()
  const waits: number[] = []
  for (const seconds of [60, 480, 36_000]) {
    const now = created.add({ seconds })
    await trx.updateTable('payment_order').set({ due_at: created }).execute()
    await takeDueOrders(trx, now, 1000)
    const { due_at: due } = await order().select('due_at').executeTakeFirstOrThrow()
    waits.push(now.until(due!).total('seconds'))
  }
  await trx.rollback().execute()
  expect(waits).toEqual([30, 120, 1800])
})

test('the statement is paged, newest first, and adds up to what is held', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  for (const amount of ['5.00', '6.00', '7.00']) {
    const { body: placed } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
      amount: { amount, currency: 'GBP' },
    })
    await pay(placed['checkoutUrl'])
    await untilOrder(someone, placed['orderId'], 'paid')
  }
  const first = (await someone.get('/v1/statement?limit=3')).body
  const second = (await someone.get(`/v1/statement?limit=3&cursor=${first['nextCursor']}`)).body
  const rows = [...first['items'], ...second['items']]
  expect(rows.map(({ amount }) => amount.amount)).toEqual(['7.00', '6.00', '5.00', '4.00'])
  expect(second['nextCursor']).toBeNull()
})

test('a refund is set aside on its order, never beyond what was paid, and wakes its closure', async () => {
  const someone = await shopper(shop)
  const { orderId } = await buy(someone, 'europe-20gb-30d')
  const { subscriberId } = someone
  const now = shop.app.clock.now()
  const caseId = shop.app.ids.make('case')
  const start = (refundId: string, minor: bigint) =>
    shop.app.db.transaction().execute((trx) =>
      startRefunds(trx, now, [
        {
          subscriberId,
          refundId,
          caseId,
          orderId,
          amount: money(minor, 'GBP'),
        },
      ]),
    )
  await start(`${caseId}.1`, 1500n)
  await expect(start(`${caseId}.2`, 301n)).rejects.toThrow(/payment_order_check/)
  const row = await findRefundRow(shop.app.db, subscriberId, `${caseId}.1`)
  expect(row).toMatchObject({ orderId, caseId, amount: money(1500n, 'GBP'), state: 'requested' })
  const sent = await shop.gateways.payments.refund({
    key: row.refundId,
    paymentId: row.paymentId,
    amount: row.amount,
    reference: row.refundId,
  })
  expect(sent.state).toBe('pending')
  const job = `select count(*)::int as n from pgboss.job where name = 'closure.advance' and singleton_key = $1`
  const client = new pg.Client({ connectionString: shop.app.config.databaseUrl })
  await client.connect()
  const jobs = await until(
    async () => (await client.query(job, [caseId])).rows[0].n as number,
    (n) => n > 0,
  )
  await client.end()
  expect(jobs).toBe(1)
  expect(await shop.gateways.payments.findRefund(`${caseId}.1`)).toMatchObject({
    state: 'succeeded',
  })
  const ended = {
    subscriberId,
    refundId: row.refundId,
    failure: null,
    providerRefundId: sent.refundId,
  }
  for (const state of ['succeeded', 'unclaimed'] as const) {
    await shop.app.db.transaction().execute((trx) => endRefunds(trx, now, [{ ...ended, state }]))
  }
  expect((await findRefundRow(shop.app.db, subscriberId, row.refundId)).state).toBe('succeeded')
})

test('after all of this the ledger proves itself', async () => {
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})
