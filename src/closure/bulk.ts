/** Closing many lines at once: what a file asks for, who may approve it, and what one line's closure would be. */
import { createHash } from 'node:crypto'
import { dueBy, paidDispositions } from '../policy/policy.ts'
import { splitLine } from '../values/csv.ts'
import { add, isZero, type Money, toWire } from '../values/money.ts'
import { bulkMoney } from './bulk-wire.ts'
import type { StoredCase } from './case.ts'
import { type CaseState, standing } from './closure.ts'
import type { Facts } from './facts.ts'
import { strandedBy } from './others.ts'
import { checkChoices, makeQuote, type Quote } from './quote.ts'
import type { Choices } from './settlement.ts'
import { wantedEnd } from './spending.ts'

export type BulkState = 'proposed' | 'running' | 'paused' | 'done' | 'cancelled'
export type Bulk = {
  readonly bulkId: string
  readonly source: string
  readonly reason: string
  readonly state: BulkState
  readonly endsAt: Temporal.Instant
  readonly cohortSize: number
  readonly lanes: number
  /** Calls to partners that a cohort has under way at once. */
  readonly calls: number
  readonly networkRate: number | null
  readonly paymentsRate: number | null
  readonly proposedBy: string
  readonly proposedAt: Temporal.Instant
  readonly startedAt: Temporal.Instant | null
  readonly endedAt: Temporal.Instant | null
  readonly totals: BulkTotals
  readonly version: number
}

/** Two people, neither of them the one who proposed it. */
export const approvalsNeeded = 2

/** The operator ends service, so what was paid goes back the way it came, and what was given ends. */
export const bulkChoices: Choices = {
  paid: { disposition: 'refund' },
  promotional: { disposition: 'give-up' },
  shared: { disposition: 'return' },
}

export type BulkMoney = (typeof bulkMoney)[number]

/** As was asked for the line, or else the first that its policy offers; undefined where that is none of them. */
export function choicesFor(asked: BulkMoney | null, { policy }: Facts): Choices | undefined {
  const offered = paidDispositions(policy)
  const money = asked ?? bulkMoney.find((one) => offered.includes(one))
  if (money === undefined || !offered.includes(money)) return undefined
  if (money !== 'spend') return { ...bulkChoices, paid: { disposition: money } }
  // Where there is nothing to spend, or no time to, only the rest of the choice counts.
  const rest = (['refund', 'keep', 'donate'] as const).find((one) => offered.includes(one))
  return rest && { ...bulkChoices, paid: { disposition: rest, spendFirst: true } }
}

export const identifiers = ['lineId', 'msisdn', 'iccid', 'imsi'] as const
export type Identifier = (typeof identifiers)[number]
/** `place` is the row of the file, from 1 for the header. */
/** `money`: what its row wants done with paid credit. */
export type AskedLine = { place: number; value: string; row: string; money?: BulkMoney | undefined }
export type RejectReason = 'empty' | 'unreadable' | 'twice' | 'unknown' | 'money'
export type Reject = { place: number; row: string; reason: RejectReason }
export type BulkFile = { by: Identifier; asked: AskedLine[]; rejects: Reject[] }

/** Reads a file whose header names one identifier of lines, and perhaps `money`; undefined when it names none. */
export function readBulkFile(text: string): BulkFile | undefined {
  const [header = '', ...rows] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = (splitLine(header, ',') ?? []).map((name) => name.trim().toLowerCase())
  const by = identifiers.find((name) => names.includes(name.toLowerCase()))
  if (!by) return undefined
  const column = names.indexOf(by.toLowerCase())
  const moneyColumn = names.indexOf('money')
  const asked: AskedLine[] = []
  const rejects: Reject[] = []
  const seen = new Set<string>()
  for (const [index, row] of rows.entries()) {
    const place = index + 2
    if (row === '') continue
    const cells = splitLine(row, ',')
    const value = cells?.[column]?.trim()
    const said = cells?.[moneyColumn]?.trim().toLowerCase() ?? ''
    const money = bulkMoney.find((one) => one === said)
    if (value === undefined) rejects.push({ place, row, reason: 'unreadable' })
    else if (value === '') rejects.push({ place, row, reason: 'empty' })
    else if (seen.has(value)) rejects.push({ place, row, reason: 'twice' })
    else if (said !== '' && !money) rejects.push({ place, row, reason: 'money' })
    else asked.push({ place, value, row, ...(money && { money }) })
    if (value) seen.add(value)
  }
  return { by, asked, rejects }
}

