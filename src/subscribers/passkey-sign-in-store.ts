/** A passkey used to sign in: found by its key, checked, counted, and whose it is. */
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import type { SubscriberId } from '../values/ids.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { heirOf } from './contact.ts'
import { checkAnswer } from './passkey-gateway.ts'
import {
  challengeIn,
  challengeKey,
  handleOf,
  judgeChallenge,
  makeChallenge,
  placeOf,
  requestOptions,
  wasCopied,
} from './passkey.ts'
import { record, useChallenge } from './passkey-store.ts'
import type { Assertion, RequestOptions } from './passkey-wire.ts'
import { signInOf } from './session-store.ts'
import { contactsOf, lockSubscriber } from './store.ts'

export type PasskeyUse = {
  subscriberId: SubscriberId
  passkeyId: string
  /** What better-auth begins the session under. */
  alias: string
}

/** What a browser is asked for; nothing is stored, so asking costs nothing. */
export function askForAny(app: App): RequestOptions {
  const { masterKey, publicUrl } = app.config
  const random = app.ids.random(16)
  const challenge = makeChallenge(challengeKey(masterKey), 'sign-in', random, app.clock.now())
  return requestOptions(placeOf(publicUrl), challenge)
}

/** Whose account an answer opens. The subscriber is locked, so that a closed account or a removed passkey opens none. */
export async function usePasskey(app: App, assertion: Assertion): Promise<PasskeyUse | Refusal> {
  const place = placeOf(app.config.publicUrl)
  const said = challengeIn(assertion.response.clientDataJSON, 'webauthn.get', place)
  if (isRefusal(said)) return said
  const key = challengeKey(app.config.masterKey)
  const judged = judgeChallenge(key, 'sign-in', said.challenge, app.clock.now())
  if (isRefusal(judged)) return judged
  return app.db.transaction().execute(async (trx) => {
    const found = await lockPasskey(trx, assertion.id)
    if (!found) return refuse('passkey-unknown')
    const { subscriber_id: subscriberId, passkey_id: passkeyId, public_key, counter } = found
    if (assertion.response.userHandle !== handleOf(subscriberId)) return refuse('passkey-not-valid')
    const answered = await checkAnswer(assertion, place, said.challenge, public_key)
    if (!answered) return refuse('passkey-not-valid')
    if (!(await useChallenge(trx, said.challenge, judged.expiresAt))) return refuse('passkey-used')
    if (wasCopied(counter, answered.counter)) {
      await record(trx, app, subscriberId, passkeyId, 'passkey.refused', 'its counter went back')
      return refuse('passkey-copied')
    }
    const address = heirOf(await contactsOf(trx, subscriberId))
    if (!address) return refuse('passkey-unknown')
    await trx
      .updateTable('passkey')
      .set({
        counter: answered.counter,
        backed_up: answered.backedUp,
        last_used_at: app.clock.now(),
      })
      .where('subscriber_id', '=', subscriberId)
      .where('passkey_id', '=', passkeyId)
      .execute()
    await record(trx, app, subscriberId, passkeyId, 'passkey.used', 'signed in')
    const { alias } = await signInOf(trx, subscriberId, address.value)
    return { subscriberId: subscriberId as SubscriberId, passkeyId, alias }
  })
}

async function lockPasskey(trx: Trx, credentialId: string) {
  const owner = await trx
    .selectFrom('passkey_index')
    .select(['subscriber_id', 'passkey_id'])
    .where('credential_id', '=', credentialId)
    .executeTakeFirst()
  if (!owner) return undefined
  const locked = await lockSubscriber(trx, owner.subscriber_id)
  if (locked?.state !== 'active') return undefined
  return trx
    .selectFrom('passkey')
    .select(['subscriber_id', 'passkey_id', 'public_key', 'counter'])
    .where('subscriber_id', '=', owner.subscriber_id)
    .where('passkey_id', '=', owner.passkey_id)
    .executeTakeFirst()
}
