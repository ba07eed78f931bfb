/** Asking to close without signing in: for everybody, and telling nobody whether there is such a line. */
import type { App } from '../platform/app.ts'
import { type Http, refused } from '../platform/http.ts'
import { withIdempotencyKey } from '../platform/idempotency.ts'
import { isRefusal, type Refusal } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { proveByCode } from './intake-open-store.ts'
import { answerIntake, startIntake, wantCode, withdrawIntake } from './intake-store.ts'
import { seeIntake } from './intake-view-store.ts'
import {
  intakeAnswersWire,
  intakeCodeWire,
  intakeLinkWire,
  intakeStartedWire,
  intakeWire,
  startIntakeWire,
} from './intake-wire.ts'

const tags = ['closure']
const problems = { '4xx': problemWire }
const answers = { 200: intakeWire, ...problems }

export function registerIntakeRoutes(http: Http, app: App) {
  http.post(
    '/v1/closures/intake',
    {
      preHandler: withIdempotencyKey,
      schema: {
        tags,
        summary:
          'Ask to close a line or an account without signing in; the answer is always the same',
        body: startIntakeWire,
        response: { 202: intakeStartedWire, ...problems },
      },
    },
    async (request, reply) => {
      const started = await startIntake(app, request.ip, request.body)
      return isRefusal(started) ? refused(reply, started) : reply.code(202).send(started)
    },
  )
  http.post(
    '/v1/closures/intake/look',
    {
      schema: {
        tags,
        summary: 'How far the request of a link is',
        body: intakeLinkWire,
        response: answers,
      },
    },
    async ({ body }, reply) => {
      const seen = await seeIntake(app, body.token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  registerProofRoutes(http, app)
}

function registerProofRoutes(http: Http, app: App) {
  const seeAfter = async (done: unknown, token: string) =>
    isRefusal(done) ? (done as Refusal) : seeIntake(app, token)

  http.post(
    '/v1/closures/intake/code',
    {
      schema: {
        tags,
        summary: 'Want a new code; one leaves only for a contact that the account had verified',
        body: intakeLinkWire,
        response: { 202: intakeWire, ...problems },
      },
    },
    async ({ body: { token } }, reply) => {
      const seen = await seeAfter(await wantCode(app, token), token)
      return isRefusal(seen) ? refused(reply, seen) : reply.code(202).send(seen)
    },
  )
  http.post(
    '/v1/closures/intake/prove',
    {
      schema: {
        tags,
        summary: 'Show with the code who asks; the closure goes on',
        body: intakeCodeWire,
        response: answers,
      },
    },
    async ({ body: { token, code } }, reply) => {
      const seen = await seeAfter(await proveByCode(app, token, code), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/intake/answers',
    {
      schema: {
        tags,
        summary: 'Answer what the policy lets us ask, for a person to judge',
        body: intakeAnswersWire,
        response: answers,
      },
    },
    async ({ body: { token, answers: given } }, reply) => {
      const seen = await seeAfter(await answerIntake(app, token, given), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/intake/withdraw',
    {
      schema: {
        tags,
        summary: 'Take the request back',
        body: intakeLinkWire,
        response: answers,
      },
    },
    async ({ body: { token } }, reply) => {
      const seen = await seeAfter(await withdrawIntake(app, token), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
}
