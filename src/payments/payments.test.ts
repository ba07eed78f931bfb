import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
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
import { Fault } from '../values/fault.ts'
import type { Payments } from './gateway.ts'
import { checkOrder } from './order-steps.ts'

let shop: Shop
let broken: Partial<Payments> = {}

beforeAll(async () => {
  shop = await openShop({
    wrapPayments: (payments) => ({
      ...payments,
      createCheckout: (asked) => (broken.createCheckout ?? payments.createCheckout)(asked),
    }),
  })
})
afterAll(() => shop.close())

const order = (someone: Shopper, body: object = { planId: 'europe-20gb-30d' }, key?: string) =>
  someone.post('/v1/orders', body, key)
const stats = async () =>
  (await fetch(`${shop.urls.payments}/stats`)).json() as Promise<Record<string, number>>
const linesOf = async (someone: Shopper) => (await someone.get('/v1/lines')).body['items']
const count = async (
  table: 'notice' | 'ledger_transfer' | 'audit_entry',
  { subscriberId }: Shopper,
) =>
  (
    await shop.app.db
      .selectFrom(table)
      .select('subscriber_id')
      .where('subscriber_id', '=', subscriberId)
      .execute()
  ).length

async function webhook(
  reference: string,
  type = 'checkout.succeeded',
  secret = shop.app.config.payments.webhookSecret,
) {
  const text = JSON.stringify({ type, data: { reference, status: 'succeeded' } })
  const [id, at] = [randomUUID(), new Date()]
  const response = await fetch(`${shop.url}/v1/webhooks/payments`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, text),
    },
    body: text,
  })
  return response.status
}

test('paying a plan brings one line with its number, buckets, prepaid money, receipt and statement', async () => {
  const someone = await shopper(shop)
  const placed = await order(someone, { planId: 'home-uk', nickname: 'Work' })
  expect(placed.status).toBe(201)
  expect(placed.body).toMatchObject({
    kind: 'plan',
    state: 'open',
    amount: { amount: '12.00', currency: 'GBP' },
    lineId: null,
    planId: 'home-uk',
  })
  const answer = await pay(placed.body['checkoutUrl'])
  expect(answer.headers.get('location')).toContain(`/orders/${placed.body['orderId']}?checkout=`)
  const paid = await untilOrder(someone, placed.body['orderId'], 'paid')
  expect(paid['instrument']).toEqual({ brand: 'visa', last4: '4242', expMonth: 12, expYear: 2040 })

  const [line, ...others] = await linesOf(someone)
  expect(others).toEqual([])
  expect(line).toMatchObject({
    lineId: paid['lineId'],
    nickname: 'Work',
    state: 'ordered',
    profile: { deviceState: null },
    bought: { dataBytes: '25000000000', voiceSeconds: 60000, smsMessages: 1000 },
    paidCredit: { amount: '0.00', currency: 'GBP' },
    periodEnd: null,
  })
  expect(line.msisdn).toMatch(/^\+447700900\d{3}$/)
  const { body: statement } = await someone.get('/v1/statement')
  expect(statement['items']).toMatchObject([
    { kind: 'plan-payment', amount: { amount: '12.00', currency: 'GBP' }, lineId: paid['lineId'] },
  ])
  expect(await count('notice', someone)).toBe(1)
})

test('an adjusted plan costs and brings exactly what was shown', async () => {
  const someone = await shopper(shop)
  const adjustment = { data: 8, voice: 0, sms: 3 }
  const placed = await order(someone, { planId: 'flex-europe', adjustment })
  expect(placed.body['amount']).toEqual({ amount: '11.20', currency: 'GBP' })
  await pay(placed.body['checkoutUrl'])
  await untilOrder(someone, placed.body['orderId'], 'paid')
  const [line] = await linesOf(someone)
  expect(line.bought).toEqual({ dataBytes: '8000000000', voiceSeconds: 0, smsMessages: 150 })
  const { payments: before } = await stats()
  const refused = await order(someone, {
    planId: 'flex-europe',
    adjustment: { ...adjustment, data: 99 },
  })
  expect([refused.status, refused.body['code']]).toEqual([422, 'adjustment-not-allowed'])
  expect((await stats())['payments']).toBe(before)
})

