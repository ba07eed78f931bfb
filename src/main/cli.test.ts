import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkout } from '../platform/config.ts'

type Result = { code: number; out: string; err: string }

// Through the file npx runs, so that the Node it finds is part of the test.
const violet = (...args: string[]): Promise<Result> =>
  new Promise((done) => {
    const file = join(checkout, 'bin', 'violet.js')
    execFile(process.execPath, [file, ...args], (error, out, err) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })

test('help names every command, and each command has its own', async () => {
  const { code, out } = await violet('--help')
  expect(code).toBe(0)
  for (const name of [
    'start',
    'migrate',
    'seed',
    'demo',
    'verify',
    'pki',
    'ledger',
    'network',
    'numbers',
    'policy',
  ]) {
    expect(out).toContain(name)
    const own = await violet(name, '--help')
    expect(own).toMatchObject({ code: 0, out: expect.stringContaining(`violet ${name}`) })
  }
})

test.each([
  [[]],
  [['begin']],
  [['migrate', '--colour']],
  [['verify']],
  [['verify', 'a.json', 'b.json']],
  [['start', '--colour']],
  [['demo', '--url']],
  [['ledger']],
  [['ledger', 'chekc']],
  [['ledger', 'check', '--fast']],
  [['ledger', 'check', 'GBP']],
  [['numbers']],
  [['numbers', 'import']],
  [['numbers', 'import', '/nowhere.csv']],
  [['grants', 'give', 'a.csv']],
  [['grants', 'give', '/nowhere.csv', '--campaign', 'spring-2027']],
  [['policy']],
  [['policy', 'lint']],
  [['policy', 'lint', '/nowhere.json']],
  [['policy', 'lint', 'package.json']],
  [['policy', 'lint', 'README.md']],
  [['policy', 'simulate']],
  [['policy', 'simulate', '--draft', '/nowhere.json']],
  [['policy', 'simulate', '--draft', 'src/policy/packs/us-ca.json']],
  [['network']],
  [['network', 'reconcile', '--wet-run']],
  [['network', 'reconcile', '--most']],
  [['network', 'reconcile', '--most', 'all']],
])('%j cannot be understood: exit code 2, nothing on stdout', async (args) => {
  const { code, out, err } = await violet(...args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).not.toBe('')
})
