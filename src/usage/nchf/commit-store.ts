/** Online charges written: purses with their sessions, records and postings, durable or not at all. */
import { arrayText, type CopyWork } from '../../platform/copy.ts'
import { poolOf } from '../../platform/database.ts'
import { commitCharges, type Tools } from '../commit-store.ts'
import type { OnlineChange } from './line-change.ts'
import type { QuotaTerms } from './quota.ts'
import { dueUs, openCount, sessionsText } from './session-text.ts'

/** In one round trip, where no credit moves and nobody is told anything. */
export async function commitPlain(
  { db, clock }: Pick<Tools, 'db' | 'clock'>,
  changes: readonly OnlineChange[],
  terms: QuotaTerms,
): Promise<'committed' | 'stale'> {
  const ordered = changes.length > 1 ? [...changes].sort(byLine) : changes
  try {
    await poolOf(db).query({
      name: 'purse-commit',
      text: `select purse_commit(${parameters})`,
      values: [clock.now().toString(), ...purseColumns(ordered, terms), ...recordColumns(ordered)],
    })
    return 'committed'
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === '40001' || code === '40P01') return 'stale'
    throw error
  }
}

const parameters = Array.from({ length: 28 }, (_, index) => `$${index + 1}`).join(', ')

type Cell = string | number | bigint | null

function purseColumns(changes: readonly OnlineChange[], terms: QuotaTerms): string[] {
  const column = (of: (change: OnlineChange) => Cell) => arrayText(changes.map(of))
  return [
    column(({ line }) => line.subscriberId),
    column(({ line }) => line.lineId),
    column(({ line }) => line.currency),
    column(({ line }) => line.version),
    column(({ purse }) => listText(purse.buckets.map(({ remaining }) => remaining))),
    column(({ purse }) => listText(purse.buckets.map(({ reserved }) => reserved))),
    column(({ purse }) => purse.held),
    column(({ purse }) => startedText(purse.started)),
    column(({ usedUntil }) => listText([usedUntil.data, usedUntil.voice, usedUntil.sms])),
    column(({ exhausted }) => (exhausted ? 't' : 'f')),
    ...sessionColumns(changes, terms),
  ]
}

function sessionColumns(changes: readonly OnlineChange[], terms: QuotaTerms): string[] {
  const column = (of: (change: OnlineChange) => Cell) => arrayText(changes.map(of))
  return [
    column(({ sessions }) => sessionsText(sessions)),
    column(({ sessions }) => openCount(sessions)),
    column(({ sessions }) => dueUs(sessions, terms)),
  ]
}

function recordColumns(changes: readonly OnlineChange[]): string[] {
  const rows = changes.flatMap(({ line, charges }) =>
    charges.map((charge) => ({ line, ...charge })),
  )
  const column = (of: (row: (typeof rows)[number]) => Cell) => arrayText(rows.map(of))
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
    column(({ rated }) => rated.absorbed),
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

/** With transfers, postings and notices, by the engine's transaction. */
export async function commitWhole(
  tools: Tools,
  changes: readonly OnlineChange[],
  terms: QuotaTerms,
): Promise<'committed' | 'stale'> {
  return commitCharges(tools, changes, (_, work) => writeSessions(work, changes, terms))
}

/** The sessions of lines whose purses the same transaction holds. */
async function writeSessions(
  { client }: Pick<CopyWork, 'client'>,
  changes: readonly OnlineChange[],
  terms: QuotaTerms,
): Promise<void> {
  await client.query({
    name: 'nchf-sessions',
    text: `update purse p set sessions = c.sessions, open_sessions = c.open,
        sessions_due_at = timestamptz 'epoch' + c.due * interval '1 microsecond'
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int8[])
        as c (subscriber_id, line_id, currency, sessions, open, due)
      where p.subscriber_id = c.subscriber_id and p.line_id = c.line_id and p.currency = c.currency`,
    values: [...purseColumns(changes, terms).slice(0, 3), ...sessionColumns(changes, terms)],
  })
}
