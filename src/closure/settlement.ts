/** What closing does to the money: every account of a closing line ends at zero, and every cent has one destination. */
import assert from 'node:assert/strict'
import type { Posting } from '../ledger/ledger.ts'
import { daysLeft } from '../lines/line.ts'
import {
  add,
  isZero,
  lesser,
  type Money,
  shareRoundedDown,
  subtract,
  zero,
} from '../values/money.ts'

export type UnusedRefund = 'days' | 'lesser' | 'none'

/** One closing line and what is on it. */
export type LineMoney = {
  lineId: string
  paid: Money
  promotional: Money
  /** Paid for the current period and not yet earned. */
  prepaid: Money
  /** The days that were paid ahead: of the whole period, or what was left of it when its owner last changed the plan. */
  periodDays: number
  unusedRefund: UnusedRefund
  /** Null: service never began, so nothing was used. */
  periodStart: Temporal.Instant | null
  dataGranted: bigint
  dataRemaining: bigint
}

export type Choice<Disposition extends string> = {
  disposition: Disposition
  toLineId?: string | undefined
}
export type Choices = {
  paid: Choice<'refund' | 'move' | 'donate' | 'give-up'> | null
  promotional: Choice<'move' | 'give-up'> | null
}

/** A paid order that money can go back to, with what is left to refund on it. */
export type Refundable = { orderId: string; lineId: string | null; instrument: string; left: Money }

export type SourceKind = 'paid-credit' | 'plan-days' | 'promotional-credit'
export type DestinationKind = 'refund' | 'moved' | 'donated' | 'promotion-forfeited'
export type Row<Kind> = {
  kind: Kind
  lineId: string | null
  detail: Record<string, string>
  amount: Money
}

export type Settlement = {
  currency: string
  sources: Row<SourceKind>[]
  destinations: Row<DestinationKind>[]
  sourcesTotal: Money
  /** Null while a choice is missing. */
  destinationsTotal: Money | null
  refund: Money
  refunds: { orderId: string; instrument: string; amount: Money }[]
  /** Days of the plan that were used: earned, and on neither side of the table. */
  earned: Posting[]
  postings: Posting[]
  choicesNeeded: ('paid' | 'promotional')[]
}

export type Terms = { promotional: readonly ('move' | 'give-up')[]; canMove: boolean }

/** Whole days of the period that had not begun at a moment; a day that has begun counts as used. */
export function unusedDays(line: LineMoney, asOf: Temporal.Instant): number {
  return daysLeft({ start: line.periodStart, days: line.periodDays }, asOf)
}

/** The part of the prepaid plan that was not used, rounded down to the minor unit. */
export function unusedPlan(
  line: LineMoney,
  asOf: Temporal.Instant,
): { days: number; amount: Money } {
  const days = unusedDays(line, asOf)
  if (line.unusedRefund === 'none' && line.periodStart !== null)
    return { days, amount: zero(line.prepaid.currency) }
  const byDays = shareRoundedDown(line.prepaid, BigInt(days), BigInt(line.periodDays))
  if (line.unusedRefund === 'days' || line.dataGranted === 0n) return { days, amount: byDays }
  const byData = shareRoundedDown(line.prepaid, line.dataRemaining, line.dataGranted)
  return { days, amount: lesser(byDays, byData) }
}

/**
 * Settles closing lines of one currency as of a moment. The same function makes the quote and the execution.
 * With a choice missing it lists what is needed and gives no destination for that money.
 */
export function settle(
  lines: readonly LineMoney[],
  choices: Choices,
  refundable: readonly Refundable[],
  terms: Terms,
  asOf: Temporal.Instant,
  code: string,
): Settlement {
  const sources: Row<SourceKind>[] = []
  const earned: Posting[] = []
  for (const line of lines) addSources(line, asOf, sources, earned)
  const paid = totalOf(
    sources.filter(({ kind }) => kind !== 'promotional-credit'),
    code,
  )
  const promotional = totalOf(
    sources.filter(({ kind }) => kind === 'promotional-credit'),
    code,
  )

  // Where moving isn't possible there is nothing to choose: promotional credit ends with the line.
  const onlyGiveUp = !terms.canMove || !terms.promotional.includes('move')
  const promotionalChoice = onlyGiveUp ? { disposition: 'give-up' as const } : choices.promotional
  const choicesNeeded: Settlement['choicesNeeded'] = []
  if (!isZero(paid) && choices.paid === null) choicesNeeded.push('paid')
  if (!isZero(promotional) && promotionalChoice === null) choicesNeeded.push('promotional')

  const refunding = choices.paid?.disposition === 'refund' && !isZero(paid)
  const refunds = refunding ? spread(paid, refundable, lines) : []
  const destinations: Row<DestinationKind>[] = [
    ...(choices.paid && !isZero(paid) ? paidRows(choices.paid, paid, refunds) : []),
    ...(promotionalChoice && !isZero(promotional)
      ? [promotionalRow(promotionalChoice, promotional)]
      : []),
  ]
  const sourcesTotal = add(paid, promotional)
  const complete = choicesNeeded.length === 0
  const destinationsTotal = complete ? totalOf(destinations, code) : null
  if (destinationsTotal)
    assert.equal(destinationsTotal.minor, sourcesTotal.minor, 'every cent has one destination')
  return {
    currency: code,
    sources,
    destinations,
    sourcesTotal,
    destinationsTotal,
    refund: refunding ? paid : zero(code),
    refunds,
    earned,
    postings: complete ? postingsOf(sources, choices.paid, promotionalChoice) : [],
    choicesNeeded,
  }
}

