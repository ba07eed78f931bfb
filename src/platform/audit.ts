/** The audit trail: who changed what, when, and why; written in the transaction that made the change. */
import { insertRows, type Trx } from './database.ts'
import type { Ids } from './ids.ts'

export type Actor = { kind: 'subscriber' | 'staff' | 'system' | 'representative'; id: string }
export type AuditEntry = {
  subscriberId: string
  actor: Actor
  action: string
  subject: { kind: string; id: string }
  reason: string
  detail?: Record<string, string>
}

export const system: Actor = { kind: 'system', id: 'violet' }

export async function audit(
  trx: Trx,
  ids: Ids,
  now: Temporal.Instant,
  entry: AuditEntry,
): Promise<void> {
  await auditAll(trx, ids, now, [entry])
}

export async function auditAll(
  trx: Trx,
  ids: Ids,
  now: Temporal.Instant,
  entries: readonly AuditEntry[],
): Promise<void> {
  await insertRows(
    trx,
    'audit_entry',
    entries.map((entry) => ({
      subscriber_id: entry.subscriberId,
      audit_id: ids.make('audit'),
      at: now,
      actor_kind: entry.actor.kind,
      actor_id: entry.actor.id,
      action: entry.action,
      subject_kind: entry.subject.kind,
      subject_id: entry.subject.id,
      reason: entry.reason,
      detail: entry.detail ?? {},
    })),
  )
}
