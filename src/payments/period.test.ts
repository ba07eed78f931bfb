import { expect, test } from 'vitest'
import { isRefusal } from '../values/refusal.ts'
import { readPeriod } from './period.ts'

test('a month is its days where the operator is, also where the clocks change', () => {
  const period = readPeriod({ from: '2026-10-01', to: '2026-11-01' }, 'Europe/London')
  if (isRefusal(period)) throw new Error(period.refused)
  expect([period.from, period.to].map(String)).toEqual([
    '2026-09-30T23:00:00Z',
    '2026-11-01T00:00:00Z',
  ])
  expect([period.firstDay, period.lastDay].map(String)).toEqual(['2026-10-01', '2026-10-31'])
})

test('one day and a leap year are the shortest and the longest', () => {
  const ok = (from: string, to: string) => !isRefusal(readPeriod({ from, to }, 'UTC'))
  expect(ok('2026-10-01', '2026-10-02')).toBe(true)
  expect(ok('2028-01-01', '2029-01-01')).toBe(true)
  expect(ok('2028-01-01', '2029-01-02')).toBe(false)
})

test.each([
  ['2026-10-01', '2026-10-01'],
  ['2026-10-02', '2026-10-01'],
  ['2026-02-30', '2026-03-01'],
  ['2026-13-01', '2027-01-01'],
  ['2026-10', '2026-11'],
  ['', '2026-11-01'],
  ['2026-10-01T00:00:00Z', '2026-11-01'],
  ['9999-12-30', '9999-12-31'],
  ["2026-10-01' or 1=1", '2026-11-01'],
])('%j to %j is no period', (from, to) => {
  expect(readPeriod({ from, to }, 'Europe/London')).toMatchObject({ refused: 'period-not-valid' })
})
