/** The other operator's side: a number asked for with its owner's code, and what became of it. */
import { sql } from 'kysely'
import { lockLines } from '../lines/store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { tellLeaving } from './leaving-tell-store.ts'
import { endPort, portJobAgainAfter, sendPortChanged } from './end-store.ts'
import {
  dueWithin,
  type End,
  hashPortCode,
  judgeCode,
  type PortOut,
  type PortRefusal,
  sameHash,
  silenceMax,
  wakeOf,
} from './porting.ts'
import { findStanding, latestPort, portById, type Seen } from './standing-store.ts'

export type PortRequest = {
  reference: string
  msisdn: string
  code: string
  recipient: string
  dueAt: Temporal.Instant
}

const no = (why: PortRefusal, more: Record<string, unknown> = {}): Refusal =>
  refuse('port-refused', { reason: why }, { reason: why, ...more })

/** Takes a request with the owner's code; the same request again gets the same answer, whatever became of it. */
export async function requestPort(app: App, asked: PortRequest): Promise<PortOut | Refusal> {
  const now = app.clock.now()
  const isPast = Temporal.Instant.compare(asked.dueAt, now.subtract({ minutes: 5 })) < 0
  const isFar = Temporal.Instant.compare(asked.dueAt, now.add(dueWithin)) > 0
  if (isPast || isFar) {
    const errors = [{ path: 'data.dueAt', message: 'from now to thirty days ahead' }]
    return refuse('invalid-request', {}, { errors })
  }
  return app.db.transaction().execute(async (trx) => {
    const before = await byReference(trx, asked.reference)
    if (before) return isSame(before, asked) ? before : no('reference-taken')
    const owner = await ownerOfNumber(trx, asked.msisdn)
    if (!owner) return no('number-unknown')
    await lockLines(trx, owner.subscriberId, [owner.lineId])
    // The same request may have come in twice at once.
    const meanwhile = await byReference(trx, asked.reference)
    if (meanwhile) return isSame(meanwhile, asked) ? meanwhile : no('reference-taken')
    const seen = await findStanding(trx, owner, app.clock.now())
    if (isRefusal(seen) || seen.msisdn !== asked.msisdn) return no('number-unknown')
    const verdict = judge(app, seen, asked.code)
    if (verdict.kind === 'wrong') {
      await spendTry(trx, app, seen.latest!, verdict.triesLeft)
      return no('code-wrong')
    }
    if (verdict.kind === 'no') return no(verdict.why)
    return begin(trx, app, seen, asked)
  })
}

/** Of a number that left an ended account nothing is known here but its reference. */
function isSame({ msisdn, accountEnded }: PortOut, asked: PortRequest): boolean {
  return msisdn === asked.msisdn || (msisdn === '' && accountEnded)
}

function judge(app: App, seen: Seen, code: string) {
  const { latest, locked, overdue, policy } = seen
  const isEnding = seen.isEnding || seen.isFrozen
  const hash = latest && hashPortCode(app.config.masterKey, latest.portId, code)
  const matches = hash !== undefined && sameHash(hash, latest!.codeHash)
  const inArrears = overdue && policy.rules.arrearsBlocks.value.port === true
  return judgeCode(latest, { matches, locked, isEnding: isEnding || inArrears }, app.clock.now())
}

async function byReference(trx: Trx, reference: string): Promise<PortOut | undefined> {
  const found = await trx
    .selectFrom('port_index')
    .select(['subscriber_id', 'port_id'])
    .where('reference', '=', reference)
    .executeTakeFirst()
  return found && portById(trx, { subscriberId: found.subscriber_id, portId: found.port_id })
}

/** Whose number it is, or was until a quarantine that is not over. */
async function ownerOfNumber(trx: Trx, msisdn: string) {
  const row = await trx
    .selectFrom('phone_number')
    .select((build) => [
      build.fn.coalesce('subscriber_id', 'last_subscriber_id').as('subscriber_id'),
      build.fn.coalesce('line_id', 'last_line_id').as('line_id'),
    ])
    .where('msisdn', '=', msisdn)
    .where('state', 'in', ['assigned', 'quarantined'])
    .executeTakeFirst()
  if (!row?.subscriber_id || !row.line_id) return undefined
  return { subscriberId: row.subscriber_id, lineId: row.line_id }
}

async function spendTry(trx: Trx, app: App, port: PortOut, triesLeft: number) {
  await trx
    .updateTable('port_out')
    .set({ tries_left: triesLeft, version: port.version + 1 })
    .where('subscriber_id', '=', port.subscriberId)
    .where('port_id', '=', port.portId)
    .execute()
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId: port.subscriberId,
    actor: system,
    action: 'port.code-wrong',
    subject: { kind: 'line', id: port.lineId },
    reason: 'another operator brought a wrong code',
    detail: { port: port.portId, triesLeft: String(triesLeft) },
  })
}

