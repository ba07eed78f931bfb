import fc from 'fast-check'
import { expect, test } from 'vitest'
import { money } from '../values/money.ts'
import {
  type Attempt,
  type Checkout,
  decide,
  nextLook,
  type Order,
  orderShown,
  parseReference,
  payWithinMinutes,
  referenceOf,
} from './order.ts'

const created = Temporal.Instant.from('2026-11-20T10:00:00Z')
const expiresAt = created.add({ minutes: payWithinMinutes })
const soon = created.add({ seconds: 20 })
const amount = money(1800n, 'GBP')

const order = (given: Partial<Order> = {}): Order => ({
  subscriberId: 'sub_1',
  orderId: `order_${'0'.repeat(32)}`,
  kind: 'plan',
  lineId: null,
  planId: 'p',
  planVersion: 1,
  adjustment: null,
  nickname: null,
  amount,
  percentOff: 0,
  state: 'open',
  attempt: 1,
  checkoutUrl: 'http://pay',
  failure: null,
  paymentId: null,
  instrument: null,
  methodId: null,
  createdAt: created,
  paidAt: null,
  expiresAt,
  ...given,
})
const base = { checkoutId: 'c1', url: 'http://pay', amount }
const succeeded = (paymentId = 'pay_1'): Checkout => ({
  ...base,
  status: 'succeeded',
  paymentId,
  instrument: null,
})
const failed = (failure: string): Checkout => ({ ...base, status: 'failed', failure })
const plain = (status: 'open' | 'processing' | 'expired'): Checkout => ({ ...base, status })
const first = (checkout: Checkout | undefined): Attempt[] => [{ attempt: 1, checkout }]

test('an open order follows what the provider says', () => {
  const change = (checkout: Checkout | undefined) => decide(order(), first(checkout), soon).change
  expect(change(undefined)).toEqual({ kind: 'none' })
  expect(change(plain('open'))).toEqual({ kind: 'none' })
  expect(change(plain('processing'))).toEqual({ kind: 'processing' })
  expect(change(plain('expired'))).toEqual({ kind: 'expired' })
  expect(change(failed('insufficient_funds'))).toEqual({
    kind: 'failed',
    failure: 'insufficient_funds',
  })
  expect(change(failed('a_new_code'))).toEqual({ kind: 'failed', failure: 'card_declined' })
  expect(change(succeeded())).toMatchObject({ kind: 'paid', attempt: 1 })
})

test('an order nobody pays expires after half an hour; one being processed does not', () => {
  const at = (state: Order['state'], checkout: Checkout | undefined, when: Temporal.Instant) =>
    decide(order({ state }), first(checkout), when).change.kind
  expect(at('open', plain('open'), expiresAt.subtract({ seconds: 1 }))).toBe('none')
  expect(at('open', plain('open'), expiresAt)).toBe('expired')
  expect(at('open', undefined, expiresAt)).toBe('expired')
  expect(at('processing', plain('processing'), expiresAt.add({ hours: 5 }))).toBe('none')
})

test('money that arrives late is honoured, also for an attempt before the current one', () => {
  expect(decide(order({ state: 'expired' }), first(succeeded()), expiresAt).change.kind).toBe(
    'paid',
  )
  expect(decide(order({ state: 'failed' }), first(succeeded()), soon).change.kind).toBe('paid')
  const attempts = [...first(succeeded()), { attempt: 2, checkout: plain('open') }]
  expect(decide(order({ attempt: 2 }), attempts, soon).change).toMatchObject({
    kind: 'paid',
    attempt: 1,
  })
})

test('a failure of an earlier attempt does not fail the current one', () => {
  const attempts = [...first(failed('card_declined')), { attempt: 2, checkout: plain('open') }]
  expect(decide(order({ attempt: 2 }), attempts, soon).change).toEqual({ kind: 'none' })
})

test('a second payment for the same order goes back, the first stays', () => {
  const attempts = [...first(succeeded('pay_1')), { attempt: 2, checkout: succeeded('pay_2') }]
  const fresh = decide(order({ attempt: 2 }), attempts, soon)
  expect(fresh.change).toMatchObject({ kind: 'paid', attempt: 1 })
  expect(fresh.surplus).toMatchObject([{ attempt: 2, checkout: { paymentId: 'pay_2' } }])
  const later = decide(order({ state: 'paid', attempt: 2, paymentId: 'pay_2' }), attempts, soon)
  expect(later.change).toEqual({ kind: 'none' })
  expect(later.surplus).toMatchObject([{ attempt: 1 }])
})

test('a payment that went back is not honoured later', () => {
  const returned = order({ state: 'expired', paymentId: 'pay_1' })
  expect(decide(returned, first(succeeded('pay_1')), soon)).toMatchObject({
    change: { kind: 'none' },
    surplus: [],
  })
})

test('the provider is asked as long as money may still come, and no longer', () => {
  const due = (given: Partial<Order>, checkout: Checkout | undefined, when = soon) =>
    decide(order(given), first(checkout), when).dueAt
  expect(due({}, plain('open'))).toEqual(soon.add({ seconds: 5 }))
  expect(due({ state: 'expired' }, plain('open'), expiresAt)).toEqual(
    expiresAt.add({ minutes: 10 }),
  )
  expect(due({ state: 'expired' }, plain('open'), created.add({ hours: 49 }))).toBeNull()
  expect(due({ state: 'expired' }, plain('expired'))).toBeNull()
  expect(due({}, failed('card_declined'))).toBeNull()
  expect(due({}, succeeded())).toBeNull()
})

test('looks are 5 seconds apart at first and at most a minute', () => {
  const gap = (seconds: number) => {
    const now = created.add({ seconds })
    return now.until(nextLook(expiresAt, now)).total('seconds')
  }
  expect([gap(0), gap(60), gap(180), gap(3600)]).toEqual([5, 10, 30, 60])
})

test('the money shown is the money asked for', () => {
  expect(orderShown(order()).amount).toEqual({ amount: '18.00', currency: 'GBP' })
  expect(orderShown(order({ state: 'failed' })).checkoutUrl).toBeNull()
})

test('a reference names one attempt at one order, and nothing else is one', () => {
  const { orderId } = order()
  expect(parseReference(referenceOf(orderId, 3))).toEqual({ orderId, attempt: 3 })
  expect(parseReference(`${referenceOf(orderId, 3)}.return`)).toBeUndefined()
  expect(parseReference('case_1.2')).toBeUndefined()
})

test('in whatever order the provider’s answers come, one payment is honoured and the order stays paid', () => {
  const answers = fc.constantFrom(
    undefined,
    plain('open'),
    plain('processing'),
    plain('expired'),
    failed('card_declined'),
    succeeded('pay_1'),
  )
  const ticks = fc.array(fc.record({ checkout: answers, minutes: fc.nat(20) }), { minLength: 1 })
  fc.assert(
    fc.property(ticks, (seen) => {
      let current = order()
      let now = created
      let honoured = 0
      for (const { checkout, minutes } of seen) {
        now = now.add({ minutes })
        const { change, surplus } = decide(current, first(checkout), now)
        expect(surplus).toEqual([])
        if (change.kind === 'paid') {
          honoured += 1
          current = { ...current, state: 'paid', paymentId: change.checkout.paymentId }
        } else if (change.kind !== 'none') current = { ...current, state: change.kind }
      }
      const paid = seen.some(({ checkout }) => checkout?.status === 'succeeded')
      expect(honoured).toBe(paid ? 1 : 0)
      expect(current.state === 'paid').toBe(paid)
    }),
  )
})
