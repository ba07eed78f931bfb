/** What closing leaves of itself: the proof for its years, the timeline without a name. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['settling'],
  steps: ['certificate', 'close'],
  leftovers: {
    closure_case: {
      retain: {
        contacts: { reason_text: 'null' },
        complaints: { appeal_text: 'null', decision_note: 'null', hold_note: 'null' },
        invoices: { quote: 'null', choices: "'{}'" },
      },
      sealed: 'reason_text appeal_text decision_note hold_note',
      traced: 'reason_text appeal_text',
      plain: `attention decision subscriber_id case_id reference scope line_id state policy_country policy_version policy_segment closing_lines quote_hash
        risk reason created_at submitted_at due_at wake_at ends_at service_ended_at closed_at claimed_by
        claimed_until failures version bulk_id appealed_at shown_by`,
    },
    closure_bulk: {
      // Only the words about one subscriber are sealed, and name whose key that is.
      through: "split_part(t.reason, ':', 3) = any($1) and t.reason like 'sealed:1t:%'",
      retain: { complaints: { reason: "''" } },
      sealed: 'reason',
      plain: `bulk_id source fingerprint state ends_at cohort_size lanes calls network_rate payments_rate proposed_by
        proposed_at started_at ended_at wake_at totals version`,
    },
    closure_bulk_approval: 'nobody',
    closure_bulk_line: {
      plain: 'subscriber_id bulk_id line_id place cohort case_id refusal money',
    },
    // A row that names no line of ours may name somebody all the same.
    closure_bulk_reject: { lives: 'P90D', plain: 'bulk_id place row reason' },
    closure_index: { plain: 'case_id reference subscriber_id' },
    // What people who can't sign in gave; of the account it was about it goes with the account, of nobody's after its time.
    closure_intake: {
      through:
        't.case_id in (select m.case_id from closure_intake_match m where m.subscriber_id = any($1))',
      erase: 'rows',
      lives: 'P45D',
      plain: `case_id reference state scope reason residence locale sealed from_hash contact_hash received_at due_at wake_at
        code_hash code_at code_tries codes_sent code_wanted asked answered_at decided_by refusal ended_at
        review_by late_at version`,
    },
    closure_intake_match: {
      erase: 'rows',
      plain: 'subscriber_id case_id line_id contact_id matched_at joined_case_id',
    },
    closure_question: {
      retain: { contacts: { question: "''", answer: 'null' } },
      sealed: 'question answer',
      traced: 'question answer',
      plain: 'subscriber_id question_id case_id asked_by asked_at left_ms ended_at',
    },
    closure_step: {
      retain: { invoices: { outcome: "'{}'" } },
      plain: 'subscriber_id case_id step done_at',
    },
    // Append-only and hash-chained: what it says is chosen so that it names nobody.
    closure_event: {
      anonymise: 'detail actor_id',
      plain: 'subscriber_id case_id seq at kind actor_kind previous_hash hash',
    },
    closure_addendum: {
      retain: { certificate: 'rows' },
      plain: 'subscriber_id case_id iccid document jws signed_at',
    },
    closure_certificate: {
      retain: { certificate: 'rows' },
      sealed: 'document jws pdf',
      plain: 'subscriber_id case_id document jws pdf locale signed_at',
    },
    retention: {
      plain: 'subscriber_id case_id category basis keep_until erased_at told_at held_at',
    },
    // Where something was found, by table and row, and nothing of what.
    erasure_scan: {
      plain: `subscriber_id scan_id asked_by asked_at state next rows_expected rows_read tables_read log_files log_lines
        sought leftovers ended_at`,
    },
    erasure: { plain: 'subscriber_id case_id state started_at changed_at ended_at' },
    // Names fields and dates, and no person.
    retention_receipt: {
      retain: { certificate: 'rows' },
      plain: 'subscriber_id case_id document jws locale signed_at',
    },
    legal_hold: {
      retain: { certificate: { basis: "''", release_reason: 'null' } },
      sealed: 'basis release_reason',
      plain: 'subscriber_id hold_id record placed_at placed_by released_at released_by',
    },
    // Keyed hashes, gone when the last category is erased.
    erasure_trace: { plain: 'subscriber_id token kind words' },
  },
}
