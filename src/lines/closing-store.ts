/** Lines on their way out, any number at once: closing, given back, closed, and their numbers kept from everybody. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { pairs, rowsParameter, type Trx } from '../platform/database.ts'
import { activateQueue } from './line.ts'
import type { LineKey } from './store.ts'

const those = (lines: readonly LineKey[]) => sql`
  ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x(subscriber_id, line_id)`
const named = sql`l.subscriber_id = x.subscriber_id and l.line_id = x.line_id`

/** A closure was submitted: the lines go on working, and change nothing any more. Refuses nothing. */
export async function startClosingLines(trx: Trx, lines: readonly LineKey[]): Promise<void> {
  await sql`
    update line l set state = 'closing', state_before_closing = l.state, version = l.version + 1
    from ${those(lines)}
    where ${named} and l.state not in ('closing', 'closed')`.execute(trx)
}

/** The closure was withdrawn or rejected before anything ended: the lines are what they were. */
export async function reopenLines(
  trx: Trx,
  { queue }: Pick<App, 'queue'>,
  now: Temporal.Instant,
  lines: readonly LineKey[],
): Promise<void> {
  // A period may have ended meanwhile: somebody looks at once. So they do where an eSIM was installed and its line given no
  // service, since it was closing.
  const { rows } = await sql<{ subscriberId: string; lineId: string }>`
    with reopened as (
      update line l set due_at = case when l.due_at is not null then ${now}::timestamptz end,
        state = coalesce(l.state_before_closing, 'active'), state_before_closing = null, version = l.version + 1
      from ${those(lines)}
      where ${named} and l.state = 'closing'
      returning l.subscriber_id, l.line_id, l.iccid, l.state)
    select r.subscriber_id as "subscriberId", r.line_id as "lineId" from reopened r
    join profile p on p.subscriber_id = r.subscriber_id and p.iccid = r.iccid
    where r.state = 'ordered' and p.state = 'installed' order by 2`.execute(trx)
  if (rows.length === 0) return
  const jobs = rows.map((data) => ({ key: data.lineId, data }))
  await queue.sendAll(trx, activateQueue, jobs)
}

export type ClosedLine = LineKey & { cause: string }

/** Final: nothing leads back from here. */
export async function closeLines(
  trx: Trx,
  now: Temporal.Instant,
  lines: readonly ClosedLine[],
): Promise<void> {
  const rows = lines.map(({ subscriberId, lineId, cause }) => ({
    subscriber_id: subscriberId,
    line_id: lineId,
    cause,
  }))
  await sql`
    update line l set state = 'closed', closed_at = ${now}, close_cause = x.cause, due_at = null,
      auto_renew = false, version = l.version + 1
    from jsonb_to_recordset(${rowsParameter(rows)}) as x(subscriber_id text, line_id text, cause text)
    where ${named} and l.state <> 'closed'`.execute(trx)
}

/**
 * Keeps the numbers of closed lines from everybody until a moment. Whose each was stays known for as long: policy may let
 * it leave after the end.
 */
export async function quarantineNumbers(
  trx: Trx,
  lines: readonly (LineKey & { until: Temporal.Instant })[],
): Promise<void> {
  const rows = lines.map(({ subscriberId, lineId, until }) => ({
    subscriber_id: subscriberId,
    line_id: lineId,
    until,
  }))
  await sql`
    update phone_number n set state = 'quarantined', subscriber_id = null, line_id = null,
      last_subscriber_id = x.subscriber_id, last_line_id = x.line_id, quarantined_until = x.until,
      version = n.version + 1
    from jsonb_to_recordset(${rowsParameter(rows)})
      as x(subscriber_id text, line_id text, until timestamptz)
    where n.state = 'assigned' and n.subscriber_id = x.subscriber_id and n.line_id = x.line_id`.execute(
    trx,
  )
}
