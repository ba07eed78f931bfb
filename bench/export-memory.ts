/** How much the server's memory rises while one subscriber's million usage records are exported over HTTP. */
import { fork } from 'node:child_process'
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import pg from 'pg'
import { open as openZip } from 'yauzl'
import { startCluster } from '../src/platform/cluster.ts'
import { openDatabase, openPool } from '../src/platform/database.ts'
import { makePlatformKeys } from '../src/platform/key-life.ts'
import { migrate } from '../src/platform/migrate.ts'
import { type Bench, median, type Options } from './contract.ts'

const riseMbMax = 100
const masters = { masterKey: Buffer.alloc(32, 9) }

/** One subscriber with all the records, and one with a thousand to warm the server up with. */
async function fill(url: string, rows: number): Promise<void> {
  await migrate(url)
  const db = openDatabase(openPool(url, 1), masters)
  await makePlatformKeys(db, masters)
  await db.destroy()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`set session_replication_role = replica;
    insert into subscriber (subscriber_id, created_at) values ('sub_1', now()), ('sub_2', now());
    insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
      outcome, from_bucket, charged_minor, currency, received_at)
    select case when n <= 1000 then 'sub_2' else 'sub_1' end, 'usage_' || lpad(to_hex(n), 32, '0'),
      'line_' || lpad('1', 32, '0'), 'data', 1000000 + n % 999983,
      '2026-11-01T00:00:00Z'::timestamptz + n * interval '1371 millisecond',
      '2026-11-01T00:00:02Z'::timestamptz + n * interval '1371 millisecond', '440', '10', 'JP', 'charged', 1000000,
      case n % 3 when 0 then n % 90 else 0 end, 'GBP', now()
    from generate_series(1, ${rows + 1000}) n`)
  await client.query('vacuum (analyze) usage_record')
  await client.end()
}

/** Resident memory in bytes, as the kernel counts it. */
function residentBytes(pid: number): number {
  const [, kilobytes = '0'] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

async function download(address: string, who: string, path: string): Promise<void> {
  const response = await fetch(`${address}/v1/me/export`, { headers: { 'x-subscriber': who } })
  if (!response.ok) throw new Error(`the export answered ${response.status}`)
  await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(path))
}

/** The rows of `usage.csv` in a ZIP that was closed properly. */
function usageRows(path: string): Promise<number> {
  return new Promise((done, fail) => {
    openZip(path, { lazyEntries: true }, (error, zip) => {
      if (error) return fail(error)
      zip.on('error', fail)
      zip.on('end', () => fail(new Error('the ZIP has no usage.csv')))
      zip.on('entry', (entry: { fileName: string }) => {
        if (entry.fileName !== 'data/usage.csv') return zip.readEntry()
        zip.openReadStream(entry as never, (broken, stream) => {
          if (broken) return fail(broken)
          let lines = 0
          stream.on('data', (chunk: Buffer) => {
            for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1
          })
          stream.on('error', fail)
          stream.on('end', () => done(lines - 1))
        })
      })
      zip.readEntry()
    })
  })
}

async function measure({ rows = 1_000_000, rounds, progress }: Options) {
  const folder = mkdtempSync(join(tmpdir(), 'violet-bench-'))
  progress(0, `${rows} usage records are made`)
  const logFile = join(folder, 'postgres.log')
  const cluster = await startCluster({ folder: join(folder, 'postgres'), port: 0, logFile })
  const rises: number[] = []
  let before = 0
  let zipBytes = 0
  try {
    await fill(cluster.url(), rows)
    const server = fork(join(import.meta.dirname, 'export-memory/server.ts'), [cluster.url()])
    try {
      const address = await new Promise<string>((ready, fail) => {
        server.once('message', (message) => ready((message as { address: string }).address))
        server.once('exit', (code) => fail(new Error(`the server ended with ${code}`)))
      })
      const path = join(folder, 'export.zip')
      await download(address, 'sub_2', path)
      before = residentBytes(server.pid!)
      for (let round = 0; round < rounds; round += 1) {
        progress(round / rounds, 'export')
        let most = 0
        const timer = setInterval(() => {
          most = Math.max(most, residentBytes(server.pid!))
        }, 20)
        await download(address, 'sub_1', path)
        clearInterval(timer)
        rises.push((most - before) / 1e6)
        const found = await usageRows(path)
        if (found !== rows) throw new Error(`${found} of ${rows} records were exported`)
      }
      zipBytes = readFileSync(path).length
    } finally {
      server.disconnect()
    }
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { rises, before: before / 1e6, zipBytes }
}

export const bench: Bench = {
  name: 'export-memory',
  summary: 'resident memory of the server while one subscriber exports a million usage records',
  async run(options) {
    const { rises, before, zipBytes } = await measure(options)
    const highest = Math.max(...rises)
    const mb = (value: number) => value.toFixed(0)
    return {
      figures: {
        serverMb: Math.round(before),
        riseMb: Math.round(highest),
        medianRiseMb: Math.round(median(rises)),
        zipMb: Math.round(zipBytes / 1e6),
      },
      ratios: { riseOfLimit: highest / riseMbMax },
      marks: [{ ratio: 'riseOfLimit', atMost: 1 }],
      table: [
        ['what', 'MB'],
        ['the server before', mb(before)],
        ['its highest rise in any round', mb(highest)],
        ['its rise, median', mb(median(rises))],
        ['the ZIP', mb(zipBytes / 1e6)],
      ],
    }
  },
}
