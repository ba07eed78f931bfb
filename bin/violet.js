#!/usr/bin/env node
/** Runs the command line with the Node this package brings, whichever Node started this file. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const program = join(here, '..', 'src', 'main', 'cli.ts')

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath
  try {
    const require = createRequire(import.meta.url)
    const found = join(dirname(require.resolve('node/package.json')), 'bin', 'node')
    if (existsSync(found)) return found
  } catch {
    // Told below.
  }
  console.error('Violet needs Node 26, which "npm install" brings: run it in the checkout first.')
  process.exit(2)
}

// The channel tells the child when this process was killed.
// Much that lives shortly: with room for it the collector has less to do.
const flags = process.argv[2] === 'usage' ? ['--max-semi-space-size=64'] : []
const child = spawn(findNode(), [...flags, program, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
child.channel?.unref()
// The child decides what a signal means; the launcher knows Ctrl-C may come to it twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`Violet could not be started: ${error.message}.`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
})
