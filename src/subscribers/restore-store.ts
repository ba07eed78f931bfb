/** Puts back how a subscriber was reached before somebody else changed it. */
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { blind } from '../platform/personal.ts'
import type { ContactKind } from './contact.ts'
import { forgetPasskeys, retireSignInAddress, signOutEverywhere } from './session-store.ts'
import { lockSubscriber } from './store.ts'

/**
 * Contacts and passkeys that came since a moment go, verified contacts that went since then come back unless somebody
 * else has them by now, and every session ends. The oldest contact stays whatever its date: on an account that is younger
 * itself it is its owner's.
 */
export async function restoreContacts(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock'>,
  subscriberId: string,
  since: Temporal.Instant,
): Promise<void> {
  await lockSubscriber(trx, subscriberId)
  const back = await bringBack(trx, subscriberId, since)
  const left = await trx
    .selectFrom('subscriber_contact')
    .select(['contact_id', 'kind', 'value', 'added_at'])
    .where('subscriber_id', '=', subscriberId)
    .where('removed_at', 'is', null)
    .where('verified_at', 'is not', null)
    .orderBy('added_at')
    .orderBy('contact_id')
    .execute()
  const old = left.filter(({ added_at: at }) => Temporal.Instant.compare(at, since) < 0)
  const heir = old.find(({ kind }) => kind === 'email') ?? old[0] ?? left[0]
  if (heir) await dropNew(trx, app, subscriberId, since, heir)
  const passkeys = await forgetPasskeys(trx, subscriberId, since)
  await signOutEverywhere(trx, subscriberId)
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: system,
    action: 'contacts.restored',
    subject: { kind: 'subscriber', id: subscriberId },
    reason: 'a closure was frozen',
    detail: { back: String(back), passkeysGone: String(passkeys.length) },
  })
}

async function bringBack(trx: Trx, subscriberId: string, since: Temporal.Instant): Promise<number> {
  const gone = await trx
    .selectFrom('subscriber_contact')
    .select(['contact_id', 'kind', 'value'])
    .where('subscriber_id', '=', subscriberId)
    .where('removed_at', '>=', since)
    .where('verified_at', 'is not', null)
    .execute()
  let back = 0
  for (const { contact_id, kind, value } of gone) {
    const claimed = await trx
      .insertInto('contact_index')
      .values({ kind, value: blind(kind as ContactKind, value), subscriber_id: subscriberId })
      .onConflict((conflict) => conflict.columns(['kind', 'value']).doNothing())
      .returning('subscriber_id')
      .executeTakeFirst()
    if (!claimed) continue
    back += 1
    await trx
      .updateTable('subscriber_contact')
      .set({ removed_at: null })
      .where('subscriber_id', '=', subscriberId)
      .where('contact_id', '=', contact_id)
      .execute()
  }
  return back
}

async function dropNew(
  trx: Trx,
  { clock }: Pick<App, 'clock'>,
  subscriberId: string,
  since: Temporal.Instant,
  heir: { contact_id: string; value: string },
) {
  const dropped = await trx
    .updateTable('subscriber_contact')
    .set({ removed_at: clock.now() })
    .where('subscriber_id', '=', subscriberId)
    .where('removed_at', 'is', null)
    .where('added_at', '>=', since)
    .where('contact_id', '<>', heir.contact_id)
    .returning(['kind', 'value'])
    .execute()
  for (const { kind, value } of dropped as { kind: ContactKind; value: string }[]) {
    await trx
      .deleteFrom('contact_index')
      .where('kind', '=', kind)
      .where('value', '=', blind(kind, value))
      .where('subscriber_id', '=', subscriberId)
      .execute()
    await retireSignInAddress(trx, subscriberId, value, heir.value)
  }
}