/** The same lines asked for again have the same one. */
export function fingerprintOf(
  asked: Pick<BulkFile, 'by' | 'asked'> | string,
  money: BulkMoney | null = null,
): string {
  const named =
    typeof asked === 'string'
      ? asked
      : JSON.stringify([
          asked.by,
          asked.asked.map((one) => (one.money ? [one.value, one.money] : one.value)),
        ])
  const text = money ? `${money} ${named}` : named
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Two clocks are never quite the same. */
const skewMax = { minutes: 5 } as const
const aheadMax = { hours: 24 * 366 } as const

/** Whether a day can't be the last one of service: days that were used would come back, or nobody would remember it. */
export function whyNotOn(
  endsAt: Temporal.Instant,
  now: Temporal.Instant,
): 'past' | 'far' | undefined {
  if (Temporal.Instant.compare(endsAt, now.subtract(skewMax)) < 0) return 'past'
  return Temporal.Instant.compare(endsAt, now.add(aheadMax)) > 0 ? 'far' : undefined
}

/** Agreed to late, or opened late, service goes on until then, and so do the days that count as used. */
export function endNotBefore(endsAt: Temporal.Instant, now: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.compare(endsAt, now) < 0 ? now : endsAt
}

/** What is agreed to beside the lines and their money; `isDaySaid`: the day was, and not counted from the asking. */
export type Terms = Pick<
  Bulk,
  'endsAt' | 'reason' | 'cohortSize' | 'lanes' | 'calls' | 'networkRate' | 'paymentsRate'
> & { readonly isDaySaid: boolean }
export type Term = (typeof terms)[number]
export const terms = [
  'endsAt',
  'reason',
  'cohort',
  'lanes',
  'calls',
  'networkRate',
  'paymentsRate',
] as const

/** In what the same lines, asked for again, are asked for otherwise. */
export function differingTerms(
  open: Omit<Terms, 'isDaySaid'>,
  asked: Terms,
  now: Temporal.Instant,
): Term[] {
  const isSame: Record<Term, boolean> = {
    endsAt: isSameDay(open.endsAt, asked, now),
    reason: open.reason === asked.reason,
    cohort: open.cohortSize === asked.cohortSize,
    lanes: open.lanes === asked.lanes,
    calls: open.calls === asked.calls,
    networkRate: open.networkRate === asked.networkRate,
    paymentsRate: open.paymentsRate === asked.paymentsRate,
  }
  return terms.filter((term) => !isSame[term])
}

// The database keeps no more than millionths of a second.
const saidLeewayMs = 1
const countedLeewayMs = 24 * 60 * 60 * 1000

/** At once is at once, however often it is said; a day that was counted from the asking is the same all day long. */
function isSameDay(open: Temporal.Instant, asked: Terms, now: Temporal.Instant): boolean {
  const [one, other] = [endNotBefore(open, now), endNotBefore(asked.endsAt, now)]
  const apartMs = Math.abs(one.epochMilliseconds - other.epochMilliseconds)
  return apartMs <= (asked.isDaySaid ? saidLeewayMs : countedLeewayMs)
}

/** What a case of a bulk closure may do next, as the bulk closure stands. */
export function onlyWhile(state: BulkState | undefined): 'goes-on' | 'paused' | 'called-off' {
  if (state === 'cancelled') return 'called-off'
  return state === 'paused' ? 'paused' : 'goes-on'
}

/** Where a case can be before service begins to end: on its way, or stopped by somebody. */
export const givenBackFrom: readonly CaseState[] = ['scheduled', 'on_hold', 'frozen']

/** Whether calling off gives a line back. One whose number has left is a person's to settle. */
export function mayGiveBack(c: Pick<StoredCase, 'state' | 'attention'>): boolean {
  return givenBackFrom.includes(standing(c)) && c.attention?.step !== 'port'
}

/** Why a line takes no part. */
export type LineRefusal =
  | 'line-closed'
  | 'closure-open'
  | 'account-closed'
  | 'refund-not-allowed'
  | 'money-not-allowed'
  | 'strands-line'
  | 'withdrawn-by-operator'

export type OpenedLine =
  | { refusal: LineRefusal }
  | { quote: Quote; choices: Choices; endsAt: Temporal.Instant }

/**
 * What closing one line for the operator would be, as of the day service ends.
 * `closing`: the line, or its whole account, is being closed already. What is spent first goes on to its last paid day.
 */
export function openLine(
  facts: Facts | undefined,
  closing: boolean,
  day: Temporal.Instant,
  money: BulkMoney | null,
  numberUntil: (facts: Facts, endsAt: Temporal.Instant) => Temporal.Instant | null,
): OpenedLine {
  const [line] = facts?.lines ?? []
  if (!facts || !line) return { refusal: 'account-closed' }
  if (line.state === 'closed') return { refusal: 'line-closed' }
  if (closing || line.state === 'closing') return { refusal: 'closure-open' }
  const wanted = choicesFor(money, facts)
  if (!wanted || checkChoices(facts, wanted))
    return { refusal: money === null ? 'refund-not-allowed' : 'money-not-allowed' }
  const spent = wantedEnd(facts.lines, wanted, day)
  const choices = spent ? wanted : { ...wanted, paid: wanted.paid && withoutSpending(wanted.paid) }
  const endsAt = spent ?? day
  const quote = makeQuote(facts, choices, 'operator', numberUntil(facts, endsAt), endsAt)
  return { choices, endsAt, quote: { ...quote, wire: datedFor(quote, facts, endsAt) } }
}

/** The last lines that companions go with end only with them: those that would leave one behind take no part. */
export function withoutStranding<Line extends { facts: Facts | undefined; opened: OpenedLine }>(
  all: readonly Line[],
  closing: ReadonlySet<string>,
): Line[] {
  const refused = all.flatMap(({ facts, opened }) =>
    'refusal' in opened ? (facts?.lines.map(({ lineId }) => lineId) ?? []) : [],
  )
  const ending = closing.difference(new Set(refused))
  return all.map((line) => {
    if ('refusal' in line.opened || !line.facts) return line
    if (strandedBy(line.facts, ending).length === 0) return line
    return { ...line, opened: { refusal: 'strands-line' } }
  })
}

function withoutSpending({ disposition }: NonNullable<Choices['paid']>): Choices['paid'] {
  return { disposition }
}

/** A quote counts from now; this one from the day that is known. */
function datedFor({ wire }: Quote, { policy }: Facts, endsAt: Temporal.Instant): Quote['wire'] {
  const refundBy =
    wire.refundTo.length > 0 ? dueBy(policy, 'refundDeadline', endsAt).toString() : null
  return { ...wire, endsAt: endsAt.toString(), immediate: false, refundBy }
}

/** What a bulk closure comes to; amounts are sums over its lines, per currency, as decimal strings. */
export type BulkTotals = {
  lines: number
  refused: Record<string, number>
  refund: MoneyWire[]
  forfeited: MoneyWire[]
  /** What stays as credit on accounts; absent: it was not asked then. */
  kept?: MoneyWire[]
  /** Lines whose service goes on to their last paid day. */
  spending?: number
  /** What was used of what was paid ahead. */
  earned: MoneyWire[]
}
type MoneyWire = { amount: string; currency: string }

/** Adds the lines of a dry run up, one after another. */
export function openTally() {
  let lines = 0
  let spending = 0
  const refused: Record<string, number> = {}
  const sums = {
    refund: new Map<string, Money>(),
    kept: new Map<string, Money>(),
    forfeited: new Map<string, Money>(),
    earned: new Map<string, Money>(),
  }
  const sumUp = (kind: keyof typeof sums, amount: Money) => {
    const before = sums[kind].get(amount.currency)
    sums[kind].set(amount.currency, before ? add(before, amount) : amount)
  }
  return {
    count(opened: OpenedLine): void {
      if ('refusal' in opened) {
        refused[opened.refusal] = (refused[opened.refusal] ?? 0) + 1
        return
      }
      lines += 1
      if (opened.choices.paid?.spendFirst) spending += 1
      for (const { refund, destinations, earned } of opened.quote.settlements) {
        sumUp('refund', refund)
        for (const { kind, amount } of destinations) {
          if (kind === 'promotion-forfeited') sumUp('forfeited', amount)
          if (kind === 'kept') sumUp('kept', amount)
        }
        for (const { amount } of earned) sumUp('earned', amount)
      }
    },
    totals(): BulkTotals {
      const wire = (kind: keyof typeof sums) =>
        [...sums[kind].values()].filter((amount) => !isZero(amount)).map(toWire)
      return {
        lines,
        refused,
        refund: wire('refund'),
        kept: wire('kept'),
        spending,
        forfeited: wire('forfeited'),
        earned: wire('earned'),
      }
    },
  }
}

/** How many cohorts there are. */
export function cohortCount(lines: number, cohortSize: number): number {
  return Math.ceil(lines / cohortSize)
}

/** How many lines stand where: waiting, a state of their case, or a refusal. */
export type Progress = {
  lines: number
  waiting: number
  /** Called off, and not given back yet. */
  givingBack: number
  refused: Record<string, number>
  states: Record<string, number>
}
/** Whether nothing more becomes of its lines by itself. */
export function isOver({ state, progress }: BulkView): boolean {
  return state === 'done' || (state === 'cancelled' && progress.givingBack === 0)
}

export type BulkView = Bulk & {
  rejects: number
  progress: Progress
  approvals: { staffId: string; name: string; at: Temporal.Instant }[]
}

export type LineOutcome = {
  place: number
  lineId: string | null
  reference: string | null
  /** A state of the case, `waiting`, `refused` or `rejected`. */
  outcome: string
  reason: string | null
  endedAt: Temporal.Instant | null
}

export const outcomeColumns = ['row', 'lineId', 'reference', 'outcome', 'reason', 'closedAt']

export function outcomeCells(outcome: LineOutcome): (string | null)[] {
  const { place, lineId, reference, outcome: what, reason, endedAt } = outcome
  return [String(place), lineId, reference, what, reason, endedAt?.toString() ?? null]
}
