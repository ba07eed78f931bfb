/** Following refunds, and stopping a closure by the link of a notice. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { nameRefundAccount } from './account-store.ts'
import { freeze, seeFreeze } from './freeze-store.ts'
import { viewOf } from './view.ts'
import { seeCase } from './view-store.ts'
import { closureWire, freezeWire, frozenWire, nameAccountWire } from './wire.ts'

const tags = ['closure']
const problems = { '4xx': problemWire }

export function registerMoneyRoutes(http: Http, app: App) {
  registerAccountRoutes(http, app)
  registerFreezeRoutes(http, app)
}

/** No sign-in: whoever lost the account to somebody else can't sign in. The link is the proof. */
function registerFreezeRoutes(http: Http, app: App) {
  const answers = { 200: frozenWire, ...problems }
  const schema = { tags, body: freezeWire, response: answers }
  http.post(
    '/v1/closures/freeze/look',
    { schema: { ...schema, summary: 'What the link of a notice would stop' } },
    async (request, reply) => {
      const seen = await seeFreeze(app, request.body.token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/freeze',
    { schema: { ...schema, summary: '“This wasn’t me”: stop a closure by the link of a notice' } },
    async (request, reply) => {
      const done = await freeze(app, request.body.token)
      return isRefusal(done) ? refused(reply, done) : done
    },
  )
}

function registerAccountRoutes(http: Http, app: App) {
  http.post(
    '/v1/closures/:caseId/refunds/:refundId/account',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags,
        summary: 'Name an account for a refund that its card refused',
        params: z.object({ caseId: z.string().max(60), refundId: z.string().max(80) }),
        body: nameAccountWire,
        response: { 200: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const { caseId } = request.params
      const key = { subscriberId, ...request.params }
      const named = await nameRefundAccount(app, key, request.body)
      if (isRefusal(named)) return refused(reply, named)
      const seen = await seeCase(app, subscriberId, caseId)
      return seen ? viewOf(seen) : refused(reply, refuse('not-found'))
    },
  )
}
