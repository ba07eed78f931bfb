/** What closing means for money: every account is emptied; the journal is never changed, and names nobody. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['arrears', 'balance'],
  steps: ['settle', 'finish'],
  leftovers: {
    purse: {
      // The last sessions of a line say in which networks it was.
      retain: {
        usage: {
          sessions: "''",
          open_sessions: '0',
          sessions_due_at: 'null',
          version: 'version + 1',
        },
      },
      byLine: true,
      plain: `subscriber_id line_id currency promotional_minor paid_minor held_minor credit_order cap_minor
        spent_minor bucket_ids kinds priorities granted remaining reserved expires_us noticed started used_until_us
        exhausted_at activated_us country line_state plan_id plan_version`,
    },
    ledger_account: { plain: 'subscriber_id line_id account currency minor' },
    ledger_hold: {
      plain: `subscriber_id hold_id key line_id account currency minor purpose state captured_minor placed_at
        expires_at ended_at`,
    },
    ledger_transfer: {
      anonymise: 'detail',
      plain: 'subscriber_id transfer_id key kind posted_at',
    },
    ledger_posting: { plain: 'subscriber_id transfer_id seq account line_id currency minor' },
    ledger_day_sum: 'nobody',
    ledger_sealed_day: 'nobody',
    exchange_rate: 'nobody',
  },
}
