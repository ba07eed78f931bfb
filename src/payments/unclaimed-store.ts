/** The register of money that its owner could not be given; every row is one posting to `unclaimed`. */
import { sql } from 'kysely'
import { post } from '../ledger/store.ts'
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import { type Db, insertRows, type Trx } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { type UnclaimedEnd, unclaimedEndOf } from '../policy/policy.ts'
import type { Policy } from '../policy/policy.ts'
import { decimal, type Money, money, subtract } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { waitsForBank } from './taken-back-store.ts'
import {
  accountFor,
  type Ending,
  refusalOf,
  type Unclaimed,
  type UnclaimedState,
} from './unclaimed.ts'

export type NewUnclaimed = Pick<Unclaimed, 'subscriberId' | 'why' | 'reference' | 'since'> & {
  transferKey: string
  amount: Money
  /** Of its day: what a later version says of older money does not touch it. */
  policy: Policy | undefined
}

/** Enters what was just booked, in the same transaction. */
export async function keepUnclaimed(
  trx: Trx,
  app: Pick<App, 'ids'>,
  all: readonly NewUnclaimed[],
): Promise<void> {
  const rows = all.map(({ subscriberId, transferKey, why, reference, amount, since, policy }) => {
    const end = policy ? unclaimedEndOf(policy, since) : null
    return {
      subscriber_id: subscriberId,
      unclaimed_id: app.ids.make('unclaimed'),
      transfer_key: transferKey,
      why,
      reference,
      minor: amount.minor,
      currency: amount.currency,
      since,
      goes_to: end?.to ?? null,
      due_at: end?.dueAt ?? null,
      state: 'held',
    }
  })
  await insertRows(trx, 'unclaimed_money', rows)
}

type Asked = { state: UnclaimedState; cursor: string | undefined; limit: number }

/** The newest first. */
export async function unclaimedPage(
  db: Db,
  { state, cursor, limit }: Asked,
): Promise<{ items: Unclaimed[]; nextCursor: string | null }> {
  const after = decodeCursor(cursor, 1)?.[0]
  const { rows } = await sql<Stored>`
    select u.*, ${waitsForBank} as waits from unclaimed_money u
    where u.state = ${state} ${
      after === undefined
        ? sql``
        : sql`and (u.since, u.unclaimed_id) < (select since, unclaimed_id from unclaimed_money where unclaimed_id = ${after})`
    }
    order by u.since desc, u.unclaimed_id desc limit ${limit + 1}`.execute(db)
  const items = rows.slice(0, limit).map(unclaimedOf)
  const last = items.at(-1)
  return {
    items,
    nextCursor: rows.length > limit && last ? encodeCursor([last.unclaimedId]) : null,
  }
}

/** Says where the money went; the same said twice is done once. */
export async function endUnclaimed(
  app: App,
  staff: StaffMember,
  { unclaimedId, ...ending }: Ending & { unclaimedId: string },
): Promise<Unclaimed | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<Stored>`
      select u.*, ${waitsForBank} as waits from unclaimed_money u
      where u.unclaimed_id = ${unclaimedId} for update of u`.execute(trx)
    if (!rows[0]) return refuse('not-found')
    const known = unclaimedOf(rows[0])
    const refusal = refusalOf(known, ending, now)
    if (refusal) return refusal
    if (known.state !== 'held') return known
    const { subscriberId, end } = known
    const amount = subtract(known.amount, known.takenBack)
    const { how, proof } = ending
    await post(trx, app.ids, {
      subscriberId,
      key: `${unclaimedId}:ended`,
      kind: 'unclaimed-ended',
      at: now,
      detail: { reference: known.reference, how },
      postings: [{ from: { account: 'unclaimed' }, to: { account: accountFor(how, end) }, amount }],
    })
    await trx
      .updateTable('unclaimed_money')
      .set({ state: how, ended_at: now, ended_by: staff.staffId, proof })
      .where('subscriber_id', '=', subscriberId)
      .where('unclaimed_id', '=', unclaimedId)
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'staff', id: staff.staffId },
      action: `unclaimed.${how}`,
      subject: { kind: 'unclaimed', id: unclaimedId },
      reason: proof,
      detail: { amount: decimal(amount), currency: amount.currency, ...(end && { to: end.to }) },
    })
    return { ...known, state: how, endedAt: now, proof }
  })
}

type Stored = {
  subscriber_id: string
  unclaimed_id: string
  why: Unclaimed['why']
  reference: string
  minor: bigint
  taken_minor: bigint
  waits: boolean
  currency: string
  since: Temporal.Instant
  goes_to: UnclaimedEnd['to'] | null
  due_at: Temporal.Instant | null
  state: UnclaimedState
  ended_at: Temporal.Instant | null
  proof: string | null
}

function unclaimedOf(row: Stored): Unclaimed {
  return {
    unclaimedId: row.unclaimed_id,
    subscriberId: row.subscriber_id,
    why: row.why,
    reference: row.reference,
    amount: money(row.minor, row.currency),
    takenBack: money(row.taken_minor, row.currency),
    waitsForBank: row.waits,
    since: row.since,
    end: row.goes_to && { to: row.goes_to, dueAt: row.due_at },
    state: row.state,
    endedAt: row.ended_at,
    proof: row.proof,
  }
}
