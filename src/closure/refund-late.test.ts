import { expect, test } from 'vitest'
import { isOurs, type TrackedRefund } from '../payments/payments.ts'
import { packOf } from '../policy/packs.ts'
import { money } from '../values/money.ts'
import { lateness } from './refund-late.ts'

type Case = Parameters<typeof lateness>[0]
const policy = packOf('GB')
const ended = Temporal.Instant.from('2026-11-02T12:00:00Z')
const day = (days: number) => ended.add({ hours: 24 * days })
const caseIn = (state: string, refundBy: Temporal.Instant | null, attention: unknown = null) =>
  ({ state, attention, quote: { refundBy: refundBy && String(refundBy) } }) as unknown as Case
const refund = (given: Partial<TrackedRefund> = {}): TrackedRefund => ({
  refundId: 'case_1.1',
  orderId: 'order_1',
  instrument: 'visa 4242',
  amount: money(500n, 'GBP'),
  state: 'pending',
  failure: null,
  requestedAt: ended,
  endedAt: null,
  payoutUntil: null,
  payoutAttempt: 0,
  payoutTo: null,
  payoutFailure: null,
  hasAccount: false,
  namedAt: null,
  isDisputed: false,
  decidedAt: null,
  lateAt: null,
  ...given,
})
const row = { kind: 'refund', detail: { refund: 'case_1.1' } }
const quoted = { tables: JSON.stringify([{ destinations: [row] }]) }
const dueOf = (c: Case, one: TrackedRefund, settled: typeof quoted | undefined = quoted) =>
  lateness(c, policy, [one], settled, day(-1)).next
const days = (at: Temporal.Instant | null) => at && at.since(ended).total('hours') / 24

test('the promised day is that of the quote, and not what policy would say by now', () => {
  const c = caseIn('settling', day(5))
  expect(days(dueOf(c, refund()))).toBe(5)
  const at = (now: Temporal.Instant) => lateness(c, policy, [refund()], quoted, now)
  expect(at(day(5).subtract({ seconds: 1 })).late).toEqual([])
  expect(at(day(5))).toEqual({ late: [{ refund: refund(), promisedAt: day(5) }], next: null })
})

test('service ended after that day: the promise stands, and a refund that arrives within the hour is told of nobody', () => {
  const begun = refund({ requestedAt: day(9) })
  const late = (now: Temporal.Instant) =>
    lateness(caseIn('settling', day(5)), policy, [begun], quoted, now).late
  expect(late(day(9))).toEqual([])
  expect(late(day(9).add({ hours: 1 }))).toEqual([{ refund: begun, promisedAt: day(5) }])
})

test('what was held back first, or never quoted, has its time from when it could be sent', () => {
  const reserve = refund({ refundId: 'case_1.2', requestedAt: day(30) })
  expect(days(dueOf(caseIn('settling', day(5)), reserve))).toBe(44)
  expect(days(dueOf(caseIn('settling', null), refund()))).toBe(14)
  const named = refund({ state: 'failed', hasAccount: true, namedAt: day(20) })
  expect(days(dueOf(caseIn('settling', day(5)), named))).toBe(34)
  expect(days(dueOf(caseIn('settling', day(5)), { ...named, decidedAt: day(60) }))).toBe(74)
})

test('only what is ours to send, of a case whose money is settled, stuck or not, and once', () => {
  const late = (c: Case, one: TrackedRefund) =>
    lateness(c, policy, [one], quoted, day(99)).late.length
  const c = caseIn('settling', day(5))
  expect([late(c, refund()), late(c, refund({ state: 'requested' }))]).toEqual([1, 1])
  expect(late(caseIn('needs_attention', day(5), { resume: 'settling' }), refund())).toBe(1)
  expect(late(caseIn('needs_attention', day(5), { resume: 'in_review' }), refund())).toBe(0)
  expect(late(caseIn('executing', day(5)), refund())).toBe(0)
  const notOurs: Partial<TrackedRefund>[] = [
    { state: 'failed' },
    { isDisputed: true },
    { state: 'failed', hasAccount: true, isDisputed: true },
    { state: 'succeeded' },
    { state: 'unclaimed' },
  ]
  expect(notOurs.map((given) => isOurs(refund(given)))).toEqual(notOurs.map(() => false))
  expect(notOurs.map((given) => late(c, refund(given)))).toEqual(notOurs.map(() => 0))
  expect(late(c, refund({ lateAt: day(6) }))).toBe(0)
})