test('a declined card fails the order; trying again with another pays it once', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  await pay(placed['checkoutUrl'], cards.declined)
  const failed = await untilOrder(someone, placed['orderId'], 'failed')
  expect(failed).toMatchObject({ failure: 'card_declined', checkoutUrl: null })
  // Two tabs try again at once: both are led to the same page.
  const retries = await Promise.all(
    [1, 2].map(() => someone.post(`/v1/orders/${placed['orderId']}/retry`)),
  )
  const urls = new Set(retries.map(({ body }) => body['checkoutUrl']).filter(Boolean))
  expect(retries.every(({ status }) => status === 200)).toBe(true)
  expect(urls.size).toBe(1)
  expect(urls).not.toContain(placed['checkoutUrl'])
  await pay([...urls][0])
  await untilOrder(someone, placed['orderId'], 'paid')
  expect(await linesOf(someone)).toHaveLength(1)
  const again = await someone.post(`/v1/orders/${placed['orderId']}/retry`)
  expect([again.status, again.body['code']]).toEqual([409, 'order-not-open'])
})

test('3-D Secure: a challenge that fails fails the order', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  const to = (await pay(placed['checkoutUrl'], cards.challenge)).headers.get('location')
  await fetch(shop.urls.payments + to, {
    method: 'POST',
    body: new URLSearchParams({ cancel: 'yes' }),
    redirect: 'manual',
  })
  const failed = await untilOrder(someone, placed['orderId'], 'failed')
  expect(failed['failure']).toBe('authentication_failed')
  expect(await linesOf(someone)).toEqual([])
})

test('a time-out after the money was taken resolves by itself, once', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  expect((await pay(placed['checkoutUrl'], cards.timesOut)).status).toBe(504)
  await untilOrder(someone, placed['orderId'], 'paid')
  await new Promise((done) => setTimeout(done, 1500)) // the late, repeated and stale webhooks
  expect((await someone.get(`/v1/orders/${placed['orderId']}`)).body['state']).toBe('paid')
  expect(await linesOf(someone)).toHaveLength(1)
  expect(await count('ledger_transfer', someone)).toBe(1)
})

test('when no webhook arrives at all, the sweep finds the money', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  await fetch(`${shop.urls.payments}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dropWebhooks: 3 }),
  })
  await pay(placed['checkoutUrl'])
  shop.clock.advance({ seconds: 30 })
  await shop.sweep()
  await untilOrder(someone, placed['orderId'], 'paid')
})

test('webhooks that are repeated, early, about nobody or unsigned change nothing', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  const reference = `${placed['orderId']}.1`
  // The payload says it is paid; the provider, when asked, does not.
  expect(await webhook(reference)).toBe(204)
  expect(await webhook(`order_${'0'.repeat(32)}.1`)).toBe(204)
  expect(
    await webhook(
      reference,
      'checkout.succeeded',
      `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    ),
  ).toBe(401)
  await checkOrder(shop.app, shop.gateways.payments, {
    subscriberId: someone.subscriberId,
    orderId: placed['orderId'],
  })
  expect((await someone.get(`/v1/orders/${placed['orderId']}`)).body['state']).toBe('open')
  await pay(placed['checkoutUrl'])
  await untilOrder(someone, placed['orderId'], 'paid')
  for (let times = 0; times < 3; times += 1) expect(await webhook(reference)).toBe(204)
  const key = { subscriberId: someone.subscriberId, orderId: placed['orderId'] as string }
  await Promise.all([1, 2, 3].map(() => checkOrder(shop.app, shop.gateways.payments, key)))
  expect(await linesOf(someone)).toHaveLength(1)
  expect(await count('ledger_transfer', someone)).toBe(1)
  expect(await count('notice', someone)).toBe(1)
})

test('two tabs pay the same order: one payment, one line', async () => {
  const someone = await shopper(shop)
  const { payments: before } = await stats()
  const { body: placed } = await order(someone)
  await Promise.all([1, 2].map(() => pay(placed['checkoutUrl'])))
  await untilOrder(someone, placed['orderId'], 'paid')
  expect(await linesOf(someone)).toHaveLength(1)
  expect((await stats())['payments']).toBe(before! + 1)
})

