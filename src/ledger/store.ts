/** The only writer of money: transfers of balanced postings, each written once by its key. */
import { sql } from 'kysely'
import { type Db, insertRows, rowsParameter, type Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { money } from '../values/money.ts'
import { checkLedger } from './check-store.ts'
import {
  type Balance,
  entriesOf,
  type Posting,
  type SubscriberAccount,
  type TransferKind,
} from './ledger.ts'

export type Transfer = {
  subscriberId: string
  /** Names the effect; the same key is posted once however often it is asked for. */
  key: string
  kind: TransferKind
  at: Temporal.Instant
  detail: Record<string, string>
  postings: readonly Posting[]
}

/**
 * Posts a transfer. The database refuses one that does not balance or that overdraws an account.
 * `posted-before`: the key was used already, and nothing was written.
 */
export async function post(
  trx: Trx,
  ids: Ids,
  transfer: Transfer,
): Promise<'posted' | 'posted-before'> {
  const written = await postAll(trx, ids, [transfer])
  return written.size === 1 ? 'posted' : 'posted-before'
}

/** The same for any number of transfers, with different keys; gives the keys that were not used before. */
export async function postAll(
  trx: Trx,
  ids: Ids,
  transfers: readonly Transfer[],
): Promise<ReadonlySet<string>> {
  if (transfers.length === 0) return new Set()
  const named = transfers.map((transfer) => ({ ...transfer, transferId: ids.make('transfer') }))
  const asked = named.map(({ subscriberId, transferId, key, kind, detail, at }) => ({
    subscriber_id: subscriberId,
    transfer_id: transferId,
    key,
    kind,
    detail,
    posted_at: at,
  }))
  const { rows } = await sql<{ transfer_id: string }>`
    insert into ledger_transfer (subscriber_id, transfer_id, key, kind, detail, posted_at)
    select subscriber_id, transfer_id, key, kind, detail, posted_at
    from jsonb_populate_recordset(null::ledger_transfer, ${rowsParameter(asked)})
    on conflict (subscriber_id, key) do nothing returning transfer_id`.execute(trx)
  const inserted = new Set(rows.map(({ transfer_id }) => transfer_id))
  const written = named.filter(({ transferId }) => inserted.has(transferId))
  await insertRows(
    trx,
    'ledger_posting',
    written.flatMap(({ subscriberId, transferId, postings }) =>
      entriesOf(postings).map((entry, seq) => ({
        subscriber_id: subscriberId,
        transfer_id: transferId,
        seq,
        account: entry.account,
        line_id: entry.lineId,
        currency: entry.amount.currency,
        minor: entry.amount.minor,
      })),
    ),
  )
  return new Set(written.map(({ key }) => key))
}

type BalanceRow = { account: SubscriberAccount; line_id: string; currency: string; minor: bigint }

/** Everything the subscriber's accounts hold that is not zero. Pass a transaction to read under its locks. */
export async function balances(db: Db | Trx, subscriberId: string): Promise<Balance[]> {
  const { rows } = await sql<BalanceRow>`
    select account, line_id, currency, minor from ledger_balance
    where subscriber_id = ${subscriberId} and minor <> 0
    order by line_id, account, currency`.execute(db)
  return rows.map(({ account, line_id, currency, minor }) => ({
    account,
    lineId: line_id,
    amount: money(minor, currency),
  }))
}

/** Holds every other writer of this subscriber's balances back until the transaction ends. */
export async function lockBalances(trx: Trx, subscriberId: string): Promise<void> {
  await sql`select from purse where subscriber_id = ${subscriberId}
    order by line_id, currency for update`.execute(trx)
  await sql`select from ledger_account where subscriber_id = ${subscriberId}
    order by line_id, account, currency for update`.execute(trx)
}

export type LedgerProof = {
  unbalanced: { transferId: string; currency: string; minor: bigint }[]
  drifted: { subscriberId: string; account: string; lineId: string; currency: string }[]
}

/** The first hundred of what `checkLedger` finds, by what is wrong; throws for what is neither. */
export async function proveLedger(db: Db): Promise<LedgerProof> {
  const proof: LedgerProof = { unbalanced: [], drifted: [] }
  const { differences } = await checkLedger(db)
  for (const difference of differences) {
    const { kind, subscriberId, transferId, account, lineId, found } = difference
    const currency = difference.currency ?? ''
    if (kind === 'transfer-not-zero' && transferId)
      proof.unbalanced.push({ transferId, currency, minor: BigInt(found ?? 0) })
    else if (kind === 'balance-differs' && subscriberId && account)
      proof.drifted.push({ subscriberId, account, lineId: lineId ?? '', currency })
    else throw new Error(`the ledger is not sound: ${JSON.stringify(difference)}`)
  }
  return proof
}
