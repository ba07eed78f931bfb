/** Numbers on their way to us in the database: announced, moved on, taken; number, line, audit and notice in one commit. */
import { type Selectable, sql } from 'kysely'
import { accessQueue } from '../lines/line.ts'
import { lockLines } from '../lines/store.ts'
import { accessAgainAfter } from '../lines/suspension-store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, audit, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { seal, sealIvBytes, sealKey } from '../platform/seal.ts'
import type { PortIn as PortRow } from '../platform/tables.ts'
import { numberKeptUntil, residenceOf } from '../policy/policy.ts'
import type { Segment } from '../values/wire.ts'
import { currentPolicy } from '../policy/store.ts'
import { reachOf } from '../subscribers/reach-store.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { reasonKept, sendPortChanged } from './end-store.ts'
import {
  arriveQueue,
  type InMove,
  isUnderWay,
  type PortIn,
  type PortInState,
  readAnnounced,
  type Taker,
  whyNotAnnounced,
} from './port-in.ts'
import { latestPort, type LineKey } from './standing-store.ts'

/** A job that was sent and not heard of by then is sent again. */
const jobAgainAfter = { minutes: 1 } as const

export const aboutCode = ({ subscriberId, portId }: { subscriberId: string; portId: string }) =>
  `port-in ${subscriberId} ${portId}`

export async function findTaker(
  db: Db | Trx,
  key: LineKey,
): Promise<(Taker & { country: string | null }) | Refusal> {
  const row = await db
    .selectFrom('line as l')
    .leftJoin('phone_number as n', 'n.msisdn', 'l.msisdn')
    .select(['l.state', 'l.msisdn', 'n.country'])
    .where('l.subscriber_id', '=', key.subscriberId)
    .where('l.line_id', '=', key.lineId)
    .executeTakeFirst()
  if (!row) return refuse('not-found')
  const leaving = (await latestPort(db, key))?.state === 'pending'
  const arriving = await latestArrival(db, key)
  return { state: row.state, msisdn: row.msisdn, leaving, arriving, country: row.country }
}

export async function latestArrival(
  db: Db | Trx,
  { subscriberId, lineId }: LineKey,
): Promise<PortIn | undefined> {
  const row = await db
    .selectFrom('port_in')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .orderBy('created_at', 'desc')
    .orderBy('port_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && portFrom(row)
}

export async function arrivalById(
  db: Db | Trx,
  { subscriberId, portId }: { subscriberId: string; portId: string },
): Promise<PortIn | undefined> {
  const row = await db
    .selectFrom('port_in')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('port_id', '=', portId)
    .executeTakeFirst()
  return row && portFrom(row)
}

/** Announces a number with the code that the other operator gave its owner. */
export async function announce(
  app: App,
  key: LineKey,
  given: { msisdn: string; code: string },
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    await lockLines(trx, key.subscriberId, [key.lineId])
    const taker = await findTaker(trx, key)
    if (isRefusal(taker)) return taker
    const no = whyNotAnnounced(taker)
    if (no) return no
    const announced = readAnnounced(given.msisdn, taker.country ?? '')
    if (isRefusal(announced)) return announced
    if (!(await holdArriving(trx, key, announced))) return refuse('number-here')
    const portId = app.ids.make('port')
    const masterKey = app.config.masterKey
    const about = aboutCode({ subscriberId: key.subscriberId, portId })
    await trx
      .insertInto('port_in')
      .values({
        subscriber_id: key.subscriberId,
        port_id: portId,
        line_id: key.lineId,
        ...announced,
        state: 'asked',
        sealed_code: seal(
          sealKey(masterKey, 'port'),
          app.ids.random(sealIvBytes),
          about,
          given.code,
        ),
        created_at: now,
        wake_at: now.add(jobAgainAfter),
      })
      .execute()
    await trx
      .insertInto('port_index')
      .values({ reference: portId, subscriber_id: key.subscriberId, port_id: portId })
      .execute()
    await note(trx, app, key, 'asked', { kind: 'subscriber', id: key.subscriberId }, portId)
    await sendArrive(trx, app, { subscriberId: key.subscriberId, portId })
    return undefined
  })
}

