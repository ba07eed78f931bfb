/** Saved cards of the signed-in subscriber: listed, added at the provider's page, made the default, removed; and what they pay. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { withIdempotencyKey } from '../platform/idempotency.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import type { Payments } from './gateway.ts'
import { methodShown } from './method.ts'
import {
  type AskedMethod,
  findMethod,
  giveMandate,
  makeDefault,
  methodsOf,
  removeMethod,
} from './method-store.ts'
import { openSetup } from './method-steps.ts'
import { mandateWire, paymentMethodsWire, setupWire } from './method-wire.ts'

const tags = ['Money']
const params = z.object({ methodId: z.string().max(60) })
const listed = { 200: paymentMethodsWire, '4xx': problemWire }

export function registerMethodRoutes(http: Http, app: App, payments: Payments) {
  const guard = signedIn(app, true)
  const shown = async (subscriberId: string) => {
    const now = app.clock.now()
    return { items: (await methodsOf(app.db, subscriberId)).map((one) => methodShown(one, now)) }
  }

  http.get(
    '/v1/me/payment-methods',
    {
      preHandler: signedIn(app),
      schema: {
        tags,
        summary: 'Cards you saved, and which lines’ renewals they pay',
        response: listed,
      },
    },
    async (request) => shown(request.subscriberId),
  )

  http.post(
    '/v1/me/payment-methods/:methodId/default',
    {
      preHandler: guard,
      schema: { tags, summary: 'Make a card the first to be offered', params, response: listed },
    },
    async (request, reply) => {
      const { subscriberId, params: named } = request
      const no = await makeDefault(app, { subscriberId, ...named })
      return no ? refused(reply, no) : shown(subscriberId)
    },
  )

  http.delete(
    '/v1/me/payment-methods/:methodId',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Remove a card; lines it paid renew from their credit alone',
        params,
        response: listed,
      },
    },
    async (request, reply) => {
      const { subscriberId, params: named } = request
      const no = await removeMethod(app, { subscriberId, ...named })
      return no ? refused(reply, no) : shown(subscriberId)
    },
  )
  registerMandate(http, app, shown)
  registerSetups(http, app, payments)
}

type Shown = (subscriberId: string) => Promise<z.output<typeof paymentMethodsWire>>

function registerMandate(http: Http, app: App, shown: Shown) {
  http.put(
    '/v1/lines/:lineId/mandate',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags,
        summary: 'Which saved card pays what a line’s credit lacks when its plan renews',
        params: z.object({ lineId: z.string().max(60) }),
        body: mandateWire,
        response: listed,
      },
    },
    async (request, reply) => {
      const { subscriberId, params: named, body } = request
      const no = await giveMandate(app, { subscriberId, ...named }, body.methodId)
      return no ? refused(reply, no) : shown(subscriberId)
    },
  )
}

const setupShown = ({ methodId, state, setupUrl }: AskedMethod) => ({ methodId, state, setupUrl })

function registerSetups(http: Http, app: App, payments: Payments) {
  http.post(
    '/v1/me/payment-methods',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags,
        summary: 'Save a card: its owner types it on the provider’s page at `setupUrl`',
        response: { 201: setupWire, '4xx': problemWire, 503: problemWire },
      },
    },
    async (request, reply) => {
      const setup = await openSetup(app, payments, request.subscriberId)
      return isRefusal(setup) ? refused(reply, setup) : reply.code(201).send(setupShown(setup))
    },
  )

  http.get(
    '/v1/me/payment-methods/:methodId',
    {
      preHandler: signedIn(app),
      schema: {
        tags,
        summary: 'What became of a card that was asked for',
        params,
        response: { 200: setupWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId, params: named } = request
      const method = await findMethod(app.db, { subscriberId, ...named })
      return method ? setupShown(method) : refused(reply, refuse('not-found'))
    },
  )
}
