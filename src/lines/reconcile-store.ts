/** Our lines as the network should know them, in the order of IMSIs, a range at a time. */
import { sql } from 'kysely'
import type { Db } from '../platform/database.ts'
import type { LineState } from './line.ts'
import type { OurLine } from './reconcile.ts'

type Row = {
  subscriber_id: string
  line_id: string
  imsi: string
  state: LineState
  state_before_closing: LineState | null
  msisdn: string | null
}

const select = sql`
  select i.subscriber_id, i.line_id, i.imsi, l.state, l.state_before_closing, l.msisdn
  from line_index i join line l on l.subscriber_id = i.subscriber_id and l.line_id = i.line_id`

const lineOf = (row: Row): OurLine => ({
  subscriberId: row.subscriber_id,
  lineId: row.line_id,
  imsi: row.imsi,
  state: row.state,
  stateBeforeClosing: row.state_before_closing,
  msisdn: row.msisdn,
})

export async function* allLines(db: Db, atOnce = 5000): AsyncGenerator<OurLine[]> {
  for (let after = ''; ;) {
    const { rows } = await sql<Row>`${select} where i.imsi > ${after}
      order by i.imsi limit ${atOnce}`.execute(db)
    if (rows.length > 0) yield rows.map(lineOf)
    const last = rows.at(-1)
    if (rows.length < atOnce || !last) return
    after = last.imsi
  }
}

export async function lineOfImsi(db: Db, imsi: string): Promise<OurLine | undefined> {
  const { rows } = await sql<Row>`${select} where i.imsi = ${imsi}`.execute(db)
  return rows[0] && lineOf(rows[0])
}

export async function countLines(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from line_index`.execute(db)
  return rows[0]?.n ?? 0
}
