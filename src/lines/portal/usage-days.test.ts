import { expect, test } from 'vitest'
import type { Usage } from '../../portal/wire.ts'
import { byDay, lastDays } from './usage-days.ts'

const record = (
  startedAt: string,
  kind: Usage['kind'],
  quantity: string,
  charged = '0.00',
  country = 'GB',
) =>
  ({ startedAt, kind, quantity, country, charged: { amount: charged, currency: 'GBP' } }) as Usage

const records = [
  record('2026-11-22T23:30:00Z', 'data', '100'),
  record('2026-11-22T10:00:00Z', 'data', '50', '0.10'),
  record('2026-11-22T11:00:00Z', 'data', '7', '0.20'),
  record('2026-11-20T11:00:00Z', 'voice', '187', '1.35', 'CH'),
]

test('days are those of the operator, newest first', () => {
  expect(byDay(records, 'Europe/London').map(({ day }) => day)).toEqual([
    '2026-11-22',
    '2026-11-20',
  ])
  expect(byDay(records, 'Asia/Shanghai').map(({ day }) => day)).toEqual([
    '2026-11-23',
    '2026-11-22',
    '2026-11-20',
  ])
})

test('within a day each country and kind is one row with its exact charge', () => {
  const [day] = byDay(records, 'Europe/London')
  expect(day?.dataBytes).toBe(157)
  expect(day?.rows).toEqual([
    {
      key: 'GB data',
      country: 'GB',
      kind: 'data',
      quantity: 157,
      charged: { amount: '0.30', currency: 'GBP' },
    },
  ])
})

test('the chart has a place for every day', () => {
  const days = lastDays(byDay(records, 'Europe/London'), 4)
  expect(days.map((day) => day?.day)).toEqual([undefined, '2026-11-20', undefined, '2026-11-22'])
  expect(lastDays([], 4)).toEqual([])
})
