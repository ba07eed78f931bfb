/** A subscriber's plan on a line: its renewal, a change quoted, a change agreed to. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { withIdempotencyKey } from '../platform/idempotency.ts'
import { planShown } from '../plans/plan.ts'
import { type Adjustment, coverageOf } from '../plans/plans.ts'
import { planOnSale } from '../plans/store.ts'
import { coverageWire } from '../plans/wire.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { quoteShown } from './change.ts'
import { renewalShown } from './shown.ts'
import { setAutoRenew } from './setting-store.ts'
import { changePlan, findStanding, quoteOf } from './store.ts'
import {
  changeQueryWire,
  changeQuoteWire,
  changeRequestWire,
  renewalPatchWire,
  renewalWire,
} from './wire.ts'

const params = z.object({ lineId: z.string().max(60) })

export function registerRenewalsRoutes(http: Http, app: App) {
  registerRenewal(http, app)
  registerChange(http, app)
  registerCoverage(http, app)
}

async function shown(app: App, key: { subscriberId: string; lineId: string }) {
  const now = app.clock.now()
  const standing = await findStanding(app.db, key)
  if (!standing) return refuse('not-found')
  const newest = await planOnSale(app.db, now, standing.plan.planId)
  return renewalShown(standing, newest, now, planShown)
}

function registerRenewal(http: Http, app: App) {
  http.get(
    '/v1/lines/:lineId/renewal',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Plans'],
        summary: 'What a line’s plan is set to, and what happens when its period is over',
        params,
        response: { 200: renewalWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const answer = await shown(app, { subscriberId, lineId: request.params.lineId })
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )

  http.patch(
    '/v1/lines/:lineId/renewal',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['Plans'],
        summary: 'Turn renewal on or off, or drop a change that waits for it',
        params,
        body: renewalPatchWire,
        response: { 200: renewalWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const key = { subscriberId: request.subscriberId, lineId: request.params.lineId }
      const no = await setAutoRenew(app, key, request.body)
      if (no) return refused(reply, no)
      const answer = await shown(app, key)
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )
}

type Query = z.output<typeof changeQueryWire>

function stepsOf({ data, voice, sms }: Query): Adjustment | null {
  if (data === undefined && voice === undefined && sms === undefined) return null
  return { data: data ?? 0, voice: voice ?? 0, sms: sms ?? 0 }
}

function registerChange(http: Http, app: App) {
  http.get(
    '/v1/lines/:lineId/plan-change',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Plans'],
        summary: 'What a change of the plan would cost and grant',
        params,
        querystring: changeQueryWire,
        response: { 200: changeQuoteWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const key = { subscriberId: request.subscriberId, lineId: request.params.lineId }
      const { when, version, planId } = request.query
      const wish = { when, steps: stepsOf(request.query), version, planId }
      const answer = await quoteOf(app.db, app.clock.now(), key, wish)
      if (isRefusal(answer)) return refused(reply, answer)
      return quoteShown(answer.quote, answer.standing)
    },
  )

  http.post(
    '/v1/lines/:lineId/plan-change',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags: ['Plans'],
        summary:
          'Change the plan at the price of a quote; a changed quote comes back in the refusal',
        params,
        body: changeRequestWire,
        response: { 200: renewalWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const key = { subscriberId: request.subscriberId, lineId: request.params.lineId }
      const { adjustment: steps, ...wish } = request.body
      const no = await changePlan(app, key, { ...wish, steps })
      if (no) return refused(reply, no)
      const answer = await shown(app, key)
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )
}

function registerCoverage(http: Http, app: App) {
  http.get(
    '/v1/lines/:lineId/coverage',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Plans'],
        summary: 'Where a line’s plan works, and what every other country costs it',
        params,
        response: { 200: coverageWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const key = { subscriberId: request.subscriberId, lineId: request.params.lineId }
      const standing = await findStanding(app.db, key)
      return standing ? coverageOf(standing.plan) : refused(reply, refuse('not-found'))
    },
  )
}
