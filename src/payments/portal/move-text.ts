/** Which lines credit may be moved to. */
import type { Money } from '../../portal/format.ts'
import type { Line } from '../../portal/wire.ts'

/** Whether a line is live and can use some of this credit. */
export function linesFor(credit: readonly Money[], { state, paidCredit }: Line): boolean {
  if (state === 'closing' || state === 'closed') return false
  return credit.some(({ currency }) => currency === paidCredit.currency)
}

/** Live ones of the same currency. */
export function othersOf(line: Line, lines: readonly Line[]): Line[] {
  return lines.filter((one) => one.lineId !== line.lineId && linesFor([line.paidCredit], one))
}
