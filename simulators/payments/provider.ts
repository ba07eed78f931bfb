/** What the payment provider does: takes money through checkouts, gives it back through refunds, tells by webhook. */
import { toWire } from '../../src/values/money.ts'
import type { Money } from '../../src/values/money.ts'
import type { Database } from '../database.ts'
import { notFound, Problem } from '../host.ts'
import { openTimer } from '../timer.ts'
import type { Means } from './means.ts'
import { type Card, CHALLENGE_CODE, type Failure } from './cards.ts'
import {
  createPayout,
  decideDispute,
  disputesOf,
  type NewPayout,
  nextPayout,
  openDispute,
  payoutsOf,
  settlePayouts,
} from './payouts.ts'
import { createSetup, forgetCard, type NewSetup, saveCard, savedCard, setupsBy } from './saved.ts'
import { type CheckoutRow, checkoutWire, moneyOf, type RefundRow, refundWire } from './store.ts'

export type NewCheckout = {
  reference: string
  amount: Money
  description: string
  returnUrl: string
  locale: string
}

export type NewRefund = { paymentId: string; amount: Money; reference: string }

export type Provider = ReturnType<typeof openProvider>

export function openProvider(means: Means) {
  const { db, clock } = means
  const timer = (means.timer ?? openTimer)(
    clock,
    () => nextSettlement(means),
    () => {
      settleRefunds(means)
      settlePayouts(means)
      means.outbox.wake()
    },
  )
  return {
    createCheckout: (wanted: NewCheckout) => createCheckout(means, wanted),
    checkout: (id: string) => current(means, 'id', id)[0],
    checkoutsOf: (reference: string) => current(means, 'reference', reference),
    recentCheckouts: (limit: number) => {
      expire(means)
      return db.all<CheckoutRow>(
        'select * from checkout order by created_ms desc, id desc limit :limit',
        { limit },
      )
    },
    pay: (id: string, card: Card) => pay(means, id, card),
    answerChallenge: (id: string, code: string | undefined) => answerChallenge(means, id, code),
    chargeSaved: (id: string, cardId: string) => chargeSaved(means, id, cardId),
    createSetup: (wanted: NewSetup) => createSetup(means, wanted),
    setup: (id: string) => setupsBy(means, 'id', id)[0],
    setupsOf: (reference: string) => setupsBy(means, 'reference', reference),
    saveCard: (id: string, card: Card) => saveCard(means, id, card),
    forgetCard: (cardId: string) => forgetCard(means, cardId),
    createRefund(wanted: NewRefund) {
      const refund = createRefund(means, wanted)
      queueMicrotask(timer.schedule)
      return refund
    },
    refund: (id: string) => db.get<RefundRow>('select * from refund where id = :id', { id }),
    refundsOf: (reference: string) =>
      db.all<RefundRow>(
        'select * from refund where reference = :reference order by created_ms desc, id desc',
        { reference },
      ),
    recentRefunds: (limit: number) =>
      db.all<RefundRow>('select * from refund order by created_ms desc, id desc limit :limit', {
        limit,
      }),
    createPayout(wanted: NewPayout) {
      const payout = createPayout(means, wanted)
      queueMicrotask(timer.schedule)
      return payout
    },
    payoutsOf: (reference: string) => payoutsOf(means, reference),
    disputesOf: (reference: string) => disputesOf(means, reference),
    openDispute: (paymentId: string, amount: Money | undefined) =>
      openDispute(means, paymentId, amount),
    decideDispute: (id: string, status: 'won' | 'lost') => decideDispute(means, id, status),
    stats: () => stats(db),
    stop: () => timer.stop(),
  }
}

const nowMs = ({ clock }: Means) => clock.now().epochMilliseconds

function createCheckout(means: Means, wanted: NewCheckout): CheckoutRow {
  const { db, ids, pace } = means
  const id = ids.make('chk')
  const now = nowMs(means)
  db.run(
    `insert into checkout (id, reference, minor, currency, description, return_url, locale,
       status, created_ms, expires_ms)
     values (:id, :reference, :minor, :currency, :description, :returnUrl, :locale,
       'open', :now, :expires)`,
    {
      id,
      reference: wanted.reference,
      minor: wanted.amount.minor,
      currency: wanted.amount.currency,
      description: wanted.description,
      returnUrl: wanted.returnUrl,
      locale: wanted.locale,
      now,
      expires: now + pace.expiresMs,
    },
  )
  return mustFind(means, id)
}

// Nobody comes back to an abandoned page, so it expires when somebody looks.
function expire(means: Means): void {
  means.db.run(
    `update checkout set status = 'expired'
     where status in ('open', 'processing') and expires_ms <= :now`,
    { now: nowMs(means) },
  )
}

