/** Online charges written: purses with their sessions, records and postings, durable or not at all. */
import { arrayText, type CopyWork } from '../../platform/copy.ts'
import { type Db, poolOf } from '../../platform/database.ts'
import type { Ids } from '../../platform/ids.ts'
import { commitCharges, taxesAt, type Tools, UsageTwice } from '../commit-store.ts'
import type { Charge, ChargedLine } from '../intake.ts'
import { postingsOf, transfersOf, type UsagePosting, type UsageTransfer } from '../transfer.ts'
import type { OnlineChange } from './line-change.ts'
import type { QuotaTerms } from './quota.ts'
import { dueUs, openCount, sessionsText } from './session-text.ts'

type Terms = Pick<QuotaTerms, 'validitySec' | 'graceSec'>

/** `stale`: a line was changed meanwhile; `twice`: a record is charged already. Nothing was written then. */
export type Committed = 'committed' | 'stale' | 'twice'

/** In one round trip, where nobody has to be told anything. */
export async function commitAtOnce(
  { db, clock, ids }: Pick<Tools, 'db' | 'clock' | 'ids'>,
  changes: readonly OnlineChange[],
  terms: Terms,
): Promise<Committed> {
  const ordered = changes.length > 1 ? [...changes].sort(byLine) : changes
  const now = clock.now()
  const rows = rowsOf(ordered, taxesAt(now), ids)
  try {
    await poolOf(db).query({
      name: 'purse-commit',
      text: `select purse_commit(${parameters})`,
      values: [
        now.toString(),
        ...purseColumns(ordered),
        ...sessionColumns(ordered, terms),
        ...recordColumns(rows.records),
        ...transferColumns(rows.transfers),
        ...postingColumns(rows.postings),
      ],
    })
    return 'committed'
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string }
    if (code === '40001' || code === '40P01') return 'stale'
    if (code === '23505' && constraint?.startsWith('usage_record')) return 'twice'
    throw error
  }
}

const parameters = Array.from({ length: 42 }, (_, index) => `$${index + 1}`).join(', ')
const separator = '\u001e'

type Cell = string | number | bigint | null

function purseColumns(changes: readonly OnlineChange[]): string[] {
  const column = (of: (change: OnlineChange) => Cell) => arrayText(changes.map(of))
  return [
    column(({ line }) => line.subscriberId),
    column(({ line }) => line.lineId),
    column(({ line }) => line.currency),
    column(({ line }) => line.version),
    column(({ purse }) => listText(purse.buckets.map(({ remaining }) => remaining))),
    column(({ purse }) => listText(purse.buckets.map(({ reserved }) => reserved))),
    column(({ purse }) => purse.held),
    column(({ purse }) => purse.spent),
    changes.map(({ purse }) => startedText(purse.started)).join(separator),
    column(({ usedUntil }) => listText([usedUntil.data, usedUntil.voice, usedUntil.sms])),
    column(({ exhausted }) => (exhausted ? 't' : 'f')),
  ]
}

function sessionColumns(changes: readonly OnlineChange[], terms: Terms): string[] {
  const column = (of: (change: OnlineChange) => Cell) => arrayText(changes.map(of))
  return [
    changes.map(({ sessions }) => sessionsText(sessions)).join(separator),
    column(({ sessions }) => openCount(sessions)),
    column(({ sessions }) => dueUs(sessions, terms)),
  ]
}

type RecordRow = Charge & { line: ChargedLine; transferId: string | null }
type TransferRow = UsageTransfer & { transferId: string }
type PostingRow = UsagePosting & { transfer: TransferRow; seq: number }

function rowsOf(changes: readonly OnlineChange[], taxes: ReturnType<typeof taxesAt>, ids: Ids) {
  const records: RecordRow[] = []
  const transfers: TransferRow[] = []
  for (const change of changes) {
    const { line } = change
    const paidBy = new Map<Charge, string>()
    for (const transfer of transfersOf(change, taxes(line.country))) {
      const transferId = ids.make('transfer')
      transfers.push({ ...transfer, transferId })
      for (const charge of transfer.charges) paidBy.set(charge, transferId)
    }
    for (const charge of change.charges)
      records.push({ ...charge, line, transferId: paidBy.get(charge) ?? null })
  }
  const postings = transfers.flatMap((transfer) =>
    postingsOf(transfer).map((posting, seq): PostingRow => ({ ...posting, transfer, seq })),
  )
  return { records, transfers, postings }
}

