/** What a line's profile is ordered with, and how far its order has come. */
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import { isOrderable, type ProfileState } from './esim.ts'
import { openSealed } from './seal-store.ts'

export type ProfileOrder = {
  readonly subscriberId: string
  readonly lineId: string
  readonly iccid: string
  readonly profileType: string
  /** Sealed. */
  readonly sealedMatchingId: string
  readonly state: ProfileState
  readonly eid: string | null
  /** Sealed. */
  readonly sealedCode: string | null
  /** Grows with every order that follows one that came to nothing. */
  readonly attempt: number
}

export const orderKeyOf = ({ iccid, attempt }: Pick<ProfileOrder, 'iccid' | 'attempt'>): string =>
  `${iccid}:${attempt}`

export async function orderOf(
  db: Db | Trx,
  { subscriberId, iccid }: { subscriberId: string; iccid: string },
): Promise<ProfileOrder | undefined> {
  const row = await db
    .selectFrom('profile as p')
    .innerJoin('profile_stock as s', 's.iccid', 'p.iccid')
    .select([
      'p.line_id',
      'p.matching_id',
      'p.state',
      'p.wanted_eid',
      'p.confirmation_code',
      'p.order_attempt',
      's.profile_type',
    ])
    .where('p.subscriber_id', '=', subscriberId)
    .where('p.iccid', '=', iccid)
    .executeTakeFirst()
  return (
    row && {
      subscriberId,
      iccid,
      lineId: row.line_id,
      profileType: row.profile_type,
      sealedMatchingId: row.matching_id,
      state: row.state as ProfileState,
      eid: row.wanted_eid,
      sealedCode: row.confirmation_code,
      attempt: row.order_attempt,
    }
  )
}

/** The confirmation code as it is typed; null where the order has none. */
export function codeOf(
  app: Pick<App, 'config'>,
  { subscriberId, iccid, sealedCode }: Pick<ProfileOrder, 'subscriberId' | 'iccid' | 'sealedCode'>,
): string | null {
  if (sealedCode === null) return null
  return openSealed(app, codeSeal({ subscriberId, iccid }), sealedCode) as string
}

export const codeSeal = ({ subscriberId, iccid }: { subscriberId: string; iccid: string }) =>
  `${subscriberId} ${iccid} confirmation`

/** Under the profile's lock: `ended` where the profile is past ordering, or a later order counts. */
export async function recordOrder(
  trx: Trx,
  now: Temporal.Instant,
  { subscriberId, iccid, attempt }: ProfileOrder,
  { state, smdpAddress }: { state: 'confirmed' | 'released'; smdpAddress: string | null },
): Promise<'changed' | 'same' | 'ended'> {
  const row = await trx
    .selectFrom('profile')
    .select(['state', 'order_attempt'])
    .where('subscriber_id', '=', subscriberId)
    .where('iccid', '=', iccid)
    .forUpdate()
    .executeTakeFirst()
  if (!row || row.order_attempt !== attempt || row.state === 'unavailable') return 'ended'
  // A phone may have been faster than we are to record that it may.
  if (!isOrderable(row.state as ProfileState) || row.state === state) return 'same'
  await trx
    .updateTable('profile')
    .set((column) => ({
      state,
      version: column('version', '+', 1),
      ...(smdpAddress !== null && { smdp_address: smdpAddress }),
      ...(state === 'released' && { released_at: now }),
    }))
    .where('subscriber_id', '=', subscriberId)
    .where('iccid', '=', iccid)
    .execute()
  return 'changed'
}
