import { expect, test } from 'vitest'
import { perDayCsv, ranked, rankedByState } from './statistics.ts'

test('reasons come by how many gave them, with their share of all', () => {
  expect(ranked({ none: 1, 'travel-over': 3, privacy: 0 })).toEqual([
    { key: 'travel-over', count: 3, share: 0.75 },
    { key: 'none', count: 1, share: 0.25 },
  ])
  expect(ranked({})).toEqual([])
})

test('states come in the order a case goes through them', () => {
  const keys = rankedByState({ closed: 9, in_review: 2, cooling_off: 1 }).map(({ key }) => key)
  expect(keys).toEqual(['cooling_off', 'in_review', 'closed'])
})

test('the days as CSV have a head and one row each', () => {
  const csv = perDayCsv([{ day: '2026-11-24', submitted: 7, closed: 2, withdrawn: 0 }])
  expect(csv).toBe('day,submitted,closed,withdrawn\r\n2026-11-24,7,2,0\r\n')
})
