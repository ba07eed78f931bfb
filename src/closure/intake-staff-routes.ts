/** The staff API for requests to close without signing in: list, one request, the decision. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import { decideIntake, intakePage, seeStaffIntake } from './intake-review-store.ts'
import {
  intakeDecisionWire,
  intakeListWire,
  intakeRowWire,
  staffIntakeWire,
} from './intake-wire.ts'

const tags = ['staff']
const params = z.object({ caseId: z.string().max(60) })
const problems = { '4xx': problemWire }
const answer = { 200: staffIntakeWire, ...problems }
const state = intakeRowWire.shape.state.default('in-review')

export function registerIntakeStaffRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/closure-intakes',
    {
      preHandler: staffOnly(app, 'support', 'reviewer', 'admin', 'auditor'),
      schema: {
        tags,
        summary: 'Requests to close without signing in, of one state, the most urgent first',
        querystring: pageQuery.extend({ state }),
        response: { 200: intakeListWire, ...problems },
      },
    },
    async ({ query }) => intakePage(app, query.state, query.cursor, query.limit),
  )
  http.get(
    '/v1/staff/closure-intakes/:caseId',
    {
      preHandler: staffOnly(app, 'support', 'reviewer', 'admin', 'auditor'),
      schema: { tags, summary: 'One request beside what is known', params, response: answer },
    },
    async (request, reply) =>
      (await seeStaffIntake(app, request.staff, request.params.caseId)) ??
      refused(reply, refuse('not-found')),
  )
  http.post(
    '/v1/staff/closure-intakes/:caseId/decision',
    {
      preHandler: staffOnly(app, 'reviewer', 'admin'),
      schema: {
        tags,
        summary: 'Accept who asks, ask for more, or refuse',
        params,
        body: intakeDecisionWire,
        response: answer,
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const done = await decideIntake(app, caseId, request.staff, request.body)
      if (isRefusal(done)) return refused(reply, done)
      const seen = await seeStaffIntake(app, request.staff, caseId)
      return seen ?? refused(reply, refuse('not-found'))
    },
  )
}
