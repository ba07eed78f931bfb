/**
 * `npm run simulate:processes`: the real thing. `npm start` with two workers, 200 closures on their way, and for two
 * minutes workers and PostgreSQL are killed and frozen at random; then every case must have ended, once.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { proveLedger } from '../../src/ledger/store.ts'
import { until } from '../../src/main/demo-person.ts'
import { runningUrl } from '../../src/platform/cluster.ts'
import { checkout } from '../../src/platform/config.ts'
import { openDatabase, openPool } from '../../src/platform/database.ts'
import { buyLine, draftClosure, install, member, topUp } from '../way.ts'
import { dice } from './dice.ts'

const help = `Kills -9 and freezes the workers and the PostgreSQL of a real platform while it closes lines.

  npm run simulate:processes -- --closures 200 --seconds 120 --seed 1

Exit code 0: every case closed, each refund went out once, the ledger adds up; 1: not; 2: the options are wrong.`

const linesEach = 2
const port = 7800 + (process.pid % 40) * 10
const dataDir = mkdtempSync(join(tmpdir(), 'violet-processes-'))
const url = `http://localhost:${port}`
const urls = {
  payments: `http://localhost:${port + 1}`,
  network: `http://localhost:${port + 2}`,
  phone: `http://localhost:${port + 3}`,
  inbox: `http://localhost:${port + 4}`,
}
const platform = { url, urls } as Parameters<typeof member>[0]

type Someone = Awaited<ReturnType<typeof member>>
type Leaving = { someone: Someone; lineId: string }

async function start(): Promise<ChildProcess> {
  const args = ['src/main/start.ts', '--port', String(port), '--data', dataDir, '--workers', '2']
  const launcher = spawn(process.execPath, args, { cwd: checkout, detached: true, stdio: 'ignore' })
  await until(
    async () => (await fetch(`${url}/v1/operator`).catch(() => undefined))?.status,
    (status) => status === 200,
    90_000,
  )
  return launcher
}

/** People with paid lines, each with credit that has to go back; every fourth line is in use on a phone. */
async function letThemJoin(closures: number): Promise<Leaving[]> {
  const leaving: Leaving[] = []
  const many = Math.ceil(closures / linesEach)
  const waiting = Array.from({ length: many }, (_, index) => index)
  const one = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const someone = await patiently(() => member(platform, { country: 'GB' }))
      for (let turn = 0; turn < linesEach; turn += 1) {
        const { lineId } = await patiently(() => buyLine(someone))
        if ((index + turn) % 4 === 0) await patiently(() => install(platform, someone, lineId))
        if (turn === 0) await patiently(() => topUp(someone, lineId, '10.00'))
        leaving.push({ someone, lineId })
      }
      show(`${leaving.length} of ${closures} lines are paid`)
    }
  }
  await Promise.all(Array.from({ length: 6 }, one))
  return leaving.slice(0, closures)
}

/** Tries again what failed because somebody was away, as a person does. */
async function patiently<Value>(act: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act()
    } catch (error) {
      if (attempt === 60) throw error
      await sleep(1000 + attempt * 100)
    }
  }
}

/** Sends in one closure; what was sent before and not heard of is found by looking. */
async function close({ someone, lineId }: Leaving): Promise<string> {
  let askedAt: string | undefined
  let code: string | undefined
  return patiently(async () => {
    const { body } = await someone.get('/v1/closures')
    const mine = body.items.find((one: { lineId: string }) => one.lineId === lineId)
    if (mine && mine.state !== 'draft') return mine.caseId as string
    const { caseId, quote } = await draftClosure(someone, 'line', lineId)
    // There are five codes an hour: a new one only where the last was refused, however late its mail comes.
    askedAt ??= await askForCode(someone, caseId)
    code ??= await someone.codeFor(someone.email, askedAt)
    const answer = { quoteHash: quote.hash, code, understood: true }
    const { status } = await someone.post(`/v1/closures/${caseId}/submit`, answer)
    if (status === 202) return caseId as string
    if (status < 500) askedAt = code = undefined
    throw new Error(`submit answered ${status}`)
  })
}

async function askForCode(someone: Someone, caseId: string): Promise<string> {
  const at = new Date(Date.now() - 1).toISOString()
  const { status } = await someone.post(`/v1/closures/${caseId}/code`, {})
  if (status !== 202) throw new Error(`asking for a code answered ${status}`)
  return at
}

const harm = ['kill worker', 'freeze worker', 'kill postgres', 'freeze postgres'] as const
type Harm = (typeof harm)[number]
const done: Record<Harm, number> = {
  'kill worker': 0,
  'freeze worker': 0,
  'kill postgres': 0,
  'freeze postgres': 0,
}

async function hurt(launcher: ChildProcess, seconds: number, seed: number): Promise<void> {
  const chance = dice(seed)
  const end = Date.now() + seconds * 1000
  for (let turn = 0; Date.now() < end; turn += 1) {
    await sleep(chance.between(1000, 6000, 'pause', turn))
    const what = chance.pick(harm, 'harm', turn)
    const all = what.endsWith('worker') ? workersOf(launcher) : postgres()
    const [first] = all
    if (first === undefined) continue
    const pids = what.endsWith('worker') ? [chance.pick(all, 'which', turn)] : all
    done[what] += 1
    if (what.startsWith('kill')) signal(what === 'kill postgres' ? [first] : pids, 'SIGKILL')
    else {
      signal(pids, 'SIGSTOP')
      await sleep(chance.between(2000, 15_000, 'frozen', turn))
      signal(pids, 'SIGCONT')
    }
  }
}