function addSources(
  line: LineMoney,
  asOf: Temporal.Instant,
  sources: Row<SourceKind>[],
  earned: Posting[],
) {
  const { lineId } = line
  const unused = unusedPlan(line, asOf)
  const used = subtract(line.prepaid, unused.amount)
  assert(used.minor >= 0n, 'the unused part is at most the whole')
  if (!isZero(used)) {
    earned.push({
      from: { account: 'plan-prepaid', lineId },
      to: { account: 'plan-revenue' },
      amount: used,
    })
  }
  const row = (kind: SourceKind, amount: Money, detail: Record<string, string> = {}) => {
    if (!isZero(amount)) sources.push({ kind, lineId, detail, amount })
  }
  row('paid-credit', line.paid)
  row('plan-days', unused.amount, {
    daysLeft: String(unused.days),
    daysTotal: String(line.periodDays),
  })
  row('promotional-credit', line.promotional)
}

/** Sends the refund back to the orders that paid: the closing lines' own first, newest first. */
function spread(amount: Money, refundable: readonly Refundable[], lines: readonly LineMoney[]) {
  const own = new Set(lines.map(({ lineId }) => lineId))
  const ordered = [...refundable].sort((a, b) => rank(a) - rank(b))
  function rank({ lineId }: Refundable) {
    return lineId !== null && own.has(lineId) ? 0 : 1
  }
  let left = amount
  const refunds: Settlement['refunds'] = []
  for (const { orderId, instrument, left: available } of ordered) {
    if (available.currency !== amount.currency) continue
    const part = lesser(left, available)
    if (isZero(part)) continue
    refunds.push({ orderId, instrument, amount: part })
    left = subtract(left, part)
  }
  assert(isZero(left), 'paid credit came from payments, so payments cover its refund')
  return refunds
}

function paidRows(
  choice: NonNullable<Choices['paid']>,
  paid: Money,
  refunds: Settlement['refunds'],
): Row<DestinationKind>[] {
  if (choice.disposition === 'refund') {
    return refunds.map(({ orderId, instrument, amount }) => ({
      kind: 'refund',
      lineId: null,
      detail: { orderId, instrument },
      amount,
    }))
  }
  if (choice.disposition === 'donate')
    return [{ kind: 'donated', lineId: null, detail: {}, amount: paid }]
  assert(choice.disposition === 'move', 'paid money is never given up')
  return [
    { kind: 'moved', lineId: choice.toLineId ?? null, detail: { what: 'paid' }, amount: paid },
  ]
}

function promotionalRow(
  choice: NonNullable<Choices['promotional']>,
  amount: Money,
): Row<DestinationKind> {
  if (choice.disposition === 'give-up')
    return { kind: 'promotion-forfeited', lineId: null, detail: {}, amount }
  return { kind: 'moved', lineId: choice.toLineId ?? null, detail: { what: 'promotional' }, amount }
}

const accountOf = {
  'paid-credit': 'paid-credit',
  'plan-days': 'plan-prepaid',
  'promotional-credit': 'promotional-credit',
} as const

function postingsOf(
  sources: readonly Row<SourceKind>[],
  paid: Choices['paid'],
  promotional: Choices['promotional'],
): Posting[] {
  return sources.map(({ kind, lineId, amount }) => ({
    from: { account: accountOf[kind], lineId: lineId ?? undefined },
    to: kind === 'promotional-credit' ? promotionalPlace(promotional) : paidPlace(paid),
    amount,
  }))
}

function paidPlace(choice: Choices['paid']): Posting['to'] {
  assert(choice && choice.disposition !== 'give-up', 'paid money needs a destination')
  if (choice.disposition === 'refund') return { account: 'refunds-payable' }
  if (choice.disposition === 'donate') return { account: 'donations-payable' }
  assert(choice.toLineId, 'money moves to a line')
  return { account: 'paid-credit', lineId: choice.toLineId }
}

function promotionalPlace(choice: Choices['promotional']): Posting['to'] {
  assert(choice, 'promotional credit needs a destination')
  if (choice.disposition === 'give-up') return { account: 'promotions-forfeited' }
  assert(choice.toLineId, 'credit moves to a line')
  return { account: 'promotional-credit', lineId: choice.toLineId }
}

function totalOf(rows: readonly { amount: Money }[], code: string): Money {
  return rows.reduce((total, { amount }) => add(total, amount), zero(code))
}
