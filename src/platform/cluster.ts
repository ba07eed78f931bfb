/** The embedded PostgreSQL: made once, started detached, adopted after a crash, stopped with care. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort, holdsSockets, socketPathMax } from './free-port.ts'
import { type Account, accountFor, canReach, programsFor, serverMemory } from './postgres.ts'
import { CannotStart, isAlive } from './process.ts'

const USER = 'violet'
const DATABASE = 'violet'
const START_MS_MAX = 60_000
const STOP_MS_MAX = 20_000

export type ClusterOptions = {
  folder: string // holds the data, the password and nothing else
  port: number // preferred: another one is taken when it is busy
  logFile: string
  settings?: Readonly<Record<string, string>>
  sync?: boolean // false only for data nobody will miss
}

export type Cluster = {
  pid: number
  port: number
  adopted: boolean
  url: (database?: string) => string
  isRunning: () => boolean
  stop: () => Promise<void>
  askToStop: () => void // at once, for a process that is about to end
}

/** Starts the cluster of a folder, or adopts the server an earlier run left behind. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const place = preparePlace(options.folder)
  const orphan = await adoptOrStop(place)
  if (orphan) return orphan
  if (!existsSync(join(place.data, 'PG_VERSION'))) await initialise(place, options)
  let port = await freePort(options.port)
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await launch(place, options, port)
    if (outcome.kind === 'ready') {
      await createDatabase(outcome.cluster)
      return outcome.cluster
    }
    if (attempt === 100) throw new CannotStart(startFailure(options, outcome.reason))
    // A port taken in the last moment, or processes of a killed server that are about to notice.
    if (outcome.reason.includes('could not bind')) port = await freePort(0)
    else if (/shared memory block|postmaster\.pid/.test(outcome.reason)) await sleep(100)
    else throw new CannotStart(startFailure(options, outcome.reason))
  }
}

/** The address of a folder's running server, for a program that finds the platform started. */
export function runningUrl(folder: string): string | undefined {
  const place = { ...placeOf(folder), account: undefined }
  const found = readPidFile(place.data)
  if (!found || found.status !== 'ready' || !isServerOf(found.pid, place.data)) return undefined
  return address(place.data, readPassword(place), found.port, DATABASE)
}

/** A cluster for tests: own folder, own port, no syncing; what killed runs left behind is swept. */
export async function startThrowAwayCluster(): Promise<Cluster> {
  await sweepThrowAways()
  const folder = mkdtempSync(join(tmpdir(), `violet-test-${process.pid}-`))
  const cluster = await startCluster({
    folder,
    port: 0,
    logFile: join(folder, 'postgres.log'),
    sync: false,
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      shared_buffers: '128MB',
    },
  })
  const stop = async () => {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...cluster, stop }
}

async function sweepThrowAways(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const owner = /^violet-test-(\d+)-/.exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const folder = join(tmpdir(), name)
    try {
      const data = join(folder, 'data')
      const left = readPidFile(data)
      if (left && isServerOf(left.pid, data)) await stopServer(left.pid)
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // Another account's folder is for that account to sweep.
    }
  }
}

type Place = { folder: string; data: string; passwordFile: string; account: Account }

const placeOf = (folder: string) => ({
  folder: resolve(folder),
  data: join(resolve(folder), 'data'),
  passwordFile: join(resolve(folder), 'password'),
})

function preparePlace(folder: string): Place {
  const place = placeOf(folder)
  mkdirSync(place.folder, { recursive: true, mode: 0o700 })
  const account = accountFor(existsSync(place.data) ? place.data : place.folder)
  if (account) chownSync(place.folder, account.uid, account.gid)
  return { ...place, account }
}

