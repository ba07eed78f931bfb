/** The payment provider: hosted checkouts and refunds, each named by our own reference. */
import { z } from 'zod'
import {
  type CallPartner,
  callPartner,
  type PartnerAnswer,
  type PartnerCall,
} from '../platform/partner.ts'
import { Fault } from '../values/fault.ts'
import { fromWire, type Money, toWire } from '../values/money.ts'
import { moneyWire } from '../values/wire.ts'
import type { Checkout, Instrument } from './order.ts'
import type { Account } from './payments.ts'

export type NewCheckout = {
  key: string
  reference: string
  amount: Money
  description: string
  returnUrl: string
  locale: string
  /** A saved card: charged at once, without a page. */
  method?: string
}
export type NewSetup = { key: string; reference: string; returnUrl: string; locale: string }
/** A page to save a card on, and the card that came of it. */
export type FoundSetup = {
  status: 'open' | 'succeeded' | 'failed' | 'expired'
  saved?: { providerMethodId: string; instrument: Instrument }
}
export type NewRefund = { key: string; paymentId: string; amount: Money; reference: string }
export type FoundRefund = {
  refundId: string
  state: 'pending' | 'succeeded' | 'failed'
  failure?: string
}

/** A payment that its owner's bank is asked to take back; won: by us, so the payment stands. */
export type Dispute = { disputeId: string; amount: Money; state: 'open' | 'won' | 'lost' }
export type NewPayout = {
  key: string
  reference: string
  amount: Money
  name: string
  account: Account
}

export type Payments = {
  createCheckout(asked: NewCheckout): Promise<{ checkoutId: string; url: string }>
  findCheckout(reference: string): Promise<Checkout | undefined>
  createSetup(asked: NewSetup): Promise<{ url: string }>
  findSetup(reference: string): Promise<FoundSetup | undefined>
  /** Done when the provider doesn't know it, too. */
  forgetMethod(providerMethodId: string): Promise<void>
  refund(asked: NewRefund): Promise<FoundRefund>
  findRefund(reference: string): Promise<FoundRefund | undefined>
  payout(asked: NewPayout): Promise<FoundRefund>
  findPayout(reference: string): Promise<FoundRefund | undefined>
  /** Of the payment that a checkout brought, named by that checkout's reference. */
  findDisputes(reference: string): Promise<Dispute[]>
}

const instrument = z.object({
  brand: z.string(),
  last4: z.string(),
  expMonth: z.int(),
  expYear: z.int(),
  fingerprint: z.string().optional(),
})
const checkoutWire = z.object({
  id: z.string(),
  url: z.string().nullish(),
  status: z.enum(['open', 'processing', 'succeeded', 'failed', 'expired']),
  failure: z.string().nullish(),
  paymentId: z.string().nullish(),
  amount: moneyWire,
  instrument: instrument.nullish(),
})
const createdWire = z.object({ id: z.string(), url: z.string() })
const setupWire = z.object({
  id: z.string(),
  url: z.string(),
  status: z.enum(['open', 'succeeded', 'failed', 'expired']),
  methodId: z.string().nullish(),
  instrument: instrument.nullish(),
})
const refundWire = z.object({
  id: z.string(),
  status: z.enum(['pending', 'succeeded', 'failed']),
  failure: z.string().nullish(),
})

const disputeWire = z.object({
  id: z.string(),
  amount: moneyWire,
  status: z.enum(['open', 'won', 'lost']),
})

const name = 'payments'

export function openPayments(
  config: { url: string; key: string },
  reach: CallPartner = callPartner,
): Payments {
  const call = (asked: PartnerCall) => reach({ name, ...config }, asked)
  const find = async (path: string, reference: string) => {
    const query = `?reference=${encodeURIComponent(reference)}`
    const answer = await call({ method: 'GET', path: path + query })
    return answer.status === 404 ? undefined : done(answer)
  }
  return {
    async createCheckout({ key, amount, ...asked }) {
      const body = { ...asked, amount: toWire(amount) }
      const path = '/checkouts'
      const answer = await call({ method: 'POST', path, body, idempotencyKey: key })
      const { id, url } = createdWire.parse(done(answer))
      return { checkoutId: id, url }
    },
    async findCheckout(reference) {
      const found = await find('/checkouts', reference)
      return found === undefined ? undefined : checkoutOf(checkoutWire.parse(found))
    },
    async createSetup({ key, ...body }) {
      const answer = await call({ method: 'POST', path: '/setups', body, idempotencyKey: key })
      return { url: setupWire.parse(done(answer)).url }
    },
    async findSetup(reference) {
      const found = await find('/setups', reference)
      return found === undefined ? undefined : setupOf(setupWire.parse(found))
    },
    async forgetMethod(providerMethodId) {
      const path = `/methods/${encodeURIComponent(providerMethodId)}`
      const answer = await call({ method: 'DELETE', path, idempotencyKey: providerMethodId })
      if (answer.status !== 404) done(answer)
    },
    async refund({ key, paymentId, amount, reference }) {
      const body = { paymentId, amount: toWire(amount), reference }
      const path = '/refunds'
      const answer = await call({ method: 'POST', path, body, idempotencyKey: key })
      return refundOf(refundWire.parse(done(answer)))
    },
    async findRefund(reference) {
      const found = await find('/refunds', reference)
      return found === undefined ? undefined : refundOf(refundWire.parse(found))
    },
    async payout({ key, amount, ...asked }) {
      const body = { ...asked, amount: toWire(amount) }
      const answer = await call({ method: 'POST', path: '/payouts', body, idempotencyKey: key })
      return refundOf(refundWire.parse(done(answer)))
    },
    async findPayout(reference) {
      const found = await find('/payouts', reference)
      return found === undefined ? undefined : refundOf(refundWire.parse(found))
    },
    async findDisputes(reference) {
      const found = await find('/disputes', reference)
      if (found === undefined) return []
      return z
        .object({ items: z.array(disputeWire) })
        .parse(found)
        .items.map(disputeOf)
    },
  }
}

function disputeOf({ id, amount, status }: z.output<typeof disputeWire>): Dispute {
  const read = fromWire(amount)
  if (!read) throw new Fault(name, 'unknown', 'named an amount nobody can read')
  return { disputeId: id, amount: read, state: status }
}

function done({ status, body }: PartnerAnswer): unknown {
  if (status < 300) return body
  throw new Fault(name, 'not-done', `refused with ${status}`)
}

function checkoutOf(wire: z.output<typeof checkoutWire>): Checkout {
  const amount = fromWire(wire.amount)
  if (!amount) throw new Fault(name, 'unknown', 'named an amount nobody can read')
  const common = { checkoutId: wire.id, url: wire.url ?? null, amount }
  if (wire.status === 'succeeded') {
    if (!wire.paymentId) throw new Fault(name, 'unknown', 'named no payment of a paid checkout')
    return {
      ...common,
      status: 'succeeded',
      paymentId: wire.paymentId,
      instrument: wire.instrument ?? null,
    }
  }
  if (wire.status === 'failed') return { ...common, status: 'failed', failure: wire.failure ?? '' }
  return { ...common, status: wire.status }
}

function setupOf({ status, methodId, instrument: card }: z.output<typeof setupWire>): FoundSetup {
  if (status !== 'succeeded') return { status }
  if (!methodId || !card) throw new Fault(name, 'unknown', 'named no card of a finished setup')
  return { status, saved: { providerMethodId: methodId, instrument: card } }
}

function refundOf({ id, status, failure }: z.output<typeof refundWire>): FoundRefund {
  return { refundId: id, state: status, ...(failure ? { failure } : {}) }
}
