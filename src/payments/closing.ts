/** What closing means for payments: what is left goes back, and what invoices need stays for their years. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['shared', 'dispute'],
  steps: ['refund', 'payout', 'dispute'],
  leftovers: {
    payment_order: {
      retain: {
        contacts: { nickname: 'null' },
        invoices: { instrument: 'null', checkout_url: 'null', checkout_id: 'null' },
      },
      sealed: 'nickname instrument',
      plain: `subscriber_id order_id kind line_id plan_id plan_version adjustment percent_off minor currency state attempt failure
        payment_id method_id refunded_minor created_at paid_at due_at version expires_at`,
    },
    refund: {
      plain: `subscriber_id refund_id case_id order_id minor currency state provider_refund_id failure requested_at
        ended_at version payout_until payout_attempt payout_to payout_failure payout_named_at late_at`,
      retain: { invoices: { payout_sealed: 'null' } },
    },
    payment_dispute: {
      plain: `subscriber_id dispute_id order_id line_id minor currency state opened_at ended_at version`,
    },
    unclaimed_money: {
      plain: `subscriber_id unclaimed_id transfer_key why reference minor currency since goes_to due_at state ended_at
        ended_by proof taken_minor open_disputes`,
    },
    // A saved card is no proof of anything: it goes with the account, here and at the provider.
    payment_method: {
      erase: { instrument: 'null', setup_url: 'null' },
      sealed: 'instrument',
      // The provider's name of it stays until the provider has forgotten it, and is then gone.
      plain: `subscriber_id method_id state provider_method_id is_default asked_at saved_at removed_at due_at`,
    },
    payment_mandate: {
      erase: 'rows',
      plain: 'subscriber_id line_id method_id given_at charged_for',
    },
    coupon: 'nobody',
    coupon_use: { plain: 'subscriber_id code line_id minor currency used_at' },
    payment_index: { plain: 'reference subscriber_id' },
  },
}
