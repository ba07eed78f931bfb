import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { whyStale } from './build-if-stale.ts'

let tree: string
const beganMs = Date.UTC(2026, 0, 1)

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'violet-stale-'))
  mkdirSync(join(tree, 'dist'))
  const built = JSON.stringify({ beganMs, files: ['page.tsx', 'words.json'] })
  writeFileSync(join(tree, 'dist/.built.json'), built)
  for (const name of ['package.json', 'page.tsx', 'words.json', 'server.ts']) change(name, -1000)
})

afterEach(() => rmSync(tree, { recursive: true, force: true }))

function change(name: string, afterMs: number): void {
  writeFileSync(join(tree, name), '')
  const seconds = (beganMs + afterMs) / 1000
  utimesSync(join(tree, name), seconds, seconds)
}

test('pages as old as their sources are left alone, whatever happens elsewhere', () => {
  change('server.ts', 1000)
  expect(whyStale(tree)).toBeUndefined()
})

test('a changed source, a changed setting, a source gone and a missing build are noticed', () => {
  change('words.json', 1000)
  expect(whyStale(tree)).toBe('words.json')
  change('words.json', -1000)
  change('package.json', 1000)
  expect(whyStale(tree)).toBe('package.json')
  change('package.json', -1000)
  rmSync(join(tree, 'page.tsx'))
  expect(whyStale(tree)).toBe('page.tsx')
  rmSync(join(tree, 'dist'), { recursive: true })
  expect(whyStale(tree)).toBe('not built yet')
})
