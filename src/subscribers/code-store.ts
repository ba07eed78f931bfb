/** One-time codes in the database: sent to a contact, tried against the newest, counted whatever the outcome. */
import type { z } from 'zod'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { asContact, type Contact, maskContact, recipientOf } from './contact.ts'
import {
  codeKey,
  codeMinutes,
  codesPerHourMax,
  codesPerHourOfSubscriberMax,
  codeTries,
  hashCode,
  judgeTry,
  minutesUntilNext,
  sixDigits,
} from './one-time-code.ts'
import { representativesOf } from './representative-store.ts'
import type { codeSentWire } from './wire.ts'

export type CodePurpose =
  | 'verify-contact'
  | 'confirm-closure'
  | 'port-number'
  | 'add-passkey'
  /** Sent to who acts for the subscriber, and to nobody else. */
  | 'authorise-closure'
export type CodeSent = z.input<typeof codeSentWire>

export type CodeRequest = {
  subscriberId: string
  purpose: CodePurpose
  /** What the code confirms: a contact's id, a closure case's id. */
  subjectId: string
  /** Left out for `authorise-closure`. */
  contactId?: string
  locale: string
  /** For the message of `confirm-closure` and `port-number`: the line; for a closure an empty or missing line name means the account. */
  lineName?: string
  reference?: string
}

/**
 * Sends a new code, which ends the one before it. Refuses with `code-too-many` after five in an hour, and with
 * `not-found` when the contact is not this subscriber's or, for a closure, not verified.
 */
export async function sendCode(
  trx: Trx,
  app: Pick<App, 'clock' | 'ids' | 'queue' | 'config'>,
  request: CodeRequest,
): Promise<CodeSent | Refusal> {
  const { subscriberId, purpose, subjectId, contactId, locale } = request
  const now = app.clock.now()
  const contact = await addresseeIn(trx, request)
  if (!contact) return refuse('not-found')
  const minutes = await minutesToWait(trx, request, now)
  if (minutes > 0) return refuse('code-too-many', { minutes: String(minutes) }, { minutes })
  const codeId = app.ids.make('code')
  const code = sixDigits(app.ids.random)
  const expiresAt = now.add({ minutes: codeMinutes })
  await trx
    .insertInto('one_time_code')
    .values({
      subscriber_id: subscriberId,
      code_id: codeId,
      purpose,
      subject_id: subjectId,
      contact_id: contactId ?? null,
      code_hash: hashCode(codeKey(app.config.masterKey), codeId, code),
      created_at: now,
      expires_at: expiresAt,
      tries_left: codeTries,
    })
    .execute()
  const maskedTo = maskContact(contact.kind, contact.value)
  const message = {
    subscriberId,
    noticeId: codeId,
    recipients: [recipientOf(contact)],
    locale,
    code,
  }
  const told = { minutes: String(codeMinutes) }
  if (purpose === 'verify-contact') {
    await notify(trx, app, {
      ...message,
      template: 'contact-code',
      params: { ...told, contact: maskedTo },
    })
  } else if (purpose === 'add-passkey') {
    await notify(trx, app, { ...message, template: 'passkey-code', params: told })
  } else if (purpose === 'port-number') {
    const params = { ...told, lineName: request.lineName ?? '' }
    await notify(trx, app, { ...message, template: 'number-code', params })
  } else {
    const { lineName = '', reference } = request
    const params = { ...told, lineName, ...(reference && { reference }) }
    await notify(trx, app, { ...message, template: 'closure-code', params })
  }
  return { channel: contact.kind, maskedTo, expiresAt: expiresAt.toString(), triesLeft: codeTries }
}

type Addressee = Pick<Contact, 'kind' | 'value'>

async function addresseeIn(
  trx: Trx,
  { subscriberId, purpose, contactId = '' }: CodeRequest,
): Promise<Addressee | undefined> {
  if (purpose === 'authorise-closure') {
    const acting = (await representativesOf(trx, [subscriberId])).get(subscriberId)
    return acting && { kind: 'email', value: acting.email }
  }
  const row = await trx
    .selectFrom('subscriber_contact')
    .select(['contact_id', 'kind', 'value', 'added_at', 'verified_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('contact_id', '=', contactId)
    .where('removed_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  const isAllowed = row && (purpose === 'verify-contact' || row.verified_at !== null)
  return isAllowed ? asContact(row) : undefined
}

/**
 * Tries a code; the right one is used up. A wrong try is counted in the caller's transaction, so a caller that is
 * refused must return the refusal and let the transaction commit: throwing would give the try back.
 */
export async function useCode(
  trx: Trx,
  app: Pick<App, 'clock' | 'config'>,
  tried: { subscriberId: string; purpose: CodePurpose; subjectId: string; code: string },
): Promise<'ok' | Refusal> {
  const { subscriberId, purpose, subjectId, code } = tried
  const now = app.clock.now()
  const newest = await trx
    .selectFrom('one_time_code')
    .select(['code_id', 'code_hash', 'expires_at', 'tries_left', 'used_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('purpose', '=', purpose)
    .where('subject_id', '=', subjectId)
    .orderBy('created_at', 'desc')
    .orderBy('code_id', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst()
  const stored = newest && {
    hash: newest.code_hash,
    expiresAt: newest.expires_at,
    triesLeft: newest.tries_left,
    usedAt: newest.used_at,
  }
  const triedHash = hashCode(codeKey(app.config.masterKey), newest?.code_id ?? '', code)
  const verdict = judgeTry(stored, triedHash, now)
  if (!newest || verdict.kind === 'not-asked') return refuse('code-not-asked')
  const update = trx
    .updateTable('one_time_code')
    .where('subscriber_id', '=', subscriberId)
    .where('code_id', '=', newest.code_id)
  switch (verdict.kind) {
    case 'ok':
      await update.set({ used_at: now }).execute()
      return 'ok'
    case 'wrong': {
      const { triesLeft } = verdict
      await update.set({ tries_left: triesLeft }).execute()
      return refuse('code-wrong', { triesLeft: String(triesLeft) }, { triesLeft })
    }
    case 'too-many': {
      await update.set({ tries_left: 0 }).execute()
      const minutes = Math.max(1, await minutesToWait(trx, tried, now))
      return refuse('code-too-many', { minutes: String(minutes) }, { minutes, triesLeft: 0 })
    }
    case 'expired':
      return refuse('code-expired')
    case 'used':
      return refuse('code-used')
  }
}

async function minutesToWait(
  trx: Trx,
  {
    subscriberId,
    purpose,
    subjectId,
  }: { subscriberId: string; purpose: CodePurpose; subjectId: string },
  now: Temporal.Instant,
): Promise<number> {
  const sent = await trx
    .selectFrom('one_time_code')
    .select(['purpose', 'subject_id', 'created_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('created_at', '>', now.subtract({ hours: 1 }))
    .execute()
  const same = sent.filter((row) => row.purpose === purpose && row.subject_id === subjectId)
  const at = (rows: typeof sent) => rows.map(({ created_at }) => created_at)
  return Math.max(
    minutesUntilNext(at(same), now, codesPerHourMax),
    minutesUntilNext(at(sent), now, codesPerHourOfSubscriberMax),
  )
}
