/** A conversation between a subscriber and staff: whoever spoke last decides whose turn it is. */
import type { z } from 'zod'
import type { Attachment } from './attachment.ts'
import type { ticketWire } from './wire.ts'

export type TicketState = 'open' | 'answered' | 'solved'
export type Author = 'subscriber' | 'staff'
export type Message = {
  messageId: string
  author: Author
  body: string
  attachments: readonly Attachment[]
  at: Temporal.Instant
}
export type Ticket = {
  subscriberId: string
  ticketId: string
  subject: string
  state: TicketState
  context: Record<string, string>
  createdAt: Temporal.Instant
  updatedAt: Temporal.Instant
  messages: readonly Message[]
}

/** A word from the subscriber opens the ticket again, one from staff answers it, or solves it when they say so. */
export function stateAfter(author: Author, solves: boolean): TicketState {
  if (author === 'subscriber') return 'open'
  return solves ? 'solved' : 'answered'
}

export function toWire(ticket: Ticket): z.input<typeof ticketWire> {
  const { ticketId, subject, state, context, createdAt, updatedAt, messages } = ticket
  return {
    ticketId,
    subject,
    state,
    context,
    createdAt: createdAt.toString(),
    updatedAt: updatedAt.toString(),
    messages: messages.map(({ messageId, author, body, attachments, at }) => ({
      messageId,
      author,
      body,
      attachments: attachments.map(({ attachmentId, name, type, bytes }) => ({
        attachmentId,
        name,
        type,
        bytes,
      })),
      at: at.toString(),
    })),
  }
}
