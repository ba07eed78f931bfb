/** Proves the ledger over any number of rows: one snapshot, read in ranges of subscribers, in bounded memory. */
import { sql } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { type LedgerCheck, type LedgerDifference, shownDifferencesMax } from './check.ts'
import { subscriberAccounts } from './ledger.ts'
import { wrongSeals } from './operator-store.ts'

export type CheckOptions = {
  /** Postings read at a time; one subscriber is never split. */
  rangePostings?: number
  onProgress?: (postings: number, estimate: number) => void
}
/** Subscribers after `from`, up to and with `to`; null is the end. */
type Range = { from: string; to: string | null }
type Found = { count: number; shown: LedgerDifference[] }

/**
 * Reads everything once, in one repeatable snapshot, so that writers at work are neither held up nor mistaken for damage.
 * Proves per currency that all postings are zero, per transfer and currency likewise, that transfers and postings belong
 * together, that each balance is the sum of its postings and within its bounds, that open holds and held money are the
 * same, that nothing is set aside for sessions that have ended, and that the kept sums of days are what their postings come to.
 */
export async function checkLedger(db: Db, options: CheckOptions = {}): Promise<LedgerCheck> {
  const { rangePostings = 200_000, onProgress } = options
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      // Enough to sort a range without the disk; more rows than that spill, and nothing grows with the ledger.
      await sql`set local work_mem = '64MB'`.execute(trx)
      const check = newCheck()
      const estimate = onProgress ? await estimatedPostings(trx) : 0
      let from: string | null = ''
      while (from !== null) {
        const range: Range = { from, to: await endOfRange(trx, from, rangePostings) }
        await checkTransfers(trx, range, check)
        await checkBalances(trx, range, check)
        await checkHolds(trx, range, check)
        await checkSessionHolds(trx, range, check)
        onProgress?.(check.postings, estimate)
        from = range.to
      }
      await checkDays(trx, check)
      for (const [currency, minor] of check.currencies) {
        if (minor === 0n) continue
        note(check, {
          count: 1,
          shown: [{ kind: 'currency-not-zero', currency, found: minor.toString() }],
        })
      }
      return check
    })
}

function newCheck(): LedgerCheck {
  return {
    postings: 0,
    transfers: 0,
    balances: 0,
    currencies: new Map(),
    differenceCount: 0,
    differences: [],
  }
}

function note(check: LedgerCheck, { count, shown }: Found) {
  check.differenceCount += count
  check.differences.push(...shown.slice(0, shownDifferencesMax - check.differences.length))
}

async function estimatedPostings(trx: Trx): Promise<number> {
  const { rows } = await sql<{ estimate: number }>`
    select sum(greatest(reltuples, 0))::float8 as estimate from pg_class
    where oid in (select 'ledger_posting'::regclass union select relid from pg_partition_tree('ledger_posting'))`.execute(
    trx,
  )
  return rows[0]?.estimate ?? 0
}

async function endOfRange(trx: Trx, from: string, postings: number): Promise<string | null> {
  const { rows } = await sql<{ subscriber_id: string }>`
    select subscriber_id from ledger_posting where subscriber_id > ${from}
    order by subscriber_id offset ${postings} limit 1`.execute(trx)
  return rows[0]?.subscriber_id ?? null
}

const within = ({ from, to }: Range, alias: string) => {
  const column = sql.ref(`${alias}.subscriber_id`)
  return to === null ? sql`${column} > ${from}` : sql`${column} > ${from} and ${column} <= ${to}`
}

type TransferRow = {
  currency: string | null
  minor: string
  postings: number
  wrong: number
  shown: LedgerDifference[] | null
}

async function checkTransfers(trx: Trx, range: Range, check: LedgerCheck) {
  const counted = await sql<{ transfers: number }>`
    select count(*)::float8 as transfers from ledger_transfer t where ${within(range, 't')}`.execute(
    trx,
  )
  check.transfers += counted.rows[0]?.transfers ?? 0
  const { rows } = await sql<TransferRow>`
    with sums as (
      select p.subscriber_id, p.transfer_id, p.currency, sum(p.minor) as minor, count(*) as postings
      from ledger_posting p where ${within(range, 'p')} group by 1, 2, 3
    ), paired as (
      select subscriber_id, transfer_id, s.currency, s.minor, s.postings,
        case when t.key is null then 'posting-without-transfer'
          when s.minor is null then 'transfer-without-posting'
          when s.minor <> 0 then 'transfer-not-zero' end as kind
      from sums s
      full join (select t.* from ledger_transfer t where ${within(range, 't')}) t
        using (subscriber_id, transfer_id)
    )
    select currency::text, coalesce(sum(minor), 0)::text as minor, coalesce(sum(postings), 0)::float8 as postings,
      count(kind)::float8 as wrong,
      to_json((array_agg(json_build_object('kind', kind, 'subscriberId', subscriber_id, 'transferId', transfer_id,
        'currency', currency, 'found', minor::text)) filter (where kind is not null))[1:${sql.lit(shownDifferencesMax)}]) as shown
    from paired group by currency`.execute(trx)
  for (const { currency, minor, postings, wrong, shown } of rows) {
    check.postings += postings
    if (currency !== null)
      check.currencies.set(currency, (check.currencies.get(currency) ?? 0n) + BigInt(minor))
    note(check, { count: wrong, shown: shown ?? [] })
  }
}

