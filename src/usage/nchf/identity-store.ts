/** Who a SUPI or GPSI is: the line behind an IMSI or a number. */
import { arrayText } from '../../platform/copy.ts'
import { type Db, poolOf } from '../../platform/database.ts'
import type { LineKey } from '../charging-store.ts'
import type { Identity } from './request.ts'

export type Named = LineKey & { readonly imsi: string }

export const nameOf = ({ kind, value }: Identity): string => `${kind}-${value}`

/** Those that there are, by their names. */
export async function linesNamed(
  db: Db,
  identities: readonly Identity[],
): Promise<ReadonlyMap<string, Named>> {
  const of = (kind: Identity['kind']) =>
    arrayText(identities.filter((one) => one.kind === kind).map(({ value }) => value))
  const { rows } = await poolOf(db).query<
    Record<'name' | 'subscriber_id' | 'line_id' | 'imsi', string>
  >({
    name: 'nchf-identities',
    text: `
      select 'imsi-' || i.imsi as name, i.subscriber_id, i.line_id, i.imsi
      from unnest($1::text[]) as w (imsi) join line_index i on i.imsi = w.imsi
      union all
      select 'msisdn-' || w.digits, l.subscriber_id, l.line_id, l.imsi
      from unnest($2::text[]) as w (digits)
      join phone_number n on n.msisdn = '+' || w.digits and n.state = 'assigned'
      join line l on l.subscriber_id = n.subscriber_id and l.line_id = n.line_id`,
    values: [of('imsi'), of('msisdn')],
  })
  return new Map(
    rows.map((row) => [
      row.name,
      { subscriberId: row.subscriber_id, lineId: row.line_id, imsi: row.imsi },
    ]),
  )
}
