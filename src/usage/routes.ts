/** Usage: taken in from the network, shown to its owner. */
import { z } from 'zod'
import { usagePageWire, usageSumsWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn, signedWith } from '../platform/http.ts'
import { refuse } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import { usagePage } from './page-store.ts'
import { takeIn } from './store.ts'
import { dayOf, usageSums } from './sums-store.ts'
import { batchAnswerWire, batchWire } from './wire.ts'

export function registerUsageRoutes(http: Http, app: App) {
  http.post(
    '/v1/usage-records',
    {
      preValidation: signedWith(app.config.network.webhookSecret),
      // One record with such a text must not hold back the others.
      config: { takesOddText: true },
      schema: {
        tags: ['Partners'],
        summary: 'The network reports usage (Standard Webhooks); the same record counts once',
        body: batchWire,
        response: { 200: batchAnswerWire, '4xx': problemWire },
      },
    },
    async (request) => {
      const answer = await takeIn(app, request.body.records)
      const { rejected } = answer
      if (rejected.length > 0) app.log.warn({ rejected }, 'usage records rejected')
      return answer
    },
  )

  http.get(
    '/v1/lines/:lineId/usage',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'What a line used, newest first',
        params: z.object({ lineId: z.string().max(60) }),
        querystring: pageQuery,
        response: { 200: usagePageWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { lineId } = request.params
      const page = await usagePage(
        app.db,
        { subscriberId: request.subscriberId, lineId },
        request.query,
      )
      return page ?? refused(reply, refuse('not-found'))
    },
  )

  http.get(
    '/v1/lines/:lineId/usage/sums',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'What a line used in thirty days, by day, country and kind',
        params: z.object({ lineId: z.string().max(60) }),
        querystring: z.object({
          until: z.iso.date().optional().describe('The last of the thirty; left out: today'),
        }),
        response: { 200: usageSumsWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const { until } = request.query
      const last = until ? Temporal.PlainDate.from(until) : dayOf(app.clock.now())
      const sums = await usageSums(app.db, { ...request.params, subscriberId }, last)
      return sums ?? refused(reply, refuse('not-found'))
    },
  )
}
