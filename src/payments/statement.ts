/** A statement that adds up: per currency an opening balance, every movement, and the closing balance. */
import assert from 'node:assert/strict'
import type { SubscriberAccount, TransferKind } from '../ledger/ledger.ts'
import { add, type Money, money, zero } from '../values/money.ts'

export type Movement = {
  at: Temporal.Instant
  kind: TransferKind
  lineId: string | null
  /** Where it was used, or null: for usage only. */
  country: string | null
  /** How many charges are one row here. */
  count: number
  amount: Money
  /** Tax contained in what was charged, zero or more. */
  tax: Money
  /** What moved between what is held, where that is all that happened; else zero. */
  moved: Money
}
export type Part = { account: SubscriberAccount; amount: Money }
/** Sums of what the subscriber held just before the first moment, and just before the moment after the last. */
export type Held = { opening: readonly Money[]; closing: readonly Part[] }

export type StatementTable = {
  currency: string
  opening: Money
  rows: (Movement & { balance: Money })[]
  moneyIn: Money
  moneyOut: Money
  tax: Money
  closing: Money
  /** What the closing balance consists of. */
  parts: Part[]
}

/** One table for each currency that was held or moved; throws where the rows do not lead from one balance to the other. */
export function statementTables(
  movements: readonly Movement[],
  { opening, closing }: Held,
): StatementTable[] {
  const codes = new Set([
    ...opening.map(({ currency }) => currency),
    ...closing.map(({ amount }) => amount.currency),
    ...movements.map(({ amount }) => amount.currency),
  ])
  return [...codes].sort().map((code) => {
    const start = opening.find(({ currency }) => currency === code) ?? zero(code)
    const own = movements.filter(({ amount }) => amount.currency === code)
    let balance = start
    const rows = own.map((movement) => {
      balance = add(balance, movement.amount)
      return { ...movement, balance }
    })
    const parts = closing.filter(({ amount }) => amount.currency === code)
    const end = total(parts, code)
    assert.equal(balance.minor, end.minor, 'the movements lead from the opening to the closing')
    return {
      currency: code,
      opening: start,
      rows,
      moneyIn: total(
        own.filter(({ amount }) => amount.minor > 0n),
        code,
      ),
      moneyOut: total(
        own.filter(({ amount }) => amount.minor < 0n),
        code,
      ),
      tax: own.reduce((sum, { tax }) => add(sum, tax), zero(code)),
      closing: end,
      parts: parts.filter(({ amount }) => amount.minor !== 0n),
    }
  })
}

function total(rows: readonly { amount: Money }[], code: string): Money {
  return rows.reduce((sum, { amount }) => add(sum, amount), money(0n, code))
}
