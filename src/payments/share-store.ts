/** Reads from the journal what lines put into each other's credit, for any number of subscribers at once. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { type AtClosing, type Share, sharesIn } from './share.ts'

type Row = {
  subscriber_id: string
  line_id: string
  currency: string
  put: bigint
  other_line_id: string | null
  at_closing: AtClosing | null
  rest: bigint
}

/** What is left of what other lines put into each; empty for nearly all. Only lines that ever moved credit are read. */
export async function sharesOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
): Promise<(lineId: string) => readonly Share[]> {
  const { rows } = await sql<Row>`
    with moving as (
      select distinct t.subscriber_id, l.line_id, l.currency from ledger_transfer t
      join line l on l.subscriber_id = t.subscriber_id and l.line_id in (t.detail ->> 'from', t.detail ->> 'to')
      where t.subscriber_id = any(${subscriberIds}) and t.kind = 'credit-move'),
    change as (
      select m.subscriber_id, m.line_id, m.currency, t.posted_at, t.transfer_id, t.detail, t.kind,
        sum(p.minor) as minor
      from moving m
      join ledger_posting p on p.subscriber_id = m.subscriber_id and p.account = 'paid-credit'
        and p.line_id = m.line_id and p.currency = m.currency
      join ledger_transfer t on t.subscriber_id = p.subscriber_id and t.transfer_id = p.transfer_id
      group by m.subscriber_id, m.line_id, m.currency, t.subscriber_id, t.transfer_id),
    told as (
      select *, kind = 'credit-move'
        or minor > 0 and kind in ('top-up', 'settlement', 'plan-return', 'plan-change') as comes
      from change where minor <> 0),
    parted as (
      select *, count(*) filter (where comes)
        over (partition by subscriber_id, line_id order by posted_at, transfer_id) as part
      from told)
    select subscriber_id, line_id, currency::text as currency,
      coalesce(sum(minor) filter (where comes), 0)::int8 as put,
      coalesce(sum(minor) filter (where not comes), 0)::int8 as rest,
      max(case when minor > 0 then detail ->> 'from' else detail ->> 'to' end)
        filter (where kind = 'credit-move') as other_line_id,
      max(detail ->> 'atClosing') filter (where kind = 'credit-move') as at_closing
    from parted group by subscriber_id, line_id, currency, part
    order by max(posted_at) filter (where comes) nulls first, max(transfer_id) filter (where comes), put`.execute(
    db,
  )
  const owners = Map.groupBy(rows, (row) => row.subscriber_id)
  const shares = new Map([...owners.values()].flatMap((own) => [...sharesIn(own.map(movementOf))]))
  return (lineId) => shares.get(lineId) ?? []
}

function movementOf({ line_id, other_line_id, at_closing, currency, put, rest }: Row) {
  // What was of no line is its owner's as a payment is.
  const otherLineId = other_line_id || null
  return { lineId: line_id, otherLineId, atClosing: at_closing, currency, put, rest }
}
