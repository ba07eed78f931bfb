/** Open ports for staff. */
import { sql } from 'kysely'
import type { Db } from '../platform/database.ts'
import type { PortState } from './porting.ts'
import { lastNumber } from './standing-store.ts'

const shownMax = 500

/** Under way before codes that are merely out; what is due first stands first. */
export async function openPorts(db: Db) {
  const rows = await db
    .selectFrom('port_out as p')
    .innerJoin('subscriber as s', 's.subscriber_id', 'p.subscriber_id')
    .selectAll('p')
    .select([
      's.name',
      sql<string>`coalesce(nullif(p.msisdn, ''), (${lastNumber('p')}), '')`.as('number'),
    ])
    .where('p.state', 'in', ['issued', 'pending'])
    .orderBy('p.state', 'desc')
    .orderBy('p.due_at')
    .orderBy('p.created_at', 'desc')
    .limit(shownMax)
    .execute()
  return rows.map((row) => ({
    portId: row.port_id,
    subscriberId: row.subscriber_id,
    name: row.name,
    lineId: row.line_id,
    msisdn: row.number,
    state: row.state as PortState,
    recipient: row.recipient,
    dueAt: row.due_at?.toString() ?? null,
    codeExpiresAt: row.code_expires_at.toString(),
    createdAt: row.created_at.toString(),
  }))
}
