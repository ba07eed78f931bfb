/** What the platform itself keeps of a subscriber: the audit trail without a name, answers for a day. */
import type { Closing } from '../values/closing.ts'

/** What a job of the queue may carry: ids, which lead to nobody once their subscriber is erased, and how it came about. */
export const payloadKeys: ReadonlySet<string> = new Set([
  ...['subscriberId', 'lineId', 'iccid', 'orderId', 'caseId', 'noticeId', 'portId', 'methodId'],
  ...['attempt', 'reason', 'confirmedAt', 'bulkId', 'cohort', 'scanId'],
])

export const closing: Closing = {
  blockers: [],
  steps: [],
  leftovers: {
    audit_entry: {
      keyed: { complaints: 'note' },
      anonymise: 'actor_id',
      plain: 'subscriber_id audit_id at actor_kind action subject_kind subject_id reason detail',
    },
    idempotency_key: {
      lives: 'P1D',
      plain: 'owner_id key request_hash status response created_at',
    },
    // Wrapped, and gone when it is destroyed.
    subscriber_key: {
      plain: 'subscriber_id category wrapped master_id made_at destroyed_at',
    },
    platform_key: 'nobody',
    upgrade_done: 'nobody',
    migrations: 'nobody',
  },
}
