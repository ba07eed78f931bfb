/** What closing means for lines: the network forgets them, their number goes, their names go with the contacts. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['other-lines', 'unbind'],
  steps: ['grace', 'detach', 'close-line'],
  leftovers: {
    line: {
      // The number goes with the account; the certificate and the invoices have it masked.
      erase: { msisdn: 'null' },
      retain: { contacts: { nickname: "''" } },
      sealed: 'nickname',
      traced: 'nickname msisdn',
      // Identifiers of a card that no network knows any more.
      anonymise: 'imsi iccid',
      plain: `subscriber_id line_id state plan_id plan_version currency ordered_at activated_at period_start
        period_end auto_renew closed_at close_cause version due_at state_before_closing suspensions access_due_at
        access_anew port_locked`,
    },
    line_index: { anonymise: 'imsi', plain: 'line_id subscriber_id' },
    phone_number: {
      erase: { subscriber_id: 'null', line_id: 'null' },
      // Whose it was goes when the quarantine ends: until then the number may still leave with them.
      anonymise: 'last_subscriber_id last_line_id',
      plain: `msisdn country state quarantined_until version kind reserved_for reserved_until
        ported_in`,
    },
  },
}
