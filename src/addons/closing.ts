/** What closing means for add-ons: what is not used of them comes back with the line's money. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: {
    addon_version: 'nobody',
    line_addon: {
      plain: `subscriber_id line_id bucket_id addon_id addon_version kind quantity paid_minor currency begins_at ends_at
        ended_at due_at`,
    },
  },
}
