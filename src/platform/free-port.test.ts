import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { holdsSockets } from './free-port.ts'

test('a folder holds sockets, unless its path is too long or there is none; nothing is left of the look', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'violet-socket-'))
  const deep = join(folder, 'd'.repeat(90))
  mkdirSync(deep)
  expect(await holdsSockets(folder)).toBe(true)
  expect(await holdsSockets(deep)).toBe(false)
  expect(await holdsSockets(join(folder, 'none'))).toBe(false)
  expect(readdirSync(folder)).toEqual(['d'.repeat(90)])
  expect(readdirSync(deep)).toEqual([])
  rmSync(folder, { recursive: true })
})