function recordColumns(rows: readonly RecordRow[]): string[] {
  const column = (of: (row: RecordRow) => Cell) => arrayText(rows.map(of))
  return [
    column(({ line }) => line.subscriberId),
    column(({ line }) => line.lineId),
    column(({ line }) => line.currency),
    column(({ record }) => record.usageId),
    column(({ record }) => record.kind),
    column(({ record }) => record.quantity),
    column(({ record }) => record.startedUs),
    column(({ record }) => record.endedUs),
    column(({ record }) => record.mcc),
    column(({ record }) => record.mnc),
    column(({ record }) => record.country),
    column(({ rated }) => rated.outcome),
    column(({ rated }) => rated.fromBucket),
    column(({ rated }) => rated.promotional + rated.paid),
    column(({ rated }) => rated.absorbed),
    column(({ transferId }) => transferId),
  ]
}

function transferColumns(rows: readonly TransferRow[]): string[] {
  const column = (of: (row: TransferRow) => Cell) => arrayText(rows.map(of))
  return [
    column(({ subscriberId }) => subscriberId),
    column(({ transferId }) => transferId),
    column(({ key }) => key),
    rows.map(({ detail }) => JSON.stringify(detail)).join(separator),
  ]
}

function postingColumns(rows: readonly PostingRow[]): string[] {
  const column = (of: (row: PostingRow) => Cell) => arrayText(rows.map(of))
  return [
    column(({ transfer }) => transfer.subscriberId),
    column(({ transfer }) => transfer.transferId),
    column(({ seq }) => seq),
    column(({ account }) => account),
    column(({ lineId }) => lineId),
    column(({ transfer }) => transfer.currency),
    column(({ minor }) => minor),
  ]
}

const listText = (values: readonly (bigint | number)[]): string => `{${values.join(',')}}`

function startedText(started: ReadonlyMap<string, bigint>): string {
  if (started.size === 0) return '{}'
  return JSON.stringify(Object.fromEntries([...started].map(([key, left]) => [key, String(left)])))
}

function byLine({ line: a }: OnlineChange, { line: b }: OnlineChange): number {
  if (a.subscriberId !== b.subscriberId) return a.subscriberId < b.subscriberId ? -1 : 1
  return a.lineId < b.lineId ? -1 : 1
}

/** With notices to owners of buckets, by the engine's transaction. */
export async function commitWhole(
  tools: Tools,
  changes: readonly OnlineChange[],
  terms: Terms,
): Promise<Committed> {
  try {
    return await commitCharges(tools, changes, (_, work) => writeSessions(work, changes, terms))
  } catch (error) {
    if (error instanceof UsageTwice) return 'twice'
    throw error
  }
}

/** Which of these records are charged already. */
export async function chargedBefore(
  db: Db,
  records: readonly { subscriberId: string; usageId: string }[],
): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set()
  const { rows } = await poolOf(db).query<{ usage_id: string }>(
    `select u.usage_id from unnest($1::text[], $2::text[]) as w (subscriber_id, usage_id)
     join usage_record u on u.subscriber_id = w.subscriber_id and u.usage_id = w.usage_id`,
    [records.map(({ subscriberId }) => subscriberId), records.map(({ usageId }) => usageId)],
  )
  return new Set(rows.map(({ usage_id }) => usage_id))
}

/** The sessions of lines whose purses the same transaction holds. */
async function writeSessions(
  { client }: Pick<CopyWork, 'client'>,
  changes: readonly OnlineChange[],
  terms: Terms,
): Promise<void> {
  await client.query({
    name: 'nchf-sessions',
    text: `update purse p set sessions = c.sessions, open_sessions = c.open,
        sessions_due_at = timestamptz 'epoch' + c.due * interval '1 microsecond'
      from unnest($1::text[], $2::text[], $3::text[], string_to_array($4, E'\\x1e'), $5::int[], $6::int8[])
        as c (subscriber_id, line_id, currency, sessions, open, due)
      where p.subscriber_id = c.subscriber_id and p.line_id = c.line_id and p.currency = c.currency`,
    values: [...purseColumns(changes).slice(0, 3), ...sessionColumns(changes, terms)],
  })
}
