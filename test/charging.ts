/** Lines with a purse, made at once for tests and benches of charging, and an HTTP/2 client that is not Fastify's. */
import { connect, constants } from 'node:http2'
import { sql } from 'kysely'
import type { Db } from '../src/platform/database.ts'

export type MadeLine = { subscriberId: string; lineId: string; imsi: string }

const hex = (index: number): string => index.toString(16).padStart(32, '0')

export const lineAt = (index: number): MadeLine => ({
  subscriberId: `sub_${hex(index)}`,
  lineId: `line_${hex(index)}`,
  imsi: `44010${String(index).padStart(10, '0')}`,
})

type Makeup = {
  count: number
  from?: number
  planId?: string
  dataBytes?: bigint
  paidMinor?: bigint
  at: Temporal.Instant
}

/** Active lines on a plan of the catalog, each with one data bucket and paid credit. */
export async function makeLines(
  db: Db,
  {
    count,
    from = 0,
    planId = 'japan-3gb-7d',
    dataBytes = 3_000_000_000n,
    paidMinor = 0n,
    at,
  }: Makeup,
): Promise<MadeLine[]> {
  const hexed = sql`lpad(to_hex(i), 32, '0')`
  const range = sql`generate_series(${from}::int, ${from + count - 1}::int) as i`
  await db.transaction().execute(async (trx) => {
    await sql`insert into subscriber (subscriber_id, name, country, created_at)
      select 'sub_' || ${hexed}, 'Lin Yue', 'GB', ${at} from ${range}`.execute(trx)
    await sql`insert into line (subscriber_id, line_id, nickname, state, plan_id, plan_version, currency, imsi, iccid,
        ordered_at, activated_at, period_start, period_end)
      select 'sub_' || ${hexed}, 'line_' || ${hexed}, '', 'active', v.plan_id, v.version,
        v.document -> 'price' ->> 'currency', '44010' || lpad(i::text, 10, '0'), '8944' || lpad(i::text, 15, '0'),
        ${at}, ${at}, ${at}, ${at.add({ hours: 24 * 7 })}
      from ${range}, (select * from plan_version where plan_id = ${planId} order by version desc limit 1) v`.execute(
      trx,
    )
    await sql`insert into line_index (imsi, line_id, subscriber_id)
      select '44010' || lpad(i::text, 10, '0'), 'line_' || ${hexed}, 'sub_' || ${hexed} from ${range}`.execute(
      trx,
    )
    await sql`insert into purse (subscriber_id, line_id, currency, bucket_ids, kinds, priorities, granted, remaining,
        reserved, expires_us, noticed)
      select subscriber_id, line_id, currency, array['bucket_' || substr(line_id, 6)], '{data}', '{0}',
        array[${dataBytes}::int8], array[${dataBytes}::int8], '{0}', '{null}', '{0}'
      from line where line_id >= ${lineAt(from).lineId} and line_id <= ${lineAt(from + count - 1).lineId}`.execute(
      trx,
    )
    if (paidMinor > 0n) await fund(trx, from, count, paidMinor, at)
  })
  return Array.from({ length: count }, (_, index) => lineAt(from + index))
}

async function fund(trx: Db, from: number, count: number, minor: bigint, at: Temporal.Instant) {
  const own = sql`(select * from line where line_id >= ${lineAt(from).lineId}
    and line_id <= ${lineAt(from + count - 1).lineId}) as own`
  await sql`insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
    select subscriber_id, 'transfer_' || substr(line_id, 6), 'top-up:test', 'top-up', ${at} from ${own}`.execute(
    trx,
  )
  await sql`insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
    select subscriber_id, 'transfer_' || substr(line_id, 6), s, case s when 0 then 'payments-clearing' else 'paid-credit' end,
      case s when 0 then '' else line_id end, currency, case s when 0 then -${minor}::int8 else ${minor}::int8 end
    from ${own}, generate_series(0, 1) as s`.execute(trx)
}

export type H2Answer = {
  status: number
  headers: Record<string, string>
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field in tests
  body: any
}

/** One HTTP/2 connection with prior knowledge, or TLS where `options` say whom to trust. */
export function openH2(origin: string, options: { ca?: string; key?: string; cert?: string } = {}) {
  const session = connect(origin, options)
  session.on('error', () => undefined)
  const send = (method: string, path: string, body?: unknown, type = 'application/json') =>
    new Promise<H2Answer>((done, failed) => {
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: method,
        [constants.HTTP2_HEADER_PATH]: path,
        ...(body !== undefined && { 'content-type': type }),
      })
      let headers: Record<string, string> = {}
      let text = ''
      stream.setEncoding('utf8')
      stream.on('response', (given) => (headers = given as Record<string, string>))
      stream.on('data', (chunk: string) => (text += chunk))
      stream.on('end', () => {
        const status = Number(headers[':status'])
        // The other side may end before it has answered.
        if (Number.isNaN(status)) return failed(new Error('no answer'))
        done({ status, headers, body: text === '' ? undefined : JSON.parse(text) })
      })
      stream.on('error', failed)
      stream.end(
        body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      )
    })
  return {
    post: (path: string, body: unknown, type?: string) => send('POST', path, body, type),
    send,
    close: () => new Promise<void>((closed) => session.close(closed)),
  }
}
