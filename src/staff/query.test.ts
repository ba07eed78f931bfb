/** What staff type into the search is understood, and never becomes a pattern. */
import { expect, test } from 'vitest'
import { readQuery } from './query.ts'

test.each([
  ['  ', { kind: 'newest' }],
  ['Lin@Example.com', { kind: 'email', address: 'lin@example.com' }],
  ['+44 7700 900', { kind: 'number', number: '+447700900', prefix: '+447700900%' }],
  ['447700900461', { kind: 'number', number: '+447700900461', prefix: '+447700900461%' }],
  ['vc-7k3m-92qf', { kind: 'reference', reference: 'VC-7K3M-92QF' }],
  ['Lin Yue', { kind: 'name', words: ['lin', 'yue'] }],
  ['50%_x', { kind: 'name', words: ['50%_x'] }],
])('%s', (typed, query) => {
  expect(readQuery(typed)).toEqual(query)
})
