/** What a past closure would have come to under another policy: in time, money and reviews. Closing's own rules decide both. */
import { dueBy, numberKeptUntil, paidDispositions, type Policy } from '../policy/policy.ts'
import { decisionOn, type Risk } from './closure.ts'
import type { Choices } from './settlement.ts'

export type PastCase = {
  caseId: string
  reference: string
  submittedAt: Temporal.Instant
  risk: Risk
  choices: Choices
  hasNumber: boolean
  /** What the quote agreed to send back, minor units by currency. */
  refunds: Readonly<Record<string, bigint>>
}

export type Outcome = {
  reviewed: boolean
  /** When service ends at the latest, if every step takes the time it may. */
  endsAt: Temporal.Instant
  refunds: Readonly<Record<string, bigint>>
  refundBy: Temporal.Instant | null
  numberUntil: Temporal.Instant | null
  /** A choice the subscriber made is not on offer. */
  choiceGone: boolean
}

export function outcomeUnder(policy: Policy, past: PastCase): Outcome {
  const { rules } = policy
  const { reviewed, by: endsAt } = decisionOn(policy, past.risk, past.submittedAt)
  const { paid, promotional } = past.choices
  const offered: readonly string[] = paidDispositions(policy)
  const paidGone = paid !== null && !offered.includes(paid.disposition)
  const promotionalGone =
    promotional !== null && !rules.promotionalDispositions.value.includes(promotional.disposition)
  const refunds = paidGone && paid.disposition === 'refund' ? {} : past.refunds
  const pays = Object.values(refunds).some((minor) => minor > 0n)
  return {
    reviewed,
    endsAt,
    refunds,
    refundBy: pays ? dueBy(policy, 'refundDeadline', endsAt) : null,
    numberUntil: past.hasNumber ? numberKeptUntil(policy, endsAt) : null,
    choiceGone: paidGone || promotionalGone,
  }
}

type Moved = { sooner: number; same: number; later: number }
export type Replay = {
  cases: number
  reviews: { before: number; draft: number }
  ends: Moved
  refundsBy: Moved
  numbersFree: Moved
  /** Hours from the request to the end, over all cases. */
  hours: { before: number; draft: number }
  /** Minor units by currency. */
  refunds: Record<string, { before: bigint; draft: bigint }>
  choicesGone: number
  /** Cases of which anything differs, and those that differ most in time. */
  differing: number
  examples: Example[]
}

export type Example = Pick<PastCase, 'caseId' | 'reference'> & {
  before: Outcome
  draft: Outcome
}

/** So many are named. */
const examplesMax = 20

export function emptyReplay(): Replay {
  const none = (): Moved => ({ sooner: 0, same: 0, later: 0 })
  return {
    cases: 0,
    reviews: { before: 0, draft: 0 },
    ends: none(),
    refundsBy: none(),
    numbersFree: none(),
    hours: { before: 0, draft: 0 },
    refunds: {},
    choicesGone: 0,
    differing: 0,
    examples: [],
  }
}

/** Counts one case in. */
export function tally(total: Replay, past: PastCase, pinned: Policy, draft: Policy): void {
  const [before, under] = [outcomeUnder(pinned, past), outcomeUnder(draft, past)]
  const hours = (at: Temporal.Instant) => past.submittedAt.until(at).total('hours')
  total.cases += 1
  total.reviews.before += Number(before.reviewed)
  total.reviews.draft += Number(under.reviewed)
  total.hours.before += hours(before.endsAt)
  total.hours.draft += hours(under.endsAt)
  total.choicesGone += Number(under.choiceGone && !before.choiceGone)
  move(total.ends, before.endsAt, under.endsAt)
  move(total.refundsBy, before.refundBy, under.refundBy)
  move(total.numbersFree, before.numberUntil, under.numberUntil)
  for (const [side, { refunds }] of Object.entries({ before, draft: under })) {
    for (const [currency, minor] of Object.entries(refunds)) {
      const sums = (total.refunds[currency] ??= { before: 0n, draft: 0n })
      sums[side as 'before' | 'draft'] += minor
    }
  }
  if (isSame(before, under)) return
  total.differing += 1
  const { caseId, reference } = past
  keepWidest(total.examples, { caseId, reference, before, draft: under })
}

function isSame(before: Outcome, draft: Outcome): boolean {
  const text = ({ reviewed, endsAt, refunds, refundBy, numberUntil, choiceGone }: Outcome) =>
    [reviewed, endsAt, refundBy, numberUntil, choiceGone, ...Object.keys(refunds)].join()
  return text(before) === text(draft)
}

function keepWidest(kept: Example[], one: Example): void {
  const apart = ({ before, draft }: Example) =>
    Math.abs(before.endsAt.epochMilliseconds - draft.endsAt.epochMilliseconds)
  const at = kept.findIndex((other) => apart(other) < apart(one))
  kept.splice(at === -1 ? kept.length : at, 0, one)
  kept.length = Math.min(kept.length, examplesMax)
}

/** What happens on one side only has no two moments to compare. */
function move(count: Moved, before: Temporal.Instant | null, draft: Temporal.Instant | null): void {
  if (before === null || draft === null) return
  const order = Temporal.Instant.compare(draft, before)
  count[order < 0 ? 'sooner' : order > 0 ? 'later' : 'same'] += 1
}
