import { expect, test } from 'vitest'
import {
  type CalendarName,
  calendarNames,
  type Counting,
  easterSunday,
  isBusinessDay,
  isHoliday,
  passingMs,
  termEnd,
} from './business-days.ts'

const on = (text: string) => Temporal.PlainDate.from(text)
const counting = (
  calendar: CalendarName,
  zone: string,
  unit: Counting['unit'] = 'business',
): Counting => ({ calendar, zone, unit })
const berlin = counting('DE', 'Europe/Berlin')
const end = (start: string, length: string, how: Counting) =>
  termEnd(Temporal.Instant.from(start), length, how).toZonedDateTimeISO(how.zone).toPlainDateTime()

test('Easter falls where the almanac says', () => {
  const days = { 2000: '04-23', 2026: '04-05', 2027: '03-28', 2028: '04-16', 2038: '04-25' }
  for (const [year, day] of Object.entries(days))
    expect(easterSunday(Number(year)).toString()).toBe(`${year}-${day}`)
})

test.each([
  ['DE', '2026-10-03'],
  ['FR', '2026-05-14'],
  ['BE', '2026-07-21'],
  ['IT', '2026-10-04'],
  ['GB-ENG', '2027-12-28'],
  ['GB-SCT', '2026-08-03'],
  ['GB-NIR', '2026-07-13'],
  ['US', '2026-07-03'],
  ['US', '2026-11-26'],
  ['US', '2027-12-31'],
  ['CN', '2026-02-17'],
  ['BR', '2026-11-20'],
  ['IN', '2026-10-02'],
  ['JP', '2026-09-22'],
] as const)('in %s %s is a day off', (calendar, day) => {
  expect(isHoliday(on(day), calendar)).toBe(true)
})

test.each([
  ['GB-ENG', '2026-08-03'],
  ['IT', '2025-10-04'],
  ['US', '2028-01-03'],
  ['DE', '2026-05-08'],
] as const)('in %s %s is none', (calendar, day) => {
  expect(isHoliday(on(day), calendar)).toBe(false)
})

test('a weekend that China works on is a business day, and Saturday is one where the law counts it', () => {
  expect(isBusinessDay(on('2026-02-14'), counting('CN', 'Asia/Shanghai'))).toBe(true)
  expect(isBusinessDay(on('2026-02-21'), counting('CN', 'Asia/Shanghai'))).toBe(false)
  const french = counting('FR', 'Europe/Paris', 'business_incl_saturday')
  expect(isBusinessDay(on('2026-11-28'), french)).toBe(true)
  expect(isBusinessDay(on('2026-11-29'), french)).toBe(false)
})

test.each([
  ['Friday afternoon, one day', '2026-11-27T14:00:00Z', 'P1D', '2026-11-30T15:00:00'],
  ['Friday afternoon, 24 hours', '2026-11-27T14:00:00Z', 'PT24H', '2026-11-30T15:00:00'],
  ['Friday afternoon, 36 hours', '2026-11-27T14:00:00Z', 'PT36H', '2026-12-01T03:00:00'],
  ['Saturday, one day: to the end of Monday', '2026-11-28T09:00:00Z', 'P1D', '2026-12-01T00:00:00'],
  ['over Christmas', '2026-12-23T11:00:00Z', 'P2D', '2026-12-28T12:00:00'],
  ['nothing at all, on a Sunday', '2026-11-29T11:00:00Z', 'PT0S', '2026-11-29T12:00:00'],
  ['a month, ending on a Sunday', '2026-10-29T11:00:00Z', 'P1M', '2026-11-30T00:00:00'],
])('%s', (_, start, length, expected) => {
  expect(end(start, length, berlin).toString()).toBe(expected)
})

test('calendar days pass over the weekend', () => {
  const calendar = { ...berlin, unit: 'calendar' as const }
  expect(end('2026-11-27T14:00:00Z', 'P1D', calendar).toString()).toBe('2026-11-28T15:00:00')
})

test('the local day decides: a Friday evening in Berlin is a Saturday morning in Tokyo', () => {
  const tokyo = counting('JP', 'Asia/Tokyo')
  expect(end('2026-11-27T19:00:00Z', 'P1D', berlin).toString()).toBe('2026-11-30T20:00:00')
  expect(end('2026-11-27T19:00:00Z', 'P1D', tokyo).toString()).toBe('2026-12-01T00:00:00')
})

test('every calendar names its source, has both days of the weekend, and leaves most of a year to work', () => {
  for (const calendar of calendarNames) {
    let days = 0
    for (let day = on('2027-01-01'); day.year === 2027; day = day.add({ days: 1 }))
      if (isBusinessDay(day, counting(calendar, 'UTC'))) days++
    expect(days, calendar).toBeGreaterThan(240)
    expect(days, calendar).toBeLessThan(262)
  }
})

test.each([
  ['within a day', '2026-11-24T09:00:00Z', '2026-11-24T17:30:00Z', 8.5],
  ['over a weekend', '2026-11-27T14:00:00Z', '2026-11-30T14:00:00Z', 24],
  ['from a Saturday on', '2026-11-28T09:00:00Z', '2026-11-30T23:00:00Z', 24],
  ['over Christmas', '2026-12-23T11:00:00Z', '2026-12-28T11:00:00Z', 48],
  ['backwards', '2026-11-24T09:00:00Z', '2026-11-23T09:00:00Z', 0],
])('of business time, %s, as much passes as is added again', (_, start, end, hours) => {
  const [from, to] = [Temporal.Instant.from(start), Temporal.Instant.from(end)]
  expect(passingMs(from, to, berlin) / 3_600_000).toBe(hours)
  const later = Temporal.Instant.from('2026-12-09T10:20:30.456Z')
  const left = Temporal.Duration.from({ milliseconds: hours * 3_600_000 }).toString()
  expect(passingMs(later, termEnd(later, left, berlin), berlin)).toBe(hours * 3_600_000)
})
