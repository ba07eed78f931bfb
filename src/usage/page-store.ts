/** A line's usage, page by page. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { usagePageWire } from '../lines/wire.ts'
import type { Db } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { money, toWire } from '../values/money.ts'

type Page = z.output<typeof usagePageWire>

export async function hasLine(
  db: Db,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
): Promise<boolean> {
  const line = await db
    .selectFrom('line')
    .select('line_id')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirst()
  return line !== undefined
}

/** Undefined when the subscriber has no such line. */
export async function usagePage(
  db: Db,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<Page | undefined> {
  if (!(await hasLine(db, { subscriberId, lineId }))) return undefined
  const [at, usageId] = decodeCursor(cursor, 2) ?? []
  const rows = await db
    .selectFrom('usage_record')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .$if(at !== undefined, (query) =>
      query.where(sql<boolean>`(started_at, usage_id) < (${at}::timestamptz, ${usageId})`),
    )
    .orderBy('started_at', 'desc')
    .orderBy('usage_id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map((row) => ({
      usageId: row.usage_id,
      kind: row.kind as Page['items'][number]['kind'],
      quantity: row.quantity.toString(),
      startedAt: row.started_at.toString(),
      country: row.country,
      fromBucket: row.from_bucket.toString(),
      charged: toWire(money(row.charged_minor, row.currency)),
      outcome: row.outcome as 'charged' | 'absorbed',
    })),
    nextCursor: last ? encodeCursor([last.started_at.toString(), last.usage_id]) : null,
  }
}
