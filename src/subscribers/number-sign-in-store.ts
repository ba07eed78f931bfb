/** Whether a telephone number signs anybody in just now: who reads its texts may not be who verified it. */
import { numberHeld } from '../lines/number-holder-store.ts'
import type { Db, Trx } from '../platform/database.ts'
import { blind } from '../platform/personal.ts'
import { mayNumberSignIn, type NumberOwner } from './sign-in.ts'

export async function signsIn(db: Db | Trx, number: string): Promise<boolean> {
  return mayNumberSignIn(await numberHeld(db, number), await ownerOf(db, number))
}

async function ownerOf(db: Db | Trx, number: string): Promise<NumberOwner | undefined> {
  const rows = await db
    .selectFrom('contact_index as i')
    .innerJoin('subscriber_contact as c', 'c.subscriber_id', 'i.subscriber_id')
    .select(['c.subscriber_id as subscriberId', 'c.verified_at as verifiedAt', 'c.value'])
    .where('i.kind', '=', 'phone')
    .where('i.value', '=', blind('phone', number))
    .where('c.kind', '=', 'phone')
    .where('c.removed_at', 'is', null)
    .execute()
  return rows.find(({ value }) => value === number)
}
