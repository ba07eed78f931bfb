/** The months a statement can be had for: from the first one of the account to the one that runs. */

/** Newest first, "2026-11", as the operator's zone counts them. */
export function monthsSince(createdAt: string, now: Date, zone: string): string[] {
  const first = monthAt(new Date(createdAt), zone)
  const months: string[] = []
  for (let month = monthAt(now, zone); month >= first; month = before(month)) months.push(month)
  return months.length > 0 ? months : [first]
}

/** The month's first day, and the day after its last. */
export function daysOf(month: string): { from: string; to: string } {
  return { from: `${month}-01`, to: `${after(month)}-01` }
}

/** "2026-11" in a zone. */
export function monthAt(moment: Date, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
  }).format(moment)
}

const before = (month: string) => step(month, -1)
const after = (month: string) => step(month, 1)

function step(month: string, by: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  const count = year * 12 + number - 1 + by
  const two = String((count % 12) + 1).padStart(2, '0')
  return `${Math.floor(count / 12)}-${two}`
}
