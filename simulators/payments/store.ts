/** The payment provider's books: checkouts, payments, refunds, and the answers to remembered requests. */
import { createHash } from 'node:crypto'
import type { Money } from '../../src/values/money.ts'
import { fromWire, toWire, money } from '../../src/values/money.ts'
import type { Database } from '../database.ts'
import { Problem } from '../host.ts'
import type { Failure, Instrument } from './cards.ts'

export const schema = `
create table if not exists checkout (
  id text primary key,
  reference text not null,
  minor integer not null,
  currency text not null,
  description text not null,
  return_url text not null,
  locale text not null,
  status text not null,
  failure text,
  payment_id text,
  instrument text,
  challenge_tries integer not null default 0,
  created_ms integer not null,
  expires_ms integer not null
) strict;
create index if not exists checkout_reference on checkout (reference);
create table if not exists payment (
  id text primary key,
  checkout_id text not null unique references checkout,
  minor integer not null,
  currency text not null,
  refunds_fail integer not null default 0,
  created_ms integer not null
) strict;
create table if not exists refund (
  id text primary key,
  payment_id text not null references payment,
  reference text not null,
  minor integer not null,
  currency text not null,
  status text not null,
  failure text,
  created_ms integer not null,
  settles_ms integer not null
) strict;
create index if not exists refund_reference on refund (reference);
create index if not exists refund_payment on refund (payment_id);
create index if not exists refund_pending on refund (settles_ms) where status = 'pending';
create table if not exists answered (
  key text primary key,
  body_hash text not null,
  answer text not null,
  created_ms integer not null
) strict;
create index if not exists answered_created on answered (created_ms);
create table if not exists payout (
  id text primary key,
  reference text not null,
  minor integer not null,
  currency text not null,
  name text not null,
  account text not null,
  status text not null,
  failure text,
  created_ms integer not null,
  settles_ms integer not null
) strict;
create index if not exists payout_reference on payout (reference);
create index if not exists payout_pending on payout (settles_ms) where status = 'pending';
create table if not exists dispute (
  id text primary key,
  payment_id text not null references payment,
  reference text not null,
  minor integer not null,
  currency text not null,
  status text not null,
  created_ms integer not null
) strict;
create index if not exists dispute_reference on dispute (reference);`

export type CheckoutStatus = 'open' | 'processing' | 'succeeded' | 'failed' | 'expired'

export type CheckoutRow = {
  id: string
  reference: string
  minor: number
  currency: string
  description: string
  return_url: string
  locale: string
  status: CheckoutStatus
  failure: Failure | null
  payment_id: string | null
  instrument: string | null
  challenge_tries: number
  created_ms: number
  expires_ms: number
}

export type RefundRow = {
  id: string
  payment_id: string
  reference: string
  minor: number
  currency: string
  status: 'pending' | 'succeeded' | 'failed'
  failure: string | null
  created_ms: number
  settles_ms: number
}

export const moneyOf = (row: { minor: number; currency: string }): Money =>
  money(BigInt(row.minor), row.currency)

const iso = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms).toString()

export function checkoutWire(row: CheckoutRow, baseUrl: string) {
  return {
    id: row.id,
    reference: row.reference,
    status: row.status,
    url: `${baseUrl}/pay/${row.id}`,
    amount: toWire(moneyOf(row)),
    description: row.description,
    ...(row.failure ? { failure: row.failure } : {}),
    ...(row.payment_id ? { paymentId: row.payment_id } : {}),
    ...(row.instrument ? { instrument: JSON.parse(row.instrument) as Instrument } : {}),
    createdAt: iso(row.created_ms),
    expiresAt: iso(row.expires_ms),
  }
}

export const refundWire = (row: RefundRow) => ({
  id: row.id,
  paymentId: row.payment_id,
  reference: row.reference,
  status: row.status,
  amount: toWire(moneyOf(row)),
  ...(row.failure ? { failure: row.failure } : {}),
  createdAt: iso(row.created_ms),
})

/** Like its models, the provider remembers a key for a day; who asks later must look first. */
export const keyKeptMs = 24 * 3600_000

/** Performs a request once per key: the same key and body give the same answer, another body is refused. */
export function once<T extends object>(
  db: Database,
  { endpoint, key, body, nowMs }: { endpoint: string; key: string; body: unknown; nowMs: number },
  perform: () => T,
): T {
  const full = `${endpoint} ${key}`
  const bodyHash = createHash('sha256').update(canonical(body)).digest('hex')
  return db.transaction(() => {
    db.run('delete from answered where created_ms <= :before', { before: nowMs - keyKeptMs })
    const before = db.get<{ body_hash: string; answer: string }>(
      'select body_hash, answer from answered where key = :full',
      { full },
    )
    if (before && before.body_hash !== bodyHash) {
      const detail = 'This Idempotency-Key was used with another body.'
      throw new Problem(409, 'idempotency-key-reused', detail)
    }
    if (before) return JSON.parse(before.answer) as T
    const answer = perform()
    db.run(
      `insert into answered (key, body_hash, answer, created_ms)
       values (:full, :bodyHash, :answer, :nowMs)`,
      { full, bodyHash, answer: JSON.stringify(answer), nowMs },
    )
    return answer
  })
}

// The order of a JSON object's members carries no meaning.
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join()}}`
}

/** An amount above zero that a card can carry. */
export function amountOf(value: unknown): Money | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { amount, currency } = value as Record<string, unknown>
  if (typeof amount !== 'string' || typeof currency !== 'string') return undefined
  const parsed = fromWire({ amount, currency })
  return parsed && parsed.minor > 0n && parsed.minor <= 1_000_000_000_000n ? parsed : undefined
}
