/** Accounts in several currencies: each settled alone, or with consent changed into one; no cent is made or lost either way. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { factsIn, friday, line } from '../../test/closing-facts.ts'
import { changed, entriesOf, type Rate } from '../ledger/ledger.ts'
import { type Money, money, sum } from '../values/money.ts'
import { exchangeOffers, settleAll } from './currencies.ts'
import type { Choices } from './ends.ts'
import { agreedRates } from './exchange.ts'
import type { Facts } from './facts.ts'
import { checkChoices, makeQuote, tableOf } from './quote.ts'

const rate = (from: string, into: string, text: string, atMost = 1_000_000n): Rate => ({
  from,
  into,
  rate: text,
  source: 'a bank',
  asOf: friday.subtract({ hours: 1 }),
  validUntil: friday.add({ hours: 2 }),
  atMost: money(atMost, from),
})

type Held = { paid: bigint; prepaid: bigint; paidByCard: bigint; owed: bigint; gift: bigint }

/** One line in each currency, with what its payments can still take back. */
function accountOf(held: Readonly<Record<string, Held>>, extra: Partial<Facts> = {}): Facts {
  const all = Object.entries(held)
  return {
    ...factsIn('GB'),
    endsAccount: true,
    lines: all.map(([code, { paid, prepaid, gift }]) => ({
      ...line,
      lineId: `line_${code}`,
      paid: money(paid, code),
      prepaid: money(prepaid, code),
      promotional: money(gift, code),
    })),
    refundable: all.map(([code, { paidByCard }]) => ({
      orderId: `order_${code}`,
      lineId: `line_${code}`,
      instrument: 'visa 4242',
      left: money(paidByCard, code),
    })),
    owed: all.flatMap(([code, { owed }]) =>
      owed === 0n ? [] : [{ lineId: `line_${code}`, amount: money(owed, code) }],
    ),
    ...extra,
  }
}

const into = (code: string | null): Choices => ({
  paid: { disposition: 'refund' },
  promotional: { disposition: 'give-up' },
  ...(code && { exchange: { into: code } }),
})
const small = { paid: 310n, prepaid: 0n, paidByCard: 310n, owed: 0n, gift: 0n }
const pounds = { paid: 500n, prepaid: 0n, paidByCard: 2000n, owed: 0n, gift: 0n }
const rowsOf = (facts: Facts, choices: Choices, rates: readonly Rate[]) =>
  settleAll(facts, choices, friday, rates).map(({ currency, sources, destinations }) => ({
    currency,
    from: sources.map(({ kind, amount }) => `${kind} ${amount.minor}`),
    to: destinations.map(({ kind, amount }) => `${kind} ${amount.minor}`),
  }))

test('Hard case 2: without consent, or without a rate, each currency is settled alone', () => {
  const facts = accountOf({ GBP: pounds, USD: small })
  const alone = [
    { currency: 'GBP', from: ['paid-credit 500'], to: ['refund 500'] },
    { currency: 'USD', from: ['paid-credit 310'], to: ['refund 310'] },
  ]
  const rates = [rate('USD', 'GBP', '0.7903')]
  expect(rowsOf(facts, into(null), rates)).toEqual(alone)
  expect(rowsOf(facts, into('GBP'), [])).toEqual(alone)
  // A rate the other way round is another rate.
  expect(rowsOf(facts, into('USD'), rates)).toEqual(alone)
})

test('Hard case 2: with consent a small balance is changed at the quoted rate and refunded with the other', () => {
  const facts = accountOf({ GBP: pounds, USD: small })
  const rates = [rate('USD', 'GBP', '0.7903')]
  const { wire } = makeQuote(facts, into('GBP'), null, null, friday, rates)
  expect(rowsOf(facts, into('GBP'), rates)).toEqual([
    { currency: 'GBP', from: ['paid-credit 500', 'exchanged-from 245'], to: ['refund 745'] },
    { currency: 'USD', from: ['paid-credit 310'], to: ['exchanged-into 310'] },
  ])
  expect(wire.refundTo.map(({ amount }) => amount)).toEqual([{ amount: '7.45', currency: 'GBP' }])
  expect(wire.currencies[1]!.destinations[0]!.detail).toEqual({
    into: 'GBP',
    becomes: '2.45',
    rate: '0.7903',
    source: 'a bank',
    asOf: '2026-11-27T12:00:00Z',
    validUntil: '2026-11-27T15:00:00Z',
    rounding: 'half-up',
  })
  expect(wire.validUntil).toBe('2026-11-27T15:00:00Z')
  expect(wire.allowed.exchange?.map((offer) => offer.into)).toEqual(['GBP'])
  // Another rate is another quote; the one agreed to is read from the quote itself.
  const other = [rate('USD', 'GBP', '0.7904')]
  const later = makeQuote(facts, into('GBP'), null, null, friday, other)
  expect(later.wire.hash).not.toBe(wire.hash)
  expect(makeQuote(facts, into('GBP'), null, null, friday, rates).wire.hash).toBe(wire.hash)
  const agreed = settleAll(facts, into('GBP'), friday, agreedRates(wire.currencies))
  expect(agreed.map(tableOf)).toEqual(wire.currencies)
})

