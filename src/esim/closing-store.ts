/** What closing lines do to their profiles, any number at once. */
import { sql } from 'kysely'
import { pairs, rowsParameter, type Trx } from '../platform/database.ts'
import { end, type Removal } from './esim.ts'
import { columns, profileOf } from './store.ts'

export type ProfileOf = { readonly subscriberId: string; readonly iccid: string }
/** `tooLate`: the SM-DP+ says that a phone has it already. */
export type EndingProfile = ProfileOf & { readonly tooLate?: boolean }

const those = (profiles: readonly ProfileOf[]) => sql`
  ${pairs(profiles.map(({ subscriberId, iccid }) => [subscriberId, iccid]))} as x(subscriber_id, iccid)`

/** What is known of the removal of profiles by ICCID, held still until the transaction ends. */
export async function lockRemovals(
  trx: Trx,
  profiles: readonly ProfileOf[],
): Promise<ReadonlyMap<string, Removal>> {
  const { rows } = await sql<{ iccid: string; removal: Removal }>`
    select p.iccid, p.removal from profile p
    join ${those(profiles)} on p.subscriber_id = x.subscriber_id and p.iccid = x.iccid
    order by p.iccid for update of p`.execute(trx)
  return new Map(rows.map(({ iccid, removal }) => [iccid, removal]))
}

/** Ends the profiles of closing lines; the removal it returns for each goes on the certificate. */
export async function endProfiles(
  trx: Trx,
  profiles: readonly EndingProfile[],
): Promise<ReadonlyMap<string, Removal>> {
  const late = new Set(profiles.flatMap(({ tooLate, iccid }) => (tooLate ? iccid : [])))
  // The SM-DP+'s rows first, as a download locks them.
  await sql`
    select 1 from profile_stock s join profile_index i on i.iccid = s.iccid
    join ${those(profiles)} on i.subscriber_id = x.subscriber_id and i.iccid = x.iccid
    order by s.iccid for update of s`.execute(trx)
  const { rows } = await sql<Parameters<typeof profileOf>[0]>`
    select ${sql.join(columns.map((name) => sql.ref(`p.${name}`)))} from profile p
    join ${those(profiles)} on p.subscriber_id = x.subscriber_id and p.iccid = x.iccid
    order by p.iccid for update of p`.execute(trx)
  const ended = rows.map(profileOf).map((before) => {
    // What was never ordered can't be cancelled either.
    const neverOrdered = before.state === 'available' && before.orderAttempt === 1
    return { before, after: end(before, late.has(before.iccid) && !neverOrdered) }
  })
  const changed = ended.flatMap(({ before, after }) =>
    before === after
      ? []
      : {
          subscriber_id: before.subscriberId,
          iccid: before.iccid,
          state: after.state,
          removal: after.removal,
        },
  )
  await sql`
    update profile p set state = x.state, removal = x.removal, confirmation_code = null, wanted_eid = null,
      version = p.version + 1
    from jsonb_to_recordset(${rowsParameter(changed)})
      as x(subscriber_id text, iccid text, state text, removal text)
    where p.subscriber_id = x.subscriber_id and p.iccid = x.iccid`.execute(trx)
  // Nobody downloads them any more, so nobody needs their keys, and no phone is tied to them.
  await sql`
    update profile_stock s set taken = true, eid = null, subscription = null, binding = null, last_call = null,
      last_answer = null, version = s.version + 1,
      state = case when s.state = 'installed' then s.state else 'unavailable' end
    from profile_index i join ${those(profiles)} on i.subscriber_id = x.subscriber_id and i.iccid = x.iccid
    where s.iccid = i.iccid`.execute(trx)
  return new Map(ended.map(({ before, after }) => [before.iccid, after.removal]))
}
