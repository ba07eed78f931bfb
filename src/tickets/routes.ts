/** Conversations over the API: a subscriber's own. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { sendFile } from './attachment-reply.ts'
import { fileOf } from './attachment-store.ts'
import { openTicket, ticketOf, ticketsOf, TooMany, writeAsSubscriber } from './store.ts'
import { type Ticket, toWire } from './ticket.ts'
import { fileParams, messageBytesMax, newMessageWire, newTicketWire, ticketWire } from './wire.ts'

const tags = ['tickets']
const problems = { '4xx': problemWire }
const ticketParams = z.object({ ticketId: z.string().max(60) })

export function registerTicketsRoutes(http: Http, app: App) {
  const guard = signedIn(app)

  http.get(
    '/v1/tickets',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'My tickets, the latest change first',
        response: { 200: z.object({ items: z.array(ticketWire) }), ...problems },
      },
    },
    async (request) => ({ items: (await ticketsOf(app.db, request.subscriberId)).map(toWire) }),
  )

  http.post(
    '/v1/tickets',
    {
      preHandler: guard,
      bodyLimit: messageBytesMax,
      schema: {
        tags,
        summary: 'Ask for help, with the facts of the page one was stuck on',
        body: newTicketWire,
        response: { 201: ticketWire, ...problems },
      },
    },
    async (request, reply) => {
      const ticket = await orTooMany(openTicket(app, request.subscriberId, request.body))
      return isRefusal(ticket) ? refused(reply, ticket) : reply.code(201).send(toWire(ticket))
    },
  )

  registerOne(http, app)
  registerFiles(http, app)
}

function registerOne(http: Http, app: App) {
  const guard = signedIn(app)

  http.get(
    '/v1/tickets/:ticketId',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'One ticket with all it holds',
        params: ticketParams,
        response: { 200: ticketWire, ...problems },
      },
    },
    async (request, reply) => {
      const ticket = await ticketOf(app.db, request.subscriberId, request.params.ticketId)
      return ticket ? toWire(ticket) : refused(reply, refuse('not-found'))
    },
  )

  http.post(
    '/v1/tickets/:ticketId/messages',
    {
      preHandler: guard,
      bodyLimit: messageBytesMax,
      schema: {
        tags,
        summary: 'Write on; an answered or solved ticket opens again',
        params: ticketParams,
        body: newMessageWire,
        response: { 201: ticketWire, ...problems },
      },
    },
    async (request, reply) => {
      const { ticketId } = request.params
      const { subscriberId, body } = request
      const ticket = await orTooMany(writeAsSubscriber(app, subscriberId, ticketId, body))
      return isRefusal(ticket) ? refused(reply, ticket) : reply.code(201).send(toWire(ticket))
    },
  )
}

function registerFiles(http: Http, app: App) {
  http.get(
    '/v1/tickets/:ticketId/attachments/:attachmentId',
    {
      preHandler: signedIn(app),
      schema: { tags, summary: 'A file that was sent with a message', params: fileParams },
    },
    async (request, reply) => {
      const file = await fileOf(app.db, { subscriberId: request.subscriberId, ...request.params })
      return file ? sendFile(reply, file) : refused(reply, refuse('not-found'))
    },
  )
}

async function orTooMany(written: Promise<Ticket | Refusal>): Promise<Ticket | Refusal> {
  try {
    return await written
  } catch (error) {
    if (error instanceof TooMany) return refuse('too-many-requests', { minutes: '60' })
    throw error
  }
}
