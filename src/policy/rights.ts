/** What a policy lets happen on the way out: sign-in, evidence, offers, arrears, how long a number is kept. */
import type { Money } from '../values/money.ts'
import type { Policy } from './schema.ts'
import { endOf, endOfAny, type Length, prepaidConsumer, ruleFor, type Whom } from './rule-for.ts'

/** Whether signing in may be asked of somebody who wants to declare the end. */
export function mayAskSignIn(policy: Policy, { hasAccount }: { hasAccount: boolean }): boolean {
  return isGated(ruleFor(policy, 'loginGateAllowed').value, { hasAccount })
}

type Gate = Policy['rules']['loginGateAllowed']['value']

/** The same of the rule alone, where only that was read of a policy. */
export function isGated(gate: Gate, { hasAccount }: { hasAccount: boolean }): boolean {
  return gate === 'yes' || (gate === 'existing_account_only' && hasAccount)
}

/** Whether a copy of an ID may be a condition for paying out. */
export function mayAskIdCopy(policy: Policy): boolean {
  return ruleFor(policy, 'idCopyForRefundAllowed').value
}

/** Violet's own limit where the law gives no number: one offer, shown once. */
const offersMax = 1

export function mayOffer(
  policy: Policy,
  offer: { path: 'closing' | 'port'; shownBefore: number; besideCancel: boolean },
  whom: Whom = prepaidConsumer,
): boolean {
  const { value } = ruleFor(policy, 'saveOfferMax', whom)
  if (value.onlyBesideCancel && !offer.besideCancel) return false
  return offer.shownBefore < Math.min(value[offer.path] ?? offersMax, offersMax)
}

/** Whether closing an account with this on it takes a second reviewer: nobody decides alone about much money. */
export function needsSecondReview(
  policy: Policy,
  stake: readonly Money[],
  whom: Whom = prepaidConsumer,
): boolean {
  const { value } = ruleFor(policy, 'secondReviewAbove', whom)
  if (value === null) return false
  return stake.some(({ minor, currency }) => minor > BigInt(value[currency] ?? 0))
}

export type Closing = { allowed: boolean; by: Temporal.Instant | null }

/** Whether a line closes, and by when at the latest; what is owed stays owed either way. */
export function mayClose(
  policy: Policy,
  { overdue, receivedAt }: { overdue: boolean; receivedAt: Temporal.Instant },
  whom: Whom = prepaidConsumer,
): Closing {
  if (overdue && arrearsBlock(policy, 'close')) return { allowed: false, by: null }
  return { allowed: true, by: endOfAny(policy, ruleFor(policy, 'maxCloseTime', whom), receivedAt) }
}

/** `source` is that of the rule which allows or shortens it; empty: the contract alone. */
export type NoticeEnd = { until: Temporal.Instant; source: string }

/** When the notice that a contract asks for is over: never beyond what may be asked, or beyond when a line has to have closed. */
export function noticeEnd(
  policy: Policy,
  asked: Length,
  receivedAt: Temporal.Instant,
  whom: Whom = { ...prepaidConsumer, plan: 'postpaid' },
): NoticeEnd {
  const most = ruleFor(policy, 'noticeRule', whom)
  const own = {
    until: endOf(policy, asked, receivedAt),
    source: most.value === null ? '' : most.source,
  }
  const limits = [most, ruleFor(policy, 'maxCloseTime', whom)].flatMap((rule) => {
    const until = endOfAny(policy, rule, receivedAt)
    return until ? [{ until, source: rule.source }] : []
  })
  return [own, ...limits].reduce((first, one) =>
    Temporal.Instant.compare(one.until, first.until) < 0 ? one : first,
  )
}

/** Where nothing was found arrears block nothing. */
export function arrearsBlock(policy: Policy, what: 'close' | 'port'): boolean {
  return ruleFor(policy, 'arrearsBlocks').value[what] === true
}

export type Porting = { allowed: true } | { allowed: false; why: 'arrears' | 'ended-too-long-ago' }

/** Whether the number can leave: with a bill unpaid, or after the line's end. */
export function mayPort(
  policy: Policy,
  asked: { overdue: boolean; endedAt: Temporal.Instant | null; at: Temporal.Instant },
): Porting {
  if (asked.overdue && arrearsBlock(policy, 'port')) return { allowed: false, why: 'arrears' }
  if (asked.endedAt === null) return { allowed: true }
  const until = portableUntil(policy, asked.endedAt)
  const isLate = until !== null && Temporal.Instant.compare(asked.at, until) > 0
  return isLate ? { allowed: false, why: 'ended-too-long-ago' } : { allowed: true }
}

/** Until when the number of a line that has ended can leave; null where the country gives no figure. */
export function portableUntil(policy: Policy, endedAt: Temporal.Instant): Temporal.Instant | null {
  return endOfAny(policy, ruleFor(policy, 'portAfterEnd'), endedAt)
}

/** Until when a contract that was just made can be withdrawn from, without a reason; null: there is no such right. */
export function withdrawableUntil(
  policy: Policy,
  madeAt: Temporal.Instant,
): Temporal.Instant | null {
  return endOfAny(policy, ruleFor(policy, 'withdrawalWindow'), madeAt)
}

/**
 * Until when a number that was given up is kept from others: for as long as it must be, and never longer than it may,
 * whatever units the two are counted in.
 */
export function numberKeptUntil(
  policy: Policy,
  givenUpAt: Temporal.Instant,
  whom: Whom = prepaidConsumer,
): Temporal.Instant {
  const from = endOf(policy, ruleFor(policy, 'quarantineMin', whom), givenUpAt)
  const most = endOfAny(policy, ruleFor(policy, 'quarantineMax', whom), givenUpAt)
  return most !== null && Temporal.Instant.compare(most, from) < 0 ? most : from
}

/** Until when a code that takes the number away is good; null where the country gives no figure. */
export function portCodeEnd(policy: Policy, givenAt: Temporal.Instant): Temporal.Instant | null {
  return endOfAny(policy, ruleFor(policy, 'portCodeTtl'), givenAt)
}
