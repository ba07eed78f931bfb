/** Suspending and resuming in the database: line, audit, notice and the job to the network in one commit. */
import { sql } from 'kysely'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { accessQueue, type LineState } from './line.ts'
import { type LineKey, lockLines, ownerOf } from './store.ts'
import { type AccessMove, resumed, suspended, type Suspender } from './suspension.ts'

type Asked = {
  wish: 'suspend' | 'resume'
  by: Suspender
  actor: Actor
  /** For the audit trail; `note` is what a person said. */
  reason: string
  note?: string
}

/** How long the job has before the sweep sends another. */
export const accessAgainAfter = { minutes: 5 } as const

/** Refuses what its rules forbid; asked again, nothing changes and nothing is said. */
export async function changeSuspension(
  trx: Trx,
  app: App,
  key: LineKey,
  { wish, by, actor, reason, note }: Asked,
): Promise<Refusal | undefined> {
  const { subscriberId, lineId } = key
  const now = app.clock.now()
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  if (state === undefined) return refuse('not-found')
  const row = await lineRow(trx, key)
  const service = { state, suspensions: row.suspensions as Suspender[] }
  const after = (wish === 'suspend' ? suspended : resumed)(service, by)
  if (after === undefined || isRefusal(after)) return after
  const changesService = after.state !== state
  await trx
    .updateTable('line')
    .set((line) => ({
      state: after.state,
      suspensions: [...after.suspensions],
      version: line('version', '+', 1),
      // A period that ended meanwhile is looked at when service is back.
      ...(wish === 'resume' && {
        due_at: sql<Temporal.Instant | null>`case when due_at is not null then ${now}::timestamptz end`,
      }),
      ...(changesService && { access_due_at: now.add(accessAgainAfter) }),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .execute()
  await audit(trx, app.ids, now, {
    subscriberId,
    actor,
    action: wish === 'suspend' ? 'line.suspended' : 'line.resumed',
    subject: { kind: 'line', id: lineId },
    reason,
    ...(note && { note }),
    detail: { by, left: after.suspensions.join(' ') },
  })
  if (!changesService) return undefined
  const { recipients, locale } = await ownerOf(trx, subscriberId)
  await notify(trx, app, {
    subscriberId,
    noticeId: `line-${after.state}:${lineId}:${row.version + 1}`,
    recipients,
    template: after.state === 'suspended' ? 'line-suspended' : 'line-resumed',
    locale,
    params: {
      lineName: row.nickname,
      at: now.toString(),
      url: `${app.config.publicUrl}/lines/${lineId}`,
    },
  })
  await app.queue.send(trx, accessQueue, lineId, { subscriberId, lineId })
  return undefined
}

function lineRow(db: Db | Trx, { subscriberId, lineId }: LineKey) {
  return db
    .selectFrom('line')
    .select(['suspensions', 'nickname', 'version'])
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
}

export type LineAccess = {
  subscriberId: string
  lineId: string
  state: LineState
  stateBeforeClosing: LineState | null
  imsi: string
  iccid: string
  msisdn: string | null
  zoneId: string
  anew: boolean
  version: number
}

/** What the network has to know of a line. */
export async function accessOf(db: Db | Trx, key: LineKey): Promise<LineAccess | undefined> {
  const { subscriberId, lineId } = key
  const row = await db
    .selectFrom('line as l')
    .innerJoin('plan_version as p', (join) =>
      join.onRef('p.plan_id', '=', 'l.plan_id').onRef('p.version', '=', 'l.plan_version'),
    )
    .select([
      'l.state',
      'l.state_before_closing',
      'l.imsi',
      'l.iccid',
      'l.msisdn',
      'l.version',
      'l.access_anew',
    ])
    .select(sql<string>`p.document->>'zoneId'`.as('zone_id'))
    .where('l.subscriber_id', '=', subscriberId)
    .where('l.line_id', '=', lineId)
    .executeTakeFirst()
  return (
    row && {
      subscriberId,
      lineId,
      state: row.state as LineState,
      stateBeforeClosing: row.state_before_closing as LineState | null,
      imsi: row.imsi,
      iccid: row.iccid,
      msisdn: row.msisdn,
      zoneId: row.zone_id,
      anew: row.access_anew,
      version: row.version,
    }
  )
}

/** The line's plan has other places than before: the network is told, once it gives service. */
export async function tellNetwork(
  trx: Trx,
  app: Pick<App, 'queue'>,
  { subscriberId, lineId }: LineKey,
  now: Temporal.Instant,
): Promise<void> {
  await trx
    .updateTable('line')
    .set((line) => ({
      access_anew: true,
      access_due_at: now.add(accessAgainAfter),
      version: line('version', '+', 1),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .execute()
  await app.queue.send(trx, accessQueue, lineId, { subscriberId, lineId })
}

/** The network holds what the line said at that version; false when the line has changed since. */
export async function accessSettled(
  db: Db,
  { subscriberId, lineId, version }: LineAccess,
  move: AccessMove,
) {
  const { numUpdatedRows } = await db
    .updateTable('line')
    .set({ access_due_at: null, ...(move === 'activate' && { access_anew: false }) })
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .where('version', '=', version)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
