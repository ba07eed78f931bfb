import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, runningUrl, startCluster, startThrowAwayCluster } from './cluster.ts'
import { freePort } from './free-port.ts'
import { isAlive } from './process.ts'

// The folder above the data is closed to everyone else, as a home often is.
let home: string
let folder: string
let logFile: string
let current: Cluster | undefined

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'violet-cluster-'))
  folder = join(home, 'data', 'postgres')
  logFile = join(home, 'postgres.log')
  mkdirSync(join(home, 'data'), { mode: 0o700 })
})

afterAll(async () => {
  await current?.stop()
  rmSync(home, { recursive: true, force: true })
})

async function start(): Promise<Cluster> {
  current = await startCluster({ folder, port: await freePort(0), logFile, sync: false })
  return current
}

async function query(cluster: Cluster, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: cluster.url() })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}

/** Starts the cluster from another process, which is then killed the hard way. */
async function startAndKillStarter(): Promise<number> {
  const code = `
    import { startCluster } from ${JSON.stringify(join(import.meta.dirname, 'cluster.ts'))}
    const cluster = await startCluster(${JSON.stringify({ folder, port: 0, logFile })})
    process.stdout.write(String(cluster.pid))
    setInterval(() => {}, 1000)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', code])
  const pid = await new Promise<number>((done, fail) => {
    let errors = ''
    starter.stderr.on('data', (chunk) => (errors += String(chunk)))
    starter.stdout.once('data', (chunk) => done(Number(chunk)))
    starter.once('exit', (status) => fail(new Error(`starter ended with ${status}: ${errors}`)))
  })
  const ended = new Promise((done) => starter.once('exit', done))
  starter.kill('SIGKILL')
  await ended
  return pid
}

test('data survives a stop, syncing is on, the password is for its owner only', async () => {
  const first = await start()
  await query(first, 'create table kept as select 42 as answer')
  expect(await query(first, 'show fsync')).toEqual([{ fsync: 'on' }])
  expect(runningUrl(folder)).toBe(first.url())
  await first.stop()
  expect(isAlive(first.pid)).toBe(false)
  expect(runningUrl(folder)).toBeUndefined()
  const second = await start()
  expect(second.adopted).toBe(false)
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }])
  expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600)
  await second.stop()
})

test('after kill -9 of the starter the next start adopts and can stop the server', async () => {
  const pid = await startAndKillStarter()
  expect(isAlive(pid)).toBe(true)
  const adopted = await start()
  expect(adopted).toMatchObject({ pid, adopted: true })
  expect(await query(adopted, 'select answer from kept')).toEqual([{ answer: 42 }])
  await adopted.stop()
  expect(isAlive(pid)).toBe(false)
})

test('after kill -9 of the starter and of the database the next start recovers', async () => {
  const pid = await startAndKillStarter()
  process.kill(pid, 'SIGKILL')
  const recovered = await start()
  expect(recovered.adopted).toBe(false)
  expect(await query(recovered, 'select answer from kept')).toEqual([{ answer: 42 }])
  await recovered.stop()
})

test('an orphan that no longer accepts the password is stopped, not adopted', async () => {
  const pid = await startAndKillStarter()
  const password = readFileSync(join(folder, 'password'))
  writeFileSync(join(folder, 'password'), 'another\n')
  await expect(start()).rejects.toThrow()
  expect(isAlive(pid)).toBe(false)
  writeFileSync(join(folder, 'password'), password)
  await (await start()).stop()
  await current?.stop()
})

test('a number in postmaster.pid that belongs to another program is not touched', async () => {
  // Of the same account: another account's program PostgreSQL itself does not mistake for a server.
  const { uid, gid } = statSync(join(folder, 'data'))
  const other = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid, cwd: '/' } : {})
  try {
    const lines = [other.pid, 'data', 1, 5432, '', '127.0.0.1', '', 'ready   ']
    writeFileSync(join(folder, 'data', 'postmaster.pid'), lines.join('\n'))
    const cluster = await start()
    expect(cluster.adopted).toBe(false)
    expect(isAlive(other.pid ?? 0)).toBe(true)
    await cluster.stop()
  } finally {
    other.kill()
  }
})

test('a taken port is left alone and another one is used', async () => {
  const taken = createServer()
  const port = await freePort(0)
  await new Promise<void>((done) => taken.listen(port, '127.0.0.1', done))
  current = await startCluster({ folder, port, logFile })
  expect(current.port).not.toBe(port)
  expect(await query(current, 'select 1 as one')).toEqual([{ one: 1 }])
  await current.stop()
  taken.close()
})

test('throw-away clusters live side by side and leave no folder', async () => {
  const [one, two] = await Promise.all([startThrowAwayCluster(), startThrowAwayCluster()])
  expect(one.port).not.toBe(two.port)
  expect(await query(one, 'show fsync')).toEqual([{ fsync: 'off' }])
  await Promise.all([one.stop(), two.stop()])
  const { stdout } = await promisify(execFile)('ls', [tmpdir()])
  expect(stdout).not.toContain(`violet-test-${process.pid}-`)
})
