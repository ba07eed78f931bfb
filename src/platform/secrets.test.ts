import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { CannotStart } from './process.ts'
import { openSecrets } from './secrets.ts'

let dataDir: string
const path = () => join(dataDir, 'secrets.json')

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'violet-secrets-'))
})

afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

test('secrets are made once, are private, and are what the configuration accepts', () => {
  const first = openSecrets(dataDir, {})
  expect(openSecrets(dataDir, {})).toEqual(first)
  expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length)
  expect(Object.values(first).every((secret) => secret.length > 30)).toBe(true)
  expect(statSync(path()).mode & 0o777).toBe(0o600)
  const config = parseConfig({ ...first, DATABASE_URL: 'postgres://a:b@c/d' })
  expect(config.masterKey).toHaveLength(32)
  chmodSync(path(), 0o644)
  openSecrets(dataDir, {})
  expect(statSync(path()).mode & 0o777).toBe(0o600)
})

test('what the environment sets wins and is not kept', () => {
  const made = openSecrets(dataDir, {})
  const set = openSecrets(dataDir, { VIOLET_PAYMENTS_KEY: 'from outside' })
  expect(set).toEqual({ ...made, VIOLET_PAYMENTS_KEY: 'from outside' })
  expect(readFileSync(path(), 'utf8')).not.toContain('from outside')
})

test('a damaged file is refused and left as it is, since it holds the master key', () => {
  writeFileSync(path(), '{"VIOLET_MASTER_KEY": "abc')
  expect(() => openSecrets(dataDir, {})).toThrow(CannotStart)
  expect(readFileSync(path(), 'utf8')).toBe('{"VIOLET_MASTER_KEY": "abc')
})
