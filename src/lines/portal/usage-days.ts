/** Usage records gathered by day, and within a day by country and kind. */
import type { Money } from '../../portal/format.ts'
import { sum } from '../../portal/format.ts'
import type { Usage } from '../../portal/wire.ts'

export type UsageRow = {
  key: string
  country: string
  kind: Usage['kind']
  quantity: number
  charged: Money | undefined
}
export type UsageDay = { day: string; at: string; dataBytes: number; rows: UsageRow[] }

/** `day` is the calendar day in the operator's zone. */
export function byDay(records: readonly Usage[], zone: string): UsageDay[] {
  const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' })
  const days = Object.groupBy(records, (record) => dayOf.format(new Date(record.startedAt)))
  return Object.entries(days)
    .map(([day, items = []]) => ({
      day,
      at: items[0]?.startedAt ?? '',
      dataBytes: total(items.filter((item) => item.kind === 'data')),
      rows: rowsOf(items),
    }))
    .toSorted((a, b) => b.day.localeCompare(a.day))
}

function rowsOf(items: Usage[]): UsageRow[] {
  const groups = Object.groupBy(items, (item) => `${item.country} ${item.kind}`)
  return Object.entries(groups).map(([key, group = []]) => ({
    key,
    country: key.slice(0, 2),
    kind: group[0]?.kind ?? 'data',
    quantity: total(group),
    charged: sum(group.map((item) => item.charged)),
  }))
}

function total(items: readonly Usage[]): number {
  return items.reduce((so, item) => so + Number(item.quantity), 0)
}

/** The last `count` calendar days up to the newest, with nothing where nothing was used. */
export function lastDays(days: readonly UsageDay[], count: number): (UsageDay | undefined)[] {
  const newest = days[0]
  if (!newest) return []
  const start = Date.parse(`${newest.day}T00:00:00Z`)
  return Array.from({ length: count }, (_, back) => {
    const day = new Date(start - (count - 1 - back) * 86_400_000).toISOString().slice(0, 10)
    return days.find((one) => one.day === day)
  })
}
