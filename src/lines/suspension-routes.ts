/** Suspending and resuming a line: by its subscriber, and by staff for the operator or against fraud. */
import { z } from 'zod'
import type { App, Role } from '../platform/app.ts'
import { type Http, refused, signedIn, staffOnly } from '../platform/http.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { lineShown } from './line.ts'
import { linesOf } from './store.ts'
import { changeSuspension } from './suspension-store.ts'
import type { Suspender } from './suspension.ts'
import { lineWire, staffLineWire, staffSuspensionWire } from './wire.ts'

const params = z.object({ lineId: z.string().max(60) })
const staffParams = params.extend({ subscriberId: z.string().max(60) })
const wishes = ['suspend', 'resume'] as const
const summaries = {
  suspend: 'Suspend a line: no service until it is resumed; its plan runs on',
  resume: 'Resume a line that you suspended',
} as const

export function registerSuspensionRoutes(http: Http, app: App) {
  for (const wish of wishes) {
    http.post(
      `/v1/lines/:lineId/${wish}`,
      {
        preHandler: signedIn(app),
        schema: {
          tags: ['Lines'],
          summary: summaries[wish],
          params,
          response: { 200: lineWire, '4xx': problemWire },
        },
      },
      async (request, reply) => {
        const { subscriberId } = request
        const { lineId } = request.params
        const no = await change(app, { subscriberId, lineId }, wish, {
          by: 'subscriber',
          actor: { kind: 'subscriber', id: subscriberId },
          reason: 'asked by the subscriber',
        })
        if (no) return refused(reply, no)
        const [line] = await linesOf(app.db, subscriberId, lineId)
        return line ? lineShown(line) : refused(reply, refuse('not-found'))
      },
    )
    registerStaff(http, app, wish)
  }
}

/** Who may suspend may not always lift: against fraud, a reviewer decides. */
const allowed: Record<(typeof wishes)[number], Record<'operator' | 'fraud', readonly Role[]>> = {
  suspend: { operator: ['support', 'reviewer', 'admin'], fraud: ['support', 'reviewer', 'admin'] },
  resume: { operator: ['support', 'reviewer', 'admin'], fraud: ['reviewer', 'admin'] },
}

function registerStaff(http: Http, app: App, wish: (typeof wishes)[number]) {
  http.post(
    `/v1/staff/subscribers/:subscriberId/lines/:lineId/${wish}`,
    {
      preHandler: staffOnly(app, 'support', 'reviewer', 'admin'),
      schema: {
        tags: ['staff'],
        summary:
          wish === 'suspend'
            ? 'Suspend a line for the operator or against fraud; the reason is for the audit trail'
            : 'Lift a suspension of the operator or one against fraud',
        params: staffParams,
        body: staffSuspensionWire,
        response: { 200: staffLineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { cause, reason: note } = request.body
      const { staffId, role } = request.staff
      if (!allowed[wish][cause].includes(role)) return refused(reply, refuse('not-your-role'))
      const no = await change(app, request.params, wish, {
        by: cause,
        actor: { kind: 'staff', id: staffId },
        reason: 'decided by a member of staff',
        note,
      })
      if (no) return refused(reply, no)
      const { subscriberId, lineId } = request.params
      const [line] = await linesOf(app.db, subscriberId, lineId)
      if (!line) return refused(reply, refuse('not-found'))
      return { lineId, state: line.state, suspensions: [...line.suspensions] }
    },
  )
}

type By = {
  by: Suspender
  actor: { kind: 'subscriber' | 'staff'; id: string }
  reason: string
  note?: string
}

function change(
  app: App,
  key: { subscriberId: string; lineId: string },
  wish: (typeof wishes)[number],
  by: By,
): Promise<Refusal | undefined> {
  return app.db.transaction().execute((trx) => changeSuspension(trx, app, key, { wish, ...by }))
}
