/** Where an erasure stands, for staff, and the legal holds that keep a record beyond its day. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import { erasureOf, erasurePage } from './erasure-view-store.ts'
import { erasureListWire, erasureStates, erasureWire, holdWire, scanWire } from './erasure-wire.ts'
import { type Hold, placeHold, releaseHold } from './hold-store.ts'
import { type Scan, startScan } from './scan-steps.ts'

const tags = ['staff']
const problems = { '4xx': problemWire }
const caseParams = z.object({ caseId: z.string().max(60) })
const words = z.string().trim().min(3).max(300)

export function registerErasureRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/erasures',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'Closed cases and what is still kept of each, the last changed first',
        querystring: pageQuery.extend({ state: z.enum(erasureStates).optional() }),
        response: { 200: erasureListWire, ...problems },
      },
    },
    async (request) => erasurePage(app.db, request.query),
  )

  http.get(
    '/v1/staff/closures/:caseId/erasure',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'What is kept of this subscriber, why and until when, and what is on hold',
        params: caseParams,
        response: { 200: erasureWire, ...problems },
      },
    },
    async (request, reply) => {
      const found = await erasureOf(app.db, { caseId: request.params.caseId })
      if (!found) return refused(reply, refuse('not-found'))
      const { scan, holds, ...facts } = found
      return { ...facts, holds: holds.map(toWire), scan: scan && scanToWire(scan) }
    },
  )

  http.post(
    '/v1/staff/closures/:caseId/scans',
    {
      preHandler: staffOnly(app, 'admin', 'auditor'),
      schema: {
        tags,
        summary: 'Look for what is left of a closed account in every table, the queue and the logs',
        params: caseParams,
        response: { 202: scanWire, ...problems },
      },
    },
    async (request, reply) => {
      const scan = await startScan(app, request.staff, request.params.caseId)
      return isRefusal(scan) ? refused(reply, scan) : reply.code(202).send(scanToWire(scan))
    },
  )

  registerHoldRoutes(http, app)
}

function registerHoldRoutes(http: Http, app: App) {
  http.post(
    '/v1/staff/closures/:caseId/holds',
    {
      preHandler: staffOnly(app, 'admin'),
      schema: {
        tags,
        summary: 'Keep one record beyond its day; the closure itself goes on',
        params: caseParams,
        body: z.object({
          record: z.string().min(1).max(100).describe('The id of a ticket, order, line or case'),
          basis: words.describe('Who demands it, and under which law'),
        }),
        response: { 201: holdWire, ...problems },
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const placed = await placeHold(app, request.staff, { caseId, ...request.body })
      return isRefusal(placed) ? refused(reply, placed) : reply.code(201).send(toWire(placed))
    },
  )

  http.post(
    '/v1/staff/closures/:caseId/holds/:holdId/release',
    {
      preHandler: staffOnly(app, 'admin'),
      schema: {
        tags,
        summary: 'End a hold; what waited for it is erased',
        params: caseParams.extend({ holdId: z.string().max(60) }),
        body: z.object({ reason: words }),
        response: { 200: holdWire, ...problems },
      },
    },
    async (request, reply) => {
      const released = await releaseHold(app, request.staff, {
        ...request.params,
        ...request.body,
      })
      return isRefusal(released) ? refused(reply, released) : toWire(released)
    },
  )
}

function scanToWire({ askedAt, endedAt, leftovers, ...scan }: Scan) {
  const times = { askedAt: askedAt.toString(), endedAt: endedAt?.toString() ?? null }
  return { ...scan, ...times, leftovers: [...leftovers] }
}

function toWire({ placedAt, releasedAt, ...hold }: Hold) {
  return {
    ...hold,
    placedAt: placedAt.toString(),
    releasedAt: releasedAt?.toString() ?? null,
  }
}
