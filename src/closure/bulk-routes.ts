/** Bulk closures for staff: the list, one of them with its progress, approval by two, pause, outcomes as CSV. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { csvRow } from '../values/csv.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import {
  approvalsNeeded,
  endNotBefore,
  fingerprintOf,
  outcomeCells,
  outcomeColumns,
  type Reject,
  whyNotOn,
} from './bulk.ts'
import { callOffBulk } from './bulk-off-store.ts'
import { linesOfBrand, linesOfPlan, resolveLines } from './bulk-lines-store.ts'
import { dryRun } from './bulk-open-store.ts'
import { actorOf, approveBulk, findBulk, pauseBulk, propose, resumeBulk } from './bulk-store.ts'
import { bulkPage, outcomesOf, seeBulk } from './bulk-view-store.ts'
import { bulkToWire, bulkViewToWire } from './bulk-view.ts'
import { bulkListWire, bulkViewWire, proposeBulkWire, proposedBulkWire } from './bulk-wire.ts'

const tags = ['staff']
const params = z.object({ bulkId: z.string().max(60) })
const problems = { '4xx': problemWire }
const answer = { 200: bulkViewWire, ...problems }
/** Who may say that many lines end. */
const approvers = ['reviewer', 'finance', 'admin'] as const

export function registerBulkRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/bulk-closures',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'Bulk closures, the newest first',
        querystring: pageQuery,
        response: { 200: bulkListWire, ...problems },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query
      const { items, nextCursor } = await bulkPage(app.db, cursor, limit)
      return { items: items.map(bulkToWire), nextCursor }
    },
  )

  http.get(
    '/v1/staff/bulk-closures/:bulkId',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'One bulk closure, with how far it is',
        params,
        response: answer,
      },
    },
    async (request, reply) => see(app, request.params.bulkId, request.staff, reply),
  )

  http.get(
    '/v1/staff/bulk-closures/:bulkId/outcomes.csv',
    {
      preHandler: staffOnly(app),
      schema: { tags, summary: 'What became of each row, as CSV', params },
    },
    async (request, reply) => {
      const { bulkId } = request.params
      if (!(await findBulk(app.db, bulkId))) return refused(reply, refuse('not-found'))
      return reply
        .header('content-disposition', `attachment; filename="${bulkId}.csv"`)
        .type('text/csv; charset=utf-8')
        .send(Readable.from(outcomesCsv(app, bulkId)))
    },
  )

  http.post(
    '/v1/staff/bulk-closures',
    {
      preHandler: staffOnly(app, ...approvers),
      schema: {
        tags,
        summary: 'Propose that lines close; two others approve it',
        body: proposeBulkWire,
        response: { 200: proposedBulkWire, 201: proposedBulkWire, ...problems },
      },
    },
    async (request, reply) => {
      const proposed = await proposeBulk(app, request.staff, request.body)
      if (isRefusal(proposed)) return refused(reply, proposed)
      return reply.code(proposed.isNew ? 201 : 200).send(proposed)
    },
  )

  registerBulkActions(http, app)
}

const noticeDays = 30

async function proposeBulk(app: App, staff: StaffMember, body: z.output<typeof proposeBulkWire>) {
  const { reason, identifier, values, brand, planId } = body
  const money = body.money ?? null
  const now = app.clock.now()
  const wanted = body.endsAt
    ? Temporal.Instant.from(body.endsAt)
    : now.add({ hours: 24 * noticeDays })
  if (whyNotOn(wanted, now)) {
    const errors = [{ path: 'endsAt', message: 'from now to a year ahead' }]
    return refuse('invalid-request', {}, { errors })
  }
  const endsAt = endNotBefore(wanted, now)
  const source = brand ? `brand ${brand}` : planId ? `plan ${planId}` : 'API'
  const asked = (values ?? []).map((value, at) => ({ place: at + 1, value, row: value }))
  const { lines, rejects } = values
    ? await resolveLines(app.db, identifier, asked, money)
    : {
        lines: brand
          ? await linesOfBrand(app.db, brand, money)
          : await linesOfPlan(app.db, planId ?? '', money),
        rejects: [],
      }
  if (lines.length === 0) return refuse('nothing-to-close')
  const totals = await dryRun(app, lines, endsAt)
  if (body.dryRun)
    return {
      bulkId: null,
      isNew: false,
      endsAt: endsAt.toString(),
      totals,
      rejects: named(rejects),
    }
  const proposed = await propose(
    app,
    {
      source,
      fingerprint: fingerprintOf(values ? { by: identifier, asked } : source, money),
      reason,
      endsAt,
      isDaySaid: body.endsAt !== undefined,
      cohortSize: body.cohort,
      lanes: body.lanes,
      calls: body.calls,
      networkRate: body.networkRate ?? null,
      paymentsRate: body.paymentsRate ?? null,
      totals,
      actor: actorOf(staff),
    },
    lines,
    rejects,
  )
  if (isRefusal(proposed)) return proposed
  const { bulk, isNew } = proposed
  return {
    bulkId: bulk.bulkId,
    isNew,
    endsAt: bulk.endsAt.toString(),
    totals: bulk.totals,
    rejects: named(proposed.rejects),
  }
}

const named = (rejects: readonly Omit<Reject, 'place'>[]) =>
  rejects.map(({ row, reason }) => ({ row, reason }))

function registerBulkActions(http: Http, app: App) {
  type Act = (bulkId: string, staff: StaffMember) => Promise<object | Refusal>
  const acting = (act: Act) => async (request: FastifyRequest, reply: FastifyReply) => {
    const { bulkId } = params.parse(request.params)
    const done = await act(bulkId, request.staff)
    return isRefusal(done) ? refused(reply, done) : see(app, bulkId, request.staff, reply)
  }
  const action = (name: string, summary: string, act: Act) =>
    http.post(
      `/v1/staff/bulk-closures/:bulkId/${name}`,
      {
        preHandler: staffOnly(app, ...approvers),
        schema: { tags, summary, params, response: answer },
      },
      acting(act),
    )
  action('approve', 'Agree to it; the second one who does starts it', (bulkId, staff) =>
    approveBulk(app, bulkId, staff),
  )
  action('pause', 'Begin nothing new', (bulkId, staff) => pauseBulk(app, bulkId, actorOf(staff)))
  action('resume', 'Go on after a pause', (bulkId, staff) =>
    resumeBulk(app, bulkId, actorOf(staff)),
  )
  action('call-off', 'Give back every line whose service has not begun to end', (bulkId, staff) =>
    callOffBulk(app, bulkId, actorOf(staff)),
  )
}

async function see(app: App, bulkId: string, staff: StaffMember, reply: FastifyReply) {
  const view = await seeBulk(app.db, bulkId)
  if (!view) return refused(reply, refuse('not-found'))
  const mayApprove =
    view.state === 'proposed' &&
    view.proposedBy !== staff.staffId &&
    approvers.some((role) => role === staff.role) &&
    view.approvals.every(({ staffId }) => staffId !== staff.staffId)
  return bulkViewToWire(view, approvalsNeeded, mayApprove)
}

async function* outcomesCsv({ db }: App, bulkId: string): AsyncGenerator<string> {
  yield csvRow(outcomeColumns)
  for await (const part of outcomesOf(db, bulkId))
    yield part.map((outcome) => csvRow(outcomeCells(outcome))).join('')
}