async function begin(
  trx: Trx,
  app: App,
  seen: Seen,
  { reference, recipient, dueAt }: PortRequest,
): Promise<PortOut | Refusal> {
  const now = app.clock.now()
  const port = seen.latest!
  const { subscriberId, portId } = port
  const named = await trx
    .insertInto('port_index')
    .values({ reference, subscriber_id: subscriberId, port_id: portId })
    .onConflict((conflict) => conflict.column('reference').doNothing())
    .returning('reference')
    .executeTakeFirst()
  if (!named) return no('reference-taken')
  const wakeAt = wakeOf({ state: 'pending', codeExpiresAt: port.codeExpiresAt, dueAt })
  await trx
    .updateTable('port_out')
    .set({
      state: 'pending',
      reference,
      // What is erased with the account is not written anew.
      recipient: seen.accountEnded ? '-' : recipient,
      due_at: dueAt,
      changed_at: now,
      wake_at: wakeAt,
      version: port.version + 1,
    })
    .where('subscriber_id', '=', subscriberId)
    .where('port_id', '=', portId)
    .execute()
  // A number that is in quarantine stays there until the other operator has it, or has not taken it.
  await sql`
    update phone_number set quarantined_until = greatest(quarantined_until, ${dueAt.add(silenceMax).add({ hours: 24 })}::timestamptz)
    where msisdn = ${port.msisdn} and state = 'quarantined'`.execute(trx)
  await audit(trx, app.ids, now, {
    subscriberId,
    actor: system,
    action: 'port.pending',
    subject: { kind: 'line', id: port.lineId },
    reason: 'another operator asked for the number with its code',
    detail: { port: portId, recipient, dueAt: dueAt.toString() },
  })
  await tellPending(trx, app, seen, { recipient, dueAt })
  await sendPortChanged(trx, app, port)
  return { ...port, state: 'pending', reference, recipient, dueAt, version: port.version + 1 }
}

async function tellPending(
  trx: Trx,
  app: App,
  { latest, contacts, locale, nickname, accountEnded }: Seen,
  { recipient, dueAt }: Pick<PortRequest, 'recipient' | 'dueAt'>,
) {
  const { subscriberId, portId, lineId, msisdn } = latest!
  const told = {
    subscriberId,
    noticeId: `port-pending:${portId}`,
    recipients: contacts.map(({ recipient: to }) => to),
    locale,
  }
  const movesAt = dueAt.toString()
  if (accountEnded) {
    const params = { msisdn, recipient, how: 'pending', movesAt } as const
    return tellLeaving(trx, app, { ...told, params })
  }
  await notify(trx, app, {
    ...told,
    template: 'port-pending',
    params: {
      lineName: nickname,
      msisdn,
      recipient,
      movesAt,
      url: `${app.config.publicUrl}/lines/${lineId}/number`,
    },
  })
}

/** What became of a port that is under way. */
export async function hearEnd(app: App, reference: string, end: End): Promise<PortOut | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const found = await byReference(trx, reference)
    if (!found) return refuse('not-found')
    await lockLines(trx, found.subscriberId, [found.lineId])
    const port = (await portById(trx, found))!
    const ended = await endPort(trx, app, port, end)
    if (ended === 'not-pending') return no('not-pending', { state: port.state })
    return (await portById(trx, found))!
  })
}

/** Ends what has run out or gone silent, and sends again what nobody has looked at. */
export async function sweepPorts(app: App): Promise<void> {
  const now = app.clock.now()
  const due = await app.db
    .selectFrom('port_out')
    .select(['subscriber_id', 'port_id', 'line_id'])
    .where('wake_at', '<=', now)
    .orderBy('wake_at')
    .limit(200)
    .execute()
  for (const { subscriber_id: subscriberId, port_id: portId, line_id: lineId } of due) {
    await app.db.transaction().execute(async (trx) => {
      await lockLines(trx, subscriberId, [lineId])
      const port = await portById(trx, { subscriberId, portId })
      if (!port) return
      if (port.state === 'issued' || port.state === 'pending') {
        const at = wakeOf(port)
        if (at && Temporal.Instant.compare(at, now) <= 0)
          await endPort(trx, app, port, { kind: 'silent' })
        return
      }
      await trx
        .updateTable('port_out')
        .set({ wake_at: now.add(portJobAgainAfter) })
        .where('subscriber_id', '=', subscriberId)
        .where('port_id', '=', portId)
        .where('wake_at', 'is not', null)
        .execute()
      await sendPortChanged(trx, app, port)
    })
  }
}

/** Whoever closes lines has seen how the latest port of a line ended, and gives it. */
export async function seePort(
  trx: Trx,
  key: { subscriberId: string; lineId: string },
): Promise<PortOut | undefined> {
  const port = await latestPort(trx, key)
  if (!port || port.state === 'issued' || port.state === 'pending') return port
  await trx
    .updateTable('port_out')
    .set({ wake_at: null })
    .where('subscriber_id', '=', key.subscriberId)
    .where('port_id', '=', port.portId)
    .execute()
  return port
}
