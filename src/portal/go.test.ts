import { expect, test } from 'vitest'
import { placeInside } from './go.ts'

test('the way back keeps its search', () => {
  expect(placeInside('/checkout/flex?data=5&voice=2')).toEqual({
    to: '/checkout/flex',
    search: { data: '5', voice: '2' },
  })
})

test('addresses elsewhere are not followed', () => {
  const home = { to: '/lines', search: {} }
  for (const next of [undefined, '', 'https://evil.example', '//evil.example', '/\\evil.example']) {
    expect(placeInside(next)).toEqual(home)
  }
})
