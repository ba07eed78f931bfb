/** The clock that leads every case: how much time is left, how urgent that is, and the group it
 * falls into. */

export type TimeLeft = { late: boolean; days: number; hours: number; minutes: number }
export type Urgency = 'late' | 'soon' | 'today' | 'later' | 'none'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Rounded towards the deadline: what is shown as left is really left. */
export function timeLeft(due: string, nowMs: number): TimeLeft {
  const leftMs = Date.parse(due) - nowMs
  const late = leftMs < 0
  const minutes = Math.floor(Math.abs(leftMs) / minuteMs)
  return {
    late,
    days: Math.floor(minutes / 1440),
    hours: Math.floor(minutes / 60) % 24,
    minutes: minutes % 60,
  }
}

export function urgency(due: string | null, nowMs: number): Urgency {
  if (due === null) return 'none'
  const leftMs = Date.parse(due) - nowMs
  if (leftMs < 0) return 'late'
  if (leftMs < 2 * hourMs) return 'soon'
  return leftMs < dayMs ? 'today' : 'later'
}

/** Red means a breach is near or past, amber that it comes within four hours. */
export function clockTone(due: string | null, nowMs: number): 'danger' | 'warn' | undefined {
  const level = urgency(due, nowMs)
  if (level === 'late' || level === 'soon') return 'danger'
  const within = due !== null && Date.parse(due) - nowMs < 4 * hourMs
  return within ? 'warn' : undefined
}

export type ClockGroup<Row> = { key: Urgency; rows: Row[] }

/** Groups in the order of the clock; the rows of a group keep their order. */
export function groupByClock<Row extends { dueAt: string | null }>(
  rows: readonly Row[],
  nowMs: number,
): ClockGroup<Row>[] {
  const order: readonly Urgency[] = ['late', 'soon', 'today', 'later', 'none']
  return order
    .map((key) => ({ key, rows: rows.filter(({ dueAt }) => urgency(dueAt, nowMs) === key) }))
    .filter((group) => group.rows.length > 0)
}
