/** Ports for servers whose address others must know before they listen. */
import { createServer } from 'node:net'

// Below those a system gives away by itself, and apart for each process of a test run, so that nobody takes one meanwhile.
const first = 20_000
const each = 20
const processes = 500
let next = 0

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < each * processes; tries += 1) {
    const port = first + (((process.pid % processes) * each + next) % (each * processes))
    next += 1
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  const isOpen = await new Promise<boolean>((done) => {
    probe.once('error', () => done(false))
    probe.listen(port, 'localhost', () => done(true))
  })
  if (isOpen) await new Promise((closed) => probe.close(closed))
  return isOpen
}
