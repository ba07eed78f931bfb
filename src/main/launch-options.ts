/** What `npm start` accepts, and the sentences for what it does not. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULT_PORT, parsePort } from '../platform/config.ts'
import { CannotStart } from '../platform/process.ts'

export type StartOptions = {
  port?: number
  dataDir?: string
  demo: boolean
  workers: number
}

export const startHelp = `Starts Violet: database, API, portal, console, worker and demo partners.

Usage: npm start -- [options]      or: npx violet start [options]

  --port N      first of nine ports in a row (default ${DEFAULT_PORT}, or VIOLET_PORT)
  --data DIR    where everything is kept (default .violet in the checkout, or VIOLET_DATA)
  --no-demo     no demo operator and no simulated partners; set VIOLET_PAYMENTS_URL,
                VIOLET_NETWORK_URL, VIOLET_SMTP_URL and VIOLET_SMS_URL to real ones
                (VIOLET_NETWORK=osmo-hlr for a register of Osmocom: docs/network.md)
  --workers N   how many background workers (default 1)
  --help        this text

Set DATABASE_URL to use your own PostgreSQL instead of the embedded one.
Stop with Ctrl-C. Started again it goes on with the same data.
`

/** Reads the flags; nothing when only help was asked for. */
export function parseStartFlags(args: string[], from = whereTyped()): StartOptions | undefined {
  const values = read(args)
  if (values.help) return undefined
  const options: StartOptions = {
    demo: !values['no-demo'],
    workers: workers(values.workers ?? '1'),
  }
  if (values.port !== undefined) options.port = port(values.port)
  if (values.data !== undefined) options.dataDir = resolve(from, folder(values.data))
  return options
}

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        'no-demo': { type: 'boolean' },
        workers: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    const sentence = (error as Error).message.split(/\.(?:\s|$)/)[0]
    throw new CannotStart(`${sentence}. See --help.`)
  }
}

const port = (text: string): number => {
  if (text.trim() === '') throw new CannotStart('--port needs a number. See --help.')
  return parsePort(text, '--port')
}

const folder = (text: string): string => {
  if (text.trim() === '') throw new CannotStart('--data needs a folder. See --help.')
  return text
}

function workers(text: string): number {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : NaN
  if (count >= 1 && count <= 64) return count
  throw new CannotStart(`--workers must be a number from 1 to 64, not "${text}".`)
}

// npm changes into the checkout before it runs a script.
const whereTyped = (): string =>
  (process.env['npm_lifecycle_event'] && process.env['INIT_CWD']) || process.cwd()
