/** The payment provider's API for shops: checkouts and refunds, each request performed once per key. */
import type { FastifyInstance } from 'fastify'
import { bodyOf, textOf } from '../body.ts'
import { sufferFaults } from '../faults.ts'
import { notFound, requireKey } from '../host.ts'
import { addBank, addPayouts } from './payout-api.ts'
import { keyOf, type Means, moneyIn, newestAndAll, referenceOf, webAddress } from './request.ts'
import { addSaved } from './saved-api.ts'
import { checkoutWire, once, refundWire } from './store.ts'

export function addPaymentApi(http: FastifyInstance, means: Means): void {
  void http.register(async (scope) => {
    scope.addHook('onRequest', requireKey(means.key))
    sufferFaults(scope, means.faults, means.hangMs)
    addCheckouts(scope, means)
    addRefunds(scope, means)
    addPayouts(scope, means)
    addSaved(scope, means)
  })
  addBank(http, means)
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
    // Charged after it is on record: asked again under its key, one that was not charged yet is.
    if (body['method'] !== undefined) provider.chargeSaved(answer.id, textOf(body, 'method', 100))
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
