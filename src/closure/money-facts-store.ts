/** What the subscribers of a set can be paid back, owe, and dispute with a bank. */
import { sql } from 'kysely'
import { accountCreditOf } from '../payments/account-credit-store.ts'
import { disputesOf } from '../payments/dispute-store.ts'
import { instrumentName } from '../payments/payments.ts'
import type { Trx } from '../platform/database.ts'
import { money } from '../values/money.ts'
import type { Facts } from './facts.ts'

/** The rows of each subscriber. */
export function groupBy<Row extends { subscriber_id: string }, Item>(
  rows: readonly Row[],
  make: (row: Row) => Item,
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const row of rows) {
    const group = groups.get(row.subscriber_id)
    if (group) group.push(make(row))
    else groups.set(row.subscriber_id, [make(row)])
  }
  return groups
}

export async function moneyFactsOf(
  trx: Trx,
  ids: readonly string[],
): Promise<
  (
    subscriberId: string,
    endsAccount: boolean,
  ) => Pick<
    Facts,
    'refundable' | 'owed' | 'disputes' | 'takenBack' | 'accountCredit' | 'endsAccount'
  >
> {
  const orders = await trx
    .selectFrom('payment_order')
    .select([
      'subscriber_id',
      'order_id',
      'line_id',
      'minor',
      'refunded_minor',
      'currency',
      'instrument',
    ])
    .where('subscriber_id', '=', sql<string>`any(${ids})`)
    .where('state', '=', 'paid')
    .whereRef('refunded_minor', '<', 'minor')
    .orderBy('paid_at', 'desc')
    .orderBy('order_id', 'desc')
    .execute()
  const owed = await trx
    .selectFrom('ledger_account')
    .select(['subscriber_id', 'line_id', 'currency', 'minor'])
    .where('subscriber_id', '=', sql<string>`any(${ids})`)
    .where('account', '=', 'owed')
    .where('minor', '<>', 0n)
    .orderBy('line_id')
    .execute()
  const credits = await accountCreditOf(trx, ids)
  const disputesBy = await disputesOf(trx, ids)
  // What a bank may still take back, or has taken, can't be refunded as well.
  const disputed = (subscriberId: string, orderId: string) =>
    disputesBy(subscriberId).reduce(
      (sum, one) => (one.orderId === orderId && one.state !== 'won' ? sum + one.amount.minor : sum),
      0n,
    )
  const refundable = groupBy(orders, (order) => ({
    orderId: order.order_id,
    lineId: order.line_id,
    instrument: instrumentName(order.instrument as { brand?: string; last4?: string } | null),
    left: money(
      larger(
        order.minor - order.refunded_minor - disputed(order.subscriber_id, order.order_id),
        0n,
      ),
      order.currency,
    ),
  }))
  const owedBy = groupBy(owed, (row) => ({
    lineId: row.line_id,
    amount: money(-row.minor, row.currency),
  }))
  return (subscriberId, endsAccount) => ({
    endsAccount,
    accountCredit: endsAccount ? credits(subscriberId) : [],
    refundable: refundable.get(subscriberId) ?? [],
    owed: owedBy.get(subscriberId) ?? [],
    disputes: disputesBy(subscriberId).filter(({ state }) => state === 'open'),
    takenBack: disputesBy(subscriberId).filter(({ state }) => state === 'lost'),
  })
}

const larger = (a: bigint, b: bigint) => (a > b ? a : b)
