/** Which lines a bulk closure is about: named in a file one by one, or all that are sold under a name or a plan. */
import { sql } from 'kysely'
import { operator } from '../platform/operator.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { AskedLine, BulkMoney, Identifier, Reject } from './bulk.ts'
import type { ProposedLine } from './bulk-store.ts'

type Found = { place: string; subscriber_id: string; line_id: string }
export type Resolved = { lines: ProposedLine[]; rejects: Reject[] }

const namesAtOnce = 20_000

const places: Record<Identifier, ReturnType<typeof sql>> = {
  lineId: sql`line_index i on i.line_id = x.value`,
  imsi: sql`line_index i on i.imsi = x.value`,
  msisdn: sql`phone_number i on i.msisdn = x.value and i.line_id is not null`,
  iccid: sql`(profile_index p join profile i on i.subscriber_id = p.subscriber_id and i.iccid = p.iccid)
    on p.iccid = x.value`,
}

/** Finds the lines that a file names; a name of no line of ours, or of one that was named before, is a reject. */
export async function resolveLines(
  db: Db | Trx,
  by: Identifier,
  asked: readonly AskedLine[],
  money: BulkMoney | null,
  onProgress: (done: number) => void = () => undefined,
): Promise<Resolved> {
  const lines: ProposedLine[] = []
  const rejects: Reject[] = []
  const seen = new Set<string>()
  for (let at = 0; at < asked.length; at += namesAtOnce) {
    const part = asked.slice(at, at + namesAtOnce)
    const { rows } = await sql<Found>`
      select x.place, i.subscriber_id, i.line_id
      from unnest(${part.map(({ place }) => place)}::int[], ${part.map(({ value }) => value)}::text[])
        as x(place, value)
      join ${places[by]}`.execute(db)
    const found = new Map(rows.map((row) => [Number(row.place), row]))
    for (const { place, row, money: own = money } of part) {
      const line = found.get(place)
      const twice = line && seen.has(line.line_id)
      if (!line || twice) rejects.push({ place, row, reason: twice ? 'twice' : 'unknown' })
      else
        lines.push({
          subscriberId: line.subscriber_id,
          lineId: line.line_id,
          place,
          money: own,
        })
      if (line) seen.add(line.line_id)
    }
    onProgress(at + part.length)
  }
  return { lines, rejects }
}

/** Every line that is not closed of the plans sold under a name; a plan without one is sold under the operator's. */
export async function linesOfBrand(
  db: Db | Trx,
  brand: string,
  money: BulkMoney | null,
): Promise<ProposedLine[]> {
  return numbered(sql`coalesce(v.document ->> 'brand', ${operator.name}) = ${brand}`, money, db)
}

export async function linesOfPlan(
  db: Db | Trx,
  planId: string,
  money: BulkMoney | null,
): Promise<ProposedLine[]> {
  return numbered(sql`l.plan_id = ${planId}`, money, db)
}

async function numbered(
  wanted: ReturnType<typeof sql>,
  money: BulkMoney | null,
  db: Db | Trx,
): Promise<ProposedLine[]> {
  const { rows } = await sql<Omit<Found, 'place'>>`
    select l.subscriber_id, l.line_id from line l
    join plan_version v on v.plan_id = l.plan_id and v.version = l.plan_version
    where l.state <> 'closed' and ${wanted}
    order by l.subscriber_id, l.line_id`.execute(db)
  return rows.map(({ subscriber_id, line_id }, index) => ({
    subscriberId: subscriber_id,
    lineId: line_id,
    place: index + 1,
    money,
  }))
}
