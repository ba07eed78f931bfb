/** What closing means for renewals: nothing renews; what was bought in which period says nothing without its owner. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['dependants'],
  steps: [],
  leftovers: {
    line_renewal: {
      plain: `subscriber_id line_id steps prepaid_from prepaid_days percent_off next_plan_id next_version next_steps reminded_for waiting_since
        changes told_version`,
    },
    line_term: {
      plain: `subscriber_id line_id term cause plan_id plan_version steps period_start period_end paid_minor currency
        data_bytes voice_seconds sms_messages quote_hash began_at`,
    },
  },
}
