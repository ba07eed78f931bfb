/** What a subscriber wants of the download: which phone, and whether a code is asked for. Each wish is a new order. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { mayOrderAnew, orderQueue, type ProfileState } from './esim.ts'
import { codeFrom, matchingIdOf } from './iccid.ts'
import { codeSeal } from './order-store.ts'
import { sealed, sealedMatchingId } from './seal-store.ts'

export type Wish = {
  /** The only phone that may download it; null: any. */
  readonly eid: string | null
  readonly withCode: boolean
}

type Row = { iccid: string; state: ProfileState; order_attempt: number; line_state: string }

/** The code before this one leads to nothing as soon as its order has been cancelled, which the job does first. */
export async function orderAnew(
  app: App,
  { subscriberId, lineId }: { subscriberId: string; lineId: string },
  { eid, withCode }: Wish,
): Promise<Refusal | undefined> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    // The SM-DP+'s row first, as a download locks it.
    const stock = await sql<{ state: ProfileState }>`
      select s.state from profile_index i join profile_stock s on s.iccid = i.iccid
      where i.subscriber_id = ${subscriberId} and i.line_id = ${lineId} for update of s`.execute(
      trx,
    )
    const { rows } = await sql<Row>`
      select p.iccid, p.state, p.order_attempt, l.state as line_state
      from profile p join line l on l.subscriber_id = p.subscriber_id and l.line_id = p.line_id
      where p.subscriber_id = ${subscriberId} and p.line_id = ${lineId}
      order by p.iccid limit 1 for update of p`.execute(trx)
    const [profile] = rows
    if (!profile) return refuse('not-found')
    if (profile.line_state === 'closing') return refuse('line-closing')
    if (profile.line_state === 'closed') return refuse('line-closed')
    const { iccid, order_attempt: attempt } = profile
    const free = [profile, ...stock.rows].every(({ state }) => mayOrderAnew(state))
    if (!free) return refuse('profile-not-available')
    const code = withCode ? codeFrom(app.ids.random(16)) : null
    await trx
      .updateTable('profile')
      .set((column) => ({
        state: 'available',
        eid: null,
        wanted_eid: eid,
        matching_id: sealedMatchingId(app.config.masterKey, matchingIdOf(app.ids.random(16))),
        confirmation_code:
          code === null ? null : sealed(app, codeSeal({ subscriberId, iccid }), code),
        order_attempt: attempt + 1,
        version: column('version', '+', 1),
      }))
      .where('subscriber_id', '=', subscriberId)
      .where('iccid', '=', iccid)
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'profile-ordered-anew',
      subject: { kind: 'line', id: lineId },
      reason: 'asked by the subscriber',
      detail: { forOnePhone: String(eid !== null), withCode: String(withCode) },
    })
    await app.queue.send(trx, orderQueue, iccid, { subscriberId, iccid })
    return undefined
  })
}