type BalanceRow = { balances: number; wrong: number; shown: LedgerDifference[] | null }

async function checkBalances(trx: Trx, range: Range, check: LedgerCheck) {
  const { rows } = await sql<BalanceRow>`
    with sums as (
      select p.subscriber_id, p.account, p.line_id, p.currency, sum(p.minor) as minor
      from ledger_posting p
      where ${within(range, 'p')} and p.account = any(${[...subscriberAccounts]}) group by 1, 2, 3, 4
    ), paired as (
      select subscriber_id, account, line_id, currency, coalesce(s.minor, 0) as expected, coalesce(b.minor, 0) as found,
        b.account is not null as has_row
      from sums s
      full join (select b.* from ledger_balance b where ${within(range, 'b')}) b
        using (subscriber_id, account, line_id, currency)
    ), judged as (
      select *, case when expected <> found then 'balance-differs'
        when case when account = 'owed' then found > 0 else found < 0 end then 'balance-overdrawn' end as kind
      from paired
    )
    select count(*) filter (where has_row)::float8 as balances, count(kind)::float8 as wrong,
      to_json((array_agg(json_build_object('kind', kind, 'subscriberId', subscriber_id, 'account', account,
        'lineId', line_id, 'currency', currency, 'expected', expected::text, 'found', found::text))
        filter (where kind is not null))[1:${sql.lit(shownDifferencesMax)}]) as shown
    from judged`.execute(trx)
  for (const { balances, wrong, shown } of rows) {
    check.balances += balances
    note(check, { count: wrong, shown: shown ?? [] })
  }
}

async function checkHolds(trx: Trx, range: Range, check: LedgerCheck) {
  const { rows } = await sql<{ wrong: number; shown: LedgerDifference[] | null }>`
    with placed as (
      select h.subscriber_id, h.line_id, h.currency, sum(h.minor) as minor from ledger_hold h
      where ${within(range, 'h')} and h.state = 'placed' group by 1, 2, 3
    ), held as (
      select b.subscriber_id, b.line_id, b.currency, b.minor from ledger_balance b
      where ${within(range, 'b')} and b.account = 'held'
    )
    select count(*)::float8 as wrong,
      to_json((array_agg(json_build_object('kind', 'holds-differ', 'subscriberId', subscriber_id, 'account', 'held',
        'lineId', line_id, 'currency', currency, 'expected', coalesce(p.minor, 0)::text,
        'found', coalesce(h.minor, 0)::text)))[1:${sql.lit(shownDifferencesMax)}]) as shown
    from placed p full join held h using (subscriber_id, line_id, currency)
    where coalesce(p.minor, 0) <> coalesce(h.minor, 0)`.execute(trx)
  for (const { wrong, shown } of rows) note(check, { count: wrong, shown: shown ?? [] })
}

/** What charging sessions set aside in a purse is free again once the last of them has ended. */
async function checkSessionHolds(trx: Trx, range: Range, check: LedgerCheck) {
  const { rows } = await sql<{ wrong: number; shown: LedgerDifference[] | null }>`
    select count(*)::float8 as wrong,
      to_json((array_agg(json_build_object('kind', 'held-without-session', 'subscriberId', subscriber_id,
        'account', 'purse', 'lineId', line_id, 'currency', currency, 'expected', '0',
        'found', held_minor::text)))[1:${sql.lit(shownDifferencesMax)}]) as shown
    from purse p
    where ${within(range, 'p')} and open_sessions = 0
      and (held_minor <> 0 or exists (select from unnest(reserved) r where r <> 0))`.execute(trx)
  for (const { wrong, shown } of rows) note(check, { count: wrong, shown: shown ?? [] })
}

async function checkDays(trx: Trx, check: LedgerCheck) {
  const wrong = await wrongSeals(trx)
  const shown = wrong.map(({ day, account, currency, kept, summed }): LedgerDifference => ({
    kind: 'day-sum-differs',
    day,
    account,
    currency,
    expected: summed.toString(),
    found: kept.toString(),
  }))
  note(check, { count: wrong.length, shown })
}
