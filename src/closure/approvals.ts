/** Who may decide a case under review, and whether one person is enough: from its timeline, which can't be changed. */
import { needsSecondReview } from '../policy/policy.ts'
import { type Money, sum } from '../values/money.ts'
import type { RefusalCode } from '../values/refusal.ts'
import { countedTo, type StoredCase } from './case.ts'
import type { ChainedEvent } from './chain.ts'
import type { IfLate } from './closure.ts'
import { settleAll } from './currencies.ts'
import { agreedRates } from './exchange.ts'
import type { Facts } from './facts.ts'
import { riskOf, takesTwo } from './risk.ts'

type Event = Pick<ChainedEvent, 'kind' | 'actorKind' | 'actorId' | 'at'>
export type WhyTwo = 'refund' | 'risk'

/**
 * What may come back as the account stands now, in each currency. Where it is meant to go does not count: a choice may change
 * after an approval, credit may come after a quote, and what is held may be freed.
 */
export function atStake(c: StoredCase, facts: Facts): Money[] {
  const asOf = countedTo(c) ?? c.submittedAt ?? c.createdAt
  const rates = agreedRates(c.quote?.currencies ?? [])
  return settleAll(facts, c.choices, asOf, rates).map(({ currency, sources }) =>
    sum(
      sources.filter(({ kind }) => kind !== 'promotional-credit').map(({ amount }) => amount),
      currency,
    ),
  )
}

/** Why a second person has to approve too; none: one is enough. */
export function whyTwo(
  { submittedAt }: Pick<StoredCase, 'submittedAt'>,
  stake: readonly Money[],
  facts: Facts,
  now: Temporal.Instant,
): WhyTwo[] {
  return [
    ...(needsSecondReview(facts.policy, stake) ? (['refund'] as const) : []),
    ...(takesTwo(facts, submittedAt ?? now) ? (['risk'] as const) : []),
  ]
}

/** What a late review comes to: no clock stands for a second person. */
export function lateMeans(c: StoredCase, facts: Facts, now: Temporal.Instant): IfLate {
  const { value } = facts.policy.rules.ifLate
  const alone =
    value === 'approved' &&
    riskOf(facts, c.submittedAt ?? now) === 'low' &&
    whyTwo(c, atStake(c, facts), facts, now).length === 0
  return alone ? 'approved' : 'escalated'
}

/** What takes an approval back, or casts doubt on one that was given before it. */
const voiding = ['approval-taken-back', 'frozen', 'held', 'rejected', 'appealed']
/** The last of these says whether the first of two approvals stands. */
export const halving: readonly string[] = ['approved-first', ...voiding]

/** The first of two approvals, as long as it stands. */
export function firstApproval<One extends Event>(events: readonly One[]): One | undefined {
  const last = events.findLast(({ kind }) => halving.includes(kind))
  return last?.kind === 'approved-first' ? last : undefined
}

export type Bar = Extract<
  RefusalCode,
  'requester-cannot-decide' | 'rejected-by-you' | 'approved-by-you'
>

type Decided = Pick<StoredCase, 'decision'>

/** Why this member of staff does not decide it, and so does not take it either. */
export function barredFrom(c: Decided, events: readonly Event[], staffId: string): Bar | undefined {
  const isOwn = (event: Event | undefined) =>
    event?.actorKind === 'staff' && event.actorId === staffId
  if (isOwn(events[0])) return 'requester-cannot-decide'
  const first = firstApproval(events)
  if (isOwn(first)) return 'approved-by-you'
  // Another has looked at the appeal and approves: who rejected it may come to agree.
  if (hasRejected(c, staffId) && !first) return 'rejected-by-you'
  return undefined
}

export function hasRejected({ decision }: Decided, staffId: string): boolean {
  return decision?.decision === 'reject' && decision.staffId === staffId
}
