/** What closing means for profiles: no download any more, its keys go, and the phone's number is forgotten. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: ['stop-download'],
  leftovers: {
    profile: {
      retain: { usage: { eid: 'null' } },
      anonymise: 'imsi',
      plain: `subscriber_id iccid line_id matching_id state device_state removal released_at downloaded_at
        installed_at version last_seq`,
    },
    profile_index: { plain: 'matching_id iccid subscriber_id' },
    profile_secret: {
      erase: 'rows',
      plain: 'subscriber_id iccid subscription binding download_attempts',
    },
    // A session names a card and a phone, never a person.
    rsp_session: { lives: 'P30D', plain: 'transaction_id session started_at' },
  },
}