function readPassword({ passwordFile }: Pick<Place, 'passwordFile'>): string {
  try {
    return readFileSync(passwordFile, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CannotStart(`The database's password in ${passwordFile} cannot be read (${code}).`)
  }
}

/** What a running server writes about itself into postmaster.pid. */
function readPidFile(data: string): { pid: number; port: number; status: string } | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!Number.isInteger(pid) || pid <= 1) return undefined
  return { pid, port, status: lines[7]?.trim() ?? 'starting' }
}

// A server's working directory is its data folder; the number alone may belong to anyone by now.
function isServerOf(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return true
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    return false
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function adoptOrStop(place: Place): Promise<Cluster | undefined> {
  const deadline = Date.now() + START_MS_MAX
  for (;;) {
    const left = readPidFile(place.data)
    if (!left) return undefined
    if (!isServerOf(left.pid, place.data)) {
      // The number names another program by now, or a killed server that nobody reaped: PostgreSQL
      // would take either for a running server. Its check of shared memory still guards the data.
      if (exists(left.pid)) rmSync(join(place.data, 'postmaster.pid'), { force: true })
      return undefined
    }
    if (left.status === 'starting' && Date.now() < deadline) {
      await sleep(50)
      continue
    }
    const cluster = clusterOf(place, left, true)
    if (left.status === 'ready' && (await answers(cluster))) {
      await createDatabase(cluster)
      return cluster
    }
    await stopServer(left.pid)
  }
}

async function answers(cluster: Cluster): Promise<boolean> {
  try {
    await withClient(cluster.url('postgres'), (client) => client.query('select 1'))
    return true
  } catch {
    return false
  }
}

async function createDatabase(cluster: Cluster): Promise<void> {
  await withClient(cluster.url('postgres'), async (client) => {
    const sql = 'select 1 from pg_database where datname = $1'
    const { rowCount } = await client.query(sql, [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  })
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** Makes the data under another name first, so that a start cut short leaves nothing half made. */
async function initialise(place: Place, { sync = true }: ClusterOptions): Promise<void> {
  if (existsSync(place.data)) {
    // Never made by us, which renames a whole folder into place: not ours to remove.
    throw new CannotStart(`${place.data} is there but holds no database; restore or remove it.`)
  }
  removeDrafts(place.folder)
  // A name of its own: the initdb of a killed start may still be writing into another one.
  const draftName = `new-${randomBytes(6).toString('hex')}`
  writeFileSync(place.passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  if (place.account) chownSync(place.passwordFile, place.account.uid, place.account.gid)
  const seen = seenFolder(place)
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${USER}`]
  if (!sync) flags.push('--no-sync')
  const { initdb } = programsFor(place.account)
  const args = [...flags, `--pwfile=${seen.path}/password`, `--pgdata=${seen.path}/${draftName}`]
  const child = spawn(initdb, args, {
    ...place.account,
    cwd: '/',
    env: environment(),
    detached: true, // Ctrl-C must not cut it short
    stdio: ['ignore', 'pipe', 'pipe', seen.handle],
  })
  closeSync(seen.handle)
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk))
  const code = await new Promise<number | string | null>((done) => {
    child.on('error', (error) => done(error.message))
    child.on('close', done)
  })
  if (code === 0) return renameSync(join(place.folder, draftName), place.data)
  const reason = /error: .*/.exec(output)?.[0] ?? code
  throw new CannotStart(`PostgreSQL could not make its data in ${place.folder}: ${reason}.`)
}

function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.startsWith('new-'))) {
    try {
      rmSync(join(folder, name), { recursive: true, force: true })
    } catch {
      // Still written to; a later start removes it.
    }
  }
}

// The account may be barred from a folder above ours (a home with mode 0700). A handle opened by
// root and passed on leads straight to our folder, so nobody's permissions need to change.
function seenFolder(place: Place): { path: string; handle: number } {
  const handle = openSync(place.folder, 'r')
  if (canReach(place.folder, place.account)) return { path: place.folder, handle }
  if (process.platform === 'linux') return { path: '/proc/self/fd/3', handle }
  closeSync(handle)
  throw new CannotStart(
    `The ordinary account that runs PostgreSQL cannot reach ${place.folder}: choose another ` +
      'folder with --data.',
  )
}

function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(own), LC_ALL: 'C', TZ: 'UTC' }
}

type Outcome = { kind: 'ready'; cluster: Cluster } | { kind: 'ended'; reason: string }

async function launch(place: Place, options: ClusterOptions, port: number): Promise<Outcome> {
  const log = openSync(options.logFile, 'a', 0o600)
  const logged = fstatSync(log).size
  const seen = seenFolder(place)
  const { postgres } = programsFor(place.account)
  // Its working directory is the data.
  const socketFolder = (await holdsSockets(place.data)) ? '.' : ''
  const flags = serverFlags(options, port, socketFolder)
  const child = spawn(postgres, [...flags, '-D', `${seen.path}/data`], {
    ...place.account,
    cwd: '/',
    env: environment(),
    detached: true, // Ctrl-C must not stop it before the application has drained
    stdio: ['ignore', log, log, seen.handle],
  })
  closeSync(log)
  closeSync(seen.handle)
  child.unref()
  let failure: string | undefined
  let ended = false
  child.on('error', (error) => (failure = error.message))
  child.on('exit', () => (ended = true))
  const deadline = Date.now() + START_MS_MAX
  while (!ended && failure === undefined) {
    const written = readPidFile(place.data)
    if (written && written.pid === child.pid && written.status === 'ready') {
      return { kind: 'ready', cluster: clusterOf(place, written, false) }
    }
    if (Date.now() > deadline && child.pid) {
      await stopServer(child.pid)
      return { kind: 'ended', reason: `it was not ready after ${START_MS_MAX / 1000} s` }
    }
    await sleep(15)
  }
  const newLines = readFileSync(options.logFile).subarray(logged).toString()
  return { kind: 'ended', reason: failure ?? newLines }
}

function serverFlags({ settings = {} }: ClusterOptions, port: number, socketFolder: string) {
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketFolder,
    fsync: 'on',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...serverMemory,
    cluster_name: 'violet',
    ...settings,
  }
  return ['-p', String(port), ...Object.entries(all).flatMap(([k, v]) => ['-c', `${k}=${v}`])]
}

const startFailure = ({ logFile }: ClusterOptions, output: string): string => {
  const reason = /(?:FATAL|PANIC): *(.*)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1)
  return `The embedded PostgreSQL did not start: ${reason}; its log is ${logFile}.`
}

// A socket in the file system costs both sides less than one of the network.
function address(data: string, password: string, port: number, database: string): string {
  const url = `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
  const socket = join(data, `.s.PGSQL.${port}`)
  const isThere = Buffer.byteLength(socket) <= socketPathMax && existsSync(socket)
  return isThere ? `${url}?host=${encodeURIComponent(data)}` : url
}

function clusterOf(place: Place, at: { pid: number; port: number }, adopted: boolean): Cluster {
  const password = readPassword(place)
  return {
    ...at,
    adopted,
    url: (database = DATABASE) => address(place.data, password, at.port, database),
    isRunning: () => isServerOf(at.pid, place.data),
    stop: () => (isServerOf(at.pid, place.data) ? stopServer(at.pid) : Promise.resolve()),
    askToStop: () => void (isServerOf(at.pid, place.data) && process.kill(at.pid, 'SIGINT')),
  }
}

/** Asks a server to stop with growing force: fast, immediate, kill. */
async function stopServer(pid: number): Promise<void> {
  const ladder = [
    ['SIGINT', STOP_MS_MAX],
    ['SIGQUIT', 5000],
    ['SIGKILL', 5000],
  ] as const
  for (const [signal, msMax] of ladder) {
    const deadline = Date.now() + msMax
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    while (Date.now() < deadline) {
      if (!isAlive(pid)) return
      await sleep(15)
    }
  }
}
