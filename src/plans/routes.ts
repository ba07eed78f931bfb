/** The public catalog. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused } from '../platform/http.ts'
import { packed } from '../platform/packing.ts'
import { refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { coverageOf } from './coverage.ts'
import { planShown, zoneShown } from './plan.ts'
import { planOnSale, plansOnSale, planZones } from './store.ts'
import { coverageWire, planListWire, planWire } from './wire.ts'

export function registerPlansRoutes(http: Http, app: App) {
  http.get(
    '/v1/plans',
    {
      onSend: packed,
      schema: {
        tags: ['Plans'],
        summary: 'Everything on sale, and the zones it works in',
        response: { 200: planListWire },
      },
    },
    async () => {
      const [plans, zones] = await Promise.all([
        plansOnSale(app.db, app.clock.now()),
        planZones(app.db),
      ])
      return { plans: plans.map(planShown), zones: zones.map(zoneShown) }
    },
  )

  http.get(
    '/v1/plans/:planId',
    {
      schema: {
        tags: ['Plans'],
        summary: 'One plan on sale',
        params: z.object({ planId: z.string().max(60) }),
        response: { 200: planWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const plan = await planOnSale(app.db, app.clock.now(), request.params.planId)
      if (!plan) return refused(reply, refuse('plan-not-sold'))
      return planShown(plan)
    },
  )

  http.get(
    '/v1/plans/:planId/coverage',
    {
      schema: {
        tags: ['Plans'],
        summary: 'Where a plan on sale works, and what every other country costs',
        params: z.object({ planId: z.string().max(60) }),
        response: { 200: coverageWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const plan = await planOnSale(app.db, app.clock.now(), request.params.planId)
      return plan ? coverageOf(plan) : refused(reply, refuse('plan-not-sold'))
    },
  )
}
