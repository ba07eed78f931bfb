/** What closing means for what is sold: nothing, it is about nobody. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: { plan_version: 'nobody', plan_zone: 'nobody' },
}
