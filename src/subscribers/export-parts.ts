/** What of each table that reaches a subscriber a data export holds, or why nothing; `test/completeness.test.ts` asks for all. */
import type { DatasetName } from './export.ts'

/** Tables and the part of the export that their rows are in. */
export const exported: Readonly<Record<string, DatasetName>> = {
  subscriber: 'profile',
  subscriber_contact: 'contacts',
  representative: 'representatives',
  sign_in_session: 'devices',
  passkey: 'passkeys',
  payment_method: 'cards',
  payment_mandate: 'cards',
  notice_choice: 'choices',
  line: 'lines',
  profile: 'lines',
  port_out: 'ports',
  port_in: 'ports',
  line_term: 'plans',
  line_addon: 'addons',
  usage_record: 'usage',
  ledger_transfer: 'statement',
  ledger_posting: 'statement',
  payment_order: 'orders',
  refund: 'refunds',
  payment_dispute: 'disputes',
  ticket: 'tickets',
  ticket_message: 'tickets',
  ticket_attachment: 'attachments',
  closure_case: 'closures',
  closure_intake: 'requests',
  closure_intake_match: 'requests',
  notice: 'notices',
}

const index = 'says only whose something is'
const counted = 'sums of what the statement holds one by one'
const secret = 'keys and codes, which would open what they keep'
const proof = 'a paper or proof of a closure: on its page, signed'
const work = 'how far our own work is'

/** Tables of which nothing is in it, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  contact_index: index,
  line_index: index,
  passkey_index: index,
  payment_index: index,
  port_index: index,
  profile_index: index,
  ticket_index: index,
  closure_index: index,
  sign_in_user: index,
  phone_number: 'the number is with the line',
  profile_stock: 'cards that nobody has yet',
  profile_event: 'what a phone told of the eSIM: the state is with the line',
  rsp_session: work,
  line_renewal: 'how the next period begins: a setting of the line, on its page',
  ledger_account: counted,
  ledger_hold: counted,
  purse: counted,
  coupon_use: 'what it gave stands in the statement',
  usage_reject: 'records that could be read as nobody’s use',
  subscriber_word: 'keyed hashes that searches go by',
  subscriber_key: secret,
  one_time_code: secret,
  passkey_challenge_used: secret,
  sign_in_account: secret,
  sign_in_verification: secret,
  sign_in_rate_limit: 'counts requests of an address',
  sign_in_ask: 'counts requests of an address',
  idempotency_key: 'answers kept for a day, for whoever asks again',
  audit_entry: 'names members of staff; what was changed is in the parts themselves',
  closure_step: work,
  closure_event: proof,
  closure_addendum: proof,
  closure_certificate: proof,
  retention_receipt: proof,
  retention: proof,
  closure_bulk_line: work,
  closure_bulk_reject: 'rows of a file that named no line of ours',
  erasure: work,
  erasure_scan: work,
  erasure_trace: 'keyed hashes, of closed accounts alone',
  legal_hold: 'an order of a court, of closed accounts alone',
}
