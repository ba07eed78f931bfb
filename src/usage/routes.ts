/** Usage: taken in from the network, shown to its owner. */
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { usagePageWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { refuse } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import { usagePage } from './page-store.ts'
import { takeIn } from './store.ts'
import { batchAnswerWire, batchWire } from './wire.ts'

export function registerUsageRoutes(http: Http, app: App) {
  const webhook = new Webhook(app.config.network.webhookSecret)

  http.post(
    '/v1/usage-records',
    {
      // Before the body is looked at: what isn't signed by the network gets no other answer.
      preValidation: async (request, reply) => {
        try {
          webhook.verify(request.rawBody, request.headers as Record<string, string>)
        } catch {
          return refused(reply, refuse('bad-signature'))
        }
      },
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
}
