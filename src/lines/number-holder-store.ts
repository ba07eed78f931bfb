/** Who has a telephone number of the inventory, and what their line is doing: what the number may prove. */
import type { Db, Trx } from '../platform/database.ts'

export type NumberHeld = {
  state: string
  subscriberId: string | null
  lineState: string | null
  /** When its line was ordered. */
  since: Temporal.Instant | null
}

/** Undefined for a number that is another operator's. */
export async function numberHeld(db: Db | Trx, msisdn: string): Promise<NumberHeld | undefined> {
  return db
    .selectFrom('phone_number as n')
    .leftJoin('line as l', (join) =>
      join.onRef('l.subscriber_id', '=', 'n.subscriber_id').onRef('l.line_id', '=', 'n.line_id'),
    )
    .select([
      'n.state',
      'n.subscriber_id as subscriberId',
      'l.state as lineState',
      'l.ordered_at as since',
    ])
    .where('n.msisdn', '=', msisdn)
    .executeTakeFirst()
}
