/** Where paid money of closing lines goes: what is owed first, then what was chosen, less what policy keeps back. */
import assert from 'node:assert/strict'
import type { Place, Posting, Rate } from '../ledger/ledger.ts'
import { add, isZero, lesser, type Money, subtract, sum, zero } from '../values/money.ts'
import type {
  Changed,
  DestinationKind,
  Dues,
  Final,
  Refund,
  Refundable,
  Row,
  SourceKind,
  Withheld,
} from './ends.ts'
import { intoDetail } from './exchange.ts'

export type PaidFlow = {
  /** Beside the credit itself: what the bank has asked for, and what becomes a debt. */
  sources: Row<SourceKind>[]
  destinations: Row<DestinationKind>[]
  postings: Posting[]
  refund: Money
  refunds: Refund[]
  reserve: Money
  withheld: Withheld[]
  owedAfter: Money
  needsChoice: boolean
  /** What leaves for another currency, in its own transfer. */
  changed: Changed | null
}

const accountOf = {
  'paid-credit': 'paid-credit',
  'account-credit': 'paid-credit',
  'exchanged-from': 'paid-credit',
  'plan-days': 'plan-prepaid',
  addon: 'addon-prepaid',
} as const

/** A pot that is emptied in the order of its rows; each part that leaves it is a posting. */
function potOf(rows: readonly Row<SourceKind>[], code: string) {
  const left = rows.map((row) => ({ ...row }))
  const postings: Posting[] = []
  const rest = () =>
    sum(
      left.map(({ amount }) => amount),
      code,
    )
  function take(wanted: Money, to: Place): Money {
    let open = lesser(wanted, rest())
    const taken = open
    for (const row of left) {
      const amount = lesser(open, row.amount)
      if (isZero(amount)) continue
      const account = accountOf[row.kind as keyof typeof accountOf]
      const lineId = row.lineId ?? undefined
      postings.push({ from: { account, lineId }, to, amount })
      row.amount = subtract(row.amount, amount)
      open = subtract(open, amount)
    }
    return taken
  }
  return { rest, take, postings }
}

export function paidFlow(
  rows: readonly Row<SourceKind>[],
  choice: Final['paid'],
  refundable: readonly Refundable[],
  dues: Dues,
  code: string,
  rate: Rate | null = null,
): PaidFlow {
  const pot = potOf(rows, code)
  const sources: Row<SourceKind>[] = []
  const destinations: Row<DestinationKind>[] = []
  const goes = (
    kind: DestinationKind,
    amount: Money,
    lineId: string | null = null,
    detail: Record<string, string> = {},
  ) => {
    if (!isZero(amount)) destinations.push({ kind, lineId, detail, amount })
  }
  const debts = payDebts(pot, dues, sources, goes, code)
  for (const { disputeId, lineId, held } of dues.disputed) {
    if (isZero(held)) continue
    sources.push({ kind: 'disputed-credit', lineId, detail: { disputeId }, amount: held })
    goes('disputed', held, lineId, { disputeId })
  }
  const flow = { sources, destinations, ...debts, needsChoice: false, changed: null }
  const nothing = { refund: zero(code), refunds: [], reserve: zero(code), withheld: [] }
  const paidDebts = [...debts.postings, ...pot.postings]
  if (isZero(pot.rest())) return { ...flow, ...nothing, postings: paidDebts }
  if (rate) {
    const before = pot.postings.length
    const amount = pot.take(pot.rest(), { account: 'exchange' })
    goes('exchanged-into', amount, null, intoDetail(amount, rate))
    const postings = pot.postings.slice(before)
    return { ...flow, ...nothing, postings: paidDebts, changed: { amount, postings } }
  }
  if (choice === null) return { ...flow, ...nothing, postings: [], needsChoice: true }
  const ended = dispose(pot, choice, refundable, dues, goes, code)
  return { ...flow, ...ended, postings: [...debts.postings, ...pot.postings] }
}

type Pot = ReturnType<typeof potOf>
type Goes = (
  kind: DestinationKind,
  amount: Money,
  lineId?: string | null,
  detail?: Record<string, string>,
) => void