test('a double click places one order', async () => {
  const someone = await shopper(shop)
  const key = randomUUID()
  const clicks = await Promise.all(
    [1, 2].map(() => order(someone, { planId: 'japan-3gb-7d' }, key)),
  )
  const statuses = clicks.map(({ status }) => status).sort()
  expect([
    [201, 201],
    [201, 409],
  ]).toContainEqual(statuses)
  const orders = await shop.app.db
    .selectFrom('payment_order')
    .select('order_id')
    .where('subscriber_id', '=', someone.subscriberId)
    .execute()
  expect(orders).toHaveLength(1)
})

test('an order nobody pays expires after half an hour; money that comes later is honoured', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  shop.clock.advance({ minutes: 31 })
  await shop.sweep()
  await untilOrder(someone, placed['orderId'], 'expired')
  await pay(placed['checkoutUrl'])
  await untilOrder(someone, placed['orderId'], 'paid')
  expect(await linesOf(someone)).toHaveLength(1)
})

test('an expired order paid in the old tab and in the new one: the second payment goes back', async () => {
  const someone = await shopper(shop)
  const { body: placed } = await order(someone)
  shop.clock.advance({ minutes: 31 })
  await shop.sweep()
  await untilOrder(someone, placed['orderId'], 'expired')
  const { body: again } = await someone.post(`/v1/orders/${placed['orderId']}/retry`)
  await pay(placed['checkoutUrl'])
  await untilOrder(someone, placed['orderId'], 'paid')
  await pay(again['checkoutUrl'])
  const back = await until(
    () => shop.gateways.payments.findRefund(`${placed['orderId']}.2.return`),
    (found) => found?.state === 'succeeded',
  )
  expect(back).toBeDefined()
  expect(await linesOf(someone)).toHaveLength(1)
  expect(await count('ledger_transfer', someone)).toBe(1)
})

test('the provider is down: a clear refusal, nothing charged, and the order can be tried again', async () => {
  const someone = await shopper(shop)
  let asked = 0
  broken = {
    createCheckout: () => {
      asked += 1
      return Promise.reject(new Fault('payments', 'unknown', 'reset'))
    },
  }
  const refused = await order(someone)
  broken = {}
  expect([refused.status, refused.body['code']]).toEqual([503, 'payment-unavailable'])
  expect(asked).toBe(2)
  const row = await shop.app.db
    .selectFrom('payment_order')
    .select(['order_id', 'state', 'failure'])
    .where('subscriber_id', '=', someone.subscriberId)
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state: 'failed', failure: 'provider_unavailable' })
  const { body: again } = await someone.post(`/v1/orders/${row.order_id}/retry`)
  await pay(again['checkoutUrl'])
  await untilOrder(someone, row.order_id, 'paid')
})

test('a lost answer is asked for again under the same key: one checkout', async () => {
  const someone = await shopper(shop)
  const { checkouts: before } = await stats()
  await fetch(`${shop.urls.payments}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resetAfterSuccess: 1 }),
  })
  const placed = await order(someone)
  expect(placed.status).toBe(201)
  expect((await stats())['checkouts']).toBe(before! + 1)
})

test('what can’t be ordered is refused before anybody pays', async () => {
  const someone = await shopper(shop)
  const code = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
    status,
    body['code'],
  ]
  expect(code(await order(someone, { planId: 'nowhere-1gb' }))).toEqual([404, 'plan-not-sold'])
  expect(code(await order(someone, { planId: 'europe-20gb-30d' }, ''))).toEqual([
    400,
    'idempotency-key-missing',
  ])
  expect(code(await order(someone, { planId: 7 }))).toEqual([422, 'invalid-request'])
  const unfinished = await shopper(shop, { complete: false })
  expect(code(await order(unfinished))).toEqual([409, 'profile-incomplete'])
})

test('somebody else’s order is not there', async () => {
  const [owner, other] = [await shopper(shop), await shopper(shop)]
  const { body: placed } = await order(owner)
  for (const answer of [
    await other.get(`/v1/orders/${placed['orderId']}`),
    await other.post(`/v1/orders/${placed['orderId']}/retry`),
  ])
    expect([answer.status, answer.body['code']]).toEqual([404, 'not-found'])
})

test('after all of this the ledger proves itself', async () => {
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})
