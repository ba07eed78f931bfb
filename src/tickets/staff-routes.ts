/** Conversations over the API: everybody's, for staff. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { staffTicketListWire, staffTicketWire } from '../staff/wire.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import { sendFile } from './attachment-reply.ts'
import { fileForStaff, type StaffTicket, ticketQueue, writeAsStaff } from './store.ts'
import { toWire } from './ticket.ts'
import { fileParams, staffReplyWire, ticketWire } from './wire.ts'

const tags = ['staff']
const problems = { '4xx': problemWire }

export function registerTicketsStaffRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/tickets',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'Tickets of every subscriber, those that waited longest first',
        querystring: pageQuery.extend({ state: ticketWire.shape.state.optional() }),
        response: { 200: staffTicketListWire, ...problems },
      },
    },
    async (request) => {
      const { state, cursor, limit } = request.query
      const { items, nextCursor } = await ticketQueue(app, { state, cursor, limit })
      return { items: items.map(staffTicketToWire), nextCursor }
    },
  )

  http.get(
    '/v1/staff/tickets/:ticketId/attachments/:attachmentId',
    {
      preHandler: staffOnly(app),
      schema: { tags, summary: 'A file that came with a message', params: fileParams },
    },
    async (request, reply) => {
      const file = await fileForStaff(app.db, request.params)
      return file ? sendFile(reply, file) : refused(reply, refuse('not-found'))
    },
  )

  http.post(
    '/v1/staff/tickets/:ticketId/messages',
    {
      preHandler: staffOnly(app, 'support', 'reviewer', 'finance', 'admin'),
      schema: {
        tags,
        summary: 'Answer; the subscriber is told',
        params: z.object({ ticketId: z.string().max(60) }),
        body: staffReplyWire,
        response: { 201: staffTicketWire, ...problems },
      },
    },
    async (request, reply) => {
      const { body, solved } = request.body
      const answer = await writeAsStaff(app, request.staff, request.params.ticketId, {
        body,
        solves: solved,
      })
      return isRefusal(answer)
        ? refused(reply, answer)
        : reply.code(201).send(staffTicketToWire(answer))
    },
  )
}

function staffTicketToWire(ticket: StaffTicket): z.input<typeof staffTicketWire> {
  return {
    ...toWire(ticket),
    subscriberName: ticket.subscriberName,
    subscriberId: ticket.subscriberId,
  }
}
