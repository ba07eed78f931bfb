/** A subscriber's own lines. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { lineShown } from './line.ts'
import { registerNumberRoutes } from './number-routes.ts'
import { setLine } from './setting-store.ts'
import { linesOf } from './store.ts'
import { registerSuspensionRoutes } from './suspension-routes.ts'
import { linePatchWire, lineWire } from './wire.ts'

const params = z.object({ lineId: z.string().max(60) })

export function registerLinesRoutes(http: Http, app: App) {
  registerSuspensionRoutes(http, app)
  registerNumberRoutes(http, app)
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
        summary: 'Name a line, or cap what use may take of its credit',
        params,
        body: linePatchWire,
        response: { 200: lineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const { lineId } = request.params
      const no = await setLine(app, { subscriberId, lineId }, request.body)
      if (no) return refused(reply, no)
      const [line] = await linesOf(app.db, subscriberId, lineId)
      return line ? lineShown(line) : refused(reply, refuse('not-found'))
    },
  )
}
