import { expect, test } from 'vitest'
import { lineOf, openProgress } from './progress.ts'

function screen(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, columns: 60, written, write: (text: string) => written.push(text) }
}

test('a person sees how far it is; a file or a pipe gets nothing', () => {
  let now = 0
  const seen = screen(true)
  const progress = openProgress('Ledger', 200, seen, () => now)
  for (const at of [0, 50, 120]) {
    now = at
    progress.at(at)
  }
  progress.end()
  expect(seen.written).toHaveLength(3)
  expect(seen.written[1]).toContain('120 of 200')
  expect(seen.written.every((text) => text.length <= 60 + 5)).toBe(true)
  expect(seen.written.at(-1)).toBe('\r\u001b[2K')

  const unseen = screen(false)
  const silent = openProgress('Ledger', 200, unseen, () => now)
  silent.at(1)
  silent.end()
  expect(unseen.written).toEqual([])
})

test('an estimate that was too low never says it is done', () => {
  expect(lineOf('Ledger', 300, 200, 0)).toMatch(/99 %.*300 of 300$/)
  expect(lineOf('Ledger', 1000, 0, 2)).toBe('Ledger  1,000  500/s')
})
