/** What closing means for profiles: no download any more, its keys go, and the phone's number is forgotten. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: ['stop-download'],
  leftovers: {
    profile: {
      erase: { confirmation_code: 'null', wanted_eid: 'null' },
      retain: { usage: { eid: 'null' } },
      anonymise: 'imsi',
      plain: `subscriber_id iccid line_id matching_id state device_state removal released_at downloaded_at
        installed_at version last_seq order_attempt smdp_address`,
    },
    profile_index: { plain: 'iccid subscriber_id line_id' },
    // Its keys and the phone it is tied to go when the profile ends, long before the account does.
    profile_stock: {
      plain: `iccid imsi profile_type owner state taken eid matching_id confirmation_hash confirmation_failures
        download_attempts seal_about subscription binding last_call last_answer version`,
    },
    profile_event: { plain: 'iccid version at actor action state' },
    // A session names a card and a phone, never a person.
    rsp_session: { lives: 'P30D', plain: 'transaction_id session answered started_at version' },
  },
}
