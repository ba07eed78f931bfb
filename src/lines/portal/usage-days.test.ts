import { expect, test } from 'vitest'
import { byDay, countriesOf, daysOf, kindsUsed, type UsageSum } from './usage-days.ts'

const charged = { amount: '0.00', currency: 'GBP' }
const sum = (day: string, country: string, kind: UsageSum['kind'], quantity: string) => ({
  day,
  country,
  kind,
  quantity,
  charged,
})
const rows = [
  sum('2026-11-22', 'CH', 'data', '50'),
  sum('2026-11-22', 'GB', 'data', '7'),
  sum('2026-11-22', 'GB', 'sms', '2'),
  sum('2026-11-20', 'GB', 'data', '100'),
]
const sums = { from: '2026-11-19', until: '2026-11-22', rows, earlier: null }

test('a chart has a place for every day and holds one kind', () => {
  expect(daysOf(sums, 'data')).toEqual([0, 100, 0, 57])
  expect(daysOf(sums, 'voice')).toEqual([0, 0, 0, 0])
})

test('countries come with the most first, kinds in one order, days as they come', () => {
  expect(countriesOf(rows, 'data')).toEqual([
    { country: 'GB', quantity: 107 },
    { country: 'CH', quantity: 50 },
  ])
  expect(kindsUsed([...rows].reverse())).toEqual(['data', 'sms'])
  expect(byDay(rows).map(({ day, rows: own }) => [day, own.length])).toEqual([
    ['2026-11-22', 3],
    ['2026-11-20', 1],
  ])
})
