/** Usage that was turned away, for staff: seen with its reason, taken in again after a fix, or put aside. */
import { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { none, problemWire } from '../values/wire.ts'
import {
  endReject,
  findReject,
  ownerOfImsi,
  type Reject,
  rejectCounts,
  rejectPage,
} from './reject-store.ts'
import {
  rejectListWire,
  rejectQuery,
  rejectWire,
  replayAllAnswerWire,
  replayAllWire,
  replayAnswerWire,
} from './staff-wire.ts'
import { replayReject } from './store.ts'

const tags = ['staff']
const problems = { '4xx': problemWire }
const params = z.object({ rejectId: z.string().max(100) })
const readers = ['finance', 'admin', 'support'] as const
const deciders = ['finance', 'admin'] as const
const replayedAtOnce = 50

export function registerUsageStaffRoutes(http: Http, app: App) {
  registerReading(http, app)
  registerReplay(http, app)
  registerDiscard(http, app)
}

function registerReading(http: Http, app: App) {
  http.get(
    '/v1/staff/usage/rejects',
    {
      preHandler: staffOnly(app, ...readers),
      schema: {
        tags,
        summary: 'Usage records that were turned away, newest first, with how many there are',
        querystring: rejectQuery,
        response: { 200: rejectListWire, ...problems },
      },
    },
    async (request) => {
      const [page, counts] = await Promise.all([
        rejectPage(app.db, request.query),
        rejectCounts(app.db),
      ])
      return { items: page.items.map(rejectToWire), nextCursor: page.nextCursor, counts }
    },
  )

  http.get(
    '/v1/staff/usage/rejects/:rejectId',
    {
      preHandler: staffOnly(app, ...readers),
      schema: {
        tags,
        summary: 'One record that was turned away, as it came',
        params,
        response: { 200: rejectWire, ...problems },
      },
    },
    async (request, reply) => {
      const reject = await findReject(app.db, request.params.rejectId)
      return reject ? rejectToWire(reject) : refused(reply, refuse('not-found'))
    },
  )
}

function registerReplay(http: Http, app: App) {
  http.post(
    '/v1/staff/usage/rejects/:rejectId/replay',
    {
      preHandler: staffOnly(app, ...deciders),
      schema: {
        tags,
        summary: 'Take a record in again, as it came; still turned away, it says why now',
        params,
        response: { 200: replayAnswerWire, ...problems },
      },
    },
    async (request, reply) => {
      const answer = await replay(app, request.staff, request.params.rejectId)
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )

  http.post(
    '/v1/staff/usage/rejects/replay',
    {
      preHandler: staffOnly(app, ...deciders),
      schema: {
        tags,
        summary: 'Take in again what one reason turned away: fifty a call, on with `nextCursor`',
        body: replayAllWire,
        response: { 200: replayAllAnswerWire, ...problems },
      },
    },
    async (request) => {
      const { reason, cursor } = request.body
      const limit = replayedAtOnce
      const page = await rejectPage(app.db, { state: 'open', reason, cursor, limit })
      const done = { replayed: 0, rejected: 0 }
      for (const { rejectId } of page.items) {
        const answer = await replay(app, request.staff, rejectId)
        // A colleague was faster with that one.
        if (!isRefusal(answer)) done[answer.outcome] += 1
      }
      return { ...done, nextCursor: page.nextCursor }
    },
  )
}

function registerDiscard(http: Http, app: App) {
  http.post(
    '/v1/staff/usage/rejects/:rejectId/discard',
    {
      preHandler: staffOnly(app, ...deciders),
      schema: {
        tags,
        summary: 'Put a record aside that will never be taken in',
        params,
        response: { 204: none, ...problems },
      },
    },
    async (request, reply) => {
      const { rejectId } = request.params
      const reject = await findReject(app.db, rejectId)
      if (!reject) return refused(reply, refuse('not-found'))
      const now = app.clock.now()
      const ended = await app.db.transaction().execute(async (trx) => {
        if (!(await endReject(trx, now, rejectId, 'discarded'))) return false
        await note(trx, app, request.staff, reject, 'usage.discarded', reject.reason)
        return true
      })
      if (!ended) return refused(reply, refuse('changed-meanwhile'))
      return reply.code(204).send(null)
    },
  )
}

async function replay(app: App, staff: StaffMember, rejectId: string) {
  const reject = await findReject(app.db, rejectId)
  if (!reject) return refuse('not-found')
  return replayReject(app, rejectId, async (trx, reason) => {
    const action = reason === null ? 'usage.replayed' : 'usage.replay-refused'
    await note(trx, app, staff, reject, action, reason ?? reject.reason)
  })
}

/** In the transaction that changed it, so that nothing is done that nobody did. */
async function note(
  trx: Trx,
  app: App,
  staff: StaffMember,
  { rejectId, imsi, usageId }: Reject,
  action: string,
  reason: string,
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId: (await ownerOfImsi(trx, imsi)) ?? '',
    actor: { kind: 'staff', id: staff.staffId },
    action,
    subject: { kind: 'usage-reject', id: rejectId },
    reason,
    detail: { usageId },
  })
}

function rejectToWire(reject: Reject): z.input<typeof rejectWire> {
  const { lineNumber, firstAt, lastAt, endedAt, record, ...rest } = reject
  return {
    ...rest,
    lineNumber: lineNumber === null ? null : lineNumber.toString(),
    canReplay: record !== null,
    firstAt: firstAt.toString(),
    lastAt: lastAt.toString(),
    endedAt: endedAt?.toString() ?? null,
  }
}
