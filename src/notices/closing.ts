/** What closing means for messages: to whom and what goes with the contacts, that and when one was sent stays. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: {
    notice_choice: { erase: 'rows', plain: 'subscriber_id topic channel wanted chosen_at' },
    notice: {
      retain: { contacts: { recipient: "''", params: "'{}'", failure: 'null' } },
      sealed: 'recipient params',
      plain: `subscriber_id notice_id channel template locale case_id state created_at sent_at rounds due_at`,
    },
  },
}
