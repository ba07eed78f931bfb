/** What the operator's books hold: sums of whole days are kept, so only the newest postings are read. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import { type Money, money } from '../values/money.ts'
import type { LedgerAccount } from './ledger.ts'

/** Sum of an account over all subscribers; what is owed to tax offices apart for each country. */
export type AccountSum = { account: LedgerAccount; taxCountry: string; amount: Money }

// A transaction reads the clock before it commits: a day is summed when all of it is surely there.
const settleHours = 2
const daysAtOnce = 31

const sums = (where: ReturnType<typeof sql>) => sql`
  select (t.posted_at at time zone 'UTC')::date as day, p.account,
    case when p.account = 'tax-payable' then coalesce(t.detail ->> 'taxCountry', '') else '' end as tax_country,
    p.currency, sum(p.minor)::int8 as minor, count(*) as postings
  from ledger_transfer t join ledger_posting p using (subscriber_id, transfer_id)
  where ${where} group by 1, 2, 3, 4`

const dayStart = (day: Temporal.PlainDate) => day.toZonedDateTime('UTC').toInstant()

/** Every account that is not at zero; together they are zero per currency. */
export async function operatorBalances(db: Db | Trx): Promise<AccountSum[]> {
  const { rows } = await sql<{
    account: string
    tax_country: string
    currency: string
    minor: bigint
  }>`
    with newest as (${sums(sql`t.posted_at >= coalesce(
      (select (max(day) + 1)::timestamp at time zone 'UTC' from ledger_sealed_day), '-infinity')`)})
    select account, tax_country, currency, sum(minor)::int8 as minor
    from (
      select account, tax_country, currency, minor from ledger_day_sum
      union all select account, tax_country, currency, minor from newest) all_sums
    group by 1, 2, 3 having sum(minor) <> 0 order by 3, 1, 2`.execute(db)
  return rows.map((row) => ({
    account: row.account as LedgerAccount,
    taxCountry: row.tax_country,
    amount: money(row.minor, row.currency),
  }))
}

/** Called once a minute: sums the days that are over, oldest first, and does nothing when there is none. */
export async function sealDays(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  const now = app.clock.now()
  const over = now.subtract({ hours: settleHours }).toZonedDateTimeISO('UTC').toPlainDate()
  for (;;) {
    const sealed = await app.db.transaction().execute((trx) => sealNext(trx, over, now))
    if (!sealed) return
  }
}

/** Forgets all sums and makes them again from the postings: they are a shortcut, never the truth. */
export async function resealDays(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    await lockSeals(trx)
    await trx.deleteFrom('ledger_day_sum').execute()
    await trx.deleteFrom('ledger_sealed_day').execute()
  })
  await sealDays(app)
}

async function lockSeals(trx: Trx) {
  await sql`lock table ledger_sealed_day in share row exclusive mode`.execute(trx)
}

/** False when no day was left to seal. */
async function sealNext(
  trx: Trx,
  over: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<boolean> {
  await lockSeals(trx)
  const { rows } = await sql<{ next: string | null }>`
    select coalesce((select (max(day) + 1)::text from ledger_sealed_day),
      (select (min(posted_at) at time zone 'UTC')::date::text from ledger_transfer
        where posted_at < ${dayStart(over)})) as next`.execute(trx)
  if (!rows[0]?.next) return false
  const first = Temporal.PlainDate.from(rows[0].next)
  const after = [over, first.add({ days: daysAtOnce })].sort(Temporal.PlainDate.compare)[0] ?? over
  if (Temporal.PlainDate.compare(first, after) >= 0) return false
  await sql`
    with per_account as materialized (
      ${sums(sql`t.posted_at >= ${dayStart(first)} and t.posted_at < ${dayStart(after)}`)}
    ), per_day as (
      select (t.posted_at at time zone 'UTC')::date as day, count(*) as transfers from ledger_transfer t
      where t.posted_at >= ${dayStart(first)} and t.posted_at < ${dayStart(after)} group by 1
    ), days as (
      insert into ledger_sealed_day (day, transfers, postings, sealed_at)
      select d::date, coalesce(max(per_day.transfers), 0), coalesce(sum(per_account.postings), 0), ${now}
      from generate_series(${first.toString()}::date, ${after.toString()}::date - 1, interval '1 day') d
      left join per_day on per_day.day = d::date
      left join per_account on per_account.day = d::date
      group by 1
      returning day
    )
    insert into ledger_day_sum (day, account, tax_country, currency, minor)
    select day, account, tax_country, currency, minor from per_account
    where minor <> 0 and day in (select day from days)`.execute(trx)
  return true
}

export type SealDifference = {
  day: string
  account: string
  currency: string
  kept: bigint
  summed: bigint
}

/** Days whose kept sums are not what their postings come to, read a month at a time. */
export async function wrongSeals(trx: Trx): Promise<SealDifference[]> {
  const { rows: days } = await sql<{ day: string }>`
    select day::text from ledger_sealed_day order by day`.execute(trx)
  const wrong: SealDifference[] = []
  for (let at = 0; at < days.length; at += daysAtOnce) {
    const batch = days.slice(at, at + daysAtOnce)
    const first = Temporal.PlainDate.from(batch[0]!.day)
    const after = Temporal.PlainDate.from(batch.at(-1)!.day).add({ days: 1 })
    const { rows } = await sql<SealDifference>`
      with summed as (${sums(sql`t.posted_at >= ${dayStart(first)} and t.posted_at < ${dayStart(after)}`)})
      select day::text, account, currency::text, coalesce(k.minor, 0) as kept, coalesce(s.minor, 0) as summed
      from (select * from ledger_day_sum
        where day >= ${first.toString()}::date and day < ${after.toString()}::date) k
      full join summed s using (day, account, tax_country, currency)
      where coalesce(k.minor, 0) <> coalesce(s.minor, 0)
      order by 1, 2, 3 limit 100`.execute(trx)
    wrong.push(...rows)
  }
  return wrong
}
