/** Reads past closures a page at a time, in one read-only snapshot, and replays each under a draft. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { forSegment, onDayOf, type Policy } from '../policy/policy.ts'
import type { Segment } from '../values/wire.ts'
import { publishedPolicy } from '../policy/store.ts'
import type { Risk } from './closure.ts'
import { type Choices, choicesIn } from './ends.ts'
import type { QuoteWire } from './quote.ts'
import { emptyReplay, type PastCase, type Replay, tally } from './replay.ts'

const page = 500

type Row = {
  subscriber_id: string
  case_id: string
  reference: string
  submitted_at: Temporal.Instant
  risk: Risk
  choices: Partial<Choices>
  quote: QuoteWire | null
  policy_country: string
  policy_version: number
  policy_segment: Segment
}

/** Submitted closures of a country: those pinned to its policy and those of people who live there. */
export async function replayUnder(
  db: Db,
  draft: Policy,
  country: string,
  { most }: { most?: number } = {},
): Promise<Replay> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const total = emptyReplay()
      const since = most === undefined ? null : await sinceOf(trx, country, most)
      const pinned = new Map<string, Policy>()
      const drafts = new Map<Segment, Policy>()
      for (let rows = await read(trx, country, since); ;) {
        for (const row of rows) {
          const key = `${row.policy_country} ${row.policy_version}`
          const policy =
            pinned.get(key) ?? (await publishedPolicy(trx, row.policy_country, row.policy_version))
          pinned.set(key, policy)
          const segment = row.policy_segment
          const before = onDayOf(policy, row.submitted_at, segment)
          const under = drafts.get(segment) ?? forSegment(draft, segment)
          drafts.set(segment, under)
          tally(total, pastOf(row), before, under)
        }
        const last = rows.at(-1)
        if (!last || rows.length < page) return total
        rows = await read(trx, country, since, last)
      }
    })
}

const ofCountry = (country: string) => sql`c.submitted_at is not null
  and (c.policy_country = ${country} or concat_ws('-', s.country, s.region) = ${country})`

/** When the last of the newest was submitted; null: there are no more than that. */
async function sinceOf(trx: Trx, country: string, most: number): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ submitted_at: Temporal.Instant }>`
    select c.submitted_at from closure_case c
    join subscriber s on s.subscriber_id = c.subscriber_id
    where ${ofCountry(country)} order by c.submitted_at desc offset ${most - 1} limit 1`.execute(
    trx,
  )
  return rows[0]?.submitted_at ?? null
}

async function read(
  trx: Trx,
  country: string,
  since: Temporal.Instant | null,
  last: Pick<Row, 'subscriber_id' | 'case_id'> = { subscriber_id: '', case_id: '' },
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select c.subscriber_id, c.case_id, c.reference, c.submitted_at, c.risk, c.choices, c.quote,
      c.policy_country, c.policy_version, c.policy_segment
    from closure_case c join subscriber s on s.subscriber_id = c.subscriber_id
    where (c.subscriber_id, c.case_id) > (${last.subscriber_id}, ${last.case_id})
      and ${ofCountry(country)} and (${since}::timestamptz is null or c.submitted_at >= ${since})
    order by c.subscriber_id, c.case_id limit ${page}`.execute(trx)
  return rows
}

function pastOf({ case_id, reference, submitted_at, risk, choices, quote }: Row): PastCase {
  const tables = quote?.currencies ?? []
  return {
    caseId: case_id,
    reference,
    submittedAt: submitted_at,
    risk,
    choices: choicesIn(choices),
    hasNumber: (quote?.numberKeptUnusedUntil ?? null) !== null,
    refunds: Object.fromEntries(
      tables.map(({ currency, refund }) => [currency, BigInt(refund.amount.replace('.', ''))]),
    ),
  }
}
