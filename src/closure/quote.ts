/** The quote: what closing costs and returns, to the cent, with a hash that changes when anything on it does. */
import { createHash } from 'node:crypto'
import type { Rate } from '../ledger/ledger.ts'
import { dayIn, dueBy, paidDispositions, ruleFor } from '../policy/policy.ts'
import type { z } from 'zod'
import { decimal, isZero, sum, toWire } from '../values/money.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { decisionOn, laterOf } from './closure.ts'
import { agreedEnd } from './agreed-end.ts'
import { exchangeOffers, mayExchange, settleAll, stayingIn } from './currencies.ts'
import type { Facts } from './facts.ts'
import { freshUntil } from './fresh.ts'
import { textsUntil } from './grace.ts'
import { repriced } from './others.ts'
import { type GoingOn, goesOn, ownDayOf } from './own-day.ts'
import { paysOut } from './ported.ts'
import { riskOf } from './risk.ts'
import { openShares } from './shared.ts'
import { spendUntil } from './spending.ts'
import { type Choices, type Settlement, unusedDays } from './settlement.ts'
import type { quoteWire } from './quote-wire.ts'

export type QuoteWire = z.infer<typeof quoteWire>
export type Quote = { wire: QuoteWire; settlements: Settlement[] }

const dayMs = 86_400_000

export function makeQuote(
  facts: Facts,
  choices: Choices,
  reason: string | null,
  numberUntil: Temporal.Instant | null,
  now: Temporal.Instant,
  rates: readonly Rate[] = [],
): Quote {
  const { at: wanted, bound } = agreedEnd(facts, choices, now)
  const settlements = settleAll(facts, choices, wanted ?? now, rates)
  const { policy } = facts
  const risk = riskOf(facts, now)
  const { reviewed, by } = decisionOn(policy, risk, now)
  const endsAt = laterOf(by, wanted)
  const ownDay = ownDayOf(facts, choices, now)
  const isBound = (lineId: string) => bound.some((one) => one.lineId === lineId)
  const lasting = facts.lines.filter(({ lineId }) => wanted && (ownDay || isBound(lineId)))
  const goingOn = lasting.map((line) => goesOn(facts, line, now, wanted!))
  const fresh = freshUntil(facts, ownDay?.until ?? now)
  const texts = textsUntil(facts, endsAt, now)
  const over = choices.texts && texts ? texts : endsAt
  // Nobody asks the bereaved why.
  const reasonNeeded =
    policy.rules.reasonMode.value === 'required' && reason === null && !facts.died
  const needed = new Set<'paid' | 'promotional' | 'shared' | 'reason'>(
    settlements.flatMap(({ choicesNeeded }) => choicesNeeded),
  )
  if (reasonNeeded) needed.add('reason')
  // What a renewal leaves is asked about now: on the day nobody has to come back for it.
  if (choices.paid === null && goingOn.some(({ renews }) => renews)) needed.add('paid')
  const refunds = settlements.flatMap((settlement) => settlement.refunds)
  const wire: Omit<QuoteWire, 'hash'> = {
    validUntil: earlier(nextChange(facts, now), ratesOf(settlements)).toString(),
    immediate: !reviewed && Temporal.Instant.compare(endsAt, now) === 0,
    endsAt: endsAt.toString(),
    currencies: settlements.map(tableOf),
    refundTo: refunds.map(({ amount, ...to }) => ({ ...to, amount: toWire(amount) })),
    // No day can be promised while another closure decides when it is.
    refundBy:
      refunds.length > 0 && facts.settling.length === 0
        ? dueBy(policy, 'refundDeadline', over).toString()
        : null,
    choicesNeeded: [...needed],
    allowed: allowedIn(facts, choices, now, rates, texts),
    numberKeptUnusedUntil: numberUntil?.toString() ?? null,
    ...(bound.length > 0 && {
      bound: bound.map((one) => ({ ...one, until: one.until.toString() })),
    }),
    ...(ownDay && {
      ownDay: { on: ownDay.on, until: ownDay.until.toString(), lines: goingOn.map(goingOnWire) },
    }),
    ...(!ownDay && goingOn[0] && { goingOn: goingOn.map(goingOnWire) }),
    ...(fresh && { withdrawUntil: fresh.toString() }),
    others: repriced(facts, now, wanted ?? now).map(({ before, after, from, ...line }) => ({
      ...line,
      before: toWire(before),
      after: toWire(after),
      from: from?.toString() ?? null,
    })),
  }
  return { wire: { ...wire, hash: hashOf(facts, choices, wire) }, settlements }
}

