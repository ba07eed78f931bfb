/** Promotional credit for many lines: all rows of a file or none, once to each line under a campaign's name. */
import { sql } from 'kysely'
import { postAll } from '../ledger/store.ts'
import { auditAll, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { decimal } from '../values/money.ts'
import type { BadGrant, BadRow, GrantFile, GrantIdentifier, GrantRow } from './grant.ts'

export type Campaign = { name: string; note: string }
export type Given = { given: number; known: number; bad: BadRow[] }

const rowsAtOnce = 5_000

/** Thrown to undo a transaction that turned out to hold bad rows. */
class Undone extends Error {}

export async function giveGrants(
  db: Db,
  ids: Ids,
  now: Temporal.Instant,
  campaign: Campaign,
  { by, rows, bad }: GrantFile,
): Promise<Given> {
  if (bad.length > 0) return { given: 0, known: 0, bad }
  const refused: BadRow[] = []
  try {
    const given = await db.transaction().execute(async (trx) => {
      let sum = 0
      for (let at = 0; at < rows.length; at += rowsAtOnce) {
        const part = rows.slice(at, at + rowsAtOnce)
        const lines = await lockNamed(trx, by, part)
        refused.push(
          ...part.flatMap((row) => {
            const reason = whyNot(row, lines.get(row.value))
            return reason ? [{ line: row.line, text: row.text, reason }] : []
          }),
        )
        if (refused.length === 0) sum += await give(trx, ids, now, campaign, part, lines)
      }
      if (refused.length > 0) throw new Undone()
      return sum
    })
    return { given, known: rows.length - given, bad: [] }
  } catch (error) {
    if (error instanceof Undone) return { given: 0, known: 0, bad: refused }
    throw error
  }
}

type Named = {
  value: string
  subscriber_id: string
  line_id: string
  state: string
  currency: string
}

/** Nobody closes them, or moves their money, until the transaction ends. */
async function lockNamed(
  trx: Trx,
  by: GrantIdentifier,
  rows: readonly GrantRow[],
): Promise<ReadonlyMap<string, Named>> {
  const values = rows.map(({ value }) => value)
  const index = by === 'lineId' ? sql`line_index i on i.line_id = x.value` : byNumber
  const { rows: found } = await sql<Named>`
    select x.value, l.subscriber_id, l.line_id, l.state, l.currency
    from unnest(${values}::text[]) as x(value) join ${index}
    join line l on l.subscriber_id = i.subscriber_id and l.line_id = i.line_id
    order by l.subscriber_id, l.line_id for update of l`.execute(trx)
  return new Map(found.map((row) => [row.value, row]))
}

const byNumber = sql`phone_number i on i.msisdn = x.value and i.state = 'assigned'`

function whyNot({ amount }: GrantRow, line: Named | undefined): BadGrant | undefined {
  if (!line) return 'unknown'
  if (line.state === 'closed') return 'line-closed'
  if (line.state === 'closing') return 'line-closing'
  return line.currency === amount.currency ? undefined : 'wrong-currency'
}

async function give(
  trx: Trx,
  ids: Ids,
  now: Temporal.Instant,
  { name, note }: Campaign,
  rows: readonly GrantRow[],
  lines: ReadonlyMap<string, Named>,
): Promise<number> {
  const keyOf = (lineId: string) => `grant:${name}:${lineId}`
  const given = rows.map(({ value, amount }) => ({ line: lines.get(value)!, amount }))
  const written = await postAll(
    trx,
    ids,
    given.map(({ line, amount }) => ({
      subscriberId: line.subscriber_id,
      key: keyOf(line.line_id),
      kind: 'promotion',
      at: now,
      detail: { campaign: name },
      postings: [
        {
          from: { account: 'promotions-granted' },
          to: { account: 'promotional-credit', lineId: line.line_id },
          amount,
        },
      ],
    })),
  )
  await auditAll(
    trx,
    ids,
    now,
    given
      .filter(({ line }) => written.has(keyOf(line.line_id)))
      .map(({ line, amount }) => ({
        subscriberId: line.subscriber_id,
        actor: system,
        action: 'promotion.granted',
        subject: { kind: 'line', id: line.line_id },
        reason: note,
        detail: { campaign: name, amount: decimal(amount), currency: amount.currency },
      })),
  )
  return written.size
}
