/** What policy, the contract and the bank lay on the money of closing lines, per currency, each with its source. */
import {
  earlyFeeOf,
  feeOf,
  type Leaving,
  noticeEnd,
  type Policy,
  ruleFor,
  type RuleName,
  type Whom,
} from '../policy/policy.ts'
import { add, isZero, money, shareRoundedDown, subtract, zero } from '../values/money.ts'
import type { Facts, LineFacts } from './facts.ts'
import type { Dues, Ruled } from './ends.ts'
import { freshUntil, leavesFree } from './fresh.ts'
import { isPorted } from './ported.ts'

const consumer: Whom = { segment: 'consumer', plan: 'prepaid' }
const onContract: Whom = { segment: 'consumer', plan: 'postpaid' }

export function duesOf(facts: Facts, asOf: Temporal.Instant, code: string): Dues {
  const lines = facts.lines.filter(({ prepaid }) => prepaid.currency === code)
  const own = new Set(lines.map(({ lineId }) => lineId))
  const disputed = facts.disputes.filter(({ amount }) => amount.currency === code)
  return {
    owed: debtsOf(facts).filter(({ amount }) => amount.currency === code),
    earlyFees: lines.flatMap((line) => earlyFee(facts, line, asOf)),
    refundFee: refundFee(facts, asOf, code),
    lateCap: lateCap(facts.policy, lines, code),
    disputed: disputed.map(({ disputeId, lineId, amount, held, withheld }) => ({
      disputeId,
      lineId,
      held: lineId !== null && own.has(lineId) ? held : zero(code),
      left: subtract(amount, add(held, withheld)),
    })),
    takenBack: facts.takenBack.filter(({ amount }) => amount.currency === code),
  }
}

/** Debts of what closes; where the account ends, all of it: also those of lines that closed before. */
export function debtsOf({ owed, lines, endsAccount }: Facts): Facts['owed'] {
  if (endsAccount) return owed
  const own = new Set(['', ...lines.map(({ lineId }) => lineId)])
  return owed.filter(({ lineId }) => own.has(lineId))
}

/** Nothing is kept for paying out of those who died, who did not ask to leave, or who withdraw. */
function refundFee(facts: Facts, asOf: Temporal.Instant, code: string): Ruled {
  const { policy, died, byOperator } = facts
  const asked = money(BigInt(ruleFor(policy, 'refundFee').value[code] ?? 0), code)
  const isFree = died || byOperator || freshUntil(facts, asOf) !== null
  const amount = isFree ? zero(code) : feeOf(policy, asked, consumer)
  return {
    amount,
    detail: sourceOf(policy, isZero(subtract(asked, amount)) ? 'refundFee' : 'refundFeeMax'),
  }
}

/** A line that was never in service can have used nothing. */
function lateCap(policy: Policy, lines: readonly LineFacts[], code: string): Ruled {
  const cap = ruleFor(policy, 'lateUsageCap', consumer).value?.[code] ?? 0
  const window = ruleFor(policy, 'lateUsageWindow', consumer).value
  const used = lines.some(({ periodStart }) => periodStart !== null)
  const amount = money(used && window !== null ? BigInt(cap) : 0n, code)
  return { amount, detail: sourceOf(policy, 'lateUsageCap') }
}

/** Of a notice the source is empty where the contract alone says how long it is. */
export type Bound = {
  lineId: string
  until: Temporal.Instant
  source: string
  why: 'term' | 'notice'
}

/**
 * Lines that can't end before a day, by their contracts and the policy: the later of a term and a notice binds. Who closes
 * has given notice when that was received. Whom the operator closes itself it lets go.
 */
