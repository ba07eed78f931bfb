import { afterAll, beforeAll, expect, test } from 'vitest'
import { included, renewing, type Steps } from '../../test/renewing.ts'
import { buy, openShop, type Shop, shopper } from '../../test/shop.ts'
import { startClosingLines } from '../lines/closing-store.ts'

let shop: Shop
let own: ReturnType<typeof renewing>
beforeAll(async () => {
  shop = await openShop()
  own = renewing(shop)
})
afterAll(() => shop.close())

test('more data now: the price shown is paid from the credit, the bucket grows, the statement says so, once', async () => {
  const { flexLine, change, confirm, line, amounts, notices, terms, audits, data } = own
  const { someone, lineId } = await flexLine()
  shop.clock.advance({ hours: 1 })
  const { quote: shown, request, answer } = await change(someone, lineId, { data: 10 })
  expect(answer.status).toBe(200)
  // 29 of 30 days have not begun: 13.00 × 29/30 = 12.56, paid are 9.00 × 29/30 = 8.70.
  expect([shown['due'].amount, shown['days'], shown['granted'].dataBytes]).toEqual([
    '3.86',
    29,
    '4833000000',
  ])
  const after = await line(someone, lineId)
  expect(after['paidCredit'].amount).toBe('16.14')
  expect([data(after).granted, data(after).remaining]).toEqual(['9833000000', '9833000000'])
  expect(answer.body).toMatchObject({ steps: { data: 10, voice: 2, sms: 1 } })
  // The answer was lost and the browser asks again with a key of its own: nothing happens a second time.
  expect((await confirm(someone, lineId, request)).status).toBe(200)
  expect(await line(someone, lineId)).toEqual(after)
  expect(await amounts(someone)).toEqual([
    'plan-change 0.00 3.86',
    'plan-days-used -0.30',
    'top-up 20.00',
    'plan-payment 9.00',
  ])
  expect(await notices(someone)).toEqual(['plan-changed'])
  expect(await audits(someone)).toEqual(['plan.changed'])
  expect(await terms(someone)).toEqual([
    { cause: 'bought', paid_minor: 900n, data_bytes: 5_000_000_000n },
    { cause: 'changed', paid_minor: 386n, data_bytes: 4_833_000_000n },
  ])
})

test('turned back the same day, everything paid for it comes back, and all that was granted goes', async () => {
  const { flexLine, change, line, data } = own
  const { someone, lineId } = await flexLine()
  const up = await change(someone, lineId, { data: 10 })
  const down = await change(someone, lineId, {})
  expect(down.quote['due'].amount).toBe(`-${up.quote['due'].amount}`)
  const after = await line(someone, lineId)
  expect([after['paidCredit'].amount, data(after).granted]).toEqual(['20.00', '5000000000'])
})

test('the used day of a changed plan is earned with its tax as a posting of its own', async () => {
  const { flexLine, change } = own
  const { someone, lineId } = await flexLine()
  await change(someone, lineId, { voice: 3 })
  const { rows } = await shop.app.db.transaction().execute(async (trx) => ({
    rows: await trx
      .selectFrom('ledger_posting as p')
      .innerJoin('ledger_transfer as t', (join) =>
        join
          .onRef('t.subscriber_id', '=', 'p.subscriber_id')
          .onRef('t.transfer_id', '=', 'p.transfer_id'),
      )
      .select(['p.account', 'p.minor'])
      .where('t.subscriber_id', '=', someone.subscriberId)
      .where('t.kind', '=', 'plan-days-used')
      .where('p.minor', '>', 0n)
      .orderBy('p.account')
      .execute(),
  }))
  // 0.30 with 20 % in it.
  expect(rows).toEqual([
    { account: 'plan-revenue', minor: 25n },
    { account: 'tax-payable', minor: 5n },
  ])
})

