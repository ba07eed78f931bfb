/** Conversations with subscribers, as the API shows them. */
import { z } from 'zod'
import { instantWire } from '../values/wire.ts'

export const attachmentTypes = ['image/png', 'image/jpeg', 'image/webp', 'application/pdf'] as const
export const attachmentBytesMax = 1_500_000
export const attachmentsMax = 3
/** Three files in base64, and the words. */
export const messageBytesMax = 4 * 2 ** 20 + 2 ** 21 + 65_536

export const attachmentWire = z
  .object({
    attachmentId: z.string(),
    name: z.string(),
    type: z.enum(attachmentTypes),
    bytes: z.int(),
  })
  .meta({ id: 'Attachment' })

const newAttachmentsWire = z
  .array(
    z.object({
      name: z.string().min(1).max(200),
      content: z.base64().min(1).max(2_000_000).describe('Base64'),
    }),
  )
  .max(attachmentsMax)
  .default([])
  .describe('PNG, JPEG, WebP or PDF, 1.5 MB each; what it is is read from its first bytes')

export const ticketMessageWire = z
  .object({
    messageId: z.string(),
    author: z.enum(['subscriber', 'staff']),
    body: z.string(),
    attachments: z.array(attachmentWire),
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
  attachments: newAttachmentsWire,
})
const saidWire = z.object({ body: z.string().trim().min(1).max(4000) })
export const newMessageWire = saidWire.extend({ attachments: newAttachmentsWire })
export const staffReplyWire = saidWire.extend({
  solved: z
    .boolean()
    .default(false)
    .describe('Nothing is left to answer; the subscriber may still write on'),
})

export const fileParams = z.object({
  ticketId: z.string().max(60),
  attachmentId: z.string().max(60),
})
