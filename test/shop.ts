/** The joining half of the platform in one process: real database, queue, HTTP, payment provider and network. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import { startNetwork } from '../simulators/network/server.ts'
import { startPayments } from '../simulators/payments/server.ts'
import { orderQueue, removedQueue } from '../src/esim/esim.ts'
import { openOrders } from '../src/esim/order-gateway.ts'
import { orderJobs } from '../src/esim/order-steps.ts'
import { registerEsimRoutes } from '../src/esim/routes.ts'
import { ownRequester } from '../src/esim/stock-store.ts'
import { registerLinesRoutes } from '../src/lines/routes.ts'
import { linesJobs, lineQueues } from '../src/lines/steps.ts'
import { openNetwork } from '../src/lines/gateway.ts'
import { seedNumbers } from '../src/lines/number-store.ts'
import { noticeQueues } from '../src/notices/store.ts'
import { openPayments, type Payments } from '../src/payments/gateway.ts'
import { registerPaymentsRoutes } from '../src/payments/routes.ts'
import { paymentsJobs, paymentsQueues, sweepPayments } from '../src/payments/steps.ts'
import { catalogNumbers } from '../src/plans/catalog.ts'
import { registerPlansRoutes } from '../src/plans/routes.ts'
import { seedCatalog } from '../src/plans/store.ts'
import type { App } from '../src/platform/app.ts'
import type { Config } from '../src/platform/config.ts'
import { openHttp } from '../src/platform/http.ts'
import { systemIds } from '../src/platform/ids.ts'
import { openQueue } from '../src/platform/queue.ts'
import { registerRenewalsRoutes } from '../src/renewals/routes.ts'
import { renewalJobs, renewalQueues, sweepRenewals } from '../src/renewals/steps.ts'
import { registerUsageRoutes } from '../src/usage/routes.ts'
import type { SubscriberId } from '../src/values/ids.ts'
import { freePort } from './free-port.ts'
import { testDatabase } from './database.ts'
import { callHere } from './orders-here.ts'

export const cards = {
  good: '4242424242424242',
  declined: '4000000000000002',
  challenge: '4000000000003220',
  timesOut: '4000000000000119',
  poor: '4000000000009995',
  diesLater: '4000000000000341',
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field in tests
export type Answer = { status: number; body: Record<string, any> }

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

type Options = { wrapPayments?: (payments: Payments) => Payments }

export async function openShop({ wrapPayments = (payments) => payments }: Options = {}) {
  const database = await testDatabase()
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const partner = {
    platformUrl: publicUrl,
    key: 'test-key',
    webhookSecret: secret,
    backoffMs: [50, 200, 1000],
  }
  const pace = { refundMs: 50, lateMs: 400, timeoutMs: 300 }
  const payments = await startPayments({ ...partner, pace })
  const network = await startNetwork(partner)
  const clock = movableClock()
  const config = configOf({ port, publicUrl, databaseUrl: database.url }, payments.url, network.url)
  const log = pino({ level: process.env['VIOLET_TEST_LOG'] ?? 'silent' })
  const queues = [
    removedQueue,
    orderQueue,
    ...lineQueues,
    ...renewalQueues,
    ...paymentsQueues,
    ...noticeQueues,
    'closure.advance',
  ]
  const queue = await openQueue(database.url, log, queues)
  const sessions: App['sessions'] = {
    subscriberOf: async (headers) => headers['x-subscriber'] as SubscriberId | undefined,
    staffOf: async () => undefined,
  }
  const app: App = { config, db: database.db, clock, ids: systemIds(), log, queue, sessions }
  await seedCatalog(app.db, clock.now())
  await seedNumbers(app.db, catalogNumbers())
  const paymentsGateway = wrapPayments(openPayments(config.payments))
  const networkGateway = openNetwork(config.network)
  const http = await openHttp(app)
  registerPlansRoutes(http, app)
  registerPaymentsRoutes(http, app, paymentsGateway)
  registerLinesRoutes(http, app)
  registerRenewalsRoutes(http, app)
  registerEsimRoutes(http, app)
  registerUsageRoutes(http, app)
  await http.listen({ port, host: 'localhost' })
  await queue.work([
    ...paymentsJobs(app, paymentsGateway),
    ...linesJobs(app, networkGateway),
    ...orderJobs(
      app,
      openOrders(
        callHere(() => app),
        ownRequester,
      ),
    ),
    ...renewalJobs(app),
  ])
  return {
    app,
    clock,
    url: publicUrl,
    gateways: { payments: paymentsGateway, network: networkGateway },
    urls: { payments: payments.url, network: network.url },
    async sweep() {
      await sweepPayments(app)
      await sweepRenewals(app)
    },
    async close() {
      await queue.close()
      await http.close()
      await Promise.all([payments.close(), network.close()])
      await database.drop()
    },
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>

type Place = Pick<Config, 'port' | 'publicUrl' | 'databaseUrl'>

function configOf(place: Place, paymentsUrl: string, networkUrl: string): Config {
  const nobody = 'http://localhost:1'
  return {
    ...place,
    dataDir: '',
    masterKey: Buffer.alloc(32, 9),
    logLevel: 'error',
    payments: { url: paymentsUrl, key: 'test-key', webhookSecret: secret },
    network: { url: networkUrl, key: 'test-key', webhookSecret: secret },
    phoneUrl: nobody,
    inboxUrl: nobody,
    portingUrl: nobody,
    smtpUrl: 'smtp://localhost:1',
    smsUrl: nobody,
    nchf: { host: 'localhost', port: 0, url: 'http://localhost:0' },
  }
}

function movableClock() {
  let aheadMs = 0
  return {
    now: () => Temporal.Now.instant().add({ milliseconds: aheadMs }),
    advance(by: { hours?: number; minutes?: number; seconds?: number }) {
      aheadMs += Temporal.Duration.from(by).total('milliseconds')
    },
  }
}

/** Somebody signed in, with everything that money needs unless `complete` is false. */
export async function shopper({ app, url }: Shop, { complete = true, locale = 'en' } = {}) {
  const subscriberId = app.ids.make<SubscriberId>('sub')
  const now = app.clock.now()
  const name = complete ? 'Lin Yue' : ''
  await app.db
    .insertInto('subscriber')
    .values({ subscriber_id: subscriberId, name, country: 'GB', locale, created_at: now })
    .execute()
  await app.db
    .insertInto('subscriber_contact')
    .values({
      subscriber_id: subscriberId,
      contact_id: app.ids.make('contact'),
      kind: 'email',
      value: `${subscriberId}@example.com`,
      added_at: now,
      verified_at: now,
    })
    .execute()
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    key: string = randomUUID(),
  ): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        'x-subscriber': subscriberId,
        ...(method === 'GET' || key === '' ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
  }
  return {
    subscriberId,
    get: (path: string) => call('GET', path),
    post: (path: string, body?: unknown, key?: string) => call('POST', path, body, key),
    patch: (path: string, body?: unknown) => call('PATCH', path, body),
    put: (path: string, body?: unknown) => call('PUT', path, body),
    delete: (path: string) => call('DELETE', path),
  }
}

