/** What better-auth doesn't keep of a code: how often one was asked for, and why a try did not sign anybody in. */
import { createHmac, hkdfSync } from 'node:crypto'
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { aliasOf } from './session-store.ts'
import { asksPerHourMax, type Realm, signInTries } from './sign-in.ts'

/** Counts that a code is asked for; refuses when the address has had too many in the hour. */
export async function countAsk(
  app: App,
  realm: Realm,
  address: string,
  perHourMax = asksPerHourMax,
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  const fresh = now.subtract({ hours: 1 })
  const { rows } = await sql<{ asked: number; window_start: Temporal.Instant }>`
    insert into sign_in_ask as a (realm, address_hash, window_start, asked)
    values (${realm}, ${addressHash(app, address)}, ${now}, 1)
    on conflict (realm, address_hash) do update set
      asked = case when a.window_start <= ${fresh} then 1 else a.asked + 1 end,
      window_start = case when a.window_start <= ${fresh} then ${now} else a.window_start end,
      used_at = null
    returning asked, window_start`.execute(app.db)
  const [row] = rows
  if (!row || row.asked <= perHourMax) return undefined
  const ms = row.window_start.add({ hours: 1 }).epochMilliseconds - now.epochMilliseconds
  const minutes = Math.max(1, Math.ceil(ms / 60_000))
  return refuse('code-too-many', { minutes: String(minutes) }, { minutes })
}

export async function countUse(app: App, realm: Realm, address: string): Promise<void> {
  await app.db
    .updateTable('sign_in_ask')
    .set({ used_at: app.clock.now() })
    .where('realm', '=', realm)
    .where('address_hash', '=', addressHash(app, address))
    .execute()
}

/** Why a code did not sign anybody in; `answer` is better-auth's error code. */
export async function whyNot(
  app: App,
  realm: Realm,
  address: string,
  answer: string,
): Promise<Refusal> {
  if (answer === 'OTP_EXPIRED') return refuse('code-expired')
  if (answer === 'TOO_MANY_ATTEMPTS') return tooMany()
  const known = await nameInRealm(app, realm, address)
  const table = realm === 'staff' ? 'staff_sign_in_verification' : 'sign_in_verification'
  const waiting = await app.db
    .selectFrom(table)
    .select('value')
    .where('identifier', '=', `sign-in-otp-${known}`)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  if (waiting) {
    const triesLeft = signInTries - Number(waiting.value.split(':').at(-1))
    if (triesLeft <= 0) return tooMany()
    return refuse('code-wrong', { triesLeft: String(triesLeft) }, { triesLeft })
  }
  const asked = await app.db
    .selectFrom('sign_in_ask')
    .select('used_at')
    .where('realm', '=', realm)
    .where('address_hash', '=', addressHash(app, address))
    .executeTakeFirst()
  return refuse(asked?.used_at ? 'code-used' : 'code-not-asked')
}

/** Staff by their address; subscribers by an alias, so that better-auth's tables hold no address of theirs. */
export async function nameInRealm(
  app: Pick<App, 'db'>,
  realm: Realm,
  address: string,
): Promise<string> {
  return realm === 'staff' ? address : aliasOf(app.db, address)
}

function tooMany(): Refusal {
  return refuse('code-too-many', { minutes: '1' }, { minutes: 1, triesLeft: 0 })
}

// Whoever asks for a code may never join, so the address itself is not kept.
function addressHash(app: Pick<App, 'config'>, address: string): string {
  const key = Buffer.from(
    hkdfSync('sha256', app.config.masterKey, '', 'violet sign-in address', 32),
  )
  return createHmac('sha256', key).update(address).digest('base64url')
}