function current(means: Means, by: 'id' | 'reference', value: string): CheckoutRow[] {
  expire(means)
  return means.db.all<CheckoutRow>(
    `select * from checkout where ${by} = :value order by created_ms desc, id desc`,
    { value },
  )
}

function mustFind(means: Means, id: string): CheckoutRow {
  const row = current(means, 'id', id)[0]
  if (!row) throw notFound('checkout')
  return row
}

export type Paid =
  | { next: 'done' | 'challenge' | 'timed-out' | 'over'; checkout: CheckoutRow }
  | { next: 'failed'; checkout: CheckoutRow }

/** Charges a card; a checkout that is no longer open is left as it is, so a double click pays once. */
function pay(means: Means, id: string, { outcome, instrument }: Card): Paid {
  const { db, outbox } = means
  const paid = db.transaction((): Paid => {
    const { status } = mustFind(means, id)
    if (status === 'processing') return { next: 'challenge', checkout: mustFind(means, id) }
    if (status !== 'open') return { next: 'over', checkout: mustFind(means, id) }
    db.run('update checkout set instrument = :instrument where id = :id', {
      id,
      instrument: JSON.stringify(instrument),
    })
    if (outcome === 'declined') return fail(means, id, 'card_declined')
    if (outcome === 'insufficient') return fail(means, id, 'insufficient_funds')
    if (outcome === 'challenge') {
      db.run(`update checkout set status = 'processing' where id = :id`, { id })
      return { next: 'challenge', checkout: mustFind(means, id) }
    }
    take(means, id, outcome === 'expires-later')
    if (outcome === 'times-out') {
      tellLate(means, id)
      return { next: 'timed-out', checkout: mustFind(means, id) }
    }
    tell(means, 'checkout.succeeded', mustFind(means, id))
    return { next: 'done', checkout: mustFind(means, id) }
  })
  outbox.wake()
  return paid
}

/** Its owner is not there: a bank that asks them for a code gets none, and a forgotten card pays nothing. */
function chargeSaved(means: Means, id: string, cardId: string): void {
  const card = savedCard(means, cardId)
  if (card && card.outcome !== 'challenge') return void pay(means, id, card)
  means.db.transaction(() => {
    if (mustFind(means, id).status !== 'open') return
    fail(means, id, card ? 'authentication_failed' : 'card_declined')
  })
  means.outbox.wake()
}

function take(means: Means, id: string, refundsFail: boolean): void {
  const { db, ids } = means
  const paymentId = ids.make('pay')
  db.run(
    `insert into payment (id, checkout_id, minor, currency, refunds_fail, created_ms)
     select :paymentId, id, minor, currency, :refundsFail, :now from checkout where id = :id`,
    { id, paymentId, refundsFail: refundsFail ? 1 : 0, now: nowMs(means) },
  )
  db.run(
    `update checkout set status = 'succeeded', failure = null, payment_id = :paymentId
     where id = :id`,
    { id, paymentId },
  )
}

function fail(means: Means, id: string, failure: Failure): Paid {
  means.db.run(`update checkout set status = 'failed', failure = :failure where id = :id`, {
    id,
    failure,
  })
  const checkout = mustFind(means, id)
  tell(means, 'checkout.failed', checkout)
  return { next: 'failed', checkout }
}

const CHALLENGE_TRIES = 3

/** The 3-D Secure answer; no code means the person gave up. */
function answerChallenge(means: Means, id: string, code: string | undefined) {
  const { db, outbox } = means
  const answer = db.transaction((): Paid | { next: 'again'; checkout: CheckoutRow } => {
    const checkout = mustFind(means, id)
    if (checkout.status !== 'processing') return { next: 'over', checkout }
    if (code === CHALLENGE_CODE) {
      take(means, id, false)
      tell(means, 'checkout.succeeded', mustFind(means, id))
      return { next: 'done', checkout: mustFind(means, id) }
    }
    if (code === undefined || checkout.challenge_tries + 1 >= CHALLENGE_TRIES) {
      return fail(means, id, 'authentication_failed')
    }
    db.run('update checkout set challenge_tries = challenge_tries + 1 where id = :id', { id })
    return { next: 'again', checkout: mustFind(means, id) }
  })
  outbox.wake()
  return answer
}

function tell(means: Means, type: string, checkout: CheckoutRow): void {
  const occurredAt = means.clock.now().toString()
  const data = { ...checkoutWire(checkout, means.baseUrl()), occurredAt }
  const body = JSON.stringify({ type, timestamp: occurredAt, data })
  means.outbox.post({ messageId: means.ids.make('msg'), type, body })
}

/**
 * The acquirer answered the first attempt too late and took the money on the second. Both events come late,
 * the second before the first, and the second twice.
 */
