/** A home location register of its own for a test: the Debian program on a loopback address that nobody else uses. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = process.env['VIOLET_OSMO_HLR_PROGRAM'] ?? '/usr/bin/osmo-hlr'
export const hasOsmoHlr = existsSync(program)
if (!hasOsmoHlr)
  console.error(`\n*** SKIPPED: ${program} is not installed (apt-get install osmo-hlr) ***\n`)

/** Its ports are fixed, its address is not: all of 127.0.0.0/8 is this machine. */
const freeHost = () => `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(2, 255)}`

export async function startOsmoHlr() {
  const folder = mkdtempSync(join(tmpdir(), 'osmo-hlr-'))
  const host = freeHost()
  const config = join(folder, 'hlr.cfg')
  const lines = [
    ...['line vty', ` bind ${host}`, 'ctrl', ` bind ${host}`],
    ...['hlr', ' gsup', `  bind ip ${host}`],
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const database = join(folder, 'hlr.db')
  let child = run()
  function run() {
    return spawn(program, ['-c', config, '-l', database], { cwd: folder, stdio: 'ignore' })
  }
  const stop = async () => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    await ended
  }
  await answers(host)
  return {
    vty: { host, port: 4258 },
    host,
    stop,
    async restart() {
      child = run()
      await answers(host)
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(host: string) {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20)) {
    const isUp = await new Promise<boolean>((done) => {
      const probe = connect(4222, host)
      probe.once('connect', () => done(true)).once('error', () => done(false))
      probe.once('connect', () => probe.destroy())
    })
    if (isUp) return
  }
  throw new Error('osmo-hlr did not start')
}
