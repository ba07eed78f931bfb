import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SECRET } from './platform-double.ts'

// The simulators as the launcher runs them: programs of their own that can be killed.
let dataDir: string
let running: ChildProcess[]

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'programs-'))
  running = []
})

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

async function run(name: string, env: Record<string, string>) {
  const child = fork(join(import.meta.dirname, name, 'server.ts'), {
    env: {
      ...process.env,
      VIOLET_DATA: dataDir,
      VIOLET_PAYMENTS_KEY: 'k',
      VIOLET_PAYMENTS_WEBHOOK_SECRET: SECRET,
      VIOLET_NETWORK_KEY: 'k',
      VIOLET_NETWORK_WEBHOOK_SECRET: SECRET,
      VIOLET_PORTING_KEY: 'k',
      VIOLET_PORTING_WEBHOOK_SECRET: SECRET,
      ...env,
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  running.push(child)
  let said = ''
  child.stderr?.on('data', (chunk) => (said += String(chunk)))
  const ending = (event: 'exit' | 'close') =>
    new Promise<number | string | null>((done) => {
      child.on(event, (code: number | null, signal: string | null) => done(signal ?? code))
    })
  const ended = ending('exit')
  const url = await new Promise<string>((done, fail) => {
    child.on('message', (message: { ready: boolean; url: string }) => done(message.url))
    // Only "close" comes after the last of its output.
    void ending('close').then((how) => fail(new Error(`ended with ${how}: ${said}`)))
  })
  return { child, url, ended }
}

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const probe = createServer().listen(0, 'localhost', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })

test.each(['payments', 'network', 'phone', 'inbox', 'porting'])(
  '%s says when it is ready and ends on SIGTERM',
  async (name) => {
    const smtp = `smtp://127.0.0.1:${await freePort()}`
    const { child, url, ended } = await run(name, { PORT: '0', VIOLET_SMTP_URL: smtp })
    const page = await fetch(url, { headers: { 'accept-language': 'zh-CN' } })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('模拟器')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  },
)

test('a payment survives kill -9', async () => {
  const first = await run('payments', { PORT: '0' })
  const headers = {
    authorization: 'Bearer k',
    'content-type': 'application/json',
    'idempotency-key': 'a',
  }
  const wanted = {
    reference: 'order_1',
    amount: { amount: '9.00', currency: 'EUR' },
    description: 'x',
    returnUrl: 'http://localhost/',
  }
  const asked = { method: 'POST', headers, body: JSON.stringify(wanted) }
  const before = (await (await fetch(`${first.url}/checkouts`, asked)).json()) as {
    id: string
    url: string
  }
  await fetch(before.url, {
    method: 'POST',
    body: new URLSearchParams({ number: '4242424242424242', expiry: '12/40', name: 'Lin' }),
    redirect: 'manual',
  })
  first.child.kill('SIGKILL')
  await first.ended
  const second = await run('payments', { PORT: '0' })
  const after = await (await fetch(`${second.url}/checkouts/${before.id}`, { headers })).json()
  expect(after).toMatchObject({ status: 'succeeded', amount: { amount: '9.00', currency: 'EUR' } })
  const again = (await (await fetch(`${second.url}/checkouts`, asked)).json()) as { id: string }
  expect(again.id).toBe(before.id)
})

test('a program ends with the launcher that started it, and a taken port is one sentence', async () => {
  const { child, url, ended } = await run('network', { PORT: '0' })
  const port = new URL(url).port
  await expect(run('network', { PORT: port })).rejects.toThrow(
    `Port ${port} is taken by another program.\n`,
  )
  child.disconnect()
  expect(await ended).toBe(0)
})

test('both languages have the same sentences with the same facts', () => {
  const folders = ['.', 'payments', 'network', 'phone', 'inbox', 'porting'].map(
    (folder) => `${folder}/words`,
  )
  for (const folder of folders) {
    const [en, zh] = ['en', 'zh-CN'].map((locale) => {
      const path = join(import.meta.dirname, folder, `${locale}.json`)
      return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
    })
    expect(readdirSync(join(import.meta.dirname, folder))).toHaveLength(2)
    expect(Object.keys(zh!)).toEqual(Object.keys(en!))
    const facts = (text = '') => [...text.matchAll(/\{\w+\}/g)].map(String).sort()
    for (const [key, text] of Object.entries(en!))
      expect([key, facts(zh![key])]).toEqual([key, facts(text)])
  }
})
