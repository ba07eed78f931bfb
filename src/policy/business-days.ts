/** Lengths of time counted on a country's calendar: which days are business days, and when a term is over. */
import calendars from './calendars.json' with { type: 'json' }

/** A day off: fixed, counted from Easter Sunday, or the nth weekday of a month (-1: the last). */
type Holiday = { name: string; from?: number } & (
  | { on: string; moves?: 'next-weekday' | 'nearest-weekday' }
  | { easter: number }
  | { month: number; weekday: number; nth: number }
)

export type Calendar = {
  source: string
  /** ISO weekdays that are off. */
  weekend: readonly number[]
  holidays: readonly Holiday[]
  /** Days off, and weekends that are worked, which a notice names year by year. */
  announced?: { until: string; off: readonly string[]; work: readonly string[] }
}

export type CalendarName = keyof typeof calendars
export const calendarNames = Object.keys(calendars) as [CalendarName, ...CalendarName[]]

export function calendarOf(name: CalendarName): Calendar {
  return calendars[name] as Calendar
}

type Unit = 'calendar' | 'business' | 'business_incl_saturday'
export type Counting = { unit: Unit; zone: string; calendar: CalendarName }

export function isBusinessDay(day: Temporal.PlainDate, { unit, calendar }: Counting): boolean {
  const { weekend, announced } = calendarOf(calendar)
  if (announced?.work.includes(day.toString())) return true
  const off = unit === 'business_incl_saturday' ? weekend.filter((each) => each !== 6) : weekend
  return !off.includes(day.dayOfWeek) && !isHoliday(day, calendar)
}

export function isHoliday(day: Temporal.PlainDate, name: CalendarName): boolean {
  const calendar = calendarOf(name)
  const text = day.toString()
  if (calendar.announced?.off.includes(text)) return true
  // New Year's Day on a Saturday is observed in the year before.
  return [day.year, day.year + 1].some((year) => daysOff(calendar, year).includes(text))
}

/**
 * The moment a length of time from `start` is over, by the local clock. Business days keep the time of day; a `start` on a
 * day off counts from the beginning of the next business day. Hours of such a length pass on business days only.
 */
export function termEnd(
  start: Temporal.Instant,
  length: string,
  counting: Counting,
): Temporal.Instant {
  const asked = Temporal.Duration.from(length)
  const local = start.toZonedDateTimeISO(counting.zone)
  if (counting.unit === 'calendar' || asked.blank) return local.add(asked).toInstant()
  const { years, months, weeks, days, hours, minutes, seconds, milliseconds } = asked
  let at = opening(opening(local, counting).add({ years, months, weeks }), counting)
  for (let left = days; left > 0; left--) {
    do at = at.add({ days: 1 })
    while (!isBusinessDay(at.toPlainDate(), counting))
  }
  let rest = Temporal.Duration.from({ hours, minutes, seconds, milliseconds })
  for (;;) {
    const midnight = at.add({ days: 1 }).startOfDay()
    const today = at.until(midnight, { largestUnit: 'hours' })
    if (Temporal.Duration.compare(rest, today) < 0) return at.add(rest).toInstant()
    rest = rest.subtract(today)
    at = opening(midnight, counting)
  }
}

/** How much of a length of time, in ms, passes from `start` to `end`; `termEnd` adds it to another start. */
export function passingMs(
  start: Temporal.Instant,
  end: Temporal.Instant,
  counting: Counting,
): number {
  const endMs = end.epochMilliseconds
  if (counting.unit === 'calendar') return Math.max(0, endMs - start.epochMilliseconds)
  let sumMs = 0
  let at = start.toZonedDateTimeISO(counting.zone)
  while (at.epochMilliseconds < endMs) {
    const midnight = at.add({ days: 1 }).startOfDay()
    if (isBusinessDay(at.toPlainDate(), counting))
      sumMs += Math.min(endMs, midnight.epochMilliseconds) - at.epochMilliseconds
    at = midnight
  }
  return sumMs
}

/** The moment itself on a business day, or the beginning of the next one. */
function opening(at: Temporal.ZonedDateTime, counting: Counting): Temporal.ZonedDateTime {
  let open = at
  while (!isBusinessDay(open.toPlainDate(), counting)) open = open.add({ days: 1 }).startOfDay()
  return open
}

const known = new Map<string, readonly string[]>()

function daysOff(calendar: Calendar, year: number): readonly string[] {
  const key = `${calendar.source} ${year}`
  const found = known.get(key) ?? reckon(calendar, year)
  known.set(key, found)
  return found
}

/** A day that moves off the weekend takes the first weekday that is not off already. */
function reckon({ holidays, weekend }: Calendar, year: number): readonly string[] {
  const days = holidays
    .filter(({ from = 0 }) => from <= year)
    .map((holiday) => ({ day: dayOf(holiday, year), moves: 'moves' in holiday && holiday.moves }))
  const off = new Set(days.map(({ day }) => day.toString()))
  const free = (day: Temporal.PlainDate) =>
    !weekend.includes(day.dayOfWeek) && !off.has(day.toString())
  for (const { day, moves } of days) {
    if (!moves || !weekend.includes(day.dayOfWeek)) continue
    const step = moves === 'nearest-weekday' && day.dayOfWeek === 6 ? -1 : 1
    let moved = day
    while (!free(moved)) moved = moved.add({ days: step })
    off.add(moved.toString())
  }
  return [...off]
}

function dayOf(holiday: Holiday, year: number): Temporal.PlainDate {
  if ('on' in holiday) return Temporal.PlainDate.from(`${year}-${holiday.on}`)
  if ('easter' in holiday) return easterSunday(year).add({ days: holiday.easter })
  const { month, weekday, nth } = holiday
  const first = Temporal.PlainDate.from({ year, month, day: 1 })
  const begin = first.add({ days: (weekday - first.dayOfWeek + 7) % 7 })
  if (nth > 0) return begin.add({ weeks: nth - 1 })
  return begin.add({ weeks: Math.floor((first.daysInMonth - begin.day) / 7) })
}

/** Gregorian Easter, by the anonymous algorithm (Meeus, Astronomical Algorithms, ch. 8). */
export function easterSunday(year: number): Temporal.PlainDate {
  const a = year % 19
  const century = Math.floor(year / 100)
  const rest = year % 100
  const f = Math.floor((century + 8) / 25)
  const g = Math.floor((century - f + 1) / 3)
  const h = (19 * a + century - Math.floor(century / 4) - g + 15) % 30
  const l = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - h - (rest % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const sum = h + l - 7 * m + 114
  return Temporal.PlainDate.from({ year, month: Math.floor(sum / 31), day: (sum % 31) + 1 })
}
