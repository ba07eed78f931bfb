/** A subscriber's own lines. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { lineShown } from './line.ts'
import { linesOf, renameLine } from './store.ts'
import { registerSuspensionRoutes } from './suspension-routes.ts'
import { linePatchWire, lineWire } from './wire.ts'

const params = z.object({ lineId: z.string().max(60) })

export function registerLinesRoutes(http: Http, app: App) {
  registerSuspensionRoutes(http, app)
  http.get(
    '/v1/lines',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'Your lines, oldest first',
        response: { 200: z.object({ items: z.array(lineWire) }), '4xx': problemWire },
      },
    },
    async (request) => ({ items: (await linesOf(app.db, request.subscriberId)).map(lineShown) }),
  )

  http.get(
    '/v1/lines/:lineId',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'One of your lines',
        params,
        response: { 200: lineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const [line] = await linesOf(app.db, request.subscriberId, request.params.lineId)
      return line ? lineShown(line) : refused(reply, refuse('not-found'))
    },
  )

  http.patch(
    '/v1/lines/:lineId',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'Name a line',
        params,
        body: linePatchWire,
        response: { 200: lineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const { lineId } = request.params
      const no = await app.db.transaction().execute(async (trx) => {
        const refusal = await renameLine(trx, { subscriberId, lineId }, request.body.nickname)
        if (refusal) return refusal
        await audit(trx, app.ids, app.clock.now(), {
          subscriberId,
          actor: { kind: 'subscriber', id: subscriberId },
          action: 'line.renamed',
          subject: { kind: 'line', id: lineId },
          reason: 'asked by the subscriber',
        })
        return undefined
      })
      if (no) return refused(reply, no)
      const [line] = await linesOf(app.db, subscriberId, lineId)
      return line ? lineShown(line) : refused(reply, refuse('not-found'))
    },
  )
}
