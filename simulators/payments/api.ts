/** The payment provider's API for shops: checkouts and refunds, each request performed once per key. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../../src/platform/clock.ts'
import type { Money } from '../../src/values/money.ts'
import { type Body, bodyOf, textOf } from '../body.ts'
import type { Database } from '../database.ts'
import { type Faults, sufferFaults } from '../faults.ts'
import { invalid, notFound, Problem, requireKey } from '../host.ts'
import type { Provider } from './provider.ts'
import { amountOf, checkoutWire, once, refundWire } from './store.ts'

type Means = {
  db: Database
  provider: Provider
  clock: Clock
  faults: Faults
  key: string
  hangMs: number
  baseUrl: () => string
}

export function addPaymentApi(http: FastifyInstance, means: Means): void {
  void http.register(async (scope) => {
    scope.addHook('onRequest', requireKey(means.key))
    sufferFaults(scope, means.faults, means.hangMs)
    addCheckouts(scope, means)
    addRefunds(scope, means)
  })
  http.get('/stats', async () => means.provider.stats())
}

function addCheckouts(scope: FastifyInstance, { db, provider, clock, baseUrl }: Means): void {
  scope.post('/checkouts', async (request, reply) => {
    const body = bodyOf(request)
    const wanted = {
      reference: textOf(body, 'reference', 200),
      amount: moneyIn(body),
      description: textOf(body, 'description', 500),
      returnUrl: webAddress(body, 'returnUrl'),
      locale: body['locale'] === undefined ? 'en' : textOf(body, 'locale', 35),
    }
    const nowMs = clock.now().epochMilliseconds
    const answer = once(db, { endpoint: 'checkouts', key: keyOf(request), body, nowMs }, () =>
      checkoutWire(provider.createCheckout(wanted), baseUrl()),
    )
    return reply.code(201).send(answer)
  })
  scope.get<{ Params: { id: string } }>('/checkouts/:id', async ({ params }) => {
    const row = provider.checkout(params.id)
    if (!row) throw notFound('checkout')
    return checkoutWire(row, baseUrl())
  })
  scope.get('/checkouts', async (request) => {
    const rows = provider.checkoutsOf(referenceOf(request))
    return newestAndAll(
      'checkout',
      rows.map((row) => checkoutWire(row, baseUrl())),
    )
  })
}

function addRefunds(scope: FastifyInstance, { db, provider, clock }: Means): void {
  scope.post('/refunds', async (request, reply) => {
    const body = bodyOf(request)
    const wanted = {
      paymentId: textOf(body, 'paymentId', 100),
      amount: moneyIn(body),
      reference: textOf(body, 'reference', 200),
    }
    const nowMs = clock.now().epochMilliseconds
    const answer = once(db, { endpoint: 'refunds', key: keyOf(request), body, nowMs }, () =>
      refundWire(provider.createRefund(wanted)),
    )
    return reply.code(201).send(answer)
  })
  scope.get<{ Params: { id: string } }>('/refunds/:id', async ({ params }) => {
    const row = provider.refund(params.id)
    if (!row) throw notFound('refund')
    return refundWire(row)
  })
  scope.get('/refunds', async (request) =>
    newestAndAll('refund', provider.refundsOf(referenceOf(request)).map(refundWire)),
  )
}

/** The newest with that reference, and all of them in `items`. */
function newestAndAll<T extends object>(what: string, items: T[]): T & { items: T[] } {
  const [newest] = items
  if (!newest) throw new Problem(404, 'not-found', `No ${what} has this reference.`, { items })
  return { ...newest, items }
}

function keyOf({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key']
  if (typeof key === 'string' && key.length > 0 && key.length <= 255) return key
  const detail = 'Send an Idempotency-Key header of 1 to 255 characters.'
  throw new Problem(400, 'idempotency-key-missing', detail)
}

function moneyIn(body: Body): Money {
  const amount = amountOf(body['amount'])
  if (amount) return amount
  throw invalid('amount must be above zero: {"amount": "12.50", "currency": "GBP"}.')
}

function webAddress(body: Body, name: string): string {
  const text = textOf(body, name, 2000)
  const parsed = URL.parse(text)
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return text
  throw invalid(`${name} must be a web address.`)
}

function referenceOf({ query }: FastifyRequest): string {
  const { reference } = query as Record<string, unknown>
  if (typeof reference === 'string' && reference !== '') return reference
  throw invalid('Say which: ?reference=…')
}
