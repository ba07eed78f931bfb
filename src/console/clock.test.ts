import { expect, test } from 'vitest'
import { clockTone, groupByClock, timeLeft, urgency } from './clock.ts'

const now = Date.parse('2026-11-24T10:00:00Z')

test('the time shown as left is really left', () => {
  expect(timeLeft('2026-11-24T11:24:59Z', now)).toEqual({
    late: false,
    days: 0,
    hours: 1,
    minutes: 24,
  })
  expect(timeLeft('2026-11-26T09:59:00Z', now)).toEqual({
    late: false,
    days: 1,
    hours: 23,
    minutes: 59,
  })
  expect(timeLeft('2026-11-24T09:22:00Z', now)).toEqual({
    late: true,
    days: 0,
    hours: 0,
    minutes: 38,
  })
})

test('urgent under two hours, for today under a day, late once it is past', () => {
  expect(urgency('2026-11-24T10:00:00Z', now)).toBe('soon')
  expect(urgency('2026-11-24T09:59:59Z', now)).toBe('late')
  expect(urgency('2026-11-24T12:00:00Z', now)).toBe('today')
  expect(urgency('2026-11-25T10:00:00Z', now)).toBe('later')
  expect(urgency(null, now)).toBe('none')
})

test('red near or past the deadline, amber within four hours, ink before', () => {
  expect(clockTone('2026-11-24T09:00:00Z', now)).toBe('danger')
  expect(clockTone('2026-11-24T11:59:00Z', now)).toBe('danger')
  expect(clockTone('2026-11-24T13:59:00Z', now)).toBe('warn')
  expect(clockTone('2026-11-24T14:00:00Z', now)).toBeUndefined()
  expect(clockTone(null, now)).toBeUndefined()
})

test('groups come by the clock and lose no row', () => {
  const rows = [
    { id: 1, dueAt: '2026-11-24T20:00:00Z' },
    { id: 2, dueAt: '2026-11-24T09:00:00Z' },
    { id: 3, dueAt: null },
    { id: 4, dueAt: '2026-11-24T20:30:00Z' },
  ]
  const groups = groupByClock(rows, now)
  expect(groups.map(({ key }) => key)).toEqual(['late', 'today', 'none'])
  expect(groups.flatMap((group) => group.rows.map(({ id }) => id))).toEqual([2, 1, 4, 3])
})
