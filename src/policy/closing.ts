/** What closing means for the rules it follows: nothing, they are about nobody. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: { policy_version: 'nobody', policy_draft: 'nobody' },
}
