/** Saved cards: on the provider's own page, charged for renewals alone, once, and gone when removed. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renewing } from '../../test/renewing.ts'
import { cards, openShop, pay, type Shop, type Shopper, shopper, until } from '../../test/shop.ts'
import { proveLedger } from '../ledger/store.ts'
import { fromWire } from '../values/money.ts'

let shop: Shop
let own: ReturnType<typeof renewing>
beforeAll(async () => {
  shop = await openShop()
  own = renewing(shop)
})
afterAll(() => shop.close())

const at = '/v1/me/payment-methods'
const list = async (someone: Shopper) => (await someone.get(at)).body['items']

async function save(someone: Shopper, number = cards.good): Promise<string> {
  const { body } = await someone.post(at)
  const methodId = body['methodId'] as string
  await pay(body['setupUrl'], number)
  await until(
    async () => (await someone.get(`${at}/${methodId}`)).body['state'],
    (state) => state !== 'asked',
  )
  return methodId
}

const payments = async () =>
  ((await (await fetch(`${shop.urls.payments}/stats`)).json()) as { payments: number }).payments
const actions = async ({ subscriberId }: Shopper) =>
  (
    await shop.app.db
      .selectFrom('audit_entry')
      .select('action')
      .where('subscriber_id', '=', subscriberId)
      .where(sql<boolean>`action like 'method.%' or action like 'mandate.%'`)
      .orderBy('at')
      .orderBy('audit_id')
      .execute()
  ).map(({ action }) => action)
const tokenOf = async (methodId: string) =>
  (
    await shop.app.db
      .selectFrom('payment_method')
      .select('provider_method_id')
      .where('method_id', '=', methodId)
      .executeTakeFirstOrThrow()
  ).provider_method_id

test('saved on the provider’s page, charged nothing; the same card again takes its place, a removed one is forgotten there', async () => {
  const [someone, other] = [await shopper(shop), await shopper(shop)]
  const before = await payments()
  const key = crypto.randomUUID()
  const [once, again] = [
    await someone.post(at, undefined, key),
    await someone.post(at, undefined, key),
  ]
  expect([once.status, again.body]).toEqual([201, once.body])
  const first = await save(someone)
  const second = await save(someone, cards.poor)
  expect(await list(someone)).toMatchObject([
    { methodId: first, isDefault: true, expired: false, instrument: { last4: '4242' }, lines: [] },
    { methodId: second, isDefault: false, instrument: { last4: '9995' } },
  ])
  const renewed = await save(someone)
  expect(await list(someone)).toMatchObject([{ methodId: renewed, isDefault: true }, {}])
  const declined = await save(someone, cards.declined)
  expect((await someone.get(`${at}/${declined}`)).body['state']).toBe('failed')
  expect(await payments()).toBe(before)
  expect(await list(other)).toEqual([])
  for (const answer of [
    await other.post(`${at}/${second}/default`),
    await other.delete(`${at}/${second}`),
    await other.get(`${at}/${second}`),
  ])
    expect(answer.status).toBe(404)
  expect((await someone.post(`${at}/${second}/default`)).body['items'][0].methodId).toBe(second)
  const token = await tokenOf(second)
  expect((await someone.delete(`${at}/${second}`)).body['items']).toMatchObject([
    { methodId: renewed, isDefault: true },
  ])
  expect((await someone.delete(`${at}/${second}`)).status).toBe(404)
  await until(
    () => tokenOf(second),
    (left) => left === null,
  )
  expect(await chargedWith(token!)).toBe('card_declined')
  const { instrument } = await shop.app.db
    .selectFrom('payment_method')
    .select('instrument')
    .where('method_id', '=', second)
    .executeTakeFirstOrThrow()
  expect(instrument).toBeNull()
})

/** What the provider says to a charge of a card by its own name for it. */
async function chargedWith(method: string) {
  const reference = crypto.randomUUID()
  await shop.gateways.payments.createCheckout({
    key: reference,
    reference,
    amount: fromWire({ amount: '1.00', currency: 'GBP' })!,
    description: 'x',
    returnUrl: shop.url,
    locale: 'en',
    method,
  })
  const found = await shop.gateways.payments.findCheckout(reference)
  return found?.status === 'failed' ? found.failure : found?.status
}

test('a renewal that its credit falls short of is charged what is missing, once, and the period begins', async () => {
  const { flexLine, change, line, notices, due } = own
  const { someone, lineId, key } = await flexLine('5.00')
  const methodId = await save(someone)
  const mandate = `/v1/lines/${lineId}/mandate`
  expect((await someone.put(mandate, { methodId: 'method_0' })).status).toBe(404)
  expect((await (await shopper(shop)).put(mandate, { methodId: null })).status).toBe(404)
  for (const _ of [1, 2]) await someone.put(mandate, { methodId })
  expect(await list(someone)).toMatchObject([{ methodId, lines: [{ lineId }] }])
  await change(someone, lineId, { data: 10 }, 'renewal')
  const before = await payments()
  await due(30 * 24 + 1, async () => (await notices(someone)).includes('plan-renewed'))
  await shop.sweep()
  expect(await payments()).toBe(before + 1)
  expect((await line(someone, lineId))['paidCredit'].amount).toBe('0.00')
  expect(await notices(someone)).not.toContain('plan-waits')
  const orders = await shop.app.db
    .selectFrom('payment_order')
    .select(['state', 'minor', 'method_id'])
    .where('subscriber_id', '=', key.subscriberId)
    .where('method_id', 'is not', null)
    .execute()
  expect(orders).toEqual([{ state: 'paid', minor: 800n, method_id: methodId }])
  expect(await actions(someone)).toEqual(['method.asked', 'method.saved', 'mandate.given'])
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})

test('a card that pays nothing is asked once; its owner is told what is missing, and a removed card stops nothing else', async () => {
  const { flexLine, change, notices, due, topUp } = own
  const { someone, lineId, key } = await flexLine('5.00')
  const methodId = await save(someone, cards.poor)
  await someone.put(`/v1/lines/${lineId}/mandate`, { methodId })
  await change(someone, lineId, { data: 10 }, 'renewal')
  await due(30 * 24 + 1, async () => (await notices(someone)).includes('plan-waits'))
  for (const hours of [7, 24]) {
    shop.clock.advance({ hours })
    await shop.sweep()
  }
  const asked = () =>
    shop.app.db
      .selectFrom('payment_order')
      .select(['state', 'failure'])
      .where('subscriber_id', '=', key.subscriberId)
      .where('method_id', 'is not', null)
      .execute()
  expect(await asked()).toEqual([{ state: 'failed', failure: 'insufficient_funds' }])
  expect((await someone.delete(`${at}/${methodId}`)).body['items']).toEqual([])
  const { detail } = await shop.app.db
    .selectFrom('audit_entry')
    .select('detail')
    .where('subscriber_id', '=', key.subscriberId)
    .where('action', '=', 'method.removed')
    .executeTakeFirstOrThrow()
  expect(detail).toEqual({ lines: lineId })
  await topUp(someone, lineId, '20.00')
  await until(async () => {
    await shop.sweep()
    return (await notices(someone)).includes('plan-renewed')
  }, Boolean)
  expect(await asked()).toHaveLength(1)
})
