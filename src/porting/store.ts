/** The owner's side of taking a number away: a code asked for, revoked, the number locked; audit and notice in one commit. */
import { lockLines } from '../lines/store.ts'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { type CodeSent, sendCode, useCode } from '../subscribers/store.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { endPort } from './end-store.ts'
import { tellLeaving } from './leaving-tell-store.ts'
import { codeEndOf, hashPortCode, makePortCode, portTries, wakeOf, whyNoCode } from './porting.ts'
import { findStanding, type LineKey, type Seen } from './standing-store.ts'

const purpose = 'port-number'

/** Sends the code that a port code, or an unlocking, is confirmed with; never to the number itself. */
export async function sendConfirmation(
  app: App,
  key: LineKey,
  contactId: string | undefined,
): Promise<CodeSent | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const seen = await findStanding(trx, key, app.clock.now())
    if (isRefusal(seen)) return seen
    if (seen.msisdn === null) return refuse('line-without-number')
    const [first] = seen.contacts
    if (!first) return refuse('no-other-channel')
    const contact =
      contactId === undefined ? first : seen.contacts.find((one) => one.contactId === contactId)
    if (!contact) return refuse('not-found')
    return sendCode(trx, app, {
      subscriberId: key.subscriberId,
      purpose,
      subjectId: key.lineId,
      contactId: contact.contactId,
      locale: seen.locale,
      lineName: seen.nickname,
    })
  })
}

/** Gives a code to take the number away with; a code given before is worth nothing from then on. */
export async function givePortCode(
  app: App,
  key: LineKey,
  code: string,
): Promise<{ portCode: string } | Refusal> {
  return app.db
    .transaction()
    .execute((trx) => makeCode(trx, app, key, ownerOf(key), () => confirm(trx, app, key, code)))
}

/** The same for who acts for the owner; whether they may is the caller's to know and `confirmed`'s to prove. */
export async function makeCode(
  trx: Trx,
  app: App,
  key: LineKey,
  actor: Actor,
  confirmed: () => Promise<'ok' | Refusal>,
): Promise<{ portCode: string } | Refusal> {
  const now = app.clock.now()
  await lockLines(trx, key.subscriberId, [key.lineId])
  const seen = await findStanding(trx, key, app.clock.now())
  if (isRefusal(seen)) return seen
  const no = whyNot(app, seen)
  if (no) return no
  const used = await confirmed()
  if (isRefusal(used)) return used
  const portCode = makePortCode(app.ids.random(10))
  const { portId, codeExpiresAt } = await keepCode(trx, app, key, seen, portCode)
  await audit(trx, app.ids, now, {
    subscriberId: key.subscriberId,
    actor,
    action: 'port.code-given',
    subject: { kind: 'line', id: key.lineId },
    reason: `asked by the ${actor.kind}`,
    detail: { port: portId, until: codeExpiresAt.toString() },
  })
  await tellOwner(trx, app, key, seen, 'port-code-given', `${portId}:${now.epochMilliseconds}`, {
    codeEndsAt: codeExpiresAt.toString(),
  })
  return { portCode }
}

export function whyNot({ config, clock }: App, seen: Seen): Refusal | undefined {
  return config.porting ? whyNoCode(seen, clock.now()) : refuse('port-not-offered')
}

async function keepCode(trx: Trx, app: App, key: LineKey, seen: Seen, portCode: string) {
  const now = app.clock.now()
  const open = seen.latest?.state === 'issued' ? seen.latest : undefined
  const portId = open?.portId ?? app.ids.make('port')
  const codeExpiresAt = codeEndOf(seen, now)
  const fresh = {
    code_hash: hashPortCode(app.config.masterKey, portId, portCode),
    tries_left: portTries,
    code_expires_at: codeExpiresAt,
    changed_at: now,
    wake_at: wakeOf({ state: 'issued', codeExpiresAt, dueAt: null }),
  }
  if (open) {
    await trx
      .updateTable('port_out')
      .set({ ...fresh, version: open.version + 1 })
      .where('subscriber_id', '=', key.subscriberId)
      .where('port_id', '=', portId)
      .execute()
  } else {
    await trx
      .insertInto('port_out')
      .values({
        ...fresh,
        subscriber_id: key.subscriberId,
        port_id: portId,
        line_id: key.lineId,
        // What is erased with the account is not written anew.
        msisdn: seen.accountEnded ? '' : seen.msisdn!,
        state: 'issued',
        created_at: now,
      })
      .execute()
  }
  return { portId, codeExpiresAt }
}

