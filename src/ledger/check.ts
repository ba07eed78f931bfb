/** What a proof of the ledger found, and how a person reads it. */
import { decimal, isCurrency, money } from '../values/money.ts'

export const shownDifferencesMax = 100

export type DifferenceKind =
  | 'currency-not-zero'
  | 'transfer-not-zero'
  | 'transfer-without-posting'
  | 'posting-without-transfer'
  | 'balance-differs'
  | 'balance-overdrawn'
  | 'holds-differ'
  | 'held-without-session'
  | 'day-sum-differs'

/** Amounts are minor units as text, so that nothing is rounded on its way. */
export type LedgerDifference = {
  kind: DifferenceKind
  subscriberId?: string
  transferId?: string
  account?: string
  lineId?: string
  day?: string
  currency: string | null
  expected?: string | null
  found: string | null
}

export type LedgerCheck = {
  postings: number
  transfers: number
  balances: number
  /** Sum of all postings, in minor units; zero in a sound ledger. */
  currencies: Map<string, bigint>
  differenceCount: number
  /** The first hundred. */
  differences: LedgerDifference[]
}

export function isClean(check: LedgerCheck): boolean {
  return check.differenceCount === 0
}

/** The report of `violet ledger check`, one fact a line. */
export function reportOf(check: LedgerCheck): string {
  const { postings, transfers, balances, currencies, differences, differenceCount } = check
  const figure = new Intl.NumberFormat('en')
  const read = [
    `${figure.format(postings)} postings`,
    `${figure.format(transfers)} transfers`,
    `${figure.format(balances)} balances`,
  ].join(', ')
  const sums = [...currencies].sort().map(([code, minor]) => `${code}  sum ${shown(minor, code)}`)
  const wrong = differences.map(sentenceOf)
  const more = differenceCount - differences.length
  if (more > 0) wrong.push(`… and ${figure.format(more)} more`)
  const verdict =
    differenceCount === 0
      ? 'Clean: every transfer is zero, every balance is the sum of its postings.'
      : `NOT clean: ${figure.format(differenceCount)} difference${differenceCount === 1 ? '' : 's'}.`
  return [read, ...sums, ...wrong, verdict].join('\n')
}

/** For programs; the same facts. */
export function reportFields(check: LedgerCheck): object {
  const { currencies, ...rest } = check
  const sums = [...currencies].sort().map(([code, minor]) => [code, minor.toString()])
  return { clean: isClean(check), ...rest, currencies: Object.fromEntries(sums) }
}

function sentenceOf(difference: LedgerDifference): string {
  const { kind, subscriberId, transferId, account, lineId, day, currency, expected, found } =
    difference
  const place = [account, lineId].filter(Boolean).join(' of ')
  const at = [day, subscriberId, transferId ?? place].filter(Boolean).join(' ')
  const amount = (minor: string | null | undefined) =>
    minor == null ? 'nothing' : shown(BigInt(minor), currency ?? '')
  const what = expected == null ? amount(found) : `${amount(found)} instead of ${amount(expected)}`
  return [kind, at, currency, what].filter(Boolean).join('  ')
}

function shown(minor: bigint, code: string): string {
  return isCurrency(code) ? decimal(money(minor, code)) : minor.toString()
}
