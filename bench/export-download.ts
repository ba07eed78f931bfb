/** One subscriber's million usage records downloaded as a ZIP over HTTP from a platform of its own: how far the server's memory rises. */
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { freePorts } from '../src/main/demo.ts'
import { type Person, person } from '../src/main/demo-person.ts'
import { startPlatform } from '../src/main/start.ts'
import type { Bench, Options } from './contract.ts'

const riseMbMax = 100
const everyMs = 25

/** The resident memory of another process, in bytes. */
function residentOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function watch(pid: number) {
  const before = residentOf(pid)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentOf(pid))
  }, everyMs)
  return () => {
    clearInterval(timer)
    return { beforeMb: before / 1e6, riseMb: (most - before) / 1e6 }
  }
}

function serverPid(dataDir: string): number {
  const { children } = JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as {
    children: { name: string; pid: number }[]
  }
  const server = children.find(({ name }) => name === 'server')
  if (!server) throw new Error('the server is not among the children of the platform')
  return server.pid
}

async function joined(places: { url: string; inboxUrl: string }, name: string): Promise<Person> {
  const lin = person({ url: places.url, urls: { inbox: places.inboxUrl } })
  const signedIn = await lin.signIn(`${name}.${Date.now().toString(36)}@example.com`)
  if (signedIn.status !== 200) throw new Error(`signing in answered ${signedIn.status}`)
  await lin.patch('/v1/me', { name: 'Lin Yue', country: 'GB' })
  return lin
}

async function fill(databaseUrl: string, subscriberId: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  // A line that is nobody's will do: the export reads records by their owner.
  await client.query(`set session_replication_role = replica;
    insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc, country,
      outcome, from_bucket, charged_minor, currency, received_at)
    select '${subscriberId}', 'usage_' || lpad(to_hex(n), 32, '0'), 'line_' || lpad('1', 32, '0'), 'data', 1000000 + n % 999983,
      '2026-11-01T00:00:00Z'::timestamptz + n * interval '1371 millisecond',
      '2026-11-01T00:00:02Z'::timestamptz + n * interval '1371 millisecond', '440', '10', 'JP', 'charged', 1000000,
      case n % 3 when 0 then n % 90 else 0 end, 'GBP', now()
    from generate_series(1, ${rows}) n`)
  await client.query('vacuum (analyze) usage_record')
  await client.end()
}

/** As a browser would: the body is written to a file as it comes. */
async function download(url: string, lin: Person, path: string): Promise<void> {
  const cookie = [...lin.cookies()].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(`${url}/v1/me/export`, { headers: { cookie } })
  if (response.status !== 200 || !response.body)
    throw new Error(`the export answered ${response.status}`)
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path))
}

async function measure({ rows = 1_000_000, progress }: Options) {
  const folder = mkdtempSync(join(tmpdir(), 'violet-bench-'))
  const dataDir = join(folder, 'data')
  progress(0, 'a platform starts')
  const platform = await startPlatform({
    port: await freePorts(),
    dataDir,
    demo: true,
    workers: 1,
  })
  try {
    const url = platform.config.publicUrl
    const { demo } = (await (await fetch(`${url}/v1/operator`)).json()) as {
      demo: { inboxUrl: string }
    }
    const places = { url, ...demo }
    const [small, lin] = [await joined(places, 'small'), await joined(places, 'lin')]
    const { subscriberId } = (await lin.get('/v1/me')).body
    progress(0.2, `${rows} usage records are made`)
    await fill(platform.config.databaseUrl, subscriberId, rows)
    // What any first download loads is not what a million records cost.
    await download(url, small, join(folder, 'small.zip'))
    progress(0.6, 'the ZIP is downloaded')
    const path = process.env['VIOLET_KEEP_ZIP'] ?? join(folder, 'data.zip')
    const stop = watch(serverPid(dataDir))
    const beganMs = performance.now()
    await download(url, lin, path)
    const seconds = (performance.now() - beganMs) / 1000
    return { ...stop(), seconds, zipMb: statSync(path).size / 1e6, rows }
  } finally {
    await platform.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'export-download',
  summary: 'peak rise of the server’s memory while a million usage records are downloaded as a ZIP',
  async run(options) {
    const { beforeMb, riseMb, seconds, zipMb, rows } = await measure(options)
    if (riseMb >= riseMbMax)
      throw new Error(`the server’s memory rose by ${Math.round(riseMb)} MB, ${riseMbMax} at most`)
    const text = (value: number) => value.toFixed(1)
    return {
      figures: { beforeMb, riseMb, seconds, zipMb, rows },
      ratios: { riseOfMark: riseMb / riseMbMax },
      marks: [{ ratio: 'riseOfMark', atMost: 1 }],
      table: [
        ['the server, process of its own', 'MB'],
        ['resident before the download', text(beforeMb)],
        ['peak rise during it', text(riseMb)],
        [`the ZIP, ${rows.toLocaleString('en')} records in ${text(seconds)} s`, text(zipMb)],
      ],
    }
  },
}
