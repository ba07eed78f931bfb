/** Ordering, paying, and what the provider tells us. */
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { lineShown } from '../lines/line.ts'
import { linesOf } from '../lines/store.ts'
import { lineWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn, signedWith } from '../platform/http.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../platform/idempotency.ts'
import { toWire } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { none, problemWire } from '../values/wire.ts'
import { registerAccountCredit } from './account-credit-routes.ts'
import type { Payments } from './gateway.ts'
import { type Order, orderShown, parseReference } from './order.ts'
import { disputeQueue } from './dispute-store.ts'
import { registerMethodRoutes } from './method-routes.ts'
import { methodQueue } from './method-store.ts'
import { openCheckout, retryOrder } from './order-steps.ts'
import { checkQueue, findOrder, ownerOfReference } from './order-store.ts'
import { registerCoupons } from './coupon-routes.ts'
import { moveCredit } from './move-store.ts'
import { type Placed, placePlanOrder, placeTopUp, priceFor } from './place-store.ts'
import { registerStatementRoutes } from './statement-routes.ts'
import { caseOfRefund } from './store.ts'
import { registerUnclaimed } from './unclaimed-routes.ts'
import {
  creditMoveWire,
  orderQuoteQueryWire,
  orderQuoteWire,
  orderRequestWire,
  orderWire,
  topUpWire,
} from './wire.ts'

const orderParams = z.object({ orderId: z.string().max(60) })
const orderAnswers = { 200: orderWire, '4xx': problemWire, 503: problemWire }
const newOrderAnswers = { 201: orderWire, '4xx': problemWire, 503: problemWire }

export function registerPaymentsRoutes(http: Http, app: App, payments: Payments) {
  registerOrderQuote(http, app)
  registerOrdering(http, app, payments)
  registerMoves(http, app)
  registerAccountCredit(http, app)
  registerCoupons(http, app)
  registerMethodRoutes(http, app, payments)
  registerOrders(http, app, payments)
  registerStatementRoutes(http, app)
  registerUnclaimed(http, app)
  registerWebhook(http, app)
}

function registerOrderQuote(http: Http, app: App) {
  http.get(
    '/v1/orders/quote',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Money'],
        summary: 'What a plan costs you, with the lines you have',
        querystring: orderQuoteQueryWire,
        response: { 200: orderQuoteWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { planId, data, voice, sms } = request.query
      const chosen = data !== undefined || voice !== undefined || sms !== undefined
      const adjustment = chosen ? { data: data ?? 0, voice: voice ?? 0, sms: sms ?? 0 } : undefined
      const { subscriberId } = request
      const asked = { subscriberId, planId, adjustment }
      const quote = await priceFor(app.db, app.clock.now(), asked)
      if (isRefusal(quote)) return refused(reply, quote)
      const { price, percentOff } = quote
      return { price: toWire(price), percentOff }
    },
  )
}

function registerOrdering(http: Http, app: App, payments: Payments) {
  const open = async (reply: FastifyReply, placed: Placed | Refusal) => {
    if (isRefusal(placed)) return refused(reply, placed)
    const order = await openCheckout(app, payments, placed.order, placed.locale)
    return isRefusal(order) ? refused(reply, order) : reply.code(201).send(orderShown(order))
  }

  http.post(
    '/v1/orders',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags: ['Money'],
        summary: 'Order a plan; pay it at `checkoutUrl`',
        body: orderRequestWire,
        response: newOrderAnswers,
      },
    },
    async (request, reply) => {
      const { planId, adjustment, nickname } = request.body
      const { subscriberId } = request
      return open(reply, await placePlanOrder(app, { subscriberId, planId, adjustment, nickname }))
    },
  )

  http.post(
    '/v1/lines/:lineId/top-ups',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags: ['Money'],
        summary: 'Top up the credit of a line; pay it at `checkoutUrl`',
        params: z.object({ lineId: z.string().max(60) }),
        body: topUpWire,
        response: newOrderAnswers,
      },
    },
    async (request, reply) => {
      const { lineId } = request.params
      const { amount } = request.body
      return open(
        reply,
        await placeTopUp(app, { subscriberId: request.subscriberId, lineId, amount }),
      )
    },
  )
}

function registerMoves(http: Http, app: App) {
  http.post(
    '/v1/lines/:lineId/credit-moves',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags: ['Money'],
        summary: 'Move paid credit to another of your lines',
        params: z.object({ lineId: z.string().max(60) }),
        body: creditMoveWire,
        response: { 200: lineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const { lineId } = request.params
      const key = idempotencyKeyOf(request)!
      const no = await moveCredit(app, { subscriberId, lineId, key, ...request.body })
      if (no) return refused(reply, no)
      const [line] = await linesOf(app.db, subscriberId, lineId)
      return line ? lineShown(line) : refused(reply, refuse('not-found'))
    },
  )
}

function registerOrders(http: Http, app: App, payments: Payments) {
  http.get(
    '/v1/orders/:orderId',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Money'],
        summary: 'One of your orders',
        params: orderParams,
        response: orderAnswers,
      },
    },
    async (request, reply) => {
      const order = await findOrder(app.db, keyOf(request.subscriberId, request.params))
      return order ? orderShown(order) : refused(reply, refuse('not-found'))
    },
  )

  http.post(
    '/v1/orders/:orderId/retry',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['Money'],
        summary: 'Try again to pay an order that failed or expired',
        params: orderParams,
        response: orderAnswers,
      },
    },
    async (request, reply) => {
      const key = keyOf(request.subscriberId, request.params)
      const order: Order | Refusal = await retryOrder(app, payments, key)
      return isRefusal(order) ? refused(reply, order) : orderShown(order)
    },
  )
}

const keyOf = (subscriberId: string, { orderId }: { orderId: string }) => ({
  subscriberId,
  orderId,
})

const webhookWire = z.object({
  type: z.string().max(100),
  data: z.object({ reference: z.string().max(200) }),
})

/**
 * The provider's word is only a hint: it may be late, repeated or out of order. It wakes the job that asks the provider
 * itself, so nothing depends on what a message says.
 */
function registerWebhook(http: Http, app: App) {
  http.post(
    '/v1/webhooks/payments',
    {
      preValidation: signedWith(app.config.payments.webhookSecret),
      schema: {
        tags: ['Partners'],
        summary: 'The payment provider reports (Standard Webhooks)',
        response: { 204: none, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const parsed = webhookWire.safeParse(request.body)
      if (parsed.success) await wake(app, parsed.data.type, parsed.data.data.reference)
      return reply.code(204).send(null)
    },
  )
}

async function wake(app: App, type: string, told: string) {
  // A payout is named after the refund it stands for.
  const reference = told.replace(/\.payout\d+$/, '')
  await app.db.transaction().execute(async (trx) => {
    const subscriberId = await ownerOfReference(trx, reference)
    if (!subscriberId) return
    const order = parseReference(reference)
    if (order) {
      const { orderId } = order
      const isDispute = type.startsWith('dispute.')
      const queue = isDispute ? disputeQueue : checkQueue
      return app.queue.send(trx, queue, orderId, { subscriberId, orderId })
    }
    if (type.startsWith('setup.')) {
      const methodId = reference
      return app.queue.send(trx, methodQueue, methodId, { subscriberId, methodId })
    }
    const caseId = await caseOfRefund(trx, subscriberId, reference)
    // The closure's own queue, by its name: payments know no closure.
    if (caseId) await app.queue.send(trx, 'closure.advance', caseId, { subscriberId, caseId })
  })
}
