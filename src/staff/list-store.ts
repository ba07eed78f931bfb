/** Lists across subscribers that staff read: the audit trail and the refunds, newest first. */
import type { z } from 'zod'
import { isLateRow } from '../payments/payout-store.ts'
import type { App } from '../platform/app.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { money, toWire } from '../values/money.ts'
import { staffNames } from './store.ts'
import type { auditListWire, refundListWire } from './wire.ts'

type Asked = { cursor: string | undefined; limit: number }

export async function auditTrail(
  app: App,
  { cursor, limit }: Asked,
): Promise<z.input<typeof auditListWire>> {
  const [at, auditId] = decodeCursor(cursor, 2) ?? []
  let query = app.db
    .selectFrom('audit_entry')
    .select([
      'audit_id',
      'at',
      'actor_kind',
      'actor_id',
      'action',
      'subject_kind',
      'subject_id',
      'reason',
      'note',
      'subscriber_id',
    ])
    .orderBy('at', 'desc')
    .orderBy('audit_id', 'desc')
    .limit(limit + 1)
  if (at && auditId) {
    const last = instantOr(at)
    query = query.where((eb) => eb(eb.refTuple('at', 'audit_id'), '<', eb.tuple(last, auditId)))
  }
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const names = await staffNames(
    app.db,
    shown.filter(({ actor_kind }) => actor_kind === 'staff').map(({ actor_id }) => actor_id),
  )
  const last = shown.at(-1)
  return {
    items: shown.map((row) => ({
      auditId: row.audit_id,
      at: row.at.toString(),
      actorKind: row.actor_kind,
      actor: names.get(row.actor_id) ?? row.actor_id,
      action: row.action,
      subjectKind: row.subject_kind,
      subjectId: row.subject_id,
      reason: row.note || row.reason,
    })),
    nextCursor:
      rows.length > limit && last ? encodeCursor([last.at.toString(), last.audit_id]) : null,
  }
}

type RefundState = z.input<typeof refundListWire>['items'][number]['state']

export async function refundList(
  app: App,
  { cursor, limit }: Asked,
): Promise<z.input<typeof refundListWire>> {
  const [at, refundId] = decodeCursor(cursor, 2) ?? []
  let query = app.db
    .selectFrom('refund as r')
    .innerJoin('subscriber as s', 's.subscriber_id', 'r.subscriber_id')
    .innerJoin('payment_order as o', (join) =>
      join.onRef('o.subscriber_id', '=', 'r.subscriber_id').onRef('o.order_id', '=', 'r.order_id'),
    )
    .leftJoin('closure_index as c', 'c.case_id', 'r.case_id')
    .select([
      'r.refund_id',
      'r.minor',
      'r.currency',
      'r.state',
      'r.failure',
      'r.requested_at',
      'r.ended_at',
    ])
    .select(['s.name', 'o.instrument', 'c.reference', isLateRow('r').as('is_late')])
    .orderBy('r.requested_at', 'desc')
    .orderBy('r.refund_id', 'desc')
    .limit(limit + 1)
  if (at && refundId) {
    const last = instantOr(at)
    query = query.where((eb) =>
      eb(eb.refTuple('r.requested_at', 'r.refund_id'), '<', eb.tuple(last, refundId)),
    )
  }
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map((row) => ({
      refundId: row.refund_id,
      reference: row.reference ?? '',
      subscriberName: row.name,
      amount: toWire(money(row.minor, row.currency)),
      state: row.state as RefundState,
      instrument: cardOf(row.instrument),
      failure: row.failure,
      requestedAt: row.requested_at.toString(),
      endedAt: row.ended_at?.toString() ?? null,
      isLate: row.is_late,
    })),
    nextCursor:
      rows.length > limit && last
        ? encodeCursor([last.requested_at.toString(), last.refund_id])
        : null,
  }
}

function cardOf(instrument: unknown): string {
  const { brand = '', last4 = '' } = (instrument ?? {}) as { brand?: string; last4?: string }
  return `${brand} ${last4}`.trim()
}

/** A cursor that was tampered with begins at the start of time, which is an empty page. */
function instantOr(text: string): Temporal.Instant {
  try {
    return Temporal.Instant.from(text)
  } catch {
    return Temporal.Instant.fromEpochMilliseconds(0)
  }
}
