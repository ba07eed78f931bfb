/** The words for each entry of a quote or final statement. */
import type { useFormat } from '../../portal/use-format.ts'
import type { Quote, QuoteCurrency, QuoteEntry } from '../../portal/wire.ts'
import type { Translate } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { cardText } from '../../payments/portal/card-text.ts'
import { isZero, type Money, negate, sum } from '../../portal/format.ts'

type Format = ReturnType<typeof useFormat>

const titles: Record<QuoteEntry['kind'], WordKey> = {
  'paid-credit': 'money.paid-credit',
  'plan-days': 'money.plan-days',
  addon: 'money.addon',
  'promotional-credit': 'money.promotional-credit',
  refund: 'money.refund',
  moved: 'money.moved',
  'share-returned': 'money.share-returned',
  kept: 'money.kept',
  'account-credit': 'money.account-credit',
  donated: 'money.donated',
  'promotion-forfeited': 'money.forfeited',
  unclaimed: 'money.unclaimed',
  'disputed-credit': 'money.disputed-credit',
  'becomes-owed': 'money.becomes-owed',
  'arrears-paid': 'money.arrears-paid',
  'early-fee': 'money.early-fee',
  'refund-fee': 'money.refund-fee',
  'late-usage-reserve': 'money.late-usage-reserve',
  'late-usage': 'money.late-usage',
  disputed: 'money.disputed',
  'charged-back': 'money.charged-back',
  payout: 'money.payout',
  'exchanged-from': 'money.exchanged-from',
  'exchanged-into': 'money.exchanged-into',
}

const toLine: Partial<Record<QuoteEntry['kind'], WordKey>> = {
  moved: 'money.moved-to',
  'share-returned': 'money.share-returned-to',
}

/** "visa 4471" becomes "Visa ending 4471". */
export function instrumentText(instrument: string, t: Translate): string {
  const [brand = '', last4] = instrument.split(' ')
  if (!last4) return instrument
  return cardText({ brand, last4 }, t)
}

type LineName = (lineId: string | null) => string | undefined

export function entryTitle(
  entry: QuoteEntry,
  t: Translate,
  lineName: LineName,
  format: Format,
): string {
  const { account, instrument, toLineName } = entry.detail
  if (entry.kind === 'payout' && account) return t('money.payout-to', { account })
  if (entry.kind === 'refund' && instrument) {
    return t('money.refund-to', { card: instrumentText(instrument, t) })
  }
  const other = exchangedWith(entry)
  if (other) return t(titles[entry.kind], { amount: format.money(other) })
  const named = toLine[entry.kind]
  if (named) {
    const name = toLineName ?? lineName(entry.lineId)
    if (name) return t(named, { name })
  }
  return t(titles[entry.kind])
}

export function entryDetail(
  entry: QuoteEntry,
  t: Translate,
  lineName: LineName,
  several: boolean,
  format: Format,
): string | undefined {
  const { daysLeft, daysTotal, what, by, month, months, records, source: rule } = entry.detail
  const { rate, asOf } = entry.detail
  const code = entry.amount.currency
  const days = entry.kind === 'plan-days' || entry.kind === 'addon'
  const source = entry.kind.endsWith('credit') || days
  const parts: (string | undefined)[] = []
  if (days && daysLeft && daysTotal) {
    parts.push(t('money.days', { left: Number(daysLeft), total: Number(daysTotal) }))
  }
  if (entry.kind === 'moved' && what === 'promotional') parts.push(t('money.promotional'))
  if (entry.kind === 'share-returned' && by)
    parts.push(t(by === 'consent' ? 'money.share-consent' : 'money.share-rule'))
  if (month && months)
    parts.push(t('money.term-month', { month: Number(month), months: Number(months) }))
  if (records) parts.push(t('money.records', { count: Number(records) }))
  if (rate && asOf) {
    const [from, into] = [entry.detail['from'] ?? code, entry.detail['into'] ?? code]
    parts.push(t('money.rate', { from, into, rate, day: format.day(asOf, { year: true }) }))
  }
  if (rule) parts.push(t('money.source', { source: rule }))
  if (several && source) parts.push(lineName(entry.lineId))
  return parts.filter(Boolean).join(' · ') || undefined
}

/** The amount in the other currency, where money was changed. */
function exchangedWith({ kind, detail }: QuoteEntry): Money | undefined {
  const { from, was, into, becomes } = detail
  if (kind === 'exchanged-into' && into && becomes) return { amount: becomes, currency: into }
  if (kind === 'exchanged-from' && from && was) return { amount: was, currency: from }
  return undefined
}

/** What comes back in all, one amount per currency that has any. */
export function refunds(quote: Pick<Quote, 'currencies'>): Money[] {
  return quote.currencies.map((table) => table.refund).filter((money) => !isZero(money))
}

export function refundText(quote: Pick<Quote, 'currencies'>, format: Format): string {
  return format.list(refunds(quote).map(format.money))
}

export function isComplete(table: QuoteCurrency): boolean {
  return table.destinationsTotal !== null
}

/** Paid money and promotional credit of a quote, summed per currency. */
export function totalOf(
  table: QuoteCurrency,
  kinds: readonly QuoteEntry['kind'][],
): Money | undefined {
  return sum(
    table.sources.filter((entry) => kinds.includes(entry.kind)).map((entry) => entry.amount),
  )
}

/** What was paid and has to go somewhere: without what goes back to other lines. */
export function paidOf(table: QuoteCurrency): Money | undefined {
  const paid = table.sources.filter(({ kind }) => paidKinds.includes(kind))
  const back = table.destinations.filter(({ kind }) => kind === 'share-returned')
  return sum([...paid.map(({ amount }) => amount), ...back.map(({ amount }) => negate(amount))])
}

const paidKinds: readonly QuoteEntry['kind'][] = [
  'paid-credit',
  'account-credit',
  'plan-days',
  'addon',
]