test.each([
  ['a balance that is not small', { USD: small }, [rate('USD', 'GBP', '0.7903', 309n)]],
  [
    'more than payments can take back',
    { USD: { ...small, paid: 2000n, paidByCard: 2000n } },
    [rate('USD', 'GBP', '0.7903')],
  ],
  [
    'an amount that would become nothing',
    { JPY: { ...small, paid: 1n } },
    [rate('JPY', 'GBP', '0.0049')],
  ],
  ['what is all owed', { USD: { ...small, owed: 310n } }, [rate('USD', 'GBP', '0.7903')]],
])('%s is not offered to be changed', (_why, held, rates) => {
  const facts = accountOf({ GBP: pounds, ...held })
  expect(exchangeOffers(facts, into(null), friday, rates)).toEqual([])
  expect(rowsOf(facts, into('GBP'), rates)).toEqual(rowsOf(facts, into(null), rates))
})

test('nothing is changed for what is not refunded now', () => {
  const facts = accountOf({ GBP: pounds, USD: small })
  const donated = { ...into('GBP'), paid: { disposition: 'donate' as const } }
  const spent = {
    ...into('GBP'),
    paid: { disposition: 'refund' as const, spendFirst: true as const },
  }
  for (const choices of [donated, spent])
    expect(checkChoices(facts, choices)).toMatchObject({ facts: { disposition: 'exchange' } })
  const prohibited = { ...facts, policy: factsIn('JP').policy }
  expect(exchangeOffers(prohibited, into(null), friday, [rate('USD', 'GBP', '1')])).toEqual([])
})

const minor = fc.bigInt({ min: 0n, max: 5_000n })
const held = fc.record({
  paid: minor,
  prepaid: minor,
  paidByCard: fc.bigInt({ min: 0n, max: 5_000n }),
  owed: fc.oneof(fc.constant(0n), minor),
  gift: minor,
})
const rateText = fc.stringMatching(/^(0\.[0-9]{0,5}[1-9]|[1-9][0-9]{0,2}(\.[0-9]{1,4})?)$/)
const codes = ['EUR', 'GBP', 'JPY', 'KWD'] as const

