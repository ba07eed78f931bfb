/** Money that its owner could not be given, over the API, for staff. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { subtract, toWire as moneyToWire } from '../values/money.ts'
import { isRefusal } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import type { Unclaimed } from './unclaimed.ts'
import { endUnclaimed, unclaimedPage } from './unclaimed-store.ts'
import { unclaimedListWire, unclaimedStates, unclaimedWire } from './unclaimed-wire.ts'

const tags = ['staff']
const problems = { '4xx': problemWire }

export function registerUnclaimed(http: Http, app: App) {
  http.get(
    '/v1/staff/unclaimed',
    {
      preHandler: staffOnly(app, 'finance', 'admin', 'auditor'),
      schema: {
        tags,
        summary: 'Money that its owner could not be given, newest first',
        querystring: pageQuery.extend({ state: z.enum(unclaimedStates).default('held') }),
        response: { 200: unclaimedListWire, ...problems },
      },
    },
    async ({ query: { state, cursor, limit } }) => {
      const { items, nextCursor } = await unclaimedPage(app.db, { state, cursor, limit })
      return { items: items.map(toWire), nextCursor }
    },
  )

  http.post(
    '/v1/staff/unclaimed/:unclaimedId/end',
    {
      preHandler: staffOnly(app, 'finance', 'admin'),
      schema: {
        tags,
        summary: 'Say that it was paid to its owner, or handed over to whom the rule names',
        params: z.object({ unclaimedId: z.string().max(80) }),
        body: z.object({
          how: z.enum(['paid', 'handed-over']),
          proof: z.string().trim().min(3).max(100).describe('Reference of the bank or the scheme'),
        }),
        response: { 200: unclaimedWire, ...problems },
      },
    },
    async (request, reply) => {
      const ended = await endUnclaimed(app, request.staff, { ...request.params, ...request.body })
      return isRefusal(ended) ? refused(reply, ended) : toWire(ended)
    },
  )
}

function toWire({
  subscriberId: _,
  end,
  amount,
  takenBack,
  ...one
}: Unclaimed): z.input<typeof unclaimedWire> {
  return {
    ...one,
    amount: moneyToWire(amount),
    takenBack: moneyToWire(takenBack),
    left: moneyToWire(subtract(amount, takenBack)),
    since: one.since.toString(),
    goesTo: end?.to ?? null,
    dueAt: end?.dueAt?.toString() ?? null,
    endedAt: one.endedAt?.toString() ?? null,
  }
}