function tellLate(means: Means, id: string): void {
  const { ids, outbox, pace, clock } = means
  const succeeded = mustFind(means, id)
  const { payment_id: _paid, ...unpaid } = succeeded
  const failed: CheckoutRow = {
    ...unpaid,
    payment_id: null,
    status: 'failed',
    failure: 'provider_unavailable',
  }
  const event = (type: string, row: CheckoutRow, occurredAt: string) => ({
    messageId: ids.make('msg'),
    type,
    body: JSON.stringify({
      type,
      timestamp: occurredAt,
      data: { ...checkoutWire(row, means.baseUrl()), occurredAt },
    }),
  })
  const now = clock.now()
  const first = event('checkout.failed', failed, now.subtract({ milliseconds: 900 }).toString())
  const second = event('checkout.succeeded', succeeded, now.toString())
  outbox.post({ ...second, afterMs: pace.lateMs })
  outbox.post({ ...first, afterMs: pace.lateMs + 400 })
  outbox.post({ ...second, afterMs: pace.lateMs + 800 })
}

type PaymentRow = { id: string; minor: number; currency: string; refunds_fail: number }

function createRefund(means: Means, { paymentId, amount, reference }: NewRefund): RefundRow {
  const { db, ids, pace } = means
  const payment = db.get<PaymentRow>('select * from payment where id = :paymentId', { paymentId })
  if (!payment) throw notFound('payment')
  if (payment.currency !== amount.currency) {
    throw new Problem(422, 'wrong-currency', `The payment was in ${payment.currency}.`)
  }
  const given = db.get<{ minor: number }>(
    `select coalesce(sum(minor), 0) as minor from refund
     where payment_id = :paymentId and status <> 'failed'`,
    { paymentId },
  )
  const left = BigInt(payment.minor - (given?.minor ?? 0))
  if (amount.minor > left) {
    const refundable = toWire(moneyOf({ ...payment, minor: Number(left) }))
    const detail = `Only ${refundable.amount} ${refundable.currency} of this payment can be refunded.`
    throw new Problem(422, 'refund-exceeds-payment', detail, { refundable })
  }
  const id = ids.make('ref')
  db.run(
    `insert into refund (id, payment_id, reference, minor, currency, status, created_ms, settles_ms)
     values (:id, :paymentId, :reference, :minor, :currency, 'pending', :now, :settles)`,
    {
      id,
      paymentId,
      reference,
      minor: amount.minor,
      currency: amount.currency,
      now: nowMs(means),
      settles: nowMs(means) + pace.refundMs,
    },
  )
  return db.get<RefundRow>('select * from refund where id = :id', { id })!
}

function nextSettlement({ db }: Means): number | undefined {
  const payout = nextPayout({ db })
  const row = db.get<{ ms: number | null }>(
    `select min(settles_ms) as ms from refund where status = 'pending'`,
  )
  const refund = row?.ms ?? undefined
  if (refund === undefined || payout === undefined) return refund ?? payout
  return Math.min(refund, payout)
}

function settleRefunds(means: Means): void {
  const { db, ids, outbox } = means
  db.transaction(() => {
    const due = db.all<RefundRow & { refunds_fail: number }>(
      `select refund.*, refunds_fail from refund join payment on payment.id = payment_id
       where status = 'pending' and settles_ms <= :now`,
      { now: nowMs(means) },
    )
    for (const { id, refunds_fail } of due) {
      const failure = refunds_fail ? 'card_expired' : null
      const status = refunds_fail ? 'failed' : 'succeeded'
      db.run('update refund set status = :status, failure = :failure where id = :id', {
        id,
        status,
        failure,
      })
      const refund = db.get<RefundRow>('select * from refund where id = :id', { id })!
      const occurredAt = means.clock.now().toString()
      const type = `refund.${status}`
      const data = { ...refundWire(refund), occurredAt }
      const body = JSON.stringify({ type, timestamp: occurredAt, data })
      outbox.post({ messageId: ids.make('msg'), type, body })
    }
  })
  outbox.wake()
}

/** What really happened, for tests: a failed refund moved no money and isn't counted. */
function stats(db: Database) {
  const count = (table: string, where = '1') =>
    db.get<{ n: number }>(`select count(*) as n from ${table} where ${where}`)!.n
  const rows = db.all<{ reference: string; n: number }>(
    `select reference, count(*) as n from refund where status <> 'failed' group by reference`,
  )
  return {
    checkouts: count('checkout'),
    payments: count('payment'),
    refunds: count('refund', `status <> 'failed'`),
    refundsFailed: count('refund', `status = 'failed'`),
    refundsByReference: Object.fromEntries(rows.map(({ reference, n }) => [reference, n])),
    payoutsByReference: Object.fromEntries(
      db
        .all<{ reference: string; n: number }>(
          `select reference, count(*) as n from payout where status <> 'failed' group by reference`,
        )
        .map(({ reference, n }) => [reference, n]),
    ),
  }
}
