/** The statement: every transfer that changed what a subscriber holds, newest first. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { Db } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { money, toWire } from '../values/money.ts'
import type { statementWire } from './wire.ts'

type Statement = z.output<typeof statementWire>
type Row = {
  transfer_id: string
  kind: Statement['items'][number]['kind']
  detail: Record<string, string>
  posted_at: Temporal.Instant
  line_id: string | null
  currency: string
  minor: bigint
}

export async function statementOf(
  db: Db,
  subscriberId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<Statement> {
  const [at, transferId, code] = decodeCursor(cursor, 3) ?? []
  const after =
    at === undefined
      ? sql`true`
      : sql`(t.posted_at, t.transfer_id, p.currency) < (${at}::timestamptz, ${transferId}, ${code})`
  // Summed, the entries always come to what the subscriber holds.
  const { rows } = await sql<Row>`
    select t.transfer_id, t.kind, t.detail, t.posted_at, p.currency::text as currency,
      sum(p.minor)::int8 as minor, max(nullif(p.line_id, '')) as line_id
    from ledger_transfer t
    join ledger_posting p on p.subscriber_id = t.subscriber_id and p.transfer_id = t.transfer_id
      and p.account in ('paid-credit', 'promotional-credit', 'plan-prepaid', 'refunds-payable', 'owed')
    where t.subscriber_id = ${subscriberId} and ${after}
    group by t.subscriber_id, t.transfer_id, p.currency
    having sum(p.minor) <> 0
    order by t.posted_at desc, t.transfer_id desc, p.currency desc
    limit ${limit + 1}`.execute(db)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map((row) => ({
      transferId: row.transfer_id,
      at: row.posted_at.toString(),
      kind: row.kind,
      lineId: row.line_id,
      detail: row.detail,
      amount: toWire(money(row.minor, row.currency)),
    })),
    nextCursor: last
      ? encodeCursor([last.posted_at.toString(), last.transfer_id, last.currency])
      : null,
  }
}