function workersOf(launcher: ChildProcess): number[] {
  return pidsOf(['-P', String(launcher.pid), '-f', 'src/main/worker.ts'])
}

/** The postmaster first, then its children. */
function postgres(): number[] {
  try {
    const pid = Number(
      readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0],
    )
    return [pid, ...pidsOf(['-P', String(pid)])]
  } catch {
    return []
  }
}

function pidsOf(args: string[]): number[] {
  try {
    return execFileSync('pgrep', args, { encoding: 'utf8' }).trim().split('\n').map(Number)
  } catch {
    return []
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals) {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended by itself in between.
    }
  }
}

async function unended(): Promise<{ state: string; n: string }[]> {
  const client = new pg.Client({ connectionString: runningUrl(join(dataDir, 'postgres')) ?? '' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ state: string; n: string }>(
      `select state, count(*)::text as n from closure_case
       where state not in ('closed', 'draft') group by 1 order by 1`,
    )
    return rows
  } finally {
    await client.end()
  }
}

/** Counted where it matters: at the provider, in the network's register, in the ledger. */
async function verdict(closures: number): Promise<string[]> {
  const db = openDatabase(openPool(runningUrl(join(dataDir, 'postgres')) ?? '', 2))
  const wrong: string[] = []
  const cases = await db
    .selectFrom('closure_case')
    .select(['case_id', 'state'])
    .where('state', '=', 'closed')
    .execute()
  if (cases.length !== closures) wrong.push(`${cases.length} of ${closures} cases are closed`)
  const refunds = await db.selectFrom('refund').select(['refund_id', 'state']).execute()
  const stats = (await (await fetch(`${urls.payments}/stats`)).json()) as {
    refundsByReference: Record<string, number>
  }
  const sent = Object.values(stats.refundsByReference)
  const twice = sent.filter((count) => count !== 1).length
  const missing = refunds.filter(({ refund_id }) => !stats.refundsByReference[refund_id]).length
  if (twice > 0) wrong.push(`${twice} refunds went out more than once`)
  if (missing > 0) wrong.push(`${missing} refunds never went out`)
  const { unbalanced, drifted } = await proveLedger(db)
  if (unbalanced.length + drifted.length > 0) wrong.push('the ledger does not add up')
  const live = await db
    .selectFrom('line as l')
    .innerJoin('ledger_balance as b', (join) =>
      join.onRef('b.subscriber_id', '=', 'l.subscriber_id').onRef('b.line_id', '=', 'l.line_id'),
    )
    .select('l.line_id')
    .where('l.state', '=', 'closed')
    .where('b.minor', '<>', 0n)
    .execute()
  if (live.length > 0) wrong.push(`${live.length} closed lines hold money`)
  const { listed, differences } = register()
  for (const { kind, imsi } of differences)
    wrong.push(`the network's register and our lines differ: ${imsi} ${kind}`)
  console.log(`${cases.length} cases closed, ${sent.length} refunds at the provider, each once`)
  console.log(`${listed} subscribers in the network's register, ${differences.length} otherwise`)
  await db.destroy()
  return wrong
}

type Register = { listed: number; differences: { kind: string; imsi: string }[] }

/** The register compared with our lines both ways, mending nothing: it knows nobody whose line has closed. */
function register(): Register {
  const asked = ['network', 'reconcile', '--dry-run', '--json', '--data', dataDir]
  const { stdout } = spawnSync(process.execPath, ['src/main/cli.ts', ...asked], {
    cwd: checkout,
    env: { ...process.env, VIOLET_PORT: String(port) },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(stdout) as Register
}

function show(text: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

async function main(closures: number, seconds: number, seed: number): Promise<number> {
  const launcher = await start()
  try {
    const leaving = await letThemJoin(closures)
    console.log(`${leaving.length} paid lines; two workers`)
    const harming = hurt(launcher, seconds, seed)
    // Spread over the time of the harm, so that it meets cases in every state.
    // One person's closures one after the other: a code says not which of them it is for.
    const caseIds = await Promise.all(
      [...Map.groupBy(leaving, ({ someone }) => someone).values()].map(async (own, index, all) => {
        const sent: string[] = []
        for (const [turn, one] of own.entries()) {
          await sleep(((index / all.length + turn) / own.length) * seconds * 400)
          sent.push(await close(one))
        }
        return sent
      }),
    )
    await harming
    const counts = harm.map((what) => `${what} ${done[what]}`).join(', ')
    console.log(`${caseIds.flat().length} closures sent in; ${counts}`)
    const began = Date.now()
    await until(
      () => patiently(unended),
      (rows) => {
        show(rows.map(({ state, n }) => `${n} ${state}`).join(', '))
        return rows.length === 0
      },
      600_000,
    )
    console.log(`all ended ${Math.round((Date.now() - began) / 1000)} s after the last harm`)
    const wrong = await verdict(closures)
    for (const line of wrong) console.log(`✗ ${line}`)
    return wrong.length === 0 ? 0 : 1
  } finally {
    launcher.kill('SIGTERM')
    await until(
      async () => launcher.exitCode ?? launcher.signalCode,
      (code) => code !== null,
      60_000,
    )
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const
const { values } = parseArgs({ options: { closures: text, seconds: text, seed: text, help: flag } })
const [closures, seconds, seed] = [
  values.closures ?? '200',
  values.seconds ?? '120',
  values.seed ?? '1',
].map(Number)
if (values.help) console.log(help)
else if (![closures, seconds, seed].every((n) => Number.isInteger(n) && n! > 0)) {
  process.stderr.write('Every option is a whole number from 1. See --help.\n')
  process.exitCode = 2
} else process.exitCode = await main(closures!, seconds!, seed!)