test('Hard case 2: over random accounts in four currencies, changed or not, no cent is made or lost', () => {
  let exchanged = 0
  fc.assert(
    fc.property(
      fc.record({ EUR: held, GBP: held, JPY: held, KWD: held }),
      fc.array(rateText, { minLength: 16, maxLength: 16 }),
      fc.constantFrom(...codes),
      minor,
      (balances, texts, target, atMost) => {
        const facts = accountOf(balances, {
          // What was paid can take back at least what is left of it.
          refundable: codes.map((code) => {
            const { paid, prepaid, paidByCard } = balances[code]
            const left = money(paid + prepaid + paidByCard, code)
            return { orderId: `order_${code}`, lineId: '', instrument: 'visa 1', left }
          }),
        })
        const rates = codes.flatMap((from, i) =>
          codes.flatMap((to, j) =>
            from === to ? [] : rate(from, to, texts[i * 4 + j]!, atMost + 1n),
          ),
        )
        const settled = settleAll(facts, into(target), friday, rates)
        const offered = exchangeOffers(facts, into(null), friday, rates)
        const exchanges = settled.flatMap((one) => one.exchanges)
        expect(offered.find((one) => one.into === target)?.parts.length ?? 0).toBe(exchanges.length)
        exchanged += exchanges.length
        for (const one of settled) {
          expect(one.sourcesTotal).toEqual(one.destinationsTotal)
          // A refund never asks a payment for more than it took.
          const room = facts.refundable.find(({ left }) => left.currency === one.currency)!.left
          expect(one.refund.minor + one.reserve.minor <= room.minor).toBe(true)
        }
        for (const { from, becomes, rate: used, postings } of exchanges) {
          expect(becomes).toEqual(changed(from, used))
          const at = (code: string, account: string) =>
            total(postings, code, (entry) => entry === account)
          expect(at(from.currency, 'exchange')).toBe(from.minor)
          expect(at(becomes.currency, 'exchange')).toBe(-becomes.minor)
          expect(at(becomes.currency, 'paid-credit')).toBe(becomes.minor)
        }
        const all = settled.flatMap((one) => [
          ...one.earned,
          ...one.postings,
          ...one.exchanges.flatMap(({ postings }) => postings),
        ])
        for (const code of codes) {
          expect(total(all, code, () => true)).toBe(0n)
          // Every account of the subscriber ends at zero, beside what is on its way to them.
          for (const account of ['paid-credit', 'plan-prepaid', 'promotional-credit']) {
            const before = { 'paid-credit': 'paid', 'plan-prepaid': 'prepaid' }[account] ?? 'gift'
            const amount = balances[code][before as keyof Held]
            expect(total(all, code, (one) => one === account)).toBe(-amount)
          }
        }
      },
    ),
    { numRuns: 500 },
  )
  expect(exchanged).toBeGreaterThan(100)
}, 60_000)

function total(
  postings: Parameters<typeof entriesOf>[0],
  code: string,
  counts: (account: string) => boolean,
): bigint {
  const amounts = entriesOf(postings).flatMap(({ account, amount }): Money[] =>
    amount.currency === code && counts(account) ? [amount] : [],
  )
  return sum(amounts, code).minor
}

test('an account ends with all its debts, of lines that closed before and of other currencies too; a line with its own', () => {
  const owed = [
    { lineId: 'line_gone', amount: money(3800n, 'GBP') },
    { lineId: 'line_gone', amount: money(900n, 'EUR') },
    { lineId: '', amount: money(100n, 'GBP') },
  ]
  const paid = { paid: 5000n, prepaid: 0n, paidByCard: 5000n, owed: 0n, gift: 0n }
  const account = accountOf({ GBP: paid }, { owed })
  const settled = (facts: Facts) =>
    settleAll(facts, into(null), friday).map(({ destinations, refund, owedAfter, postings }) => [
      destinations.map(({ kind, lineId, amount }) => `${kind} ${lineId} ${amount.minor}`),
      `${refund.minor} back, ${owedAfter.minor} owed ${owedAfter.currency}`,
      total(postings, owedAfter.currency, (one) => one === 'owed'),
    ])
  expect(settled(account)).toEqual([
    [[], '0 back, 900 owed EUR', 0n],
    [
      ['arrears-paid line_gone 3800', 'arrears-paid null 100', 'refund null 1100'],
      '1100 back, 0 owed GBP',
      3900n,
    ],
  ])
  expect(settled({ ...account, endsAccount: false })).toEqual([
    [['arrears-paid null 100', 'refund null 4900'], '4900 back, 0 owed GBP', 100n],
  ])
  // Nothing is changed into a currency that something is only owed in.
  expect(exchangeOffers(account, into(null), friday, [rate('GBP', 'EUR', '1')])).toEqual([])
})

test('credit is offered to move only to lines of its currency, and refused to others', () => {
  const to = (lineId: string, currency: string) => ({ lineId, name: lineId, currency })
  const offered = (...staying: ReturnType<typeof to>[]) => {
    const facts = { ...factsIn('GB'), staying }
    const { allowed } = makeQuote(facts, { paid: null, promotional: null }, null, null, friday).wire
    const paid = { disposition: 'move' as const, toLineId: 'line_euro' }
    return {
      to: allowed.moveTo.map(({ lineId }) => lineId),
      move: [...allowed.paid, ...allowed.promotional].filter((one) => one === 'move').length,
      refused: checkChoices(facts, { paid, promotional: null })?.refused,
    }
  }
  const refused = 'choice-not-allowed'
  expect(offered(to('line_euro', 'EUR'))).toEqual({ to: [], move: 0, refused })
  const both = offered(to('line_euro', 'EUR'), to('line_2', 'GBP'))
  expect(both).toEqual({ to: ['line_2'], move: 2, refused })
})
