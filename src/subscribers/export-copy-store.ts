/** Reads what may be very long by COPY, a range of keys at a time, so that no connection waits for a slow download. */
import { once } from 'node:events'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { subscriberAccounts } from '../ledger/ledger.ts'
import { type Db, poolOf } from '../platform/database.ts'
import { type CopyRows, copyValue } from './export-bytes.ts'

export type CopiedName = 'usage' | 'statement'
/** `keyFirst`: the key is the first column and has one row, so the last row of a range says where it ended. */
type Copied = { table: string; key: string; keyFirst: boolean; select: string }

const literal = (text: string) => pg.escapeLiteral(text)
const list = (texts: readonly string[]) => texts.map(literal).join(', ')

/** Columns in the order of the dataset's; amounts in minor units, turned with the bytes. */
const copied: Readonly<Record<CopiedName, Copied>> = {
  usage: {
    table: 'usage_record',
    key: 'usage_id',
    keyFirst: true,
    select: `select usage_id, line_id, kind, quantity, started_at, ended_at, country, from_bucket,
      charged_minor, currency, outcome from usage_record t`,
  },
  statement: {
    table: 'ledger_transfer',
    key: 'transfer_id',
    keyFirst: false,
    select: `select transfer_id, t.posted_at, t.kind, p.account, nullif(p.line_id, ''),
      p.minor, p.currency, t.detail
      from ledger_transfer t join ledger_posting p using (subscriber_id, transfer_id)
      where p.account in (${list(subscriberAccounts)})`,
  },
}

const rowsAtOnce = 10_000
const sliceBytes = 32 * 1024

export function isCopied(name: string): name is CopiedName {
  return Object.hasOwn(copied, name)
}

/** Whole rows, in slices small enough to be turned and compressed one after the other. */
export async function* copiedRows(
  db: Db,
  subscriberId: string,
  name: CopiedName,
): AsyncGenerator<CopyRows> {
  let next: Promise<Batch> | undefined = readBatch(db, subscriberId, name, '')
  try {
    while (next) {
      const batch: Batch = await next
      // The database reads on while this batch is compressed.
      next = batch.to === null ? undefined : readBatch(db, subscriberId, name, batch.to)
      next?.catch(() => undefined)
      yield* slices(batch.rows)
    }
  } finally {
    await next?.catch(() => undefined)
  }
}

type Batch = { rows: Buffer; to: string | null }

async function readBatch(
  db: Db,
  subscriberId: string,
  name: CopiedName,
  from: string,
): Promise<Batch> {
  const { key, keyFirst, select } = copied[name]
  const client = await poolOf(db).connect()
  let broken: Error | undefined
  try {
    const known = keyFirst ? undefined : await endOfRange(client, subscriberId, name, from)
    const range = [
      `${select.includes('where') ? 'and' : 'where'} subscriber_id = ${literal(subscriberId)}`,
      `and ${key} > ${literal(from)}`,
      known ? `and ${key} <= ${literal(known)}` : '',
      keyFirst ? `order by ${key} limit ${rowsAtOnce}` : '',
    ].join(' ')
    const stream = client.query(copyTo(`copy (${select} ${range}) to stdout`))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'end')
    const rows = Buffer.concat(chunks)
    return { rows, to: keyFirst ? lastKey(rows) : (known ?? null) }
  } catch (error) {
    broken = error as Error
    throw error
  } finally {
    client.release(broken)
  }
}

async function endOfRange(
  client: pg.PoolClient,
  subscriberId: string,
  name: CopiedName,
  from: string,
): Promise<string | undefined> {
  const { table, key } = copied[name]
  const { rows } = await client.query<{ to: string }>(
    `select ${key} as to from ${table} where subscriber_id = $1 and ${key} > $2
      order by ${key} offset ${rowsAtOnce - 1} limit 1`,
    [subscriberId, from],
  )
  return rows[0]?.to
}

/** Null when the range was not full, so nothing comes after it. */
function lastKey(rows: Buffer): string | null {
  let count = 0
  for (let at = rows.indexOf(newline); at >= 0; at = rows.indexOf(newline, at + 1)) count += 1
  if (count < rowsAtOnce) return null
  const start = rows.lastIndexOf(newline, rows.length - 2) + 1
  return copyValue(rows.toString('utf8', start, rows.indexOf(tab, start)))
}

const tab = 0x09
const newline = 0x0a

function* slices(rows: Buffer): Generator<CopyRows> {
  let from = 0
  while (from < rows.length) {
    const near = rows.lastIndexOf(newline, Math.min(from + sliceBytes, rows.length) - 1)
    // A single row may be longer than a slice.
    const end = near < from ? rows.indexOf(newline, from) : near
    yield rows.subarray(from, end + 1)
    from = end + 1
  }
}