export type Shopper = Awaited<ReturnType<typeof shopper>>

export function pay(checkoutUrl: string, number = cards.good): Promise<Response> {
  const form = new URLSearchParams({ number, expiry: '12/40', name: 'Lin Yue' })
  return fetch(checkoutUrl, { method: 'POST', body: form, redirect: 'manual' })
}

export async function until<T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  ms = 10_000,
): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    if (Date.now() > end) throw new Error(`waited in vain, last: ${JSON.stringify(value)}`)
    await sleep(25)
  }
}

/** Orders, pays and waits until the eSIM can be downloaded; gives the paid order. */
export async function buy(someone: Shopper, planId = 'japan-3gb-7d', more: object = {}) {
  const { body: order } = await someone.post('/v1/orders', { planId, ...more })
  await pay(order['checkoutUrl'])
  const paid = await untilOrder(someone, order['orderId'], 'paid')
  const profile = async () => (await someone.get(`/v1/lines/${paid['lineId']}`)).body['profile']
  await until(profile, ({ state }) => state === 'released')
  return paid
}

export async function untilOrder(someone: Shopper, orderId: string, state: string) {
  const ask = async () => (await someone.get(`/v1/orders/${orderId}`)).body
  return until(ask, (order) => order['state'] === state)
}

let phones = 0

/** A phone of one's own: an EID with valid check digits. */
export function newPhone() {
  const body = (10n ** 29n * 8n + BigInt(++phones)).toString()
  const check = 98n - ((BigInt(body) * 100n) % 97n)
  return `${body}${check.toString().padStart(2, '0')}`
}

export async function send(shop: Shop, path: string, body: unknown): Promise<Answer> {
  const response = await fetch(shop.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

/** Downloads and installs a line's eSIM, and waits for service. */
export async function install(shop: Shop, someone: Shopper, lineId: string, eid = newPhone()) {
  const { body: installation } = await someone.get(`/v1/lines/${lineId}/installation`)
  const { matchingId } = installation['manual']
  const { body: profile } = await send(shop, '/esim/download', { eid, matchingId })
  const { iccid, imsi } = profile
  await send(shop, '/esim/notifications', { eid, iccid, event: 'install', seq: 1 })
  const ask = async () => (await someone.get(`/v1/lines/${lineId}`)).body
  const line = await until(ask, ({ state }) => state === 'active')
  return { eid, matchingId, iccid: iccid as string, imsi: imsi as string, line }
}

/** Sends signed usage records as the network does. */
export async function reportUsage(
  shop: Pick<Shop, 'url'>,
  records: object[],
  sign = true,
): Promise<Answer> {
  const text = JSON.stringify({ records })
  const id = randomUUID()
  const at = new Date()
  const signature = new Webhook(secret).sign(id, at, sign ? text : `${text} `)
  const response = await fetch(`${shop.url}/v1/usage-records`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signature,
    },
    body: text,
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}
