/** The data folder belongs to one launcher at a time, and to nobody once that launcher is dead. */
import { createHash } from 'node:crypto'
import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CannotStart, isAlive, startTicks } from '../platform/process.ts'
import { writePrivately } from '../platform/secrets.ts'

export type Holder = { pid: number; url: string }
type Running = { children: { name: string; pid: number; ticks?: string }[] }

/** Makes the folder, or says why it cannot be used. */
export function openDataFolder(dataDir: string): void {
  try {
    // Root's database runs as an ordinary account that must get through, but not look around.
    makeFolder(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700)
    makeFolder(join(dataDir, 'logs'), 0o700)
    for (const folder of [dataDir, join(dataDir, 'logs')]) {
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    }
    const probe = join(dataDir, `.probe-${process.pid}`)
    writePrivately(probe, '')
    rmSync(probe)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new CannotStart(
      `The data folder ${dataDir} cannot be written (${reason}): choose another with --data.`,
    )
  }
}

// Not `recursive`: under /proc, where no folder can be made, Node then never returns.
function makeFolder(folder: string, mode: number): void {
  if (statSync(folder, { throwIfNoEntry: false })) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder), 0o755)
  mkdirSync(folder, { mode })
}

/** Where Node may keep compiled code: nowhere if another account could put code there. */
export function compileCache(dataDir: string): string | undefined {
  const { uid, mode } = statSync(dataDir)
  const isOurs = uid === process.getuid?.() && (mode & 0o022) === 0
  return isOurs ? join(dataDir, 'cache') : undefined
}

/** Holds the folder until released or this process dies; refuses when another launcher holds it. */
export async function holdDataFolder(dataDir: string, url: string): Promise<() => void> {
  const name = lockName(dataDir)
  const holder: Holder = { pid: process.pid, url }
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const server = createServer((socket) =>
      socket.on('error', () => {}).end(JSON.stringify(holder)),
    )
    if (await listens(server, name)) {
      server.unref()
      return () => server.close()
    }
    const other = await askHolder(name)
    if (other) {
      throw new CannotStart(
        `Violet already runs on ${dataDir} (${other.url}, process ${other.pid}): stop it first, ` +
          'or choose another folder with --data.',
      )
    }
    // Where the socket is a file, a dead launcher leaves it behind.
    if (!name.startsWith('\0')) rmSync(name, { force: true })
    await sleep(50)
  }
  throw new CannotStart(`The data folder ${dataDir} could not be reserved: try again.`)
}

/** The launcher that runs on a data folder, if any. */
export const findRunning = (dataDir: string): Promise<Holder | undefined> =>
  statSync(dataDir, { throwIfNoEntry: false })
    ? askHolder(lockName(dataDir))
    : Promise.resolve(undefined)

// However a process ends, the kernel lets its listening socket go; a file with a number would stay.
function lockName(dataDir: string): string {
  const { dev, ino } = statSync(dataDir)
  const id = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)
  return process.platform === 'linux' ? `\0violet-${id}` : join(tmpdir(), `violet-${id}.sock`)
}

const listens = (server: Server, name: string): Promise<boolean> =>
  new Promise((done) => {
    server.once('error', () => done(false))
    server.listen(name, () => done(true))
  })

const askHolder = (name: string): Promise<Holder | undefined> =>
  new Promise((done) => {
    let text = ''
    const socket = connect(name)
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('close', () => {
      try {
        done(JSON.parse(text) as Holder)
      } catch {
        done(undefined)
      }
    })
  })

/** Notes which children run, so that the next start can end those a killed launcher left. */
export function noteChildren(dataDir: string, children: { name: string; pid: number }[]): void {
  const running: Running = {
    children: children.map(({ name, pid }) => {
      const ticks = startTicks(pid)
      return ticks === undefined ? { name, pid } : { name, pid, ticks }
    }),
  }
  writePrivately(join(dataDir, 'running.json'), JSON.stringify(running))
}

/** Ends children of a killed launcher that have not yet noticed and still hold their ports. */
export async function endLeftovers(dataDir: string): Promise<void> {
  const left = readRunning(dataDir).filter(isSame)
  const end = async (signal: NodeJS.Signals, msMax: number) => {
    const deadline = Date.now() + msMax
    for (const { pid } of left.filter(isSame)) process.kill(pid, signal)
    while (left.some(isSame) && Date.now() < deadline) await sleep(20)
  }
  await end('SIGTERM', 5000)
  await end('SIGKILL', 2000)
}

// The number alone may be another program's by now; without ticks (not Linux) it is left alone.
const isSame = ({ pid, ticks }: Running['children'][number]): boolean =>
  ticks !== undefined && isAlive(pid) && startTicks(pid) === ticks

function readRunning(dataDir: string): Running['children'] {
  try {
    return (JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as Running).children
  } catch {
    return []
  }
}
