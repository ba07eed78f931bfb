/** Which lines credit may be moved to. */
import type { Line } from '../../portal/wire.ts'

/** Live ones of the same currency. */
export function othersOf(line: Line, lines: readonly Line[]): Line[] {
  return lines.filter(
    ({ lineId, state, paidCredit }) =>
      lineId !== line.lineId &&
      state !== 'closing' &&
      state !== 'closed' &&
      paidCredit.currency === line.paidCredit.currency,
  )
}
