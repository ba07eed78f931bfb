/** A line's usage in sums: thirty days, each by country and kind. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { usageSumsWire } from '../lines/wire.ts'
import type { Db } from '../platform/database.ts'
import { operator } from '../platform/operator.ts'
import { money, toWire } from '../values/money.ts'
import { hasLine } from './page-store.ts'

type Sums = z.output<typeof usageSumsWire>

const days = 30
const zone = operator.timeZone

/** Undefined when the subscriber has no such line. */
export async function usageSums(
  db: Db,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
  until: Temporal.PlainDate,
): Promise<Sums | undefined> {
  if (!(await hasLine(db, { subscriberId, lineId }))) return undefined
  const first = until.subtract({ days: days - 1 })
  const from = first.toZonedDateTime(zone).toInstant()
  const to = until.add({ days: 1 }).toZonedDateTime(zone).toInstant()
  const used = db
    .selectFrom('usage_record')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
  const day = sql<string>`to_char(started_at at time zone ${sql.lit(zone)}, 'YYYY-MM-DD')`
  const rows = await used
    .select((build) => [
      day.as('day'),
      'country',
      'kind',
      'currency',
      build.fn.sum<string>('quantity').as('quantity'),
      build.fn.sum<string>('charged_minor').as('charged'),
    ])
    .where('started_at', '>=', from)
    .where('started_at', '<', to)
    .groupBy([day, 'country', 'kind', 'currency'])
    .orderBy('day', 'desc')
    .orderBy('country')
    .orderBy('kind')
    .execute()
  const before = await used
    .select(day.as('day'))
    .where('started_at', '<', from)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return {
    from: first.toString(),
    until: until.toString(),
    rows: rows.map(({ day: on, country, kind, currency, quantity, charged }) => ({
      day: on,
      country,
      kind: kind as Sums['rows'][number]['kind'],
      quantity: String(quantity),
      charged: toWire(money(BigInt(charged), currency)),
    })),
    earlier: before?.day ?? null,
  }
}

/** What day it is where the operator is. */
export function dayOf(now: Temporal.Instant): Temporal.PlainDate {
  return now.toZonedDateTimeISO(zone).toPlainDate()
}
