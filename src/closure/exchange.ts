/** Small balances of other currencies changed into the refund's, at a quoted rate and only if their owner agrees. */
import { changed, exchangeRounding, type Posting, type Rate } from '../ledger/ledger.ts'
import { add, decimal, isZero, type Money, subtract, sum, zero } from '../values/money.ts'
import type { Changed, DestinationKind, Refundable, Row, SourceKind, Withheld } from './ends.ts'

/** One balance that is changed: what leaves, what it becomes, at what rate, and the postings of both. */
export type Exchange = { from: Money; becomes: Money; rate: Rate; postings: Posting[] }

/** What a settlement of one currency says of it. */
type Ended = {
  currency: string
  refund: Money
  reserve: Money
  withheld: readonly Withheld[]
  destinations: readonly { kind: string }[]
  changed: Changed | null
}

/** As a row says it, and as the rate agreed to is read again from it. */
export function intoDetail(amount: Money, rate: Rate): Row<DestinationKind>['detail'] {
  return { into: rate.into, becomes: decimal(changed(amount, rate)), ...rateDetail(rate) }
}

export function exchangedFrom({ from, becomes, rate }: Exchange): Row<SourceKind> {
  const detail = { from: from.currency, was: decimal(from), ...rateDetail(rate) }
  return { kind: 'exchanged-from', lineId: null, detail, amount: becomes }
}

function rateDetail({ rate, source, asOf, validUntil }: Rate): Record<string, string> {
  const rounding = exchangeRounding
  return { rate, source, asOf: asOf.toString(), validUntil: validUntil.toString(), rounding }
}

/** The rates of a quote that was agreed to: they hold for its case, whatever is quoted later. */
export function agreedRates(
  tables: readonly {
    currency: string
    destinations: readonly { kind: string; detail: Readonly<Record<string, string>> }[]
  }[],
): Rate[] {
  return tables.flatMap(({ currency: from, destinations }) =>
    destinations.flatMap(({ kind, detail }) => {
      const { into, rate, source = '', asOf, validUntil } = detail
      if (kind !== 'exchanged-into' || !into || !rate || !asOf || !validUntil) return []
      const [began, ends] = [Temporal.Instant.from(asOf), Temporal.Instant.from(validUntil)]
      return { from, into, rate, source, asOf: began, validUntil: ends, atMost: null }
    }),
  )
}

/**
 * Which of the settlements go into one currency. `out`: a currency's settlement with everything paid of it changed.
 * A refund goes only to what paid, so no more is changed than payments of that currency can still take back.
 */
export function exchangesInto<One extends Ended>(
  target: One,
  others: readonly string[],
  refundable: readonly Refundable[],
  rates: readonly Rate[],
  out: (code: string, rate: Rate) => One,
): { exchanges: Exchange[]; changed: One[] } {
  const into = target.currency
  let room = roomFor(target, refundable)
  const found = { exchanges: [] as Exchange[], changed: [] as One[] }
  for (const currency of others) {
    const rate = rates.find((one) => one.from === currency && one.into === into)
    const settled = rate && out(currency, rate)
    if (!rate || !settled?.changed) continue
    const { amount, postings } = settled.changed
    const becomes = changed(amount, rate)
    if (rate.atMost && amount.minor > rate.atMost.minor) continue
    if (isZero(becomes) || becomes.minor > room.minor) continue
    room = subtract(room, becomes)
    found.changed.push(settled)
    const arrives: Posting = {
      from: { account: 'exchange' },
      to: { account: 'paid-credit' },
      amount: becomes,
    }
    found.exchanges.push({ from: amount, becomes, rate, postings: [...postings, arrives] })
  }
  return found
}

/** What payments of a currency can take back beside what is refunded already; nothing where a bank takes one back. */
function roomFor(target: Ended, refundable: readonly Refundable[]): Money {
  const { currency, refund, reserve, withheld, destinations } = target
  if (withheld.length > 0 || destinations.some(({ kind }) => kind === 'charged-back'))
    return zero(currency)
  const left = refundable.flatMap((one) => (one.left.currency === currency ? one.left : []))
  return subtract(sum(left, currency), add(refund, reserve))
}
