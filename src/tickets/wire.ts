/** Conversations with subscribers, as the API shows them. */
import { z } from 'zod'
import { instantWire } from '../values/wire.ts'

export const ticketMessageWire = z
  .object({
    messageId: z.string(),
    author: z.enum(['subscriber', 'staff']),
    body: z.string(),
    at: instantWire,
  })
  .meta({ id: 'TicketMessage' })

export const ticketWire = z
  .object({
    ticketId: z.string(),
    subject: z.string(),
    state: z.enum(['open', 'answered', 'solved']),
    context: z.record(z.string(), z.string()).describe('Facts of the page the person was stuck on'),
    createdAt: instantWire,
    updatedAt: instantWire,
    messages: z.array(ticketMessageWire),
  })
  .meta({ id: 'Ticket' })

export const newTicketWire = z.object({
  subject: z.string().trim().min(1).max(120),
  body: z.string().trim().min(1).max(4000),
  context: z.record(z.string().max(40), z.string().max(300)).default({}),
})
export const newMessageWire = z.object({ body: z.string().trim().min(1).max(4000) })
export const staffReplyWire = newMessageWire.extend({
  solved: z
    .boolean()
    .default(false)
    .describe('Nothing is left to answer; the subscriber may still write on'),
})
