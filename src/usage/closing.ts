/** What closing means for usage: sessions end, and records go on the day until which usage is kept. */
import type { Closing } from '../values/closing.ts'

export const closing: Closing = {
  blockers: ['open-session'],
  steps: ['end-sessions', 'late-usage'],
  leftovers: {
    usage_record: {
      retain: { usage: 'rows' },
      byLine: true,
      plain: `subscriber_id usage_id line_id kind quantity started_at ended_at mcc mnc country outcome from_bucket
        charged_minor absorbed_minor currency received_at transfer_id`,
    },
    usage_reject: {
      through: 't.imsi in (select l.imsi from line l where l.subscriber_id = any($1))',
      retain: { usage: 'rows' },
      plain: `reject_id source import_id line_number usage_id imsi ended_at reason original record state first_at
        last_at times`,
    },
    usage_import: 'nobody',
  },
}
