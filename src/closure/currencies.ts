/** Money in several currencies: each is settled alone, or what is small is changed into one where its owner agreed. */
import type { Rate } from '../ledger/ledger.ts'
import { paidDispositions } from '../policy/policy.ts'
import { toWire } from '../values/money.ts'
import { debtsOf, duesOf } from './dues.ts'
import type { Choices, Final } from './ends.ts'
import { type Exchange, exchangesInto } from './exchange.ts'
import type { Facts } from './facts.ts'
import { asWithdrawn } from './fresh.ts'
import { settle, type Settlement, type Terms } from './settlement.ts'

/** One settlement per currency; unused days count to the day the closure was received. */
export function settleAll(
  facts: Facts,
  choices: Final,
  asOf: Temporal.Instant,
  rates: readonly Rate[] = [],
): Settlement[] {
  const owed = debtsOf(facts).map(({ amount }) => amount.currency)
  // What is owed in a currency that nothing is in stays owed, and is settled to say so.
  const codes = [...new Set([...currenciesOf(facts), ...owed])].sort()
  const into = choices.exchange?.into
  const found = into === undefined ? null : changedInto(into, facts, choices, asOf, rates)
  return codes.map((code) => {
    const changed = found?.changed.find(({ currency }) => currency === code)
    const exchanges = code === into ? found?.exchanges : undefined
    return changed ?? settleOne(facts, choices, asOf, code, { exchanges })
  })
}

function currenciesOf({ lines, accountCredit }: Facts): string[] {
  const held = [...lines.map(({ prepaid }) => prepaid), ...accountCredit]
  return [...new Set(held.map(({ currency }) => currency))].sort()
}

/** Lines of a currency that stay. */
export function stayingIn({ staying }: Facts, code: string): ReadonlySet<string> {
  const own = staying.filter(({ currency }) => currency === code)
  return new Set(own.map(({ lineId }) => lineId))
}

function settleOne(
  facts: Facts,
  choices: Final,
  asOf: Temporal.Instant,
  code: string,
  exchange: Pick<Terms, 'rate' | 'exchanges'> = {},
): Settlement {
  const lines = facts.lines
    .filter(({ prepaid }) => prepaid.currency === code)
    .map((line) => asWithdrawn(facts, line, asOf))
  const staying = stayingIn(facts, code)
  const dues = duesOf(facts, asOf, code)
  const promotional = facts.policy.rules.promotionalDispositions.value
  const accountCredit = facts.accountCredit.find(({ currency }) => currency === code)
  const terms = { promotional, canMove: staying.size > 0, dues, staying, accountCredit }
  return settle(lines, choices, facts.refundable, { ...terms, ...exchange }, asOf, code)
}

function changedInto(
  into: string,
  facts: Facts,
  choices: Final,
  asOf: Temporal.Instant,
  rates: readonly Rate[],
): { exchanges: Exchange[]; changed: Settlement[] } {
  const codes = currenciesOf(facts)
  if (!mayExchange(choices) || !codes.includes(into)) return { exchanges: [], changed: [] }
  const target = settleOne(facts, choices, asOf, into)
  const others = codes.filter((code) => code !== into)
  return exchangesInto(target, others, facts.refundable, rates, (code, rate) =>
    settleOne(facts, choices, asOf, code, { rate }),
  )
}

/** Only what is refunded now is changed: what is spent first, or until a day, has no amount yet to agree to. */
export function mayExchange({ paid, endsOn }: Final): boolean {
  return paid?.disposition === 'refund' && !paid.spendFirst && !endsOn
}

/** What could be changed into which currency of the account, if everything paid were refunded. */
export function exchangeOffers(
  facts: Facts,
  choices: Choices,
  asOf: Temporal.Instant,
  rates: readonly Rate[],
) {
  if (rates.length === 0 || !paidDispositions(facts.policy).includes('refund')) return []
  const refunded: Choices = { ...choices, paid: { disposition: 'refund' } }
  return currenciesOf(facts).flatMap((into) => {
    const { exchanges } = changedInto(into, facts, refunded, asOf, rates)
    if (exchanges.length === 0) return []
    return { into, parts: exchanges.map(partWire) }
  })
}

function partWire({ from, becomes, rate }: Exchange) {
  return {
    from: toWire(from),
    becomes: toWire(becomes),
    rate: rate.rate,
    source: rate.source,
    asOf: rate.asOf.toString(),
    validUntil: rate.validUntil.toString(),
  }
}
