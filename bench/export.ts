/** One subscriber's million usage records into the data export, against reading rows and JSON.stringify. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createDeflateRaw } from 'node:zlib'
import pg from 'pg'
import { systemClock } from '../src/platform/clock.ts'
import { startCluster } from '../src/platform/cluster.ts'
import { type Db, openDatabase, openPool } from '../src/platform/database.ts'
import { migrate } from '../src/platform/migrate.ts'
import { csvBytes, jsonBytes } from '../src/subscribers/export-bytes.ts'
import { copiedRows } from '../src/subscribers/export-copy-store.ts'
import { datasets, jsonRow } from '../src/subscribers/export.ts'
import { exportZip } from '../src/subscribers/export-steps.ts'
import { rowsOf } from '../src/subscribers/export-store.ts'
import { type Bench, median, type Options } from './contract.ts'

const subscriberId = 'sub_1'
const naiveRows = 100_000
// The rows are in memory a slice at a time, whatever their number.
const memoryMbMax = 250

type World = { db: Db; close(): Promise<void> }
type Way = 'naive' | 'json' | 'csv' | 'zip'

async function openWorld(rows: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'violet-bench-'))
  const logFile = join(folder, 'postgres.log')
  const cluster = await startCluster({ folder: join(folder, 'postgres'), port: 0, logFile })
  const url = cluster.url()
  await migrate(url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // Two subscribers, taking turns: the table is not only the one's.
  await client.query(`set session_replication_role = replica;
    insert into subscriber (subscriber_id, created_at) values ('sub_1', now()), ('sub_2', now());
    insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
      outcome, from_bucket, charged_minor, currency, received_at)
    select 'sub_' || s, 'usage_' || lpad(to_hex(n), 32, '0'), 'line_' || lpad('1', 32, '0'), 'data', 1000000 + n % 999983,
      '2026-11-01T00:00:00Z'::timestamptz + n * interval '1371 millisecond',
      '2026-11-01T00:00:02Z'::timestamptz + n * interval '1371 millisecond', '440', '10', 'JP', 'charged', 1000000,
      case n % 3 when 0 then n % 90 else 0 end, 'GBP', now()
    from generate_series(1, ${rows}) n, generate_series(1, 2) s`)
  await client.query('vacuum (analyze) usage_record')
  await client.end()
  const db = openDatabase(openPool(url, 4))
  return {
    db,
    async close() {
      await db.destroy()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Compressed and hashed like a file of the export; gives the bytes that went in. */
async function packed(chunks: AsyncIterable<Buffer>): Promise<number> {
  const hash = createHash('sha256')
  let bytes = 0
  async function* hashed() {
    for await (const chunk of chunks) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const source = Readable.from(hashed(), { objectMode: false })
  await pipeline(source, createDeflateRaw({ level: 1 }), nowhere)
  hash.digest()
  return bytes
}

/** The same file a row at a time: typed rows in batches, an object each, JSON.stringify. */
async function* stringified(db: Db): AsyncGenerator<Buffer> {
  let read = 0
  let gathered = ''
  for await (const row of rowsOf(db, subscriberId, 'usage')) {
    gathered += `${jsonRow(datasets.usage, row)},\n`
    if (gathered.length > 16_384) {
      yield Buffer.from(gathered)
      gathered = ''
    }
    if ((read += 1) === naiveRows) break
  }
  yield Buffer.from(gathered)
}

async function* copied(db: Db, turn: typeof jsonBytes, count: { rows: number }) {
  for await (const rows of copiedRows(db, subscriberId, 'usage')) {
    const turned = turn(datasets.usage, rows)
    for (let at = rows.indexOf(10); at >= 0; at = rows.indexOf(10, at + 1)) count.rows += 1
    yield turned
  }
}

async function run(world: World, way: Way, rows: number): Promise<number> {
  const count = { rows: 0 }
  const began = performance.now()
  if (way === 'naive') {
    await packed(stringified(world.db))
    count.rows = Math.min(naiveRows, rows)
  } else if (way === 'zip') {
    const app = { db: world.db, clock: systemClock } as Parameters<typeof exportZip>[0]
    for await (const _chunk of await exportZip(app, subscriberId, 'en')) {
      // Read as fast as it comes.
    }
    count.rows = rows
  } else {
    await packed(copied(world.db, way === 'json' ? jsonBytes : csvBytes, count))
    if (count.rows !== rows) throw new Error(`${way}: ${count.rows} of ${rows} rows were exported`)
  }
  return count.rows / ((performance.now() - began) / 1000)
}

async function measure({ rows = 1_000_000, rounds, progress }: Options) {
  progress(0, `${rows} usage records are made`)
  const world = await openWorld(rows)
  const ways: Way[] = ['naive', 'csv', 'json', 'zip']
  const rates: Record<Way, number[]> = { naive: [], csv: [], json: [], zip: [] }
  let memoryMb = 0
  try {
    // The first run of all, before anything else has filled the memory.
    const memory = watchMemory()
    await run(world, 'zip', rows)
    memoryMb = memory.stop()
    // The first round warms caches and code up and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [n, way] of ways.entries()) {
        progress((round * ways.length + n) / ((rounds + 1) * ways.length), way)
        const rate = await run(world, way, rows)
        if (round > 0) rates[way].push(rate)
      }
    }
  } finally {
    await world.close()
  }
  if (memoryMb > memoryMbMax)
    throw new Error(`${memoryMb} MB of memory: an export of any size has to fit`)
  return { rates, memoryMb }
}

function watchMemory() {
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return Math.round((most - before) / 1e6)
    },
  }
}

export const bench: Bench = {
  name: 'export',
  summary: 'data export of one subscriber, usage records a second, compressed and hashed',
  async run(options) {
    const { rates, memoryMb } = await measure(options)
    const ratio = (way: Way) => median(rates[way].map((rate, round) => rate / rates.naive[round]!))
    const figure = (way: Way) => Math.round(median(rates[way]))
    const row = (name: string, way: Way) => [
      name,
      figure(way).toLocaleString('en'),
      ratio(way).toFixed(2),
    ]
    return {
      figures: {
        naivePerSecond: figure('naive'),
        csvPerSecond: figure('csv'),
        jsonPerSecond: figure('json'),
        zipPerSecond: figure('zip'),
        memoryMb,
      },
      ratios: { csv: ratio('csv'), json: ratio('json'), zip: ratio('zip') },
      marks: [{ ratio: 'csv', atLeast: 5 }],
      table: [
        ['way', 'records/s', 'ratio'],
        row('rows + JSON.stringify', 'naive'),
        row('usage.csv, by COPY', 'csv'),
        row('usage.json, by COPY', 'json'),
        row('the whole ZIP: both, with manifest and page', 'zip'),
      ],
    }
  },
}
