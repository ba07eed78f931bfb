/** How a port ends: state, number, audit, notice and the job for whoever closes lines, in the caller's transaction. */
import { sql } from 'kysely'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, audit, auditAll, system } from '../platform/audit.ts'
import { pairs, type Trx } from '../platform/database.ts'
import { personalOrGone } from '../platform/personal.ts'
import { reachOf } from '../subscribers/reach-store.ts'
import { tellLeaving } from './leaving-tell-store.ts'
import { type End, type Ending, endingOf, portChangedQueue, type PortOut } from './porting.ts'
import { type LineKey, openPortsOf } from './standing-store.ts'

/** A job that was sent and not heard of by then is sent again. */
export const portJobAgainAfter = { minutes: 1 } as const

export type Ended = 'ended' | 'same' | 'not-pending'

/** The caller holds the line. */
export async function endPort(trx: Trx, app: App, port: PortOut, end: End): Promise<Ended> {
  const ending = endingOf(port, end)
  if (ending === 'same') return 'same'
  if (typeof ending === 'string') return 'not-pending'
  if (ending.state === 'completed' && !(await numberLeft(trx, port))) return 'not-pending'
  const now = app.clock.now()
  const wasPending = port.reference !== null
  await trx
    .updateTable('port_out')
    .set({
      state: ending.state,
      reason: port.accountEnded ? null : reasonKept('port_out', port, ending),
      changed_at: now,
      ended_at: now,
      wake_at: wasPending ? now.add(portJobAgainAfter) : null,
      version: port.version + 1,
    })
    .where('subscriber_id', '=', port.subscriberId)
    .where('port_id', '=', port.portId)
    .execute()
  await audit(trx, app.ids, now, {
    subscriberId: port.subscriberId,
    actor: actorOf(port, end),
    action: `port.${ending.state}`,
    subject: { kind: 'line', id: port.lineId },
    ...(end.kind === 'failed'
      ? { reason: reasons.failed, note: end.reason }
      : { reason: ending.reason ?? reasons[end.kind] }),
    detail: { port: port.portId, recipient: port.recipient ?? '' },
  })
  if (!wasPending) return 'ended'
  await tellEnd(trx, app, port, ending)
  await sendPortChanged(trx, app, port)
  return 'ended'
}

/** What another operator writes may name somebody; how else a port ended is a code. */
export function reasonKept(
  table: 'port_out' | 'port_in',
  { subscriberId, portId }: { subscriberId: string; portId: string },
  { state, reason }: { state: string; reason: string | null },
) {
  if (state !== 'failed' || reason === null) return reason
  const place = { subscriberId, category: 'contacts' as const, field: `${table}.reason` }
  return personalOrGone({ ...place, record: portId }, reason)
}

const reasons: Record<End['kind'], string> = {
  completed: 'the other operator has the number',
  failed: 'the other operator could not take the number',
  cancelled: 'taken back',
  silent: 'nothing more was heard in time',
}

function actorOf({ subscriberId }: PortOut, end: End): Actor {
  if (end.kind === 'cancelled' && end.by === 'subscriber')
    return { kind: 'subscriber', id: subscriberId }
  return system
}

export async function sendPortChanged(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
) {
  await app.queue.send(trx, portChangedQueue, lineId, { subscriberId, lineId })
}

/** The number is another operator's now: no quarantine, and nobody is given it again. */
async function numberLeft(trx: Trx, { subscriberId, lineId, msisdn }: PortOut): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update phone_number set state = 'ported-out', subscriber_id = null, line_id = null,
      last_subscriber_id = null, last_line_id = null, quarantined_until = null, version = version + 1
    where msisdn = ${msisdn} and (
      (state = 'assigned' and subscriber_id = ${subscriberId} and line_id = ${lineId})
      or (state = 'quarantined' and last_subscriber_id = ${subscriberId} and last_line_id = ${lineId}))`.execute(
    trx,
  )
  return numAffectedRows === 1n
}

async function tellEnd(trx: Trx, app: App, port: PortOut, { state, reason }: Ending) {
  const { subscriberId, lineId } = port
  const { contacts } = await reachOf(trx, subscriberId)
  const line = await trx
    .selectFrom('line as l')
    .innerJoin('subscriber as s', 's.subscriber_id', 'l.subscriber_id')
    .select(['l.nickname', 's.locale'])
    .where('l.subscriber_id', '=', subscriberId)
    .where('l.line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const told = {
    subscriberId,
    noticeId: `port-${state}:${port.portId}`,
    recipients: contacts
      .filter(({ value }) => value !== '' && value !== port.msisdn)
      .map(({ recipient }) => recipient),
    locale: line.locale,
  }
  if (port.accountEnded) {
    const how = state === 'completed' ? 'completed' : 'stayed'
    const at = app.clock.now().toString()
    return tellLeaving(trx, app, { ...told, params: { msisdn: port.msisdn, how, at } })
  }
  const params = {
    lineName: line.nickname || port.msisdn,
    msisdn: port.msisdn,
    recipient: port.recipient ?? '',
    at: app.clock.now().toString(),
    url: `${app.config.publicUrl}/lines/${lineId}`,
  }
  if (state === 'completed')
    return notify(trx, app, { ...told, template: 'port-completed', params })
  const how = state === 'cancelled' ? (reason ?? 'by-operator') : state
  await notify(trx, app, {
    ...told,
    template: 'port-ended',
    params: { ...params, how, ...(state === 'failed' && { note: reason ?? '' }) },
  })
}

/**
 * Closures begin to end these lines: codes that are out are worth nothing any more. Gives the lines whose number is
 * under way, for whose closures it is too early.
 */
export async function endPortCodes(
  trx: Trx,
  app: App,
  lines: readonly LineKey[],
): Promise<Set<string>> {
  await holdLines(trx, lines)
  const open = await openPortsOf(trx, lines)
  for (const port of open)
    if (port.state === 'issued') await endPort(trx, app, port, { kind: 'silent' })
  return new Set(open.flatMap(({ state, lineId }) => (state === 'pending' ? [lineId] : [])))
}

const those = (lines: readonly LineKey[]) => sql`
  ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x(subscriber_id, line_id)`

/** In one order whoever asks; no other operator's request slips in between. */
async function holdLines(trx: Trx, lines: readonly LineKey[]): Promise<void> {
  await sql`
    select 1 from line l join ${those(lines)}
      on l.subscriber_id = x.subscriber_id and l.line_id = x.line_id
    order by l.subscriber_id, l.line_id for update of l`.execute(trx)
}

/**
 * It may not have been their owner who wanted them gone: codes are worth nothing any more, what is under way is stopped,
 * and the numbers are locked until their owner unlocks them.
 */
export async function keepNumbers(
  trx: Trx,
  app: App,
  lines: readonly LineKey[],
  reason: string,
): Promise<void> {
  if (lines.length === 0) return
  await holdLines(trx, lines)
  for (const port of await openPortsOf(trx, lines))
    await endPort(trx, app, port, { kind: 'cancelled', by: 'freeze' })
  const { rows } = await sql<LineKey>`
    update line l set port_locked = true from ${those(lines)}
    where l.subscriber_id = x.subscriber_id and l.line_id = x.line_id
      and l.msisdn is not null and not l.port_locked
    returning l.subscriber_id as "subscriberId", l.line_id as "lineId"`.execute(trx)
  const locked = rows.map(({ subscriberId, lineId }) => ({
    subscriberId,
    actor: system,
    action: 'number.locked',
    subject: { kind: 'line' as const, id: lineId },
    reason,
    detail: {},
  }))
  await auditAll(trx, app.ids, app.clock.now(), locked)
}
