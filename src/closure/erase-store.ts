/** Performs what every feature says in its `closing.ts`: rows go, columns are emptied, and a key takes what it sealed. */
import { type RawBuilder, sql } from 'kysely'
import type { Trx } from '../platform/database.ts'
import { destroyKeys } from '../platform/key-life.ts'
import {
  type Category,
  columnsOf,
  type Emptied,
  isHoldable,
  recordIdsOf,
  type TableClaim,
} from '../values/closing.ts'
import { closings } from './leftovers-store.ts'

export type Erasing = {
  readonly subscriberId: string
  readonly caseId: string
  /** A line's case takes only what is the line's or the case's own. */
  readonly scope: 'line' | 'account'
  readonly lineIds: readonly string[]
  /** Whether any record of theirs is under a legal hold. */
  readonly hasHolds: boolean
  readonly now: Temporal.Instant
}

/**
 * What the end of accounts takes at once: ways to sign in, codes, keys of profiles, where devices were. What a hold keeps
 * of it is never sealed with the key that goes here.
 */
export async function eraseWithAccounts(
  trx: Trx,
  subscriberIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  if (subscriberIds.length === 0) return
  for (const [table, claim] of claims()) {
    if (!claim.erase) continue
    const rows = ofSubscribers(claim, subscriberIds, now)
    const free = isHoldable(claim) ? sql`${rows} and not (${heldRows(claim, subscriberIds)})` : rows
    await removal(table, claim.erase, free, subscriberIds, now).execute(trx)
  }
  await destroyKeys(trx, subscriberIds, 'account', now)
}

/** What the end of an account left of a record that was held then, and that no other hold keeps. */
export async function eraseReleased(
  trx: Trx,
  subscriberId: string,
  record: string,
  now: Temporal.Instant,
): Promise<void> {
  for (const [table, claim] of claims()) {
    if (!claim.erase || !isHoldable(claim)) continue
    const rows = sql`${ofSubscribers(claim, [subscriberId], now)}
      and ${record} in (${recordsOf(claim)}) and not (${heldRows(claim, [subscriberId])})`
    await removal(table, claim.erase, rows, [subscriberId], now).execute(trx)
  }
}

/** Erases a category on its day; how many rows a hold kept. While there are any, its key stays. */
export async function eraseCategory(
  trx: Trx,
  category: Category,
  erasing: Erasing,
): Promise<number> {
  let kept = 0
  for (const [table, claim] of claims()) {
    const what = claim.retain?.[category]
    if (what) kept += await erase(trx, table, claim, what, erasing)
  }
  return kept
}

function claims(): [string, TableClaim][] {
  return Object.values(closings).flatMap(({ leftovers }) =>
    Object.entries(leftovers).flatMap(([table, claim]): [string, TableClaim][] =>
      claim === 'nobody' ? [] : [[table, claim]],
    ),
  )
}

async function erase(
  trx: Trx,
  table: string,
  claim: TableClaim,
  what: Emptied,
  erasing: Erasing,
): Promise<number> {
  const rows = rowsOf(claim, erasing)
  if (!rows) return 0
  const whose = [erasing.subscriberId]
  const held = heldRows(claim, whose)
  const free = erasing.hasHolds ? sql`${rows} and not (${held})` : rows
  await removal(table, what, free, whose, erasing.now).execute(trx)
  if (!erasing.hasHolds) return 0
  const { rows: counted } = await sql<{ n: number }>`
    select count(*)::int as n from ${sql.table(table)} t where ${rows} and (${held})`.execute(trx)
  return counted[0]?.n ?? 0
}

/** Undefined: a line's case has nothing in this table that would not be the account's as well. */
function rowsOf(
  claim: TableClaim,
  { subscriberId, caseId, scope, lineIds, now }: Erasing,
): RawBuilder<unknown> | undefined {
  const own = ofSubscribers(claim, [subscriberId], now)
  if (claim.byLine) return sql`${own} and t.line_id = any(${[...lineIds]})`
  if (scope === 'account') return own
  return columnsOf(claim).includes('case_id') ? sql`${own} and t.case_id = ${caseId}` : undefined
}

/**
 * A hold names a record by its id: the rows that have that id in them, as a ticket's messages have the ticket's. As long as
 * it stands, why it does is kept as well.
 */
function heldRows(claim: TableClaim, whose: Those): RawBuilder<unknown> {
  if (recordIdsOf(claim).length === 0) return sql`false`
  const owner = claim.through ? sql`any(${[...whose]}::text[])` : sql`t.subscriber_id`
  return sql`exists (select from legal_hold h where h.subscriber_id = ${owner}
    and h.released_at is null and array[h.record, h.hold_id] && array[${recordsOf(claim)}])`
}

const recordsOf = (claim: TableClaim) =>
  sql.join(recordIdsOf(claim).map((name) => sql`t.${sql.ref(name)}::text`))

type Those = readonly string[]

function removal(
  table: string,
  what: Emptied,
  rows: RawBuilder<unknown>,
  whose: Those,
  now: Temporal.Instant,
) {
  if (what === 'rows') return sql`delete from ${sql.table(table)} t where ${rows}`
  const changes = Object.entries(what).map(
    ([column, literal]) => sql`${sql.ref(column)} = ${filled(literal, whose, now)}`,
  )
  return sql`update ${sql.table(table)} t set ${sql.join(changes)} where ${rows}`
}

function ofSubscribers({ through }: TableClaim, whose: Those, now: Temporal.Instant) {
  return filled(through ?? 't.subscriber_id = any($1)', whose, now)
}

/** `$1` are the subscribers, `$2` the moment. */
function filled(text: string, whose: Those, now: Temporal.Instant): RawBuilder<unknown> {
  const parts = text.split(/(\$[12])/).map((part) => {
    if (part === '$1') return sql`${[...whose]}::text[]`
    return part === '$2' ? sql`${now}` : sql.raw(part)
  })
  return sql.join(parts, sql``)
}
