/** Conversations over the API: a subscriber's own. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { openTicket, ticketOf, ticketsOf, writeAsSubscriber } from './store.ts'
import { toWire } from './ticket.ts'
import { newMessageWire, newTicketWire, ticketWire } from './wire.ts'

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
      schema: {
        tags,
        summary: 'Ask for help, with the facts of the page one was stuck on',
        body: newTicketWire,
        response: { 201: ticketWire, ...problems },
      },
    },
    async (request, reply) => {
      const ticket = await openTicket(app, request.subscriberId, request.body)
      return reply.code(201).send(toWire(ticket))
    },
  )

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
      const ticket = await writeAsSubscriber(app, request.subscriberId, ticketId, request.body.body)
      return isRefusal(ticket) ? refused(reply, ticket) : reply.code(201).send(toWire(ticket))
    },
  )
}