/** Nobody else can announce it meanwhile; one that we have, or have given to another operator's owner, is no other's. */
async function holdArriving(
  trx: Trx,
  { subscriberId }: LineKey,
  { msisdn, country }: { msisdn: string; country: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into phone_number (msisdn, country, kind, state, subscriber_id, ported_in)
    values (${msisdn}, ${country}, 'mobile', 'arriving', ${subscriberId}, true)
    on conflict (msisdn) do update set state = 'arriving', subscriber_id = excluded.subscriber_id,
      version = phone_number.version + 1
    where phone_number.state = 'ported-out'`.execute(trx)
  return numAffectedRows === 1n
}

export async function sendArrive(
  trx: Trx,
  app: App,
  { subscriberId, portId }: { subscriberId: string; portId: string },
): Promise<void> {
  await app.queue.send(trx, arriveQueue, portId, { subscriberId, portId })
}

/** Asks for a stop; whether it still can be stopped is the other operator's word. */
export async function stopArrival(app: App, key: LineKey): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    await lockLines(trx, key.subscriberId, [key.lineId])
    const port = await latestArrival(trx, key)
    if (!port) return refuse('not-found')
    if (!isUnderWay(port) || port.cancelAsked) return undefined
    await trx
      .updateTable('port_in')
      .set({
        cancel_asked: true,
        wake_at: app.clock.now().add(jobAgainAfter),
        version: port.version + 1,
      })
      .where('subscriber_id', '=', port.subscriberId)
      .where('port_id', '=', port.portId)
      .execute()
    const owner = { kind: 'subscriber', id: key.subscriberId } as const
    await note(trx, app, key, 'stop-asked', owner, port.portId)
    await sendArrive(trx, app, port)
    return undefined
  })
}

/** The other side did not answer: later again. False when the port has changed since. */
export async function putOff(app: App, port: PortIn, until: Temporal.Instant): Promise<void> {
  await app.db
    .updateTable('port_in')
    .set({ wake_at: until, failures: port.failures + 1 })
    .where('subscriber_id', '=', port.subscriberId)
    .where('port_id', '=', port.portId)
    .where('version', '=', port.version)
    .execute()
}

/** Commits what was heard, unless the port has changed since it was read. */
export async function moveOn(
  app: App,
  port: PortIn,
  move: InMove,
  dueAt: Temporal.Instant | null,
): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    const key = { subscriberId: port.subscriberId, lineId: port.lineId }
    await lockLines(trx, port.subscriberId, [port.lineId])
    const current = await arrivalById(trx, port)
    if (current?.version !== port.version || !isUnderWay(current)) return
    if (move.do === 'wait') return wait(trx, port, move, dueAt)
    const taken = move.do === 'take'
    const state = taken ? 'completed' : move.state
    const reason = taken ? null : move.reason
    await close(trx, app, port, state, reason)
    if (taken) await take(trx, app, port)
    else await letGo(trx, port)
    await note(trx, app, key, state, system, port.portId)
    await tell(trx, app, port, state, reason)
    await sendPortChanged(trx, app, key)
  })
}

async function wait(
  trx: Trx,
  port: PortIn,
  { state, until }: Extract<InMove, { do: 'wait' }>,
  dueAt: Temporal.Instant | null,
) {
  await trx
    .updateTable('port_in')
    .set({
      state,
      wake_at: until,
      failures: 0,
      due_at: dueAt ?? port.dueAt,
      version: port.version + 1,
      ...(state === 'pending' && { sealed_code: null }),
    })
    .where('subscriber_id', '=', port.subscriberId)
    .where('port_id', '=', port.portId)
    .execute()
}

async function close(trx: Trx, app: App, port: PortIn, state: PortInState, reason: string | null) {
  await trx
    .updateTable('port_in')
    .set({
      state,
      reason: reasonKept('port_in', port, { state, reason }),
      sealed_code: null,
      wake_at: null,
      ended_at: app.clock.now(),
      version: port.version + 1,
    })
    .where('subscriber_id', '=', port.subscriberId)
    .where('port_id', '=', port.portId)
    .execute()
}

/** The line has the number from now on; the one it had rests for as long as policy says. */
async function take(trx: Trx, app: App, port: PortIn): Promise<void> {
  const { subscriberId, lineId, msisdn } = port
  const now = app.clock.now()
  const line = await trx
    .selectFrom('line as l')
    .innerJoin('subscriber as s', 's.subscriber_id', 'l.subscriber_id')
    .select(['l.msisdn', 'l.state', 's.country', 's.region', 's.segment'])
    .where('l.subscriber_id', '=', subscriberId)
    .where('l.line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  if (line.state === 'closed') throw new Error(`a number arrived at a closed line: ${lineId}`)
  const policy = line.country
    ? await currentPolicy(trx, residenceOf(line.country, line.region), now, line.segment as Segment)
    : undefined
  if (!policy) throw new Error(`no policy for the subscriber of ${lineId}`)
  const until = numberKeptUntil(policy, now)
  await sql`
    update phone_number set state = 'quarantined', subscriber_id = null, line_id = null,
      quarantined_until = ${until}, version = version + 1
    where msisdn = ${line.msisdn} and state = 'assigned' and line_id = ${lineId}`.execute(trx)
  await sql`
    update phone_number set state = 'assigned', line_id = ${lineId}, version = version + 1
    where msisdn = ${msisdn} and state = 'arriving' and subscriber_id = ${subscriberId}`.execute(
    trx,
  )
  await trx
    .updateTable('line')
    .set((row) => ({
      msisdn,
      version: row('version', '+', 1),
      access_due_at: now.add(accessAgainAfter),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .execute()
  await app.queue.send(trx, accessQueue, lineId, { subscriberId, lineId })
}

/** Never came: what was not ours leaves the inventory, what was ours stays with whom it was. */
async function letGo(trx: Trx, { subscriberId, msisdn }: PortIn): Promise<void> {
  const mine = sql`msisdn = ${msisdn} and state = 'arriving' and subscriber_id = ${subscriberId}`
  await sql`delete from phone_number where ${mine} and ported_in`.execute(trx)
  await sql`update phone_number set state = 'ported-out', subscriber_id = null,
    version = version + 1 where ${mine}`.execute(trx)
}

async function note(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: LineKey,
  what: string,
  actor: Actor,
  portId: string,
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor,
    action: `port-in.${what}`,
    subject: { kind: 'line', id: lineId },
    reason: actor.kind === 'system' ? 'the other operator says so' : 'asked by the subscriber',
    detail: { port: portId },
  })
}

async function tell(
  trx: Trx,
  app: App,
  port: PortIn,
  state: 'completed' | 'failed' | 'cancelled',
  reason: string | null,
) {
  const { subscriberId, lineId, msisdn } = port
  const { contacts } = await reachOf(trx, subscriberId)
  const line = await trx
    .selectFrom('line as l')
    .innerJoin('subscriber as s', 's.subscriber_id', 'l.subscriber_id')
    .select(['l.nickname', 's.locale'])
    .where('l.subscriber_id', '=', subscriberId)
    .where('l.line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  await notify(trx, app, {
    subscriberId,
    noticeId: `port-in-${state}:${port.portId}`,
    recipients: contacts.map(({ recipient }) => recipient),
    template: state === 'completed' ? 'number-arrived' : 'number-stayed-away',
    locale: line.locale,
    params: {
      lineName: line.nickname || msisdn,
      msisdn,
      at: app.clock.now().toString(),
      ...(state === 'failed' && { note: reason ?? '' }),
      url: `${app.config.publicUrl}/lines/${lineId}`,
    },
  })
}

/** The other side says that something has changed: it is asked what. Undefined: no such port. */
export async function hintArrival(app: App, reference: string): Promise<PortIn | undefined> {
  return app.db.transaction().execute(async (trx) => {
    const found = await trx
      .selectFrom('port_index')
      .select(['subscriber_id', 'port_id'])
      .where('reference', '=', reference)
      .executeTakeFirst()
    const port =
      found &&
      (await arrivalById(trx, { subscriberId: found.subscriber_id, portId: found.port_id }))
    if (port && isUnderWay(port)) await sendArrive(trx, app, port)
    return port
  })
}

/** Looks again at what is due: the day has come, the other side was away, or a job got lost. */
export async function sweepArrivals(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ subscriber_id: string; port_id: string }>`
      update port_in set wake_at = ${now.add(jobAgainAfter)}
      where (subscriber_id, port_id) in (
        select subscriber_id, port_id from port_in where wake_at <= ${now}
        order by wake_at limit 200 for update skip locked)
      returning subscriber_id, port_id`.execute(trx)
    for (const { subscriber_id: subscriberId, port_id: portId } of rows)
      await sendArrive(trx, app, { subscriberId, portId })
  })
}

function portFrom(row: Selectable<PortRow>): PortIn {
  return {
    subscriberId: row.subscriber_id,
    portId: row.port_id,
    lineId: row.line_id,
    msisdn: row.msisdn,
    country: row.country,
    state: row.state as PortInState,
    sealedCode: row.sealed_code,
    cancelAsked: row.cancel_asked,
    dueAt: row.due_at,
    reason: row.reason,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    failures: row.failures,
    version: row.version,
  }
}
