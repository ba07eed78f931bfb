import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type PlatformDouble, SECRET, startPlatformDouble } from '../platform-double.ts'
import { type PaymentsOptions, startPayments } from './server.ts'

let platform: PlatformDouble
let payments: Awaited<ReturnType<typeof startPayments>>
let dataDir: string

const options = (): PaymentsOptions => ({
  dataDir,
  platformUrl: platform.url,
  key: 'k',
  webhookSecret: SECRET,
  pace: { refundMs: 20, lateMs: 60, timeoutMs: 40 },
  backoffMs: [10],
})

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'payments-'))
  platform = await startPlatformDouble()
  payments = await startPayments(options())
})

afterEach(async () => {
  await payments.close()
  await platform.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const wanted = {
  reference: 'order_1',
  amount: { amount: '25.25', currency: 'GBP' },
  description: 'Europe 10 GB',
  returnUrl: 'http://localhost:4400/orders/order_1?from=pay',
  locale: 'en',
}

type Answer = Record<string, string> & { items: object[]; instrument: object }

async function call(method: string, path: string, body?: unknown, key = 'key-1') {
  const response = await fetch(payments.url + path, {
    method,
    headers: {
      authorization: 'Bearer k',
      'idempotency-key': key,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Answer }
}

const order = async (key = 'key-1') => (await call('POST', '/checkouts', wanted, key)).body

const send = (path: string, form: Record<string, string>) =>
  fetch(payments.url + path, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  })

const pay = (id: string, number: string) =>
  send(`/pay/${id}`, { number, expiry: '12/40', name: 'Lin Example' })

const status = async (id: string) => (await call('GET', `/checkouts/${id}`)).body

const events = () => platform.received.map(({ message }) => message['type'])

async function paid(number = '4242424242424242', key = 'key-1') {
  const { id = '' } = await order(key)
  await pay(id, number)
  return (await status(id))['paymentId'] ?? ''
}

const refund = (paymentId: string, amount: string, key: string, reference = 'case_1') =>
  call('POST', '/refunds', { paymentId, amount: { amount, currency: 'GBP' }, reference }, key)

test('a card that succeeds takes the money once, however often it is clicked', async () => {
  const { id = '' } = await order()
  const clicks = await Promise.all([1, 2, 3].map(() => pay(id, '4242 4242 4242 4242')))
  const back = clicks.map((click) => click.headers.get('location'))
  expect(new Set(back)).toEqual(new Set([`${wanted.returnUrl}&checkout=${id}`]))
  const checkout = await status(id)
  expect(checkout['status']).toBe('succeeded')
  expect(checkout.instrument).toMatchObject({ brand: 'visa', last4: '4242', expYear: 2040 })
  expect(await (await fetch(`${payments.url}/stats`)).json()).toMatchObject({ payments: 1 })
  await vi.waitFor(() => expect(events()).toEqual(['checkout.succeeded']))
})

test.each([
  ['4000000000000002', 'card_declined'],
  ['4000000000009995', 'insufficient_funds'],
])('card %s fails with %s', async (number, failure) => {
  const { id = '' } = await order()
  await pay(id, number)
  expect(await status(id)).toMatchObject({ status: 'failed', failure })
  expect(await (await fetch(`${payments.url}/stats`)).json()).toMatchObject({ payments: 0 })
  await vi.waitFor(() => expect(events()).toEqual(['checkout.failed']))
})

test('3-D Secure: a right code pays, three wrong ones or giving up fail', async () => {
  const ids = []
  for (const key of ['a', 'b', 'c']) {
    const { id = '' } = await order(key)
    const to = (await pay(id, '4000000000003220')).headers.get('location')
    expect(to).toBe(`/pay/${id}/challenge`)
    expect(await status(id)).toMatchObject({ status: 'processing' })
    ids.push(id)
  }
  const [right = '', wrong = '', left = ''] = ids
  await send(`/pay/${right}/challenge`, { code: '123456' })
  expect(await status(right)).toMatchObject({ status: 'succeeded' })
  for (const _ of [1, 2]) await send(`/pay/${wrong}/challenge`, { code: '000000' })
  expect(await status(wrong)).toMatchObject({ status: 'processing' })
  await send(`/pay/${wrong}/challenge`, { code: '000000' })
  await send(`/pay/${left}/challenge`, { cancel: 'yes' })
  for (const id of [wrong, left]) {
    expect(await status(id)).toMatchObject({ status: 'failed', failure: 'authentication_failed' })
  }
})

test('the card that times out takes the money; its webhooks come late, twice, out of order', async () => {
  const { id = '' } = await order()
  const response = await pay(id, '4000000000000119')
  expect(response.status).toBe(504)
  expect(await status(id)).toMatchObject({ status: 'succeeded' })
  await vi.waitFor(() => expect(platform.received.length).toBe(3), 5000)
  expect(events()).toEqual(['checkout.succeeded', 'checkout.failed', 'checkout.succeeded'])
  const [first, stale, again] = platform.received
  expect(first?.id).toBe(again?.id)
  const at = (one: typeof stale) => String(one?.message['timestamp'])
  expect(at(stale) < at(first)).toBe(true)
})

test('a refund is pending, then succeeds; all together never exceed the payment', async () => {
  const paymentId = await paid()
  const first = await refund(paymentId, '20.00', 'r1')
  expect(first).toMatchObject({ status: 201, body: { status: 'pending' } })
  expect(await refund(paymentId, '5.26', 'r2')).toMatchObject({
    status: 422,
    body: { code: 'refund-exceeds-payment' },
  })
  expect((await refund(paymentId, '5.25', 'r3')).status).toBe(201)
  await vi.waitFor(() =>
    expect(events().filter((one) => one === 'refund.succeeded').length).toBe(2),
  )
  const found = await call('GET', '/refunds?reference=case_1')
  expect(found.body.items.length).toBe(2)
  expect(await (await fetch(`${payments.url}/stats`)).json()).toMatchObject({
    refunds: 2,
    refundsByReference: { case_1: 2 },
  })
})

test('a refund to the card that expired fails and leaves the money refundable', async () => {
  const paymentId = await paid('4000000000000341')
  const { body } = await refund(paymentId, '25.25', 'r1')
  await vi.waitFor(() => expect(events()).toContain('refund.failed'))
  expect((await call('GET', `/refunds/${body['id']}`)).body).toMatchObject({
    status: 'failed',
    failure: 'card_expired',
  })
  expect((await refund(paymentId, '25.25', 'r2')).status).toBe(201)
})

test('the same key and body give the same answer, another body is refused', async () => {
  const first = await call('POST', '/checkouts', wanted)
  const again = await call(
    'POST',
    '/checkouts',
    Object.fromEntries(Object.entries(wanted).reverse()),
  )
  expect(again).toEqual(first)
  const other = await call('POST', '/checkouts', { ...wanted, description: 'Something else' })
  expect(other).toMatchObject({ status: 409, body: { code: 'idempotency-key-reused' } })
  const paymentId = await paid('4242424242424242', 'key-2')
  const refunds = await Promise.all([1, 2].map(() => refund(paymentId, '1.00', 'r')))
  expect(refunds[0]).toEqual(refunds[1])
})

test.each([
  ['POST', '/checkouts', '{', 400],
  ['POST', '/checkouts', '[]', 422],
  ['POST', '/checkouts', 'null', 422],
  [
    'POST',
    '/checkouts',
    JSON.stringify({ ...wanted, amount: { amount: '1.005', currency: 'GBP' } }),
    422,
  ],
  [
    'POST',
    '/checkouts',
    JSON.stringify({ ...wanted, amount: { amount: '-1.00', currency: 'GBP' } }),
    422,
  ],
  [
    'POST',
    '/checkouts',
    JSON.stringify({ ...wanted, amount: { amount: '1.00', currency: 'XXX' } }),
    422,
  ],
  ['POST', '/checkouts', JSON.stringify({ ...wanted, returnUrl: 'javascript:alert(1)' }), 422],
  ['POST', '/checkouts', JSON.stringify({ ...wanted, description: 'x'.repeat(300_000) }), 413],
  ['POST', '/refunds', JSON.stringify({ ...wanted, paymentId: 'pay_nobody' }), 404],
  ['PUT', '/faults', JSON.stringify({ fail500: -1 }), 422],
  ['PUT', '/faults', JSON.stringify({ surprise: 1 }), 422],
  ['GET', '/checkouts/chk_nobody', undefined, 404],
  ['GET', '/checkouts', undefined, 422],
  ['GET', '/checkouts?reference=nobody', undefined, 404],
  ['GET', '/nothing', undefined, 404],
])('%s %s with bad input is a problem, not a crash', async (method, path, body, expected) => {
  const response = await fetch(payments.url + path, {
    method,
    headers: {
      authorization: 'Bearer k',
      'idempotency-key': 'k',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  })
  expect(response.status).toBe(expected)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
})

test('the API wants its key and an idempotency key', async () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${payments.url}/checkouts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(wanted),
    })
  expect((await ask({ authorization: 'Bearer wrong', 'idempotency-key': 'k' })).status).toBe(401)
  expect((await ask({ authorization: 'Bearer k' })).status).toBe(400)
})

test('faults: an answer that never comes, a lost connection, a 500 that does nothing', async () => {
  const paymentId = await paid()
  await call('PUT', '/faults', { timeoutAfterSuccess: 1, resetAfterSuccess: 1, fail500: 1 })
  expect((await refund(paymentId, '1.00', 'r1')).status).toBe(500)
  await expect(refund(paymentId, '1.00', 'r1')).rejects.toThrow()
  expect((await refund(paymentId, '2.00', 'r2', 'case_2')).status).toBe(504)
  expect(await refund(paymentId, '2.00', 'r2', 'case_2')).toMatchObject({ status: 201 })
  expect(await (await fetch(`${payments.url}/stats`)).json()).toMatchObject({
    refundsByReference: { case_1: 1, case_2: 1 },
  })
})

test('webhooks are retried until they are taken, lost ones too, and may come twice', async () => {
  await call('PUT', '/faults', { dropWebhooks: 2, duplicateWebhooks: true })
  platform.failNext(2)
  await paid()
  await vi.waitFor(
    () => expect(events()).toEqual(['checkout.succeeded', 'checkout.succeeded']),
    5000,
  )
  expect(platform.received[0]?.id).toBe(platform.received[1]?.id)
})

test('what is owed to the platform survives a restart', async () => {
  const port = Number(new URL(platform.url).port)
  await platform.close()
  const paymentId = await paid()
  await refund(paymentId, '1.00', 'r1')
  await payments.close()
  platform = await startPlatformDouble(port)
  payments = await startPayments(options())
  await vi.waitFor(() => expect(events()).toContain('refund.succeeded'), 5000)
  expect(events()).toContain('checkout.succeeded')
})
