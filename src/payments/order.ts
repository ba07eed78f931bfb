/** An order on its way to being paid: what the provider's word, and time, make of it. */
import type { z } from 'zod'
import { type Money, toWire } from '../values/money.ts'
import type { orderWire } from './wire.ts'

export type OrderState = 'open' | 'processing' | 'paid' | 'failed' | 'expired'
export type Failure = NonNullable<z.output<typeof orderWire>['failure']>
export type Instrument = {
  brand: string
  last4: string
  expMonth: number
  expYear: number
  fingerprint?: string | undefined
}

export type Order = {
  readonly subscriberId: string
  readonly orderId: string
  readonly kind: 'plan' | 'top-up'
  readonly lineId: string | null
  readonly planId: string | null
  readonly planVersion: number | null
  readonly adjustment: { data: number; voice: number; sms: number } | null
  readonly nickname: string | null
  readonly amount: Money
  /** Off the plan's price, because its owner has several lines; the amount is without it. */
  readonly percentOff: number
  readonly state: OrderState
  /** Each attempt is a checkout of its own, named `orderId.attempt`. */
  readonly attempt: number
  readonly checkoutUrl: string | null
  readonly failure: Failure | null
  readonly paymentId: string | null
  readonly instrument: Instrument | null
  /** The saved card that pays it without a page; null: its owner pays it at the provider's. */
  readonly methodId: string | null
  readonly createdAt: Temporal.Instant
  readonly paidAt: Temporal.Instant | null
  readonly expiresAt: Temporal.Instant
}

type CheckoutBase = { checkoutId: string; url: string | null; amount: Money }
/** A checkout as the provider sees it. */
export type Checkout = CheckoutBase &
  (
    | { status: 'open' | 'processing' | 'expired' }
    | { status: 'failed'; failure: string }
    | { status: 'succeeded'; paymentId: string; instrument: Instrument | null }
  )
export type PaidCheckout = Extract<Checkout, { status: 'succeeded' }>
export type Attempt = { attempt: number; checkout: Checkout | undefined }

export type Change =
  | { kind: 'none' }
  | { kind: 'processing' }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'expired' }
  | { kind: 'paid'; attempt: number; checkout: PaidCheckout }

export type Decision = {
  change: Change
  /** Attempts whose money came in although the order is paid by another: it goes back. */
  surplus: { attempt: number; checkout: PaidCheckout }[]
  /** When the provider is asked again if it says nothing by itself; null: never. */
  dueAt: Temporal.Instant | null
}

/** A checkout page stays open this long. */
export const payWithinMinutes = 30
/** After this long nobody looks for money any more that came in late. */
const lookForHours = 48

export function referenceOf(orderId: string, attempt: number): string {
  return `${orderId}.${attempt}`
}

export function parseReference(
  reference: string,
): { orderId: string; attempt: number } | undefined {
  const [, orderId, attempt] = /^(order_[0-9a-f]{32})\.(\d{1,4})$/.exec(reference) ?? []
  return orderId ? { orderId, attempt: Number(attempt) } : undefined
}

/** What becomes of an order, given everything the provider says about its attempts. Money that arrived always counts. */
export function decide(
  order: Order,
  attempts: readonly Attempt[],
  now: Temporal.Instant,
): Decision {
  const paid = attempts.flatMap(({ attempt, checkout }) =>
    checkout?.status === 'succeeded' ? [{ attempt, checkout }] : [],
  )
  const change = changeOf(order, attempts, paid, now)
  const paymentId = change.kind === 'paid' ? change.checkout.paymentId : order.paymentId
  return {
    change,
    surplus: paid.filter(({ checkout }) => checkout.paymentId !== paymentId),
    dueAt: dueAfter(order, change, attempts, now),
  }
}

function changeOf(
  order: Order,
  attempts: readonly Attempt[],
  paid: readonly { attempt: number; checkout: PaidCheckout }[],
  now: Temporal.Instant,
): Change {
  // A payment that was taken note of is never honoured twice, nor one that went back.
  if (order.paymentId !== null) return { kind: 'none' }
  const [first] = paid
  if (first) return { kind: 'paid', ...first }
  if (order.state === 'failed' || order.state === 'expired') return { kind: 'none' }
  const checkout = attempts.find(({ attempt }) => attempt === order.attempt)?.checkout
  if (checkout?.status === 'failed') return { kind: 'failed', failure: failureOf(checkout.failure) }
  if (checkout?.status === 'expired') return { kind: 'expired' }
  if (checkout?.status === 'processing') {
    return order.state === 'processing' ? { kind: 'none' } : { kind: 'processing' }
  }
  const over = Temporal.Instant.compare(now, order.expiresAt) >= 0
  return over ? { kind: 'expired' } : { kind: 'none' }
}

const failures: ReadonlySet<string> = new Set<Failure>([
  'card_declined',
  'insufficient_funds',
  'authentication_failed',
  'expired_card',
  'provider_unavailable',
])

// A provider's new codes all mean that this card did not pay.
function failureOf(code: string): Failure {
  return failures.has(code) ? (code as Failure) : 'card_declined'
}

function dueAfter(
  order: Order,
  change: Change,
  attempts: readonly Attempt[],
  now: Temporal.Instant,
): Temporal.Instant | null {
  const state: OrderState = change.kind === 'none' ? order.state : change.kind
  if (state === 'open' || state === 'processing') return nextLook(order.expiresAt, now)
  const unsettled = attempts.some(
    ({ checkout }) => checkout?.status === 'open' || checkout?.status === 'processing',
  )
  const until = order.createdAt.add({ hours: lookForHours })
  const worthIt = unsettled && Temporal.Instant.compare(now, until) < 0
  return worthIt ? now.add({ minutes: 10 }) : null
}

/** Often at first, when somebody is waiting, then less: a sixth of the time that has passed, 5 to 60 seconds. */
export function nextLook(expiresAt: Temporal.Instant, now: Temporal.Instant): Temporal.Instant {
  const began = expiresAt.subtract({ minutes: payWithinMinutes })
  const waited = Math.max(0, now.epochMilliseconds - began.epochMilliseconds)
  return now.add({ milliseconds: Math.min(60_000, Math.max(5_000, Math.floor(waited / 6))) })
}

export function orderShown(order: Order): z.output<typeof orderWire> {
  const { instrument } = order
  return {
    orderId: order.orderId,
    kind: order.kind,
    state: order.state,
    amount: toWire(order.amount),
    checkoutUrl: order.state === 'open' ? order.checkoutUrl : null,
    failure: order.failure,
    lineId: order.lineId,
    planId: order.planId,
    instrument: instrument && {
      brand: instrument.brand,
      last4: instrument.last4,
      expMonth: instrument.expMonth,
      expYear: instrument.expYear,
    },
    createdAt: order.createdAt.toString(),
    paidAt: order.paidAt?.toString() ?? null,
  }
}