function allowedIn(
  facts: Facts,
  choices: Choices,
  now: Temporal.Instant,
  rates: readonly Rate[],
  texts: Temporal.Instant | null,
): QuoteWire['allowed'] {
  const targets = targetsOf(facts)
  const { promotionalDispositions } = facts.policy.rules
  return {
    paid: paidChoices(facts),
    spendUntil: (maySpendFirst(facts, choices) && spendUntil(facts.lines, now)?.toString()) || null,
    textsUntil: texts?.toString() ?? null,
    promotional: promotionalDispositions.value.filter(
      (disposition) => disposition !== 'move' || targets.length > 0,
    ),
    moveTo: targets.map(({ lineId, name }) => ({ lineId, name })),
    shared: sharedOf(facts),
    exchange: exchangeOffers(facts, choices, now, rates),
  }
}

function goingOnWire({
  planEnds,
  renews,
  ...line
}: GoingOn): NonNullable<QuoteWire['goingOn']>[number] {
  return {
    ...line,
    planEnds: planEnds?.toString() ?? null,
    renews: renews && { ...renews, first: renews.first.toString(), price: toWire(renews.price) },
  }
}

function ratesOf(settlements: readonly Settlement[]): Temporal.Instant[] {
  return settlements.flatMap(({ exchanges }) => exchanges.map(({ rate }) => rate.validUntil))
}

function earlier(a: Temporal.Instant, others: readonly Temporal.Instant[]): Temporal.Instant {
  return [a, ...others].sort(Temporal.Instant.compare)[0]!
}

/** Lines that credit may move to: of what closes, all is in their currency. */
function targetsOf({ lines, staying }: Facts): Facts['staying'] {
  return staying.filter(({ currency }) =>
    lines.every(({ prepaid }) => prepaid.currency === currency),
  )
}

/** What policy offers, as far as there is a place for it. */
function paidChoices(facts: Facts) {
  const { policy, endsAccount } = facts
  const isAlone = targetsOf(facts).length === 0
  const offered = paidDispositions(policy)
  const isDue = paysOut(facts) && !offered.includes('refund')
  return [...(isDue ? (['refund'] as const) : []), ...offered].flatMap((one) => {
    if (one === 'spend') return []
    if (one === 'keep') return endsAccount ? [] : [one]
    return one === 'move' && isAlone ? [] : [one]
  })
}

/** Spending first and a day of one's own are two answers to one question. */
function maySpendFirst({ policy }: Facts, { endsOn }: Choices): boolean {
  return !endsOn && paidDispositions(policy).includes('spend')
}

/** What other lines put in without a rule, for each: its owner says what becomes of it. */
export function sharedOf(facts: Facts) {
  return facts.staying.flatMap(({ lineId, name, currency }) => {
    const open = openShares(facts.lines, stayingIn(facts, currency))
    const own = open.filter(({ fromLineId }) => fromLineId === lineId)
    const amount = sum(
      own.map((share) => share.amount),
      currency,
    )
    return isZero(amount) ? [] : [{ lineId, name, amount: toWire(amount) }]
  })
}

export function tableOf(settlement: Settlement): QuoteWire['currencies'][number] {
  const row = <Kind extends string>({
    kind,
    lineId,
    detail,
    amount,
  }: {
    kind: Kind
    lineId: string | null
    detail: Record<string, string>
    amount: Settlement['refund']
  }) => ({ kind, lineId, detail, amount: toWire(amount) })
  return {
    currency: settlement.currency,
    sources: settlement.sources.map(row),
    destinations: settlement.destinations.map(row),
    sourcesTotal: toWire(settlement.sourcesTotal),
    destinationsTotal: settlement.destinationsTotal && toWire(settlement.destinationsTotal),
    refund: toWire(settlement.refund),
    owedAfter: toWire(settlement.owedAfter),
  }
}

