/** The audit trail: who changed what, when, and why; written in the transaction that made the change. */
import { insertRows, type Trx } from './database.ts'
import { personalOrGone } from './personal.ts'
import type { Put } from './statement.ts'
import type { Ids } from './ids.ts'

export type Actor = { kind: 'subscriber' | 'staff' | 'system' | 'representative'; id: string }
export type AuditEntry = {
  subscriberId: string
  actor: Actor
  action: string
  subject: { kind: string; id: string }
  /** A code, or a sentence of the program. */
  reason: string
  /** What a person typed about the subscriber: sealed, and read as long as complaints are kept. */
  note?: string
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
    entries.map((entry) => {
      const row = rowOf(ids, now, entry)
      return { ...row, note: noteOf(row, entry) }
    }),
  )
}

const rowOf = (ids: Ids, now: Temporal.Instant, entry: AuditEntry) => ({
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
})

function noteOf(row: ReturnType<typeof rowOf>, { note }: AuditEntry) {
  const { subscriber_id: subscriberId, audit_id: record } = row
  // Of nobody who is known there is no key to seal it with.
  if (!note || subscriberId === '') return null
  return personalOrGone(
    { subscriberId, category: 'complaints', field: 'audit_entry.note', record },
    note,
  )
}

/** An entry as part of a larger statement, written for each row of a relation there. */
export function auditSql(
  put: Put,
  from: string,
  ids: Ids,
  now: Temporal.Instant,
  entry: Omit<AuditEntry, 'note'>,
): string {
  const row = rowOf(ids, now, entry)
  const typeOf = (name: string) =>
    name === 'at' ? 'timestamptz' : name === 'detail' ? 'jsonb' : 'text'
  const values = Object.entries(row).map(([name, value]) => put(value, typeOf(name)))
  return `insert into audit_entry (${Object.keys(row).join(', ')}) select ${values.join(', ')} from ${from}`
}
