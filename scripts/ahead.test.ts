/** Every page has its files named ahead, by the address as it is asked for. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Ahead, filesAhead, preloads } from '../src/main/ahead.ts'
import { routesOf } from './ahead.ts'

test('no page of the router is left out', () => {
  const router = readFileSync(join(import.meta.dirname, '../src/portal/router.tsx'), 'utf8')
  const routes = routesOf(router)
  expect(routes.length).toBe(router.match(/import\('[^']+-page\.tsx'\)/g)?.length)
  expect(routes).toContainEqual({
    path: '/closures/$caseId/quote',
    module: 'src/closure/portal/quote-page.tsx',
  })
})

test('an address has the files of its page and the words of its language, the shop its own alone', () => {
  const ahead: Ahead = {
    pages: [
      { path: '/close', files: ['assets/intake.js'] },
      { path: '/close/line/$lineId', files: ['assets/start.js', 'assets/page.js'] },
    ],
    words: { first: { en: 'assets/en1.js' }, rest: { en: 'assets/en2.js' } },
  }
  const words = ['assets/en1.js', 'assets/en2.js']
  expect(filesAhead(ahead, '/close', 'en')).toEqual(['assets/intake.js', ...words])
  expect(filesAhead(ahead, '/close/line/line_1/', 'en')).toEqual([
    'assets/start.js',
    'assets/page.js',
    ...words,
  ])
  expect(filesAhead(ahead, '/', 'en')).toEqual(['assets/en1.js'])
  expect(filesAhead(ahead, '/close/line', 'en')).toEqual([])
  expect(filesAhead(ahead, '/close', 'de')).toEqual(['assets/intake.js'])
  expect(preloads(['assets/a.js'])).toBe(
    '<link rel="modulepreload" crossorigin href="/assets/a.js">',
  )
})
