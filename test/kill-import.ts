/** `npm run kill:import`: kills an import, and PostgreSQL under it, at random points; then proves each record charged once. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { seedLines, startMs, writeUsage } from '../bench/charging/world.ts'
import { seedCatalog } from '../src/plans/store.ts'
import { systemClock } from '../src/platform/clock.ts'
import { type Cluster, startCluster } from '../src/platform/cluster.ts'
import { checkout } from '../src/platform/config.ts'
import { openDatabase, openPool } from '../src/platform/database.ts'
import { proveLedger } from '../src/ledger/store.ts'
import { migrate } from '../src/platform/migrate.ts'

export type Killing = {
  kills: number
  records: number
  lines: number
  onEvent?: (text: string) => void
}

/** Throws unless, after all kills, every record was charged exactly once and the books prove. */
export async function killImport({ kills, records, lines, onEvent = () => undefined }: Killing) {
  const folder = mkdtempSync(join(tmpdir(), 'violet-kill-'))
  const options = {
    folder: join(folder, 'postgres'),
    port: 0,
    logFile: join(folder, 'postgres.log'),
  }
  let cluster = await startCluster(options)
  try {
    await migrate(cluster.url())
    await prepare(cluster, lines)
    const file = join(folder, 'usage.csv')
    await writeUsage(file, { count: records, lines, before: 0 })
    for (let kill = 1; kill <= kills;) {
      const whom = kill % 2 === 0 ? 'postgres' : 'import'
      const run = importFile(cluster, folder, file)
      const landed = await atRandomPoint(cluster, records, kills)
      if (!run.isRunning()) throw new Error(`the import ended before kill ${kill}: ${run.said()}`)
      if (whom === 'import') run.kill()
      else process.kill(cluster.pid, 'SIGKILL')
      const code = await run.ended
      onEvent(`kill ${kill} of ${kills}: ${whom} after ${landed} records; the import ended ${code}`)
      if (whom === 'postgres') cluster = await startCluster({ ...options, port: cluster.port })
      kill += 1
    }
    const last = importFile(cluster, folder, file)
    const code = await last.ended
    if (code !== 0) throw new Error(`the last run ended ${code}: ${last.said()}`)
    onEvent(`the last run: ${last.said().trim()}`)
    return await prove(cluster, records)
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function prepare(cluster: Cluster, lines: number) {
  const db = openDatabase(openPool(cluster.url(), 2))
  await seedCatalog(db, systemClock.now())
  await db.destroy()
  await seedLines({ url: cluster.url() }, 0, lines)
}

/** The command line itself, small batches, on this cluster. */
function importFile(cluster: Cluster, folder: string, file: string) {
  const program = join(checkout, 'src', 'main', 'cli.ts')
  const child = spawn(process.execPath, [program, 'usage', 'import', file], {
    env: {
      ...process.env,
      DATABASE_URL: cluster.url(),
      VIOLET_DATA: join(folder, 'data'),
      VIOLET_IMPORT_BATCH: '200',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      said += part.toString()
    })
  }
  const ended = new Promise<string | number>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  return {
    ended,
    said: () => said,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    kill: () => child.kill('SIGKILL'),
  }
}

const countOf = async (cluster: Cluster): Promise<number> => {
  const client = new pg.Client({ connectionString: cluster.url() })
  await client.connect()
  const { rows } = await client.query<{ n: string }>('select count(*) as n from usage_record')
  await client.end()
  return Number(rows[0]!.n)
}

/** Waits until the import has charged some more records, a random part of what each kill may take. */
async function atRandomPoint(cluster: Cluster, records: number, kills: number): Promise<number> {
  const before = await countOf(cluster)
  const wanted = before + Math.floor(Math.random() * ((records * 0.8) / kills))
  for (let tries = 0; tries < 6000; tries += 1) {
    const now = await countOf(cluster)
    if (now > wanted || (wanted === before && now > before)) {
      await sleep(Math.random() * 5)
      return now
    }
    await sleep(2)
  }
  throw new Error('the import does not go on')
}

async function prove(cluster: Cluster, records: number) {
  const db = openDatabase(openPool(cluster.url(), 2))
  const client = new pg.Client({ connectionString: cluster.url() })
  await client.connect()
  try {
    const { unbalanced, drifted } = await proveLedger(db)
    if (unbalanced.length + drifted.length > 0) throw new Error('the ledger does not prove')
    const { rows } = await client.query<Record<string, string>>(`
      select (select count(*) from usage_record) as records,
        (select count(distinct usage_id) from usage_record) as ids,
        (select sum(from_bucket) from usage_record) as used,
        (select sum(granted[1] - remaining[1]) from purse) as drawn,
        (select sum(charged_minor) from usage_record) as charged,
        (select -sum(minor) from ledger_posting where minor < 0
          and account in ('paid-credit', 'promotional-credit')) as posted,
        (select charged from usage_import) as told, (select state from usage_import) as state`)
    const [found] = rows
    const { records: stored, ids, used, drawn, charged, posted, told, state } = found!
    const isRight =
      Number(stored) === records && stored === ids && used === drawn && charged === posted
    if (!isRight || told !== stored || state !== 'done') {
      throw new Error(`not each record once: ${JSON.stringify(found)}`)
    }
    return { records: Number(stored), charged: Number(charged), since: startMs }
  } finally {
    await client.end()
    await db.destroy()
  }
}

if (import.meta.main) {
  const kills = Number(process.argv[2] ?? 20)
  const tell = (text: string) => process.stdout.write(`${text}\n`)
  const { records } = await killImport({ kills, records: 60_000, lines: 2_000, onEvent: tell })
  tell(`${kills} kills; each of ${records} records charged exactly once; the ledger proves.`)
  process.exit(0)
}