export function boundOf(
  facts: Facts,
  asOf: Temporal.Instant,
  receivedAt: Temporal.Instant,
): Bound[] {
  return facts.lines.flatMap((line) => {
    if (leavesFree(facts, line, asOf)) return []
    const term = termBound(facts, line, asOf)
    const notice = noticeBound(facts, line, receivedAt)
    const last = term && notice ? later(term, notice) : (term ?? notice)
    const bound = last && endedByPort(line, last)
    return bound && Temporal.Instant.compare(bound.until, asOf) > 0 ? [bound] : []
  })
}

function termBound({ policy, died }: Facts, line: LineFacts, asOf: Temporal.Instant): Bound | null {
  const leaving = leavingOf(line, died, asOf, policy.timeZone)
  if (!leaving || !line.activatedAt) return null
  if (earlyFeeOf(policy, leaving, onContract).kind !== 'not-before') return null
  const zone = line.activatedAt.toZonedDateTimeISO(policy.timeZone)
  const until = zone.add({ months: leaving.termMonths }).toInstant()
  const { source } = sourceOf(policy, 'etfRule', onContract)
  return { lineId: line.lineId, until, source, why: 'term' }
}

/** Nobody who died gives notice, and service that never began needs none. */
function noticeBound(
  { policy, died }: Facts,
  { lineId, term, activatedAt }: LineFacts,
  receivedAt: Temporal.Instant,
): Bound | null {
  if (died || !term?.notice || activatedAt === null) return null
  return { lineId, ...noticeEnd(policy, term.notice, receivedAt, onContract), why: 'notice' }
}

function later(term: Bound, notice: Bound): Bound {
  return Temporal.Instant.compare(notice.until, term.until) > 0 ? notice : term
}

/** Service went with the number, whatever bound its line. */
function endedByPort(line: LineFacts, bound: Bound): Bound {
  const endedAt = isPorted(line) ? line.port?.endedAt : null
  const isSooner = endedAt && Temporal.Instant.compare(endedAt, bound.until) < 0
  return isSooner ? { ...bound, until: endedAt } : bound
}

function earlyFee(facts: Facts, line: LineFacts, asOf: Temporal.Instant) {
  const { policy, died } = facts
  const leaving = leavingOf(line, died, asOf, policy.timeZone)
  if (!leaving || leavesFree(facts, line, asOf)) return []
  const fee = earlyFeeOf(policy, leaving, onContract)
  if (fee.kind !== 'at-most' || isZero(fee.fee)) return []
  const detail = {
    ...sourceOf(policy, 'etfRule', onContract),
    month: String(leaving.month),
    months: String(leaving.termMonths),
  }
  return [{ lineId: line.lineId, amount: fee.fee, detail }]
}

/** Nothing where the line has no term, or where service never began. */
function leavingOf(
  { term, activatedAt }: LineFacts,
  died: boolean,
  asOf: Temporal.Instant,
  zone: string,
): Leaving | undefined {
  if (term === null || activatedAt === null) return undefined
  const months = activatedAt
    .toZonedDateTimeISO(zone)
    .until(asOf.toZonedDateTimeISO(zone), { largestUnit: 'months' }).months
  const month = Math.max(months, 0) + 1
  const left = BigInt(Math.max(term.months - month, 0))
  const none = zero(term.monthlyFee.currency)
  return {
    month,
    termMonths: term.months,
    monthlyFee: term.monthlyFee,
    died,
    equipmentLeft: term.equipment && shareRoundedDown(term.equipment, left, BigInt(term.months)),
    saved: shareRoundedDown(
      { ...term.monthlyFee, minor: term.monthlyFee.minor * left },
      BigInt(term.savedPercent),
      100n,
    ),
    benefit: term.benefit ?? none,
    contractFee: term.fee ?? none,
    taxPercent: term.taxPercent,
  }
}

/** Where a rule's value comes from and how sure that is, as the quote shows it. */
function sourceOf(policy: Policy, name: RuleName, whom: Whom = consumer) {
  const { source, confidence } = ruleFor(policy, name, whom)
  return { rule: name as string, source, confidence: confidence as string }
}
