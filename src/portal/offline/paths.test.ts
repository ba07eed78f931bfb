import { expect, test } from 'vitest'
import { isPortalPage } from './paths.ts'

const sources = import.meta.glob<string>('../router.tsx', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const router = Object.values(sources).join('')

test('every page of the router opens without a network, the list of components aside', () => {
  const paths = [...router.matchAll(/'(\/[^']*)'/g)].map(([, path]) => path ?? '')
  expect(paths.length).toBeGreaterThan(30)
  const filled = paths.map((path) => path.replaceAll(/\$\w+/g, 'x-1'))
  expect(filled.filter((path) => !isPortalPage(path))).toEqual(['/design'])
})

test('nothing that is not a page of the portal is answered by the service worker', () => {
  const others = ['/v1/lines', '/console', '/console/closures', '/docs', '/assets/a.js', '/pay/x']
  expect([...others, '/linesmen', '/.well-known/closure-keys.json'].filter(isPortalPage)).toEqual(
    [],
  )
})
