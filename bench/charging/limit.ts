/** The limit: the rows that charging wrote, copied raw into tables with the same keys and indexes and nothing else. */
import { finished, pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { World } from './world.ts'

const journals = ['usage_record', 'ledger_transfer', 'ledger_posting'] as const

/** Seconds to COPY what is newer than `since`, one stream for each table, committed and synced to disk. */
export async function runLimit(
  { url }: World,
  since: Date,
): Promise<{ seconds: number; rows: number }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const texts: Buffer[] = []
  let rows = 0
  for (const table of journals) {
    await client.query(`drop table if exists limit_${table}`)
    await client.query(`create table limit_${table} (like ${table} including all)`)
    const time = table === 'usage_record' ? 'received_at' : 'posted_at'
    const at = `'${since.toISOString()}'`
    const where =
      table === 'ledger_posting'
        ? `where exists (select from ledger_transfer t where t.subscriber_id = p.subscriber_id
           and t.transfer_id = p.transfer_id and t.posted_at >= ${at})`
        : `where p.${time} >= ${at}`
    const parts: Buffer[] = []
    // In the order in which they were written.
    await pipeline(
      client.query(copyTo(`copy (select p.* from ${table} p ${where} order by p.ctid) to stdout`)),
      new Writable({
        write(chunk: Buffer, _, done) {
          parts.push(chunk)
          done()
        },
      }),
    )
    texts.push(Buffer.concat(parts))
  }
  await client.query('checkpoint')
  const startedAt = performance.now()
  for (const [index, table] of journals.entries()) {
    const copy = client.query(copyFrom(`copy limit_${table} from stdin`))
    for (let at = 0; at < texts[index]!.length; at += 1 << 20) {
      if (!copy.write(texts[index]!.subarray(at, at + (1 << 20))))
        await new Promise((drained) => copy.once('drain', drained))
    }
    copy.end()
    await finished(copy)
    rows += copy.rowCount
  }
  const seconds = (performance.now() - startedAt) / 1000
  for (const table of journals) await client.query(`drop table limit_${table}`)
  await client.end()
  return { seconds, rows }
}
