/** What closing means for numbers that leave: a closure waits for one under way; what is left over is how it went. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['port'],
  steps: [],
  leftovers: {
    port_out: {
      // The number goes with the account, as that of the line does.
      erase: { msisdn: "''" },
      retain: { contacts: { recipient: "'-'", reason: 'null' } },
      sealed: 'reason',
      traced: 'msisdn',
      anonymise: 'reference code_hash',
      plain: `subscriber_id port_id line_id state tries_left code_expires_at due_at created_at changed_at ended_at
        wake_at version`,
    },
    port_in: {
      erase: { sealed_code: 'null', msisdn: "''" },
      retain: { contacts: { reason: 'null' } },
      sealed: 'reason',
      traced: 'msisdn',
      plain: `subscriber_id port_id line_id country state cancel_asked due_at created_at ended_at wake_at failures
        version`,
    },
    port_index: { anonymise: 'reference', plain: 'subscriber_id port_id' },
  },
}