test('what changed before the confirmation is shown anew; two at once become one', async () => {
  const { flexLine, quote, confirm, terms } = own
  const { someone, lineId } = await flexLine()
  const [first, second] = await Promise.all([
    quote(someone, lineId, { data: 10 }),
    quote(someone, lineId, { data: 20 }),
  ])
  const ask = (one: typeof first, steps: number) =>
    confirm(someone, lineId, {
      when: 'now',
      adjustment: { ...included, data: steps },
      quoteHash: one.body['hash'],
    })
  const answers = await Promise.all([ask(first, 10), ask(second, 20)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  const no = answers.find(({ status }) => status === 409)!
  expect(no.body['code']).toBe('quote-changed')
  expect(no.body['quote'].hash).not.toBe(first.body['hash'])
  const lost = answers[0] === no ? 10 : 20
  const again = await confirm(someone, lineId, {
    when: 'now',
    adjustment: { ...included, data: lost },
    quoteHash: no.body['quote'].hash,
  })
  expect(again.body['steps'].data).toBe(lost)
  expect((await terms(someone)).length).toBe(3)
})

test('the same twice at once, under two keys, is done once', async () => {
  const { flexLine, quote, confirm, line, amounts } = own
  const { someone, lineId } = await flexLine()
  const { body } = await quote(someone, lineId, { data: 10 })
  const request = {
    when: 'now',
    adjustment: { ...included, data: 10 },
    quoteHash: body['hash'],
  }
  const answers = await Promise.all([1, 2, 3].map(() => confirm(someone, lineId, request)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect((await line(someone, lineId))['paidCredit'].amount).toBe(
    (20 - Number(body['due'].amount)).toFixed(2),
  )
  expect(await amounts(someone)).toHaveLength(4)
})

test('refused, with the reason: closing, closed, not installed, out of steps, used up, another’s line', async () => {
  const { flexLine, quote, confirm, at } = own
  const { someone, lineId, key } = await flexLine()
  const code = async (steps: Partial<Steps>, when = 'now') =>
    (await quote(someone, lineId, steps, when)).body['code']
  expect(await code({ data: 51 })).toBe('adjustment-not-allowed')
  expect(await code({})).toBe('plan-unchanged')
  expect((await someone.get(at(lineId, 'plan-change?when=now&data=-1'))).status).toBe(422)
  expect((await someone.get(at(lineId, 'plan-change?when=soon'))).status).toBe(422)
  const other = await shopper(shop)
  expect((await quote(other, lineId, { data: 9 })).body['code']).toBe('not-found')
  expect((await other.get(at(lineId, 'renewal'))).status).toBe(404)
  const request = { when: 'now', adjustment: { ...included, data: 9 }, quoteHash: 'p-guessed' }
  const bare = await someone.post(at(lineId, 'plan-change'), request, '')
  expect(bare.body['code']).toBe('idempotency-key-missing')
  await shop.app.db
    .updateTable('purse')
    .set({ remaining: [100_000_000n, 7200n, 50n] })
    .where('line_id', '=', lineId)
    .execute()
  expect(await code({ data: 1 })).toBe('allowance-used')
  const shown = (await quote(someone, lineId, { data: 9 })).body
  const inTrx = shop.app.db.transaction()
  await inTrx.execute((trx) => startClosingLines(trx, [key]))
  const agreed = { ...request, quoteHash: shown['hash'] }
  expect((await confirm(someone, lineId, agreed)).body['code']).toBe('line-closing')
  const off = await someone.patch(at(lineId, 'renewal'), { autoRenew: true })
  expect(off.body['code']).toBe('line-closing')
  const fresh = await shopper(shop)
  const bought = await buy(fresh, 'flex-europe')
  expect((await quote(fresh, bought.lineId, { data: 9 })).body['code']).toBe('line-not-active')
})

test('not enough credit: nothing is done, the missing amount is said, and after a top-up it goes through', async () => {
  const { flexLine, topUp, change, confirm, line } = own
  const { someone, lineId } = await flexLine('0.00')
  const { quote: shown, answer, request } = await change(someone, lineId, { data: 10 })
  expect(shown['missing'].amount).toBe(shown['due'].amount)
  expect([answer.status, answer.body['code'], answer.body['amount']]).toEqual([
    409,
    'not-enough-credit',
    shown['missing'],
  ])
  expect((await line(someone, lineId))['bought'].dataBytes).toBe('5000000000')
  await topUp(someone, lineId, '5.00')
  expect((await confirm(someone, lineId, request)).status).toBe(200)
})
