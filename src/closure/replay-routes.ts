/** Staff replay past closures under the draft of a policy, before it is published; nothing is written. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { seeDraft } from '../policy/draft-store.ts'
import { refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { replayUnder } from './replay-store.ts'
import { replayToWire } from './replay-view.ts'
import { replayWire } from './replay-wire.ts'

/** A page waits for the answer; `violet policy simulate` replays them all. */
const casesMax = 20_000

export function registerReplayRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/policies/:country/draft/replay',
    {
      preHandler: staffOnly(app),
      schema: {
        tags: ['staff'],
        summary: 'What the newest closures of a country would have come to under its draft',
        params: z.object({ country: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/) }),
        response: { 200: replayWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { country } = request.params
      const { checked } = await seeDraft(app, country, request.staff)
      if (!checked.policy)
        return refused(reply, refuse('invalid-request', {}, { errors: checked.errors }))
      const replay = await replayUnder(app.db, checked.policy, country, { most: casesMax })
      return replayToWire(replay, country, casesMax)
    },
  )
}
