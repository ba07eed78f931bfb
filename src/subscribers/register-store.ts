/** Registers who acts for a subscriber, and ends that: staff who have seen the proof, with an entry of the audit trail. */
import { forgetChoices } from '../notices/store.ts'
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { personal } from '../platform/personal.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import type { Representative, RepresentativeKind } from './representative.ts'
import { representativesOf } from './representative-store.ts'
import { signOutEverywhere } from './session-store.ts'
import { lockSubscriber } from './store.ts'

export type Registration = {
  subscriberId: string
  kind: RepresentativeKind
  name: string
  email: string
  bornOn: Temporal.PlainDate | null
  evidence: string
  locale: string
}

/** After a death nobody goes on in the name of who died: every session ends. */
export async function registerRepresentative(
  app: Pick<App, 'db' | 'ids' | 'clock'>,
  staff: StaffMember,
  asked: Registration,
): Promise<Representative | Refusal> {
  const now = app.clock.now()
  const { subscriberId, kind } = asked
  return app.db.transaction().execute(async (trx) => {
    const subscriber = await lockSubscriber(trx, subscriberId)
    if (!subscriber) return refuse('not-found')
    if (subscriber.state === 'closed') return refuse('account-closed')
    if ((await representativesOf(trx, [subscriberId])).has(subscriberId))
      return refuse('representative-registered')
    const representativeId = app.ids.make('representative')
    const sealed = (field: string, text: string) =>
      personal(
        {
          subscriberId,
          category: field === 'evidence' ? 'identity' : 'contacts',
          field: `representative.${field}`,
          record: representativeId,
        },
        text,
      )
    await trx
      .insertInto('representative')
      .values({
        subscriber_id: subscriberId,
        representative_id: representativeId,
        kind,
        name: sealed('name', asked.name),
        email: sealed('email', asked.email),
        born_on: sealed('born_on', asked.bornOn?.toString() ?? ''),
        evidence: sealed('evidence', asked.evidence),
        locale: asked.locale,
        added_at: now,
        added_by: staff.staffId,
      })
      .execute()
    if (kind === 'estate') {
      await signOutEverywhere(trx, subscriberId)
      await forgetChoices(trx, subscriberId)
    }
    await record(trx, app, staff, { subscriberId, representativeId, action: 'registered', kind })
    const all = await representativesOf(trx, [subscriberId])
    return all.get(subscriberId) ?? refuse('not-found')
  })
}

/** From then on the subscriber acts alone again, or another is registered; the links of who acted until now lead nowhere. */
export async function endRepresentative(
  app: Pick<App, 'db' | 'ids' | 'clock'>,
  staff: StaffMember,
  { subscriberId, representativeId }: { subscriberId: string; representativeId: string },
): Promise<true | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const ended = await trx
      .updateTable('representative')
      .set({ ended_at: app.clock.now() })
      .where('subscriber_id', '=', subscriberId)
      .where('representative_id', '=', representativeId)
      .where('ended_at', 'is', null)
      .returning('kind')
      .executeTakeFirst()
    if (!ended) return refuse('not-found')
    const about = { subscriberId, representativeId, action: 'ended', kind: ended.kind }
    await record(trx, app, staff, about)
    return true
  })
}

async function record(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock'>,
  staff: StaffMember,
  about: { subscriberId: string; representativeId: string; action: string; kind: string },
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId: about.subscriberId,
    actor: { kind: 'staff', id: staff.staffId },
    action: `representative.${about.action}`,
    subject: { kind: 'representative', id: about.representativeId },
    reason: about.kind,
  })
}
