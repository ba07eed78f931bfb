/** The statement: every transfer that changed what a subscriber holds, by page and by period. */
import { sql } from 'kysely'
import type { z } from 'zod'
import { type SubscriberAccount, subscriberAccounts } from '../ledger/ledger.ts'
import type { Db, Trx } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { money, toWire } from '../values/money.ts'
import type { Period } from './period.ts'
import type { Held, Movement } from './statement.ts'
import type { statementWire } from './wire.ts'

const own = [...subscriberAccounts]
// What only moves between what a subscriber holds changes no sum, and yet they want to see it.
const inside = ['plan-change', 'plan-return', 'plan-renewal', 'addon', 'credit-move']
const change = sql`coalesce(sum(p.minor) filter (where p.account = any(${own})), 0)`
const figures = sql`${change}::int8 as minor,
  coalesce(sum(p.minor) filter (where p.account = 'tax-payable'), 0)::int8 as tax,
  coalesce(sum(p.minor) filter (where p.minor > 0 and t.kind = any(${inside})), 0)::int8 as moved,
  max(nullif(p.line_id, '')) as line_id`

type Statement = z.output<typeof statementWire>
type Row = {
  transfer_id: string
  kind: Statement['items'][number]['kind']
  detail: Record<string, string>
  posted_at: Temporal.Instant
  line_id: string | null
  currency: string
  minor: bigint
  tax: bigint
  moved: bigint
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
      ${figures}
    from ledger_transfer t
    join ledger_posting p on p.subscriber_id = t.subscriber_id and p.transfer_id = t.transfer_id
    where t.subscriber_id = ${subscriberId} and ${after}
    group by t.subscriber_id, t.transfer_id, p.currency
    having ${change} <> 0 or t.kind = any(${inside})
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
      tax: toWire(money(row.tax, row.currency)),
      moved: row.moved === 0n ? null : toWire(money(row.moved, row.currency)),
    })),
    nextCursor: last
      ? encodeCursor([last.posted_at.toString(), last.transfer_id, last.currency])
      : null,
  }
}

/** What was held just before the period began and just before it was over, from the postings alone. */
export async function heldAround(trx: Trx, subscriberId: string, period: Period): Promise<Held> {
  const { rows } = await sql<{
    account: SubscriberAccount
    currency: string
    before: bigint
    after: bigint
  }>`
    select p.account, p.currency, sum(p.minor)::int8 as after,
      coalesce(sum(p.minor) filter (where t.posted_at < ${period.from}), 0)::int8 as before
    from ledger_transfer t
    join ledger_posting p on p.subscriber_id = t.subscriber_id and p.transfer_id = t.transfer_id
      and p.account = any(${own})
    where t.subscriber_id = ${subscriberId} and t.posted_at < ${period.to}
    group by 1, 2 order by 2, 1`.execute(trx)
  const opening = new Map<string, bigint>()
  for (const { currency, before } of rows)
    opening.set(currency, (opening.get(currency) ?? 0n) + before)
  return {
    opening: [...opening]
      .filter(([, minor]) => minor !== 0n)
      .map(([code, minor]) => money(minor, code)),
    closing: rows
      .filter(({ after }) => after !== 0n)
      .map(({ account, currency, after }) => ({ account, amount: money(after, currency) })),
  }
}

type MovementRow = {
  transfer_id: string
  posted_at: Temporal.Instant
  kind: Movement['kind']
  line_id: string | null
  country: string | null
  count: number
  currency: string
  minor: bigint
  tax: bigint
  moved: bigint
}
/** The last row read; the next batch begins after it. */
type After = { at: Temporal.Instant; transferId: string; currency: string }

const movements = (subscriberId: string, { from, to }: Pick<Period, 'from' | 'to'>) => sql`
  select t.transfer_id, t.posted_at, t.kind, t.detail ->> 'country' as country,
    coalesce(t.detail ->> 'records', '1')::int4 as records, p.currency::text as currency,
    ${figures}
  from ledger_transfer t
  join ledger_posting p on p.subscriber_id = t.subscriber_id and p.transfer_id = t.transfer_id
  where t.subscriber_id = ${subscriberId} and t.posted_at >= ${from} and t.posted_at < ${to}
  group by t.subscriber_id, t.transfer_id, p.currency
  having ${change} <> 0 or t.kind = any(${inside})`

const batchRows = 1000

/** Every movement of the period, oldest first, a batch at a time. */
export async function* eachMovement(
  trx: Trx,
  subscriberId: string,
  period: Period,
): AsyncGenerator<Movement & { transferId: string }> {
  let after: After = { at: period.from, transferId: '', currency: '' }
  for (;;) {
    const { rows } = await sql<MovementRow>`
      select m.*, records as count from (${movements(subscriberId, { from: after.at, to: period.to })}) m
      where (posted_at, transfer_id, currency) > (${after.at}, ${after.transferId}, ${after.currency})
      order by posted_at, transfer_id, currency limit ${batchRows}`.execute(trx)
    for (const row of rows) yield { ...movementOf(row), transferId: row.transfer_id }
    const last = rows.at(-1)
    if (!last || rows.length < batchRows) return
    after = { at: last.posted_at, transferId: last.transfer_id, currency: last.currency }
  }
}

/**
 * The movements for paper: charges of usage are one row a day, line and country once there are more than `rowsMax`.
 * Everything else keeps its own row.
 */
export async function shownMovements(
  trx: Trx,
  subscriberId: string,
  period: Period,
  { rowsMax, zone }: { rowsMax: number; zone: string },
): Promise<Movement[]> {
  const { rows } = await sql<MovementRow>`
    with each as (${movements(subscriberId, period)}),
    many as (select count(*) > ${rowsMax} as grouped from each where kind = 'usage')
    select case when kind = 'usage' and grouped then (posted_at at time zone ${zone})::date::text
        else transfer_id end as transfer_id,
      max(posted_at) as posted_at, kind, line_id, country, sum(records)::int4 as count, currency,
      sum(minor)::int8 as minor, sum(tax)::int8 as tax, sum(moved)::int8 as moved
    from each, many
    group by 1, kind, line_id, country, currency
    order by 2, 1, line_id, country, currency`.execute(trx)
  return rows.map(movementOf)
}

function movementOf(row: MovementRow): Movement {
  const { posted_at: at, kind, line_id: lineId, country, count, currency } = row
  return {
    at,
    kind,
    lineId,
    country: kind === 'usage' ? country : null,
    count,
    amount: money(row.minor, currency),
    tax: money(row.tax, currency),
    moved: money(row.moved, currency),
  }
}

/** What the subscriber calls their lines, those that are closed too. */
export async function lineNames(trx: Trx, subscriberId: string): Promise<Map<string, string>> {
  const rows = await trx
    .selectFrom('line')
    .select(['line_id', 'nickname'])
    .where('subscriber_id', '=', subscriberId)
    .execute()
  return new Map(rows.map(({ line_id, nickname }) => [line_id, nickname]))
}
