import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAlive } from '../platform/process.ts'

// The launcher and its database are real, the programs it starts are small ones of our own.
let home: string
let root: string
let dataDir: string
let port: number

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'violet-start-'))
  root = join(home, 'root')
  dataDir = join(home, 'data')
  mkdirSync(dataDir)
  port = await freeRow()
  writePrograms()
})

afterAll(() => {
  rmSync(home, { recursive: true, force: true })
})

/** A base port with seven free ones after it. */
async function freeRow(): Promise<number> {
  for (let base = 20_000 + (process.pid % 20_000); ; base += 8) {
    const all = Array.from({ length: 8 }, (_, i) => isFree(base + i))
    if ((await Promise.all(all)).every(Boolean)) return base
  }
}

const isFree = (one: number): Promise<boolean> =>
  new Promise((done) => {
    const probe = createServer().once('error', () => done(false))
    probe.listen(one, () => probe.close(() => done(true)))
  })

function writePrograms(): void {
  const manners = JSON.stringify(join(import.meta.dirname, '../platform/process.ts'))
  const program = `
    import { appendFileSync, existsSync } from 'node:fs'
    import { basename, dirname } from 'node:path'
    import { announceReady, exitWithParent } from ${manners}
    const [, file] = process.argv
    const folder = basename(dirname(file))
    const name = folder === 'main' ? basename(file, '.ts') : folder
    const marks = process.env.VIOLET_DATA + '/marks'
    exitWithParent()
    if (existsSync(process.env.VIOLET_DATA + '/broken')) throw new Error('the sky fell')
    process.on('SIGTERM', () => {
      setTimeout(() => {
        appendFileSync(marks, name + ' drained\\n')
        process.exit(0)
      }, 100)
    })
    setInterval(() => {}, 1000)
    const knows = Boolean(process.env.DATABASE_URL && process.env.VIOLET_MASTER_KEY)
    appendFileSync(marks, name + ' up ' + process.pid + ' ' + knows + '\\n')
    announceReady()`
  const names = ['payments', 'network', 'phone', 'inbox', 'porting']
  for (const name of names) mkdirSync(join(root, 'simulators', name), { recursive: true })
  mkdirSync(join(root, 'src', 'main'), { recursive: true })
  mkdirSync(join(root, 'migrations'))
  for (const name of names) writeFileSync(join(root, 'simulators', name, 'server.ts'), program)
  for (const file of ['server.ts', 'worker.ts']) {
    writeFileSync(join(root, 'src', 'main', file), program)
  }
  writeFileSync(join(root, 'migrations', '001-line.sql'), 'create table line (id text);')
  const seed = `
    export const seed = async () => {}
    export const staffToShow = [{ role: 'reviewer', email: 'rea@violet.example' }]`
  writeFileSync(join(root, 'src', 'main', 'seed.ts'), seed)
  const upgrade = 'export const upgrade = async () => {}'
  writeFileSync(join(root, 'src', 'main', 'upgrade.ts'), upgrade)
  writeFileSync(
    join(root, 'start.ts'),
    `import { start } from ${JSON.stringify(join(import.meta.dirname, 'start.ts'))}
     import { runMain } from ${manners}
     await runMain(() => start(process.argv.slice(2), ${JSON.stringify(root)}))
     process.exit()`,
  )
}

type Run = {
  process: ChildProcess
  out: () => string
  err: () => string
  ended: Promise<number | null>
}

function launch(args: string[] = [], env: NodeJS.ProcessEnv = {}): Run {
  const all = ['--port', String(port), '--data', dataDir, ...args]
  const child = spawn(process.execPath, [join(root, 'start.ts'), ...all], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return { process: child, out: () => out, err: () => err, ended }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !holds();) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function up(args: string[] = []): Promise<Run> {
  rmSync(join(dataDir, 'marks'), { force: true })
  const run = launch(args)
  void run.ended.then(
    (code) => run.out().includes('Stop with') || appendFileSync(2, `${code}: ${run.err()}`),
  )
  await until('the table is shown', () => run.out().includes('Stop with Ctrl-C'))
  return run
}

const marks = (): string[] => readFileSync(join(dataDir, 'marks'), 'utf8').trim().split('\n')
const pidsOf = (name: string): number[] =>
  marks()
    .filter((line) => line.startsWith(`${name} up`))
    .map((line) => Number(line.split(' ')[2]))
const databasePid = (): number =>
  Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])

async function stop(run: Run): Promise<void> {
  run.process.kill('SIGINT')
  expect(await run.ended).toBe(0)
}

