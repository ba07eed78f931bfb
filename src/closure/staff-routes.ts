/** The review API for staff: queue, case, claim, decision, retry. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { decisionWire, queueWire, staffCaseWire, statisticsWire } from './staff-wire.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import {
  claim,
  countsByState,
  decide,
  queuePage,
  release,
  retry,
  takeBack,
} from './review-store.ts'
import { endStopped, putOnHold, thaw } from './freeze-store.ts'
import { seeStaffCase } from './review-view-store.ts'
import { ask, withdrawQuestion } from './ask-question-store.ts'
import { registerBulkRoutes } from './bulk-routes.ts'
import { waitingIntakes } from './intake-review-store.ts'
import { registerIntakeStaffRoutes } from './intake-staff-routes.ts'
import { statistics } from './statistics-store.ts'
import { caseStateWire, questionTextWire } from './wire.ts'

const tags = ['staff']
const params = z.object({ caseId: z.string().max(60) })
const problems = { '4xx': problemWire }
const noted = z.object({ note: z.string().trim().min(1).max(500) })
const answer = { 200: staffCaseWire, ...problems }

export function registerClosureStaffRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/closures',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'Cases of one state, the most urgent first',
        querystring: pageQuery.extend({ state: caseStateWire.default('in_review') }),
        response: { 200: queueWire, ...problems },
      },
    },
    async (request) => {
      const { state, cursor, limit } = request.query
      const page = await queuePage(app, state, cursor, limit)
      return {
        items: page.items.map((row) => ({
          caseId: row.case_id,
          reference: row.reference,
          scope: row.scope,
          state: row.state,
          subscriberName: row.name,
          country: row.country,
          risk: row.risk,
          refund: row.refund,
          dueAt: row.due_at?.toString() ?? null,
          claimedBy: row.claimed_name,
          approvedFirstBy: row.half_by,
          submittedAt: row.submitted_at?.toString() ?? null,
          refundLate: row.refund_late,
        })),
        nextCursor: page.nextCursor,
        counts: { ...(await countsByState(app)), intakes: await waitingIntakes(app) },
      }
    },
  )

  http.get(
    '/v1/staff/closures/:caseId',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'One case with all that a decision needs',
        params,
        response: answer,
      },
    },
    async (request, reply) => see(app, request.staff, request.params.caseId, reply),
  )

  http.get(
    '/v1/staff/statistics',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'Closures of the last 30 days',
        response: { 200: statisticsWire, ...problems },
      },
    },
    async () => statistics(app),
  )

  registerReviewRoutes(http, app)
  registerBulkRoutes(http, app)
  registerQuestionRoutes(http, app)
  registerNotedRoutes(http, app)
  registerIntakeStaffRoutes(http, app)
}

function registerReviewRoutes(http: Http, app: App) {
  type Act = (staff: StaffMember, caseId: string) => Promise<true | Refusal>
  const acting = (act: Act) => async (request: FastifyRequest, reply: FastifyReply) => {
    const { caseId } = params.parse(request.params)
    const done = await act(request.staff, caseId)
    return seeAfter(app, request, reply, caseId, done)
  }

  http.post(
    '/v1/staff/closures/:caseId/claim',
    {
      preHandler: staffOnly(app, 'reviewer', 'admin'),
      schema: { tags, summary: 'Take a case; lapses after 15 minutes', params, response: answer },
    },
    acting((staff, caseId) => claim(app, caseId, staff)),
  )

  http.post(
    '/v1/staff/closures/:caseId/release',
    {
      preHandler: staffOnly(app, 'reviewer', 'admin'),
      schema: { tags, summary: 'Give a case back to the queue', params, response: answer },
    },
    acting((staff, caseId) => release(app, caseId, staff)),
  )

  http.post(
    '/v1/staff/closures/:caseId/retry',
    {
      preHandler: staffOnly(app, 'reviewer', 'admin', 'support'),
      schema: { tags, summary: 'Send a stuck case on', params, response: answer },
    },
    acting((staff, caseId) => retry(app, caseId, staff)),
  )

  http.post(
    '/v1/staff/closures/:caseId/decision',
    {
      preHandler: staffOnly(app, 'reviewer', 'admin'),
      schema: {
        tags,
        summary: 'Approve or reject, once',
        params,
        body: decisionWire,
        response: answer,
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const decided = await decide(app, caseId, request.staff, request.body)
      return seeAfter(app, request, reply, caseId, decided)
    },
  )
}

function registerQuestionRoutes(http: Http, app: App) {
  const may = staffOnly(app, 'reviewer', 'admin')
  http.post(
    '/v1/staff/closures/:caseId/question',
    {
      preHandler: may,
      schema: {
        tags,
        summary: 'Ask whose closure it is; the clock of the review stands until they answer',
        params,
        body: questionTextWire,
        response: answer,
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const done = await ask(app, caseId, request.staff, request.body.text)
      return seeAfter(app, request, reply, caseId, done)
    },
  )

  http.post(
    '/v1/staff/closures/:caseId/question/withdraw',
    {
      preHandler: may,
      schema: {
        tags,
        summary: 'Take the open question back; the clock goes on',
        params,
        response: answer,
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const done = await withdrawQuestion(app, caseId, request.staff)
      return seeAfter(app, request, reply, caseId, done)
    },
  )
}

/** What is done to a case only after saying why. */
const notedActs = [
  { path: 'thaw', act: thaw, summary: 'A closure that was frozen, or held, goes on' },
  {
    path: 'hold',
    act: putOnHold,
    summary: 'Hold a closure until something is settled; its deadline runs on',
  },
  {
    path: 'withdraw',
    act: endStopped,
    summary:
      'Take back, for its subscriber, a closure that is stopped before service has begun to end',
  },
  {
    path: 'take-back',
    act: takeBack,
    summary: 'Take back the first of two approvals, by who gave it',
  },
]

function registerNotedRoutes(http: Http, app: App) {
  for (const { path, act, summary } of notedActs)
    http.post(
      `/v1/staff/closures/:caseId/${path}`,
      {
        preHandler: staffOnly(app, 'reviewer', 'admin'),
        schema: { tags, summary, params, body: noted, response: answer },
      },
      async (request, reply) => {
        const { caseId } = request.params
        const done = await act(app, caseId, request.staff, request.body.note)
        return seeAfter(app, request, reply, caseId, done)
      },
    )
}

/** What staff did, and the case as it is now. */
async function seeAfter(
  app: App,
  request: FastifyRequest,
  reply: FastifyReply,
  caseId: string,
  done: true | Refusal,
) {
  return isRefusal(done) ? refused(reply, done) : see(app, request.staff, caseId, reply)
}

async function see(app: App, staff: StaffMember, caseId: string, reply: FastifyReply) {
  return (await seeStaffCase(app, staff, caseId)) ?? refused(reply, refuse('not-found'))
}
