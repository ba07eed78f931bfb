/** The secrets of one installation, made once and kept where only its owner reads them. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { CannotStart } from './process.ts'

const makers = {
  VIOLET_MASTER_KEY: () => randomBytes(32).toString('base64url'),
  VIOLET_PAYMENTS_KEY: () => `pay_${randomBytes(24).toString('base64url')}`,
  VIOLET_PAYMENTS_WEBHOOK_SECRET: () => `whsec_${randomBytes(32).toString('base64')}`,
  VIOLET_NETWORK_KEY: () => `net_${randomBytes(24).toString('base64url')}`,
  VIOLET_NETWORK_WEBHOOK_SECRET: () => `whsec_${randomBytes(32).toString('base64')}`,
  VIOLET_PORTING_KEY: () => `port_${randomBytes(24).toString('base64url')}`,
  VIOLET_PORTING_WEBHOOK_SECRET: () => `whsec_${randomBytes(32).toString('base64')}`,
}

export type Secrets = Record<keyof typeof makers, string>

/** Reads the secrets and makes those that are missing; what the environment sets wins. */
export function openSecrets(dataDir: string, env: Readonly<Record<string, string | undefined>>) {
  const path = join(dataDir, 'secrets.json')
  const kept = read(path)
  const names = Object.keys(makers) as (keyof Secrets)[]
  const missing = names.filter((name) => !kept[name])
  for (const name of missing) kept[name] = makers[name]()
  if (missing.length > 0) writePrivately(path, `${JSON.stringify(kept, null, 2)}\n`)
  const chosen = names.map((name) => [name, env[name]?.trim() || kept[name]])
  return Object.fromEntries(chosen) as Secrets
}

function read(path: string): Partial<Secrets> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
    chmodSync(path, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return {}
    throw new CannotStart(`The secrets in ${path} cannot be read (${code}).`)
  }
  try {
    return JSON.parse(text) as Partial<Secrets>
  } catch {
    // New secrets would make every encrypted record unreadable, so never replace a damaged file.
    throw new CannotStart(`${path} is damaged; restore it from a backup, it holds the master key.`)
  }
}

/** Writes a file only its owner may read, whole or not at all. */
export function writePrivately(path: string, text: string): void {
  const draft = `${path}.${process.pid}`
  const file = openSync(draft, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
}
