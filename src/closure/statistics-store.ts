/** Figures about closures for the console, each from one set-based query. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { App } from '../platform/app.ts'
import { operator } from '../platform/operator.ts'
import type { statisticsWire } from './staff-wire.ts'
import { money, toWire } from '../values/money.ts'
import { countsByState } from './review-store.ts'

const daysShown = 30

export async function statistics(app: App): Promise<z.infer<typeof statisticsWire>> {
  const today = app.clock.now().toZonedDateTimeISO(operator.timeZone).startOfDay()
  const from = today.subtract({ days: daysShown - 1 }).toInstant()
  const perDay = await sql<{ day: string; submitted: number; closed: number; withdrawn: number }>`
    select to_char(d.day, 'YYYY-MM-DD') as day,
      count(*) filter (where e.kind = 'submitted')::int as submitted,
      count(*) filter (where e.kind = 'closed')::int as closed,
      count(*) filter (where e.kind = 'withdrawn')::int as withdrawn
    from generate_series(${today
      .subtract({ days: daysShown - 1 })
      .toPlainDate()
      .toString()}::date,
      ${today.toPlainDate().toString()}::date, interval '1 day') as d(day)
    left join closure_event e on (e.at at time zone ${operator.timeZone})::date = d.day
      and e.at >= ${from} and e.kind in ('submitted', 'closed', 'withdrawn')
    group by d.day order by d.day`.execute(app.db)
  const speed = await sql<{ median: number | null; straight: number | null }>`
    select percentile_cont(0.5) within group (order by extract(epoch from closed_at - submitted_at) / 3600)::float8 as median,
      avg(case when decision is null then 1.0 else 0.0 end)::float8 as straight
    from closure_case where state = 'closed' and closed_at >= ${from}`.execute(app.db)
  const refunded = await sql<{ currency: string; minor: bigint }>`
    select currency, sum(minor)::int8 as minor from refund
    where state = 'succeeded' and ended_at >= ${from} group by currency order by currency`.execute(
    app.db,
  )
  const reasons = await sql<{ reason: string; count: number }>`
    select coalesce(reason, 'none') as reason, count(*)::int as count from closure_case
    where submitted_at >= ${from} group by 1`.execute(app.db)
  const active = await sql<{ subscribers: number; lines: number }>`
    select (select count(*)::int from subscriber where state = 'active') as subscribers,
      (select count(*)::int from line where state in ('active', 'suspended', 'closing')) as lines`.execute(
    app.db,
  )
  const [figures] = speed.rows
  return {
    byState: await countsByState(app),
    perDay: perDay.rows,
    medianHoursToClose: figures?.median ?? null,
    straightThroughShare: figures?.straight ?? null,
    refunded: refunded.rows.map(({ currency, minor }) => toWire(money(minor, currency))),
    reasons: Object.fromEntries(reasons.rows.map(({ reason, count }) => [reason, count])),
    activeSubscribers: active.rows[0]?.subscribers ?? 0,
    activeLines: active.rows[0]?.lines ?? 0,
  }
}
