/** What a subscriber's closing means for the operator's people: nothing, their tables are about themselves. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: {
    staff_member: 'nobody',
    staff_sign_in_user: 'nobody',
    staff_sign_in_session: 'nobody',
    staff_sign_in_account: 'nobody',
    staff_sign_in_verification: 'nobody',
    staff_sign_in_rate_limit: 'nobody',
  },
}
