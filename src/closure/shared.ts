/** Credit that other lines put in goes back to them, by the rule stored with it or because its owner agrees for them. */
import type { Posting } from '../ledger/ledger.ts'
import type { Share } from '../payments/payments.ts'
import { add, lesser, type Money, subtract, zero } from '../values/money.ts'
import type { Choices, DestinationKind, Row, SourceKind } from './ends.ts'

export type Shared = { lineId: string; shares: readonly Share[] }

/** A share that nobody gave a rule when it was moved, with the line it is on. */
export type OpenShare = { lineId: string; fromLineId: string; amount: Money }

/** Shares that wait for the owner's word. Of a line that does not stay nothing is asked: its money ends with it. */
export function openShares(lines: readonly Shared[], staying: ReadonlySet<string>): OpenShare[] {
  return lines.flatMap(({ lineId, shares }) =>
    shares.flatMap(({ fromLineId, atClosing, amount }) =>
      atClosing === null && staying.has(fromLineId) ? [{ lineId, fromLineId, amount }] : [],
    ),
  )
}

/** What goes back, and the rows of the line's credit without it. */
export function giveBack(
  lines: readonly Shared[],
  rows: readonly Row<SourceKind>[],
  choice: Choices['shared'],
  staying: ReadonlySet<string>,
) {
  const destinations: Row<DestinationKind>[] = []
  const postings: Posting[] = []
  const left = rows.map((row) => {
    if (row.kind !== 'paid-credit') return row
    const shares = lines.find(({ lineId }) => lineId === row.lineId)?.shares ?? []
    let back = zero(row.amount.currency)
    for (const { fromLineId, atClosing, amount } of shares) {
      const isAgreed = atClosing === null && choice?.disposition === 'return'
      if (!staying.has(fromLineId) || (atClosing !== 'returns' && !isAgreed)) continue
      const part = lesser(amount, subtract(row.amount, back))
      if (part.minor <= 0n) continue
      back = add(back, part)
      const detail = { by: isAgreed ? 'consent' : 'rule' }
      destinations.push({ kind: 'share-returned', lineId: fromLineId, detail, amount: part })
      postings.push({
        from: { account: 'paid-credit', lineId: row.lineId ?? undefined },
        to: { account: 'paid-credit', lineId: fromLineId },
        amount: part,
      })
    }
    return { ...row, amount: subtract(row.amount, back) }
  })
  return { left, destinations, postings }
}
