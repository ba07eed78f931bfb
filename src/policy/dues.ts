/** What is due when a line ends: credit that comes back, and what leaving early may cost. */
import {
  add,
  lesser,
  type Money,
  money,
  shareRoundedDown,
  subtract,
  zero,
} from '../values/money.ts'
import { endOfAny, prepaidConsumer, ruleFor, type Whom } from './rule-for.ts'
import type { Policy } from './schema.ts'

/** What may become of paid credit: what the operator offers, without a payout where that is prohibited. */
export function paidDispositions(policy: Policy, whom: Whom = prepaidConsumer) {
  const offered = ruleFor(policy, 'paidDispositions', whom).value
  const isProhibited = ruleFor(policy, 'refundRight', whom).value === 'prohibited'
  return offered.filter((disposition) => disposition !== 'refund' || !isProhibited)
}

/** Whether paid credit may be paid out: offered at any end, or a right that comes with the number that left. */
export function mayPayOut(
  policy: Policy,
  { ported }: { ported: boolean },
  whom: Whom = prepaidConsumer,
): boolean {
  if (paidDispositions(policy, whom).includes('refund')) return true
  return ported && ruleFor(policy, 'refundRight', whom).value === 'on_port_only'
}

/** A fee is cut to the most that is allowed; without a figure it stands as asked, in a currency without one it is nothing. */
export function feeOf(policy: Policy, asked: Money, whom: Whom = prepaidConsumer): Money {
  const { value } = ruleFor(policy, 'refundFeeMax', whom)
  if (value === null) return asked
  return lesser(asked, money(BigInt(value[asked.currency] ?? 0), asked.currency))
}

export type UnclaimedEnd = {
  to: 'operator' | 'state' | 'fund'
  /** Null: the scheme is known, its day is not. */
  dueAt: Temporal.Instant | null
}

/**
 * Who gets money that its owner could not be given, and from when: the operator not before its owner's time to claim it is
 * over. Null: it stays owed without end.
 */
export function unclaimedEndOf(
  policy: Policy,
  since: Temporal.Instant,
  whom: Whom = prepaidConsumer,
): UnclaimedEnd | null {
  const { value } = ruleFor(policy, 'unclaimedRule', whom)
  if (value === null) return null
  const due = endOfAny(policy, { value: value.after }, since)
  const claimable = endOfAny(policy, ruleFor(policy, 'refundClaimWindow', whom), since)
  const isSooner = due && claimable && Temporal.Instant.compare(due, claimable) < 0
  return { to: value.to, dueAt: value.to === 'operator' && isSooner ? claimable : due }
}

export type Leaving = {
  /** The month of the term in which the line ends, from 1. */
  month: number
  termMonths: number
  monthlyFee: Money
  died: boolean
  /** Cost of equipment sold below its price that is not paid off; null: none was sold so. */
  equipmentLeft: Money | null
  /** What the operator saves by the early end. */
  saved: Money
  /** What was given for the promise to stay. */
  benefit: Money
  contractFee: Money
  /** Whole percent, for limits that are stated without tax. */
  taxPercent: number
}
export type EarlyFee = { kind: 'at-most'; fee: Money } | { kind: 'not-before'; month: number }

/** The most that ending inside a term may cost. */
export function earlyFeeOf(
  policy: Policy,
  leaving: Leaving,
  whom: Whom = { ...prepaidConsumer, plan: 'postpaid' },
): EarlyFee {
  const free = { kind: 'at-most', fee: zero(leaving.monthlyFee.currency) } as const
  const rule = ruleFor(policy, 'etfRule', whom).value
  // In its last month a term costs nothing more to leave; one that binds does so to its last day.
  const isOver = leaving.month > leaving.termMonths
  if (isOver || (rule.kind !== 'no_early_exit' && leaving.month === leaving.termMonths)) return free
  if (leaving.died && ruleFor(policy, 'deathWaivesEtf', whom).value) return free
  if (rule.kind === 'no_early_exit') return { kind: 'not-before', month: leaving.termMonths }
  return { kind: 'at-most', fee: feeBy(rule, leaving) }
}

type EarlyRule = Exclude<Policy['rules']['etfRule']['value'], { kind: 'no_early_exit' }>

function feeBy(rule: EarlyRule, leaving: Leaving): Money {
  const { month, termMonths, monthlyFee, equipmentLeft } = leaving
  const none = zero(monthlyFee.currency)
  const left = fees(monthlyFee, termMonths - month)
  switch (rule.kind) {
    case 'none':
      return none
    case 'contract':
      return leaving.contractFee
    case 'free_after': {
      const before = fees(monthlyFee, Math.min(rule.months, termMonths) - month)
      if (equipmentLeft === null) return before
      const rest = subtract(left, before)
      return add(before, shareRoundedDown(rest, BigInt(rule.handsetSharePercent), 100n))
    }
    case 'months_max':
      return lesser(left, fees(monthlyFee, rule.months))
    case 'lesser_of': {
      const amount = rule.amount[monthlyFee.currency]
      const byMonths = lesser(left, fees(monthlyFee, rule.months))
      if (amount === undefined) return byMonths
      const bare = money(BigInt(amount), monthlyFee.currency)
      const tax = shareRoundedDown(bare, BigInt(rule.taxExcluded ? leaving.taxPercent : 0), 100n)
      const fixed = add(bare, tax)
      return lesser(fixed, byMonths)
    }
    case 'remaining_less_savings':
      return subtract(left, lesser(left, leaving.saved))
    case 'pro_rata': {
      const term = Math.min(termMonths, rule.termMonthsMax)
      const share = BigInt(Math.max(0, term - month))
      return shareRoundedDown(leaving.benefit, share, BigInt(term))
    }
    case 'equipment_pro_rata':
      return equipmentLeft === null ? none : lesser(equipmentLeft, left)
  }
}

function fees(monthlyFee: Money, months: number): Money {
  return money(monthlyFee.minor * BigInt(Math.max(0, months)), monthlyFee.currency)
}
