import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entriesOf } from '../ledger/ledger.ts'
import { money } from '../values/money.ts'
import {
  type Choices,
  type LineMoney,
  type Refundable,
  settle,
  unusedDays,
  unusedPlan,
} from './settlement.ts'

const start = Temporal.Instant.from('2026-11-01T10:00:00Z')
const gbp = (minor: bigint) => money(minor, 'GBP')
const line = (facts: Partial<LineMoney> = {}): LineMoney => ({
  lineId: 'line_a',
  paid: gbp(2360n),
  promotional: gbp(500n),
  prepaid: gbp(1800n),
  periodDays: 30,
  unusedRefund: 'days',
  periodStart: start,
  dataGranted: 100n,
  dataRemaining: 100n,
  addons: [],
  shares: [],
  ...facts,
})
const orders: Refundable[] = [
  { orderId: 'order_1', lineId: 'line_a', instrument: 'visa 4471', left: gbp(100_000n) },
]
const both = { promotional: ['move', 'give-up'] as const, canMove: true }
const refundAndGiveUp: Choices = {
  paid: { disposition: 'refund' },
  promotional: { disposition: 'give-up' },
}

test('a day that has begun counts as used, one that has not is returned', () => {
  expect(unusedDays(line(), start)).toBe(29)
  expect(unusedDays(line(), start.add({ hours: 23 }))).toBe(29)
  expect(unusedDays(line(), start.add({ hours: 24 }))).toBe(28)
  expect(unusedDays(line(), start.add({ hours: 24 * 40 }))).toBe(0)
  expect(unusedDays(line({ periodStart: null }), start)).toBe(30)
})

test('the unused plan is the lesser of days and data where the plan says so', () => {
  const asOf = start.add({ hours: 24 * 19 + 1 })
  expect(unusedPlan(line(), asOf)).toEqual({ days: 10, amount: gbp(600n) })
  expect(unusedPlan(line({ unusedRefund: 'lesser', dataRemaining: 20n }), asOf).amount).toEqual(
    gbp(360n),
  )
  expect(unusedPlan(line({ unusedRefund: 'none' }), asOf).amount).toEqual(gbp(0n))
  expect(unusedPlan(line({ unusedRefund: 'none', periodStart: null }), asOf).amount).toEqual(
    gbp(1800n),
  )
  // A period that began after the end that was agreed.
  const before = start.subtract({ minutes: 1 })
  expect(unusedPlan(line({ unusedRefund: 'none' }), before).amount).toEqual(gbp(1800n))
})

test('paid credit and unused days go back to the card, used days are earned', () => {
  const asOf = start.add({ hours: 24 * 19 + 1 })
  const result = settle([line()], refundAndGiveUp, orders, both, asOf, 'GBP')
  expect(result.refund).toEqual(gbp(2960n))
  expect(result.refunds).toEqual([
    { orderId: 'order_1', instrument: 'visa 4471', amount: gbp(2960n) },
  ])
  expect(result.sourcesTotal).toEqual(gbp(3460n))
  expect(result.destinationsTotal).toEqual(gbp(3460n))
  expect(result.earned).toEqual([
    {
      from: { account: 'plan-prepaid', lineId: 'line_a' },
      to: { account: 'plan-revenue' },
      amount: gbp(1200n),
    },
  ])
})

test('without choices the quote names what is needed and sends nothing anywhere', () => {
  const result = settle([line()], { paid: null, promotional: null }, orders, both, start, 'GBP')
  expect(result.choicesNeeded).toEqual(['paid', 'promotional'])
  expect(result.destinationsTotal).toBeNull()
  expect(result.postings).toEqual([])
})

test('a refund is spread over the payments, the closing line’s own first', () => {
  const paidBy: Refundable[] = [
    { orderId: 'order_other', lineId: 'line_b', instrument: 'visa 1', left: gbp(5000n) },
    { orderId: 'order_new', lineId: 'line_a', instrument: 'visa 2', left: gbp(1000n) },
    { orderId: 'order_old', lineId: 'line_a', instrument: 'visa 3', left: gbp(1800n) },
  ]
  const { refunds } = settle(
    [line({ prepaid: gbp(0n), paid: gbp(3000n) })],
    refundAndGiveUp,
    paidBy,
    both,
    start,
    'GBP',
  )
  expect(refunds.map(({ orderId, amount }) => [orderId, amount.minor])).toEqual([
    ['order_new', 1000n],
    ['order_old', 1800n],
    ['order_other', 200n],
  ])
})

test('money that payments do not cover stops the case instead of vanishing', () => {
  expect(() => settle([line()], refundAndGiveUp, [], both, start, 'GBP')).toThrow(/payments cover/)
})

const amounts = fc.bigInt({ min: 0n, max: 10_000_00n })
const lines = fc
  .array(
    fc.record({
      lineId: fc.constantFrom('line_a', 'line_b', 'line_c'),
      paid: amounts.map(gbp),
      promotional: amounts.map(gbp),
      prepaid: amounts.map(gbp),
      periodDays: fc.integer({ min: 1, max: 365 }),
      unusedRefund: fc.constantFrom('days' as const, 'lesser' as const, 'none' as const),
      begun: fc.boolean(),
      granted: fc.bigInt({ min: 1n, max: 1n << 40n }),
      used: fc.nat(100),
    }),
    { maxLength: 4 },
  )
  .map((all) =>
    all.map(({ begun, granted, used, ...facts }) =>
      line({
        ...facts,
        periodStart: begun ? start : null,
        dataGranted: granted,
        dataRemaining: granted - (granted * BigInt(used)) / 100n,
      }),
    ),
  )
const choices = fc.record<Choices>({
  paid: fc.constantFrom<Choices['paid']>(
    { disposition: 'refund' },
    { disposition: 'donate' },
    { disposition: 'move', toLineId: 'line_z' },
  ),
  promotional: fc.constantFrom<Choices['promotional']>(
    { disposition: 'give-up' },
    { disposition: 'move', toLineId: 'line_z' },
  ),
})

test('for any lines and choices: no cent is made or lost, and the closing lines end at zero', () => {
  fc.assert(
    fc.property(lines, choices, fc.nat(400), (all, chosen, days) => {
      const asOf = start.add({ hours: 24 * days })
      const covered: Refundable[] = [
        { orderId: 'o', lineId: null, instrument: 'v', left: gbp(1_000_000_000n) },
      ]
      const result = settle(all, chosen, covered, both, asOf, 'GBP')
      const moved = entriesOf([...result.earned, ...result.postings])
      const onLines = all.reduce(
        (total, { paid, promotional, prepaid }) =>
          total + paid.minor + promotional.minor + prepaid.minor,
        0n,
      )
      const left = moved
        .filter(({ lineId }) => all.some((l) => l.lineId === lineId))
        .reduce((total, { amount }) => total + amount.minor, 0n)
      expect(left).toBe(-onLines)
      expect(moved.reduce((total, { amount }) => total + amount.minor, 0n)).toBe(0n)
      expect(result.destinationsTotal).toEqual(result.sourcesTotal)
    }),
    { numRuns: 10_000 },
  )
})