// Moments are left out of the hash: they move with the clock while what was agreed stays the same.
function hashOf(facts: Facts, choices: Choices, wire: Omit<QuoteWire, 'hash'>): string {
  const agreed = JSON.stringify([
    facts.lines.map(({ lineId }) => lineId).sort(),
    choices,
    wire.currencies,
    wire.refundTo,
    [facts.policy.country, facts.policy.version],
    // Nothing where no line is bound, none renews and none is repriced, so that quotes made before stay what they were.
    ...(wire.bound ?? []).map((bound) => boundInHash(facts, bound)),
    ...(wire.others ?? []).map(({ lineId, before, after }) => [lineId, before, after]),
    ...(wire.ownDay?.lines ?? []).map(({ lineId, renews }) => [
      lineId,
      renews?.times,
      renews?.price,
    ]),
    ...(wire.goingOn ?? []).flatMap(({ lineId, renews }) =>
      renews ? [[lineId, renews.times, renews.price]] : [],
    ),
  ])
  return `q-${createHash('sha256').update(agreed).digest('hex').slice(0, 24)}`
}

type BoundWire = NonNullable<QuoteWire['bound']>[number]

/** A notice moves with the clock, and its day is what was agreed. */
function boundInHash({ policy }: Facts, { lineId, until, why }: BoundWire): string[] {
  if (why !== 'notice') return [lineId, until]
  return [lineId, why, dayIn(policy.timeZone, Temporal.Instant.from(until))]
}

/** When the next day of a plan begins and the numbers change by themselves. */
function nextChange({ lines }: Facts, now: Temporal.Instant): Temporal.Instant {
  const changes = lines.flatMap((line) => {
    if (line.periodStart === null || unusedDays(line, now) === 0 || isZero(line.prepaid)) return []
    const elapsed = now.epochMilliseconds - line.periodStart.epochMilliseconds
    return [dayMs - (elapsed % dayMs)]
  })
  return now.add({ milliseconds: Math.min(dayMs, ...changes) })
}

/** Whether choices are ones that policy and the facts allow. */
export function checkChoices(facts: Facts, choices: Choices): Refusal | undefined {
  const { promotionalDispositions } = facts.policy.rules
  const { paid, promotional } = choices
  const notAllowed = (disposition: string) => refuse('choice-not-allowed', { disposition })
  const allowed: readonly string[] = paidChoices(facts)
  if (paid && !allowed.includes(paid.disposition)) return notAllowed(paid.disposition)
  if (paid?.spendFirst && !maySpendFirst(facts, choices)) return notAllowed('spend')
  if (choices.texts && !ruleFor(facts.policy, 'graceMax').value) return notAllowed('texts')
  if (choices.exchange && !mayExchange(choices)) return notAllowed('exchange')
  if (promotional && !promotionalDispositions.value.includes(promotional.disposition)) {
    return notAllowed(promotional.disposition)
  }
  for (const choice of [paid, promotional]) {
    if (choice?.disposition !== 'move') continue
    if (!targetsOf(facts).some(({ lineId }) => lineId === choice.toLineId))
      return notAllowed('move')
  }
  return undefined
}

/** By how much less comes back than was agreed, as wire money per currency; empty when nothing less does. */
export function shortfalls(
  agreed: QuoteWire,
  settlements: readonly Settlement[],
): { currency: string; minor: bigint }[] {
  return settlements.flatMap(({ currency, sourcesTotal }) => {
    const before = agreed.currencies.find((table) => table.currency === currency)
    const missing = minorOf(before?.sourcesTotal.amount ?? '0') - minorOf(decimal(sourcesTotal))
    return missing > 0n ? [{ currency, minor: missing }] : []
  })
}

function minorOf(amount: string): bigint {
  return BigInt(amount.replace('.', ''))
}
