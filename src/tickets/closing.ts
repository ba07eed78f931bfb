/** What closing means for conversations: what was said goes with the complaints, that it was said stays. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: {
    ticket: {
      retain: { complaints: { subject: "''", context: "'{}'" } },
      sealed: 'subject context',
      traced: 'subject',
      plain: 'subscriber_id ticket_id state created_at updated_at',
    },
    ticket_message: {
      retain: { complaints: { body: "''" } },
      sealed: 'body',
      traced: 'body',
      plain: 'subscriber_id ticket_id message_id author_kind author_id at',
    },
    ticket_attachment: {
      retain: { complaints: 'rows' },
      sealed: 'name content',
      plain: 'subscriber_id attachment_id ticket_id message_id name type bytes content added_at',
    },
    ticket_index: { plain: 'ticket_id subscriber_id' },
  },
}
