/** Bringing a number along: announced on a line, looked at, stopped. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { announce, findTaker, stopArrival } from './in-store.ts'
import { announceWire, portInWire } from './in-wire.ts'
import { portInShown, whyNotAnnounced } from './port-in.ts'
import type { LineKey } from './standing-store.ts'

const params = z.object({ lineId: z.string().max(60) })

export function registerArrivalRoutes(http: Http, app: App) {
  const guard = signedIn(app, true)
  const offered = app.config.porting?.url !== undefined
  const schema = {
    tags: ['Numbers'],
    params,
    response: { 200: portInWire, '4xx': problemWire },
  }
  const shown = async (key: LineKey) => {
    const taker = await findTaker(app.db, key)
    if (isRefusal(taker)) return taker
    const no = offered ? whyNotAnnounced(taker) : refuse('port-not-offered')
    return { refusal: no ? { code: no.refused } : null, port: portInShown(taker.arriving) }
  }

  http.get(
    '/v1/lines/:lineId/port-in',
    { preHandler: guard, schema: { ...schema, summary: 'A number on its way to a line' } },
    async (request, reply) => {
      const answer = await shown(keyOf(request))
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )

  http.post(
    '/v1/lines/:lineId/port-in',
    {
      preHandler: guard,
      schema: {
        ...schema,
        summary: 'Bring a number from another operator, with the code it gave you',
        body: announceWire,
        response: { 202: portInWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      if (!offered) return refused(reply, refuse('port-not-offered'))
      const key = keyOf(request)
      const no = await announce(app, key, request.body)
      const answer = no ?? (await shown(key))
      return isRefusal(answer) ? refused(reply, answer) : reply.code(202).send(answer)
    },
  )

  http.delete(
    '/v1/lines/:lineId/port-in',
    {
      preHandler: guard,
      schema: {
        ...schema,
        summary: 'Ask for a stop; the other operator says whether it still can',
      },
    },
    async (request, reply) => {
      const key = keyOf(request)
      const no = await stopArrival(app, key)
      const answer = no ?? (await shown(key))
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )
}

const keyOf = (request: { subscriberId: string; params: { lineId: string } }): LineKey => ({
  subscriberId: request.subscriberId,
  lineId: request.params.lineId,
})
