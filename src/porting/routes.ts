/** Taking a number to another operator: its owner, the other operator (docs/porting.md), and staff who look on. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn, signedWith, staffOnly } from '../platform/http.ts'
import { codeSentWire } from '../subscribers/wire.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { registerArrivalRoutes } from './in-routes.ts'
import { hintArrival } from './in-store.ts'
import { hearEnd, requestPort } from './partner-store.ts'
import { registerLeavingRoutes } from './leaving-routes.ts'
import { type PortOut, portShown } from './porting.ts'
import { openPorts } from './staff-store.ts'
import { findStanding, type LineKey } from './standing-store.ts'
import { cancelPort, givePortCode, sendConfirmation, setPortLock, whyNot } from './store.ts'
import {
  askPortCodeWire,
  confirmPortWire,
  portCodeWire,
  portingAnswerWire,
  portingMessageWire,
  portLockWire,
  portOutWire,
  staffPortWire,
} from './wire.ts'

const params = z.object({ lineId: z.string().max(60) })
const tags = ['Numbers']

export function registerPortingRoutes(http: Http, app: App) {
  registerOwner(http, app)
  registerLock(http, app)
  registerArrivalRoutes(http, app)
  registerLeavingRoutes(http, app)
  if (app.config.porting) registerPartner(http, app, app.config.porting.webhookSecret)
  registerStaff(http, app)
}

async function shown(app: App, key: LineKey) {
  const seen = await findStanding(app.db, key, app.clock.now())
  if (isRefusal(seen)) return seen
  const no = whyNot(app, seen)
  const contacts = seen.contacts.map(({ contactId, channel, maskedTo }) => ({
    contactId,
    channel,
    maskedTo,
  }))
  return portShown(seen, no, contacts)
}

function registerOwner(http: Http, app: App) {
  const guard = signedIn(app, true)
  const schema = { tags, params, response: { 200: portOutWire, '4xx': problemWire } }

  http.get(
    '/v1/lines/:lineId/port-out',
    { preHandler: guard, schema: { ...schema, summary: 'A line’s number and its way out' } },
    async (request, reply) => {
      const answer = await shown(app, keyOf(request))
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )

  http.post(
    '/v1/lines/:lineId/port-out/confirmation',
    {
      preHandler: guard,
      schema: {
        tags,
        params,
        summary: 'Send the code that a port code, or unlocking, is confirmed with',
        body: confirmPortWire,
        response: { 202: codeSentWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const sent = await sendConfirmation(app, keyOf(request), request.body?.contactId)
      return isRefusal(sent) ? refused(reply, sent) : reply.code(202).send(sent)
    },
  )

  http.post(
    '/v1/lines/:lineId/port-out',
    {
      preHandler: guard,
      schema: {
        tags,
        params,
        summary: 'Get a code to take the number to another operator; a code before it is void',
        body: askPortCodeWire,
        response: { 200: portCodeWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      if (!app.config.porting) return refused(reply, refuse('port-not-offered'))
      const key = keyOf(request)
      const given = await givePortCode(app, key, request.body.code)
      if (isRefusal(given)) return refused(reply, given)
      const answer = await shown(app, key)
      return isRefusal(answer) ? refused(reply, answer) : { ...answer, ...given }
    },
  )

  http.delete(
    '/v1/lines/:lineId/port-out',
    {
      preHandler: guard,
      schema: { ...schema, summary: 'Revoke the code, or stop the number from leaving' },
    },
    async (request, reply) => {
      const key = keyOf(request)
      const no = await cancelPort(app, key)
      const answer = no ?? (await shown(app, key))
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )
}

function registerLock(http: Http, app: App) {
  http.put(
    '/v1/lines/:lineId/port-lock',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags,
        params,
        summary: 'Lock the number against leaving, or unlock it with a code',
        body: portLockWire,
        response: { 200: portOutWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const key = keyOf(request)
      const no = await setPortLock(app, key, request.body)
      const answer = no ?? (await shown(app, key))
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )
}

const keyOf = (request: { subscriberId: string; params: { lineId: string } }): LineKey => ({
  subscriberId: request.subscriberId,
  lineId: request.params.lineId,
})

function registerPartner(http: Http, app: App, secret: string) {
  http.post(
    '/v1/webhooks/porting',
    {
      preValidation: signedWith(secret),
      schema: {
        tags: ['Partners'],
        summary: 'Another operator asks for a number with its code, and says what became of it',
        body: portingMessageWire,
        response: { 200: portingAnswerWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      if (request.body.type === 'port-in.changed') {
        const { reference } = request.body.data
        const arriving = await hintArrival(app, reference)
        if (!arriving) return refused(reply, refuse('not-found'))
        const { state, dueAt } = arriving
        return { reference, state, dueAt: dueAt?.toString() ?? null }
      }
      const port = await hear(app, request.body)
      if (isRefusal(port)) return refused(reply, port)
      const { reference, state, dueAt } = port
      return { reference: reference!, state, dueAt: dueAt?.toString() ?? null }
    },
  )
}

type Said = Exclude<z.output<typeof portingMessageWire>, { type: 'port-in.changed' }>

function hear(app: App, message: Said): Promise<PortOut | Refusal> {
  const { type, data } = message
  if (type === 'port-out.requested')
    return requestPort(app, {
      ...data,
      // As precise as it is stored, so that a repeated answer is the same.
      dueAt: Temporal.Instant.from(data.dueAt).round('millisecond'),
    })
  if (type === 'port-out.failed')
    return hearEnd(app, data.reference, { kind: 'failed', reason: data.reason })
  const end =
    type === 'port-out.completed'
      ? ({ kind: 'completed' } as const)
      : ({ kind: 'cancelled', by: 'operator' } as const)
  return hearEnd(app, data.reference, end)
}

function registerStaff(http: Http, app: App) {
  http.get(
    '/v1/staff/ports',
    {
      preHandler: staffOnly(app),
      schema: {
        tags: ['staff'],
        summary: 'Numbers on their way out: those under way first, then codes that are out',
        response: { 200: z.object({ items: z.array(staffPortWire) }), '4xx': problemWire },
      },
    },
    async () => ({ items: await openPorts(app.db) }),
  )
}
