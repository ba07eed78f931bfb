/** Exchange rates in rows: a pair has as many as it was quoted, and the newest counts. */
import { sql } from 'kysely'
import { type Db, insertRows, type Trx } from '../platform/database.ts'
import { money } from '../values/money.ts'
import type { Rate } from './exchange.ts'

type Row = {
  from_currency: string
  into_currency: string
  rate: string
  source: string
  as_of: Temporal.Instant
  valid_until: Temporal.Instant
  at_most_minor: bigint
}

const columns = sql`from_currency::text, into_currency::text, rate, source, as_of, valid_until, at_most_minor`

/** The newest of each pair, whether or not it is still valid. */
export async function newestRates(db: Db | Trx): Promise<Rate[]> {
  const { rows } = await sql<Row>`
    select distinct on (from_currency, into_currency) ${columns} from exchange_rate
    order by from_currency, into_currency, as_of desc`.execute(db)
  return rows.map(rateOf)
}

function rateOf(row: Row): Rate {
  return {
    from: row.from_currency,
    into: row.into_currency,
    rate: row.rate,
    source: row.source,
    asOf: row.as_of,
    validUntil: row.valid_until,
    atMost: money(row.at_most_minor, row.from_currency),
  }
}

/** All or none; gives how many were new. A rate is never changed: one quoted differently for the same moment is refused. */
export async function addRates(
  db: Db,
  rates: readonly Rate[],
  now: Temporal.Instant,
): Promise<{ added: number; differing: number[] }> {
  return db.transaction().execute(async (trx) => {
    await sql`lock table exchange_rate in share row exclusive mode`.execute(trx)
    const known = await sql<Row>`select ${columns} from exchange_rate`.execute(trx)
    const before = new Map(known.rows.map((row) => [keyOf(rateOf(row)), quoted(rateOf(row))]))
    const differing = rates.flatMap((rate, at) => {
      const one = before.get(keyOf(rate))
      return one !== undefined && one !== quoted(rate) ? [at] : []
    })
    const fresh = rates.filter((rate) => !before.has(keyOf(rate)))
    if (differing.length > 0) return { added: 0, differing }
    await insertRows(
      trx,
      'exchange_rate',
      fresh.map((rate) => ({
        from_currency: rate.from,
        into_currency: rate.into,
        rate: rate.rate,
        source: rate.source,
        as_of: rate.asOf,
        valid_until: rate.validUntil,
        at_most_minor: rate.atMost!.minor,
        added_at: now,
      })),
    )
    return { added: fresh.length, differing }
  })
}

function keyOf({ from, into, asOf }: Rate): string {
  return `${from} ${into} ${asOf.epochMilliseconds}`
}

function quoted({ rate, source, validUntil, atMost }: Rate): string {
  return JSON.stringify([rate, source, validUntil.epochMilliseconds, String(atMost?.minor)])
}
