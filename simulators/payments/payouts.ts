/** Payouts to accounts, with the name checked, and payments that their owners' banks take back. */
import { toWire } from '../../src/values/money.ts'
import type { Money } from '../../src/values/money.ts'
import { notFound, Problem } from '../host.ts'
import type { Means } from './means.ts'
import { moneyOf } from './store.ts'

type PayoutRow = {
  id: string
  reference: string
  minor: number
  currency: string
  account: string
  status: 'pending' | 'succeeded' | 'failed'
  failure: string | null
}
type DisputeRow = {
  id: string
  reference: string
  minor: number
  currency: string
  status: 'open' | 'won' | 'lost'
}

export type NewPayout = { reference: string; amount: Money; name: string; account: string }

/** Accounts that end like this exist in another name, or no longer; any other is its holder's. */
const outcomes: readonly (readonly [ending: string, failure: string])[] = [
  ['0000', 'name_mismatch'],
  ['9999', 'account_closed'],
]

export function createPayout({ db, ids, clock, pace }: Means, wanted: NewPayout): PayoutRow {
  const id = ids.make('po')
  const now = clock.now().epochMilliseconds
  db.run(
    `insert into payout (id, reference, minor, currency, name, account, status, created_ms, settles_ms)
     values (:id, :reference, :minor, :currency, :name, :account, 'pending', :now, :settles)`,
    {
      id,
      reference: wanted.reference,
      minor: wanted.amount.minor,
      currency: wanted.amount.currency,
      name: wanted.name,
      account: wanted.account,
      now,
      settles: now + pace.refundMs,
    },
  )
  return db.get<PayoutRow>('select * from payout where id = :id', { id })!
}

export const payoutsOf = ({ db }: Means, reference: string): PayoutRow[] =>
  db.all<PayoutRow>('select * from payout where reference = :reference order by created_ms desc', {
    reference,
  })

export const payoutWire = (row: PayoutRow) => ({
  id: row.id,
  reference: row.reference,
  status: row.status,
  amount: toWire(moneyOf(row)),
  ...(row.failure ? { failure: row.failure } : {}),
})

export function nextPayout({ db }: Pick<Means, 'db'>): number | undefined {
  const row = db.get<{ ms: number | null }>(
    `select min(settles_ms) as ms from payout where status = 'pending'`,
  )
  return row?.ms ?? undefined
}

export function settlePayouts(means: Means): void {
  const { db, clock } = means
  const due = db.all<PayoutRow>(
    `select * from payout where status = 'pending' and settles_ms <= :now`,
    { now: clock.now().epochMilliseconds },
  )
  for (const { id, account } of due) {
    const failure = outcomes.find(([ending]) => account.endsWith(ending))?.[1] ?? null
    const status = failure ? 'failed' : 'succeeded'
    db.run('update payout set status = :status, failure = :failure where id = :id', {
      id,
      status,
      failure,
    })
    const row = db.get<PayoutRow>('select * from payout where id = :id', { id })!
    tell(means, `payout.${status}`, payoutWire(row))
  }
}

/** A bank asks for a payment back: all of it, or a part. */
export function openDispute(means: Means, paymentId: string, amount: Money | undefined) {
  const { db, ids, clock } = means
  const payment = db.get<{ minor: number; currency: string; reference: string }>(
    `select p.minor, p.currency, c.reference from payment p join checkout c on c.id = p.checkout_id
     where p.id = :paymentId`,
    { paymentId },
  )
  if (!payment) throw notFound('payment')
  const minor = amount ? Number(amount.minor) : payment.minor
  if (minor > payment.minor) throw new Problem(422, 'too-much', 'More than was paid.')
  const id = ids.make('dis')
  const { currency, reference } = payment
  db.run(
    `insert into dispute (id, payment_id, reference, minor, currency, status, created_ms)
     values (:id, :paymentId, :reference, :minor, :currency, 'open', :now)`,
    {
      id,
      paymentId,
      reference,
      minor: BigInt(minor),
      currency,
      now: clock.now().epochMilliseconds,
    },
  )
  return told(means, id, 'dispute.opened')
}

/** The bank has decided: won by the shop, or lost. Decided once. */
export function decideDispute(means: Means, id: string, status: 'won' | 'lost') {
  means.db.run(`update dispute set status = :status where id = :id and status = 'open'`, {
    id,
    status,
  })
  return told(means, id, 'dispute.closed')
}

export const disputesOf = ({ db }: Means, reference: string): DisputeRow[] =>
  db.all<DisputeRow>(
    'select * from dispute where reference = :reference order by created_ms desc',
    {
      reference,
    },
  )

export const disputeWire = (row: DisputeRow) => ({
  id: row.id,
  reference: row.reference,
  status: row.status,
  amount: toWire(moneyOf(row)),
})

function told(means: Means, id: string, type: string) {
  const row = means.db.get<DisputeRow>('select * from dispute where id = :id', { id })
  if (!row) throw notFound('dispute')
  tell(means, type, disputeWire(row))
  means.outbox.wake()
  return disputeWire(row)
}

function tell({ ids, outbox, clock }: Means, type: string, data: object): void {
  const timestamp = clock.now().toString()
  const body = JSON.stringify({ type, timestamp, data: { ...data, occurredAt: timestamp } })
  outbox.post({ messageId: ids.make('msg'), type, body })
}
