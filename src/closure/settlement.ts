/** What closing does to the money: every account of a closing line ends at zero, and every cent has one destination. */
import assert from 'node:assert/strict'
import { daysOf, type Running, unusedOf } from '../addons/addons.ts'
import type { Posting, Rate } from '../ledger/ledger.ts'
import { daysLeft } from '../lines/line.ts'
import type { Share } from '../payments/payments.ts'
import {
  add,
  isZero,
  lesser,
  type Money,
  shareRoundedDown,
  subtract,
  zero,
} from '../values/money.ts'
import {
  type Changed,
  type Choices,
  type DestinationKind,
  type Dues,
  type Final,
  noDues,
  type Refund,
  type Refundable,
  type Row,
  type SourceKind,
  type Withheld,
} from './ends.ts'
import { type Exchange, exchangedFrom } from './exchange.ts'
import { paidFlow } from './paid-flow.ts'
import { giveBack, openShares } from './shared.ts'

export type { Choices, Dues, Final, Refundable } from './ends.ts'

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
  /** Paid for and not earned, each by itself. */
  addons: readonly Running[]
  /** What of its paid credit other lines put in. */
  shares: readonly Share[]
}

export type Settlement = {
  currency: string
  sources: Row<SourceKind>[]
  destinations: Row<DestinationKind>[]
  sourcesTotal: Money
  /** Null while a choice is missing. */
  destinationsTotal: Money | null
  refund: Money
  refunds: Refund[]
  reserve: Money
  withheld: Withheld[]
  /** What is still to be paid once all is settled. */
  owedAfter: Money
  /** Days of the plan that were used: earned, and on neither side of the table. */
  earned: Posting[]
  postings: Posting[]
  choicesNeeded: ('paid' | 'promotional' | 'shared')[]
  /** What leaves for another currency; it is not in `postings`. */
  changed: Changed | null
  /** What came from other currencies, each a transfer of its own. */
  exchanges: readonly Exchange[]
}

export type Terms = {
  promotional: readonly ('move' | 'give-up')[]
  canMove: boolean
  dues?: Dues | undefined
  /** Lines of the same owner and currency that stay. */
  staying?: ReadonlySet<string> | undefined
  /** Credit of no line, where the account ends. */
  accountCredit?: Money | undefined
  /** Everything paid of this currency is changed at this rate. */
  rate?: Rate | undefined
  /** What was changed into this currency. */
  exchanges?: readonly Exchange[] | undefined
}

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
  // A period that began after the end that was agreed, as while a review is late, is not paid for.
  const begun = line.periodStart !== null && Temporal.Instant.compare(line.periodStart, asOf) <= 0
  if (line.unusedRefund === 'none' && begun) return { days, amount: zero(line.prepaid.currency) }
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
  choices: Final,
  refundable: readonly Refundable[],
  terms: Terms,
  asOf: Temporal.Instant,
  code: string,
): Settlement {
  const { promotional: offered, canMove, dues, staying = new Set(), accountCredit } = terms
  const { rate, exchanges = [] } = terms
  const credit: Row<SourceKind>[] = []
  const earned: Posting[] = []
  for (const line of lines) addSources(line, asOf, credit, earned)
  if (accountCredit && !isZero(accountCredit))
    credit.push({ kind: 'account-credit', lineId: null, detail: {}, amount: accountCredit })
  for (const one of exchanges) credit.push(exchangedFrom(one))
  const gifts = credit.filter(({ kind }) => kind === 'promotional-credit')
  const own = lines.map(({ lineId }) => lineId)
  const shared = giveBack(lines, credit, choices.shared, staying)
  const flow = paidFlow(
    shared.left.filter(({ kind }) => kind !== 'promotional-credit'),
    choices.paid,
    inOrder(refundable, own),
    dues ?? noDues(code),
    code,
    rate,
  )

  // Where moving isn't possible there is nothing to choose: promotional credit ends with the line.
  const onlyGiveUp = !canMove || !offered.includes('move')
  const giftChoice = onlyGiveUp ? { disposition: 'give-up' as const } : choices.promotional
  const choicesNeeded: Settlement['choicesNeeded'] = []
  const isAsked = openShares(lines, staying).length > 0
  if (isAsked && !choices.shared) choicesNeeded.push('shared')
  if (flow.needsChoice) choicesNeeded.push('paid')
  if (gifts.length > 0 && giftChoice === null) choicesNeeded.push('promotional')

  const sources = [...credit, ...flow.sources]
  const destinations = [
    ...shared.destinations,
    ...flow.destinations,
    ...(giftChoice ? gifts.map((row) => giftRow(giftChoice, row)) : []),
  ]
  const sourcesTotal = totalOf(sources, code)
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
    refund: flow.refund,
    refunds: flow.refunds,
    reserve: flow.reserve,
    withheld: flow.withheld,
    owedAfter: flow.owedAfter,
    earned,
    postings: complete
      ? [...shared.postings, ...flow.postings, ...gifts.map((row) => giftOf(giftChoice, row))]
      : [],
    choicesNeeded,
    changed: complete ? flow.changed : null,
    exchanges,
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
  for (const addon of line.addons) {
    const unusedPart = unusedOf(addon, asOf)
    const usedPart = subtract(addon.paid, unusedPart)
    if (!isZero(usedPart)) {
      earned.push({
        from: { account: 'addon-prepaid', lineId },
        to: { account: 'plan-revenue' },
        amount: usedPart,
      })
    }
    const { left, total } = daysOf(addon, asOf)
    row('addon', unusedPart, { daysLeft: String(left), daysTotal: String(total) })
  }
  row('promotional-credit', line.promotional)
}

/** The orders a refund goes back to: the closing lines' own first, then as they came, newest first. */
export function inOrder(refundable: readonly Refundable[], lineIds: readonly string[]) {
  const rank = ({ lineId }: Refundable) => (lineId !== null && lineIds.includes(lineId) ? 0 : 1)
  return [...refundable].sort((a, b) => rank(a) - rank(b))
}

/** Each forfeit stands for itself, so that nobody has to add up what was on which line. */
function giftRow(
  choice: NonNullable<Choices['promotional']>,
  { lineId, amount }: Row<SourceKind>,
): Row<DestinationKind> {
  if (choice.disposition === 'give-up')
    return { kind: 'promotion-forfeited', lineId, detail: {}, amount }
  return { kind: 'moved', lineId: choice.toLineId ?? null, detail: { what: 'promotional' }, amount }
}

function giftOf(choice: Choices['promotional'], { lineId, amount }: Row<SourceKind>): Posting {
  assert(choice, 'promotional credit needs a destination')
  const from = { account: 'promotional-credit', lineId: lineId ?? undefined } as const
  if (choice.disposition === 'give-up')
    return { from, to: { account: 'promotions-forfeited' }, amount }
  assert(choice.toLineId, 'credit moves to a line')
  return { from, to: { account: 'promotional-credit', lineId: choice.toLineId }, amount }
}

export function totalOf(rows: readonly { amount: Money }[], code: string): Money {
  return rows.reduce((total, { amount }) => add(total, amount), zero(code))
}
