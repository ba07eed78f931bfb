/** A subscriber's passkeys: listed, added after a code, named, removed; the contacts are told. */
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { operator } from '../platform/operator.ts'
import { personal } from '../platform/personal.ts'
import type { PasskeyId, SubscriberId } from '../values/ids.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { type CodeSent, sendCode, useCode } from './code-store.ts'
import { type Contact, recipientOf } from './contact.ts'
import { deviceName } from './device.ts'
import { checkNew, type Made } from './passkey-gateway.ts'
import {
  challengeIn,
  challengeKey,
  creationOptions,
  hashChallenge,
  judgeChallenge,
  makeChallenge,
  type Passkey,
  passkeysMax,
  placeOf,
} from './passkey.ts'
import type { CreationOptions, NewCredential } from './passkey-wire.ts'
import { lockSubscriber, subscriberById } from './store.ts'
import { verifiedContacts } from './subscriber.ts'

const purpose = 'add-passkey'

/** The oldest first. */
export async function passkeysOf(db: Db | Trx, subscriberId: string): Promise<Passkey[]> {
  const rows = await db
    .selectFrom('passkey')
    .select(['passkey_id', 'credential_id', 'name', 'created_at', 'last_used_at', 'backed_up'])
    .select(['subscriber_id', 'transports'])
    .where('subscriber_id', '=', subscriberId)
    .orderBy('created_at')
    .orderBy('passkey_id')
    .execute()
  return rows.map((row) => ({
    passkeyId: row.passkey_id,
    credentialId: row.credential_id,
    name: row.name,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    backedUp: row.backed_up,
    transports: row.transports,
  }))
}

/** A passkey opens the account for good, so adding one is confirmed by a code to an address that is known. */
export async function sendPasskeyCode(
  app: App,
  subscriberId: SubscriberId,
): Promise<CodeSent | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const found = await mayAdd(trx, subscriberId)
    if (isRefusal(found)) return found
    const { email, locale } = found
    const { contactId } = email
    return sendCode(trx, app, { subscriberId, purpose, subjectId: subscriberId, contactId, locale })
  })
}

/** What the browser makes a passkey from; the code is used up, and the challenge in its place is good for minutes. */
export async function askForNew(
  app: App,
  subscriberId: SubscriberId,
  code: string,
): Promise<CreationOptions | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const found = await mayAdd(trx, subscriberId)
    if (isRefusal(found)) return found
    const used = await useCode(trx, app, { subscriberId, purpose, subjectId: subscriberId, code })
    if (isRefusal(used)) return used
    const { masterKey, publicUrl } = app.config
    const challenge = makeChallenge(
      challengeKey(masterKey),
      { add: subscriberId },
      app.ids.random(16),
      app.clock.now(),
    )
    const owner = { subscriberId, email: found.email.value, name: found.name }
    return creationOptions(placeOf(publicUrl), operator.name, owner, challenge, found.passkeys)
  })
}

async function mayAdd(trx: Trx, subscriberId: SubscriberId) {
  const locked = await lockSubscriber(trx, subscriberId)
  if (locked?.state !== 'active') return refuse('account-closed')
  const subscriber = await subscriberById(trx, subscriberId)
  const email = verifiedContacts(subscriber?.contacts ?? []).find(({ kind }) => kind === 'email')
  if (!subscriber || !email) return refuse('not-found')
  const passkeys = await passkeysOf(trx, subscriberId)
  if (passkeys.length >= passkeysMax) return refuse('passkeys-full', { max: String(passkeysMax) })
  const { name, locale, contacts } = subscriber
  return { name, locale, contacts, email, passkeys }
}

export type Adding = {
  credential: NewCredential
  name: string | undefined
  userAgent: string | undefined
}

/** Adds what the browser made, once for each challenge and each key. */
export async function addPasskey(
  app: App,
  subscriberId: SubscriberId,
  { credential, name, userAgent }: Adding,
): Promise<Passkey | Refusal> {
  const place = placeOf(app.config.publicUrl)
  const now = app.clock.now()
  const said = challengeIn(credential.response.clientDataJSON, 'webauthn.create', place)
  if (isRefusal(said)) return said
  const key = challengeKey(app.config.masterKey)
  const judged = judgeChallenge(key, { add: subscriberId }, said.challenge, now)
  if (isRefusal(judged)) return judged
  const made = await checkNew(credential, place, said.challenge)
  if (!made) return refuse('passkey-not-valid')
  return app.db.transaction().execute(async (trx) => {
    const found = await mayAdd(trx, subscriberId)
    if (isRefusal(found)) return found
    if (!(await useChallenge(trx, said.challenge, judged.expiresAt))) return refuse('passkey-used')
    const passkeyId = app.ids.make<PasskeyId>('passkey')
    if (!(await claim(trx, subscriberId, passkeyId, made))) return refuse('passkey-known')
    const passkey = {
      passkeyId,
      credentialId: made.credentialId,
      name: name ?? deviceName(userAgent ?? null),
      createdAt: now,
      lastUsedAt: null,
      backedUp: made.backedUp,
      transports: credential.response.transports,
    }
    await insert(trx, subscriberId, passkey, made)
    await record(trx, app, subscriberId, passkeyId, 'passkey.added')
    await tell(trx, app, subscriberId, found, 'passkey-added', passkey)
    return passkey
  })
}

