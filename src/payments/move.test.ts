import { afterAll, beforeAll, expect, test } from 'vitest'
import { renewing } from '../../test/renewing.ts'
import { buy, openShop, type Shop, type Shopper, shopper } from '../../test/shop.ts'
import { proveLedger } from '../ledger/store.ts'
import { startClosingLines } from '../lines/closing-store.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const pounds = (amount: string) => ({ amount, currency: 'GBP' })
const credit = async (someone: Shopper, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body['paidCredit'].amount

async function twoLines() {
  const { flexLine } = renewing(shop)
  const { someone, lineId, key } = await flexLine('20.00')
  const { lineId: other } = await buy(someone)
  const move = (amount: string, to: string = other, idempotencyKey?: string) =>
    someone.post(
      `/v1/lines/${lineId}/credit-moves`,
      { toLineId: to, amount: pounds(amount) },
      idempotencyKey,
    )
  return { someone, lineId, other: other as string, key, move }
}

test('credit moves to another own line, once, and the statement shows it as neither gained nor lost', async () => {
  const { someone, lineId, other, move } = await twoLines()
  const { body } = await move('7.50', other, 'move-once-1')
  expect(body['paidCredit']).toEqual(pounds('12.50'))
  await move('7.50', other, 'move-once-1')
  // The stored answer is gone after a day; the key of the transfer is not.
  await shop.app.db.deleteFrom('idempotency_key').execute()
  expect((await move('7.50', other, 'move-once-1')).status).toBe(200)
  expect([await credit(someone, lineId), await credit(someone, other)]).toEqual(['12.50', '7.50'])
  const { items } = (await someone.get('/v1/statement')).body
  expect(items[0]).toMatchObject({
    kind: 'credit-move',
    amount: pounds('0.00'),
    moved: pounds('7.50'),
    detail: { from: lineId, to: other },
  })
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})

test('all at once never move more than there is', async () => {
  const { someone, lineId, other, move } = await twoLines()
  const answers = await Promise.all(Array.from({ length: 5 }, () => move('6.00')))
  const codes = answers.map(({ status, body }) => (status === 200 ? 'moved' : body['code']))
  expect(codes.sort()).toEqual([
    'moved',
    'moved',
    'moved',
    'not-enough-credit',
    'not-enough-credit',
  ])
  expect([await credit(someone, lineId), await credit(someone, other)]).toEqual(['2.00', '18.00'])
})

test('what a session has set aside stays', async () => {
  const { lineId, move } = await twoLines()
  await shop.app.db
    .updateTable('purse')
    .set({ held_minor: 1_500n })
    .where('line_id', '=', lineId)
    .execute()
  const no = await move('5.01')
  expect([no.body['code'], no.body['amount']]).toEqual(['not-enough-credit', pounds('0.01')])
  expect((await move('5.00')).status).toBe(200)
})

test('refused: the same line, another’s, nothing, another currency, a line that is closing', async () => {
  const { someone, lineId, other, key, move } = await twoLines()
  const stranger = await shopper(shop)
  const { lineId: theirs } = await buy(stranger)
  const code = async (amount: string, to?: string) => (await move(amount, to)).body['code']
  expect(await code('1.00', lineId)).toBe('same-line')
  expect(await code('1.00', theirs)).toBe('not-found')
  expect(await code('0.00')).toBe('amount-out-of-range')
  expect(await code('-1.00')).toBe('amount-out-of-range')
  const euros = { toLineId: other, amount: { amount: '1.00', currency: 'EUR' } }
  const refused = await someone.post(`/v1/lines/${lineId}/credit-moves`, euros)
  expect(refused.body['code']).toBe('wrong-currency')
  const bare = await someone.post(`/v1/lines/${lineId}/credit-moves`, euros, '')
  expect(bare.body['code']).toBe('idempotency-key-missing')
  await shop.app.db.transaction().execute((trx) => startClosingLines(trx, [key]))
  expect(await code('1.00')).toBe('line-closing')
})
