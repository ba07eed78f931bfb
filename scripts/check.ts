/** Types of both sides, lint, and the direction of imports, side by side, with one summary. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'

const root = join(import.meta.dirname, '..')
const modules = join(root, 'node_modules')
// Two packages provide a "tsc"; only the native one knows this project's options.
const tsc = join(modules, '@typescript/native/bin/tsc')

const sources = ['src', 'simulators'].filter((folder) => existsSync(join(root, folder)))

/** What was found sound is remembered, so that a second check looks at what has changed. */
const types = (project: string) => [
  tsc,
  '-p',
  `${project}.json`,
  '--incremental',
  '--tsBuildInfoFile',
  `dist/checks/${project}.tsbuildinfo`,
]

const checks = [
  { name: 'types, server', run: types('tsconfig') },
  { name: 'types, pages', run: types('tsconfig.pages') },
  { name: 'lint', run: [join(modules, 'oxlint/bin/oxlint'), '--quiet'] },
  {
    name: 'imports',
    run: [join(modules, 'dependency-cruiser/bin/dependency-cruiser.mjs'), ...sources],
  },
]

const runCheck = async ({ name, run }: (typeof checks)[number]) => {
  const began = performance.now()
  const child = spawn(process.execPath, run, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { name, output, passed: code === 0, seconds: (performance.now() - began) / 1000 }
}

const results = await Promise.all(checks.map(runCheck))
for (const { output } of results.filter(({ passed }) => !passed)) process.stdout.write(output)
for (const { name, passed, seconds } of results) {
  const mark = passed ? styleText('green', 'passed') : styleText('red', 'failed')
  console.log(`${name.padEnd(14)} ${mark}  ${seconds.toFixed(1)} s`)
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1
