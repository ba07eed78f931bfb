import { expect, test } from 'vitest'
import { daysOf, monthsSince } from './months.ts'

test('from the month one joined to the one that runs, newest first, where the operator is', () => {
  const now = new Date('2027-01-31T23:30:00Z')
  expect(monthsSince('2026-10-31T23:59:00Z', now, 'Europe/London')).toEqual([
    '2027-01',
    '2026-12',
    '2026-11',
    '2026-10',
  ])
  expect(monthsSince('2026-12-31T23:30:00Z', now, 'Asia/Shanghai')).toEqual(['2027-02', '2027-01'])
})

test('a clock that is behind still offers a month', () => {
  expect(monthsSince('2026-12-01T00:00:00Z', new Date('2026-11-01T00:00:00Z'), 'UTC')).toEqual([
    '2026-12',
  ])
})

test('a month ends where the next begins', () => {
  expect(daysOf('2026-11')).toEqual({ from: '2026-11-01', to: '2026-12-01' })
  expect(daysOf('2026-12')).toEqual({ from: '2026-12-01', to: '2027-01-01' })
})