/** Revokes a code, or stops a port that is under way; said twice it is done once. */
export async function cancelPort(app: App, key: LineKey): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    await lockLines(trx, key.subscriberId, [key.lineId])
    const seen = await findStanding(trx, key, app.clock.now())
    if (isRefusal(seen)) return seen
    if (!seen.latest) return refuse('not-found')
    const ended = await endPort(trx, app, seen.latest, { kind: 'cancelled', by: 'subscriber' })
    // What has ended otherwise stays as it ended: there is nothing left to stop.
    const gone = ended === 'not-pending' && seen.latest.state === 'completed'
    return gone ? refuse('number-gone') : undefined
  })
}

/** Locks the number against leaving, or unlocks it with a code; a code that is out is worth nothing once locked. */
export async function setPortLock(
  app: App,
  key: LineKey,
  { locked, code }: { locked: boolean; code?: string | undefined },
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    await lockLines(trx, key.subscriberId, [key.lineId])
    const seen = await findStanding(trx, key, app.clock.now())
    if (isRefusal(seen)) return seen
    if (seen.msisdn === null) return refuse('line-without-number')
    if (seen.locked === locked) return undefined
    if (locked && seen.latest?.state === 'pending') return refuse('port-pending')
    if (!locked) {
      const used = await confirm(trx, app, key, code)
      if (isRefusal(used)) return used
    }
    if (locked && seen.latest?.state === 'issued')
      await endPort(trx, app, seen.latest, { kind: 'cancelled', by: 'subscriber' })
    await trx
      .updateTable('line')
      .set({ port_locked: locked })
      .where('subscriber_id', '=', key.subscriberId)
      .where('line_id', '=', key.lineId)
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId: key.subscriberId,
      actor: ownerOf(key),
      action: locked ? 'number.locked' : 'number.unlocked',
      subject: { kind: 'line', id: key.lineId },
      reason: 'asked by the subscriber',
    })
    const name = `${key.lineId}:${now.epochMilliseconds}`
    if (!locked) await tellOwner(trx, app, key, seen, 'number-unlocked', name, {})
    return undefined
  })
}

async function confirm(trx: Trx, app: App, { subscriberId, lineId }: LineKey, code = '') {
  if (code === '') return refuse('code-not-asked')
  return useCode(trx, app, { subscriberId, purpose, subjectId: lineId, code })
}

const ownerOf = ({ subscriberId }: LineKey): Actor => ({ kind: 'subscriber', id: subscriberId })

type Told = 'port-code-given' | 'number-unlocked'

async function tellOwner(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: LineKey,
  { contacts, locale, nickname, msisdn, accountEnded }: Seen,
  template: Told,
  name: string,
  more: { codeEndsAt?: string },
) {
  const told = {
    subscriberId,
    noticeId: `${template}:${name}`,
    recipients: contacts.map(({ recipient }) => recipient),
    locale,
  }
  const params = { msisdn: msisdn ?? '', at: app.clock.now().toString(), ...more }
  if (accountEnded) return tellLeaving(trx, app, { ...told, params: { ...params, how: 'given' } })
  await notify(trx, app, {
    ...told,
    template,
    params: {
      ...params,
      lineName: nickname,
      url: `${app.config.publicUrl}/lines/${lineId}/number`,
    },
  })
}
