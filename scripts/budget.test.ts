import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Chunk, firstView, overBudget } from './budget.ts'

const chunk = (fileName: string, imports: string[] = [], bytes = 1000, ids: string[] = []) =>
  ({
    fileName,
    imports,
    // What can't be compressed weighs what it is long.
    code: randomBytes(bytes * 0.75).toString('base64'),
    moduleIds: ids,
  }) satisfies Chunk

test('the first view is the entry and its static imports, each once', () => {
  const chunks = [
    chunk('entry.js', ['react.js', 'words.js']),
    chunk('react.js', ['words.js'], 5000),
    chunk('words.js', ['react.js'], 3000),
    chunk('later.js', ['entry.js'], 90_000),
  ]
  const parts = firstView(chunks, 'entry.js')
  expect(parts.map(({ fileName }) => fileName)).toEqual(['react.js', 'words.js', 'entry.js'])
})

test('a first view that is too heavy is named with its heaviest parts', () => {
  const chunks = [chunk('entry.js', ['a.js']), chunk('a.js', [], 4000), chunk('b.js', [], 9000)]
  expect(overBudget(chunks, 'entry.js', 10_000)).toEqual([])
  const [fault = '', ...more] = overBudget(chunks, 'entry.js', 3000)
  expect(fault).toMatch(
    /^The first view loads [34]\.\d kB .* the most is 3\.0 kB\. Heaviest: a\.js/,
  )
  expect(more).toEqual([])
})

test('a page beside the shop that comes with the first view is named', () => {
  const pages = ['/x/src/plans/portal/shop-page.tsx', '/x/src/lines/portal/home-page.tsx']
  const chunks = [chunk('entry.js', ['a.js']), chunk('a.js', [], 1000, pages)]
  expect(overBudget(chunks, 'entry.js')).toEqual([
    'lines/portal/home-page.tsx is loaded with the first view.',
  ])
})