/** False when it was answered before: also by another process, at this moment. */
export async function useChallenge(
  trx: Trx,
  challenge: string,
  expiresAt: Temporal.Instant,
): Promise<boolean> {
  const used = await trx
    .insertInto('passkey_challenge_used')
    .values({ challenge_hash: hashChallenge(challenge), expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('challenge_hash').doNothing())
    .returning('challenge_hash')
    .executeTakeFirst()
  return used !== undefined
}

/** False when the key is somebody's already. */
async function claim(
  trx: Trx,
  subscriberId: string,
  passkeyId: string,
  { credentialId }: Made,
): Promise<boolean> {
  const claimed = await trx
    .insertInto('passkey_index')
    .values({ credential_id: credentialId, subscriber_id: subscriberId, passkey_id: passkeyId })
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .returning('passkey_id')
    .executeTakeFirst()
  return claimed !== undefined
}

async function insert(trx: Trx, subscriberId: string, passkey: Passkey, made: Made) {
  await trx
    .insertInto('passkey')
    .values({
      subscriber_id: subscriberId,
      passkey_id: passkey.passkeyId,
      credential_id: made.credentialId,
      public_key: made.publicKey,
      counter: made.counter,
      transports: [...passkey.transports],
      backed_up: made.backedUp,
      name: sealedName(subscriberId, passkey.passkeyId, passkey.name),
      created_at: passkey.createdAt,
    })
    .execute()
}

function sealedName(subscriberId: string, passkeyId: string, name: string) {
  const field = 'passkey.name'
  return personal({ subscriberId, category: 'account', field, record: passkeyId }, name)
}

export async function renamePasskey(
  app: App,
  subscriberId: SubscriberId,
  passkeyId: string,
  name: string,
): Promise<Passkey | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const locked = await lockSubscriber(trx, subscriberId)
    const passkey = (await passkeysOf(trx, subscriberId)).find((one) => one.passkeyId === passkeyId)
    if (locked?.state !== 'active' || !passkey) return refuse('not-found')
    if (passkey.name === name) return passkey
    await trx
      .updateTable('passkey')
      .set({ name: sealedName(subscriberId, passkeyId, name) })
      .where('subscriber_id', '=', subscriberId)
      .where('passkey_id', '=', passkeyId)
      .execute()
    await record(trx, app, subscriberId, passkeyId, 'passkey.renamed')
    return { ...passkey, name }
  })
}

export async function removePasskey(
  app: App,
  subscriberId: SubscriberId,
  passkeyId: string,
): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    const locked = await lockSubscriber(trx, subscriberId)
    const subscriber = await subscriberById(trx, subscriberId)
    const passkey = (await passkeysOf(trx, subscriberId)).find((one) => one.passkeyId === passkeyId)
    if (!locked || !subscriber || !passkey) return refuse('not-found')
    for (const table of ['passkey', 'passkey_index'] as const) {
      await trx
        .deleteFrom(table)
        .where('subscriber_id', '=', subscriberId)
        .where('passkey_id', '=', passkeyId)
        .execute()
    }
    await record(trx, app, subscriberId, passkeyId, 'passkey.removed')
    await tell(trx, app, subscriberId, subscriber, 'passkey-removed', passkey)
    return undefined
  })
}

async function tell(
  trx: Trx,
  app: App,
  subscriberId: string,
  { locale, contacts }: { locale: string; contacts: readonly Contact[] },
  template: 'passkey-added' | 'passkey-removed',
  { passkeyId, name }: Passkey,
) {
  await notify(trx, app, {
    subscriberId,
    noticeId: `${template}:${passkeyId}`,
    recipients: verifiedContacts(contacts).map(recipientOf),
    template,
    locale,
    params: {
      passkey: name,
      at: app.clock.now().toString(),
      url: `${app.config.publicUrl}/account/passkeys`,
    },
  })
}

/** The name is the subscriber's own words and stays out of the trail. */
export async function record(
  trx: Trx,
  app: App,
  subscriberId: string,
  passkeyId: string,
  action: `passkey.${string}`,
  reason = 'by its owner',
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: { kind: 'subscriber', id: subscriberId },
    action,
    subject: { kind: 'passkey', id: passkeyId },
    reason,
  })
}