test('starts all, shows where to click, and Ctrl-C drains all and leaves nothing', async () => {
  const run = await up()
  expect(run.out()).toMatch(new RegExp(`Portal +http://localhost:${port}/`))
  expect(run.out()).toContain('rea@violet.example')
  const all = ['payments', 'network', 'phone', 'inbox', 'porting', 'server', 'worker']
  expect(marks().map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(all))
  const secrets = marks().map((line) => `${line.split(' ')[0]} ${line.split(' ')[3]}`)
  expect(secrets).toEqual(expect.arrayContaining(['server true', 'worker true', 'payments false']))
  const pids = [databasePid(), ...all.flatMap(pidsOf)]
  await stop(run)
  expect(run.err()).toBe('')
  expect(pids.filter(isAlive)).toEqual([])
  for (const name of all) expect(marks()).toContain(`${name} drained`)
  const order = marks().filter((line) => line.endsWith('drained'))
  expect(order.slice(0, 2).sort()).toEqual(['server drained', 'worker drained'])
})

test('a second start on the same data says so and leaves the first alone', async () => {
  const run = await up()
  const second = launch(['--port', String(port + 100)])
  expect(await second.ended).toBe(2)
  expect(second.err()).toMatch(/^Violet already runs on .*localhost:\d+, process \d+.*\.\n$/)
  expect(run.process.exitCode).toBeNull()
  await stop(run)
})

test('a program that dies is started again, and so is the database', async () => {
  const run = await up(['--workers', '2'])
  const [first] = pidsOf('worker')
  process.kill(first ?? 0, 'SIGKILL')
  await until('a third worker is up', () => pidsOf('worker').length === 3)
  expect(run.err()).toMatch(/worker-\d ended by SIGKILL; it starts again in 0\.25 s/)
  const oldDatabase = databasePid()
  process.kill(oldDatabase, 'SIGKILL')
  const file = join(dataDir, 'postgres/data/postmaster.pid')
  await until('the database is back', () => {
    if (!existsSync(file) || databasePid() === oldDatabase) return false
    return readFileSync(file, 'utf8').includes('ready')
  })
  await stop(run)
})

test('after kill -9 of the launcher its children leave, and the next start recovers', async () => {
  const run = await up()
  const programs = ['payments', 'network', 'phone', 'inbox', 'porting', 'server', 'worker']
  const children = programs.flatMap(pidsOf)
  const database = databasePid()
  run.process.kill('SIGKILL')
  await run.ended
  // At once, while the old children may still be leaving.
  const next = await up()
  expect(children.filter(isAlive)).toEqual([])
  expect(databasePid()).toBe(database)
  await stop(next)
  expect(isAlive(database)).toBe(false)
})

test('a program that cannot start is named with its reason, and nothing stays behind', async () => {
  writeFileSync(join(dataDir, 'broken'), '')
  const run = launch(['--no-demo'])
  expect(await run.ended).toBe(2)
  rmSync(join(dataDir, 'broken'))
  expect(run.err()).toMatch(
    /^The \w+ ended with code 1 before it was ready: Error: the sky fell; .*\n$/,
  )
  expect(existsSync(join(dataDir, 'postgres/data/postmaster.pid'))).toBe(false)
})

test.each([
  [['--port', '0'], /--port must be a port/],
  [['--port', 'x'], /--port must be a port/],
  [['--workers', '0'], /--workers must be/],
  [['--colour'], /Unknown option '--colour'/],
  [['now'], /Unexpected argument 'now'/],
  [['--data', '/proc/violet'], /The data folder \/proc\/violet cannot be written/],
])('%j is refused in one sentence with exit code 2', async (args, sentence) => {
  const run = launch(args)
  expect(await run.ended).toBe(2)
  expect(run.err()).toMatch(sentence)
  expect(run.err().trim().split('\n')).toHaveLength(1)
})

test('a taken port and a database that does not answer are refused likewise', async () => {
  const taken = createServer()
  await new Promise<void>((done) => taken.listen(port, '127.0.0.1', done))
  const onTaken = launch()
  expect(await onTaken.ended).toBe(2)
  expect(onTaken.err()).toBe(
    `Port ${port} is taken by another program: choose another with --port.\n`,
  )
  taken.close()
  const url = `postgres://violet:hunter2@127.0.0.1:${port + 6}/violet`
  const unreachable = launch([], { DATABASE_URL: url })
  expect(await unreachable.ended).toBe(2)
  expect(unreachable.err()).toMatch(
    /^No database answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\).*\.\n$/,
  )
})

test('Ctrl-C while it still starts ends it cleanly too', async () => {
  const run = launch()
  await until('the database starts', () =>
    existsSync(join(dataDir, 'postgres/data/postmaster.pid')),
  )
  await stop(run)
  expect(run.out()).toBe('')
  expect(existsSync(join(dataDir, 'postgres/data/postmaster.pid'))).toBe(false)
})