/** Arrears and early fees; what credit does not cover of a fee becomes a debt, on both sides of the table. */
function payDebts(pot: Pot, dues: Dues, sources: Row<SourceKind>[], goes: Goes, code: string) {
  let owedAfter = zero(code)
  const postings: Posting[] = []
  for (const { lineId, amount } of dues.owed) {
    const paid = pot.take(amount, { account: 'owed', lineId })
    goes('arrears-paid', paid, lineId === '' ? null : lineId)
    owedAfter = add(owedAfter, subtract(amount, paid))
  }
  for (const { lineId, amount, detail } of dues.earlyFees) {
    const debt = subtract(amount, pot.take(amount, { account: 'plan-revenue' }))
    goes('early-fee', amount, lineId, detail)
    if (isZero(debt)) continue
    sources.push({ kind: 'becomes-owed', lineId, detail: {}, amount: debt })
    postings.push({
      from: { account: 'owed', lineId },
      to: { account: 'plan-revenue' },
      amount: debt,
    })
    owedAfter = add(owedAfter, debt)
  }
  return { owedAfter, postings }
}

function dispose(
  pot: Pot,
  choice: NonNullable<Final['paid']>,
  refundable: readonly Refundable[],
  dues: Dues,
  goes: Goes,
  code: string,
): Pick<PaidFlow, 'refund' | 'refunds' | 'reserve' | 'withheld'> {
  const nothing = { refund: zero(code), refunds: [], reserve: zero(code), withheld: [] }
  if (choice.disposition === 'move') {
    assert(choice.toLineId, 'money moves to a line')
    const moved = pot.take(pot.rest(), { account: 'paid-credit', lineId: choice.toLineId })
    goes('moved', moved, choice.toLineId, { what: 'paid' })
    return nothing
  }
  if (choice.disposition === 'keep') {
    goes('kept', pot.take(pot.rest(), { account: 'paid-credit' }))
    return nothing
  }
  assert(choice.disposition !== 'give-up', 'paid money is never given up')
  // What leaves for good can't answer for a record that comes late, so a part of it stays until then.
  const reserve = pot.take(dues.lateCap.amount, { account: 'late-usage-reserve' })
  goes('late-usage-reserve', reserve, null, dues.lateCap.detail)
  if (choice.disposition === 'donate') {
    goes('donated', pot.take(pot.rest(), { account: 'donations-payable' }))
    return { ...nothing, reserve }
  }
  if (choice.disposition === 'unclaimed') {
    goes('unclaimed', pot.take(pot.rest(), { account: 'unclaimed' }))
    return { ...nothing, reserve }
  }
  const feeMost = 'unasked' in choice ? zero(code) : dues.refundFee.amount
  const fee = pot.take(feeMost, { account: 'plan-revenue' })
  goes('refund-fee', fee, null, dues.refundFee.detail)
  const rest = pot.rest()
  const { refunds, left } = spread(rest, refundable)
  const undecided = dues.disputed.map(({ disputeId, left: amount }) => ({ disputeId, amount }))
  const { parts: withheld, open } = cover(left, undecided)
  const { parts: lost, open: uncovered } = cover(open, dues.takenBack)
  assert(isZero(uncovered), 'paid credit came from payments, so payments cover its refund')
  const gone = subtract(open, uncovered)
  pot.take(subtract(rest, gone), { account: 'refunds-payable' })
  pot.take(gone, { account: 'absorbed-loss' })
  for (const { orderId, instrument, amount } of refunds)
    goes('refund', amount, null, { orderId, instrument })
  for (const { disputeId, amount } of withheld) goes('disputed', amount, null, { disputeId })
  for (const { disputeId, amount } of lost) goes('charged-back', amount, null, { disputeId })
  return { refund: subtract(rest, left), refunds, reserve, withheld }
}

/** Sends a refund back to the orders that paid, in the order given. */
export function spread(
  amount: Money,
  refundable: readonly Refundable[],
): { refunds: Refund[]; left: Money } {
  let left = amount
  const refunds: Refund[] = []
  for (const { orderId, instrument, left: available } of refundable) {
    if (available.currency !== amount.currency) continue
    const part = lesser(left, available)
    if (isZero(part)) continue
    refunds.push({ orderId, instrument, amount: part })
    left = subtract(left, part)
  }
  return { refunds, left }
}

/** What no payment can take back: its bank may take it, or has given it to its owner already. */
export function cover(amount: Money, by: readonly Withheld[]): { parts: Withheld[]; open: Money } {
  let open = amount
  const parts: Withheld[] = []
  for (const { disputeId, amount: most } of by) {
    const part = lesser(open, most)
    if (isZero(part)) continue
    parts.push({ disputeId, amount: part })
    open = subtract(open, part)
  }
  return { parts, open }
}
