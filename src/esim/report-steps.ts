/** What follows from a phone's report, by whatever channel it came: service begins, or a removal is proven. */
import { activateQueue } from '../lines/line.ts'
import type { App } from '../platform/app.ts'
import { audit, type AuditEntry, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { KeyedJob } from '../platform/queue.ts'
import { isRefusal, type Refusal } from '../values/refusal.ts'
import { type DeviceEvent, type ProfileStatus, removedQueue } from './esim.ts'
import { type Profile, recordReport } from './store.ts'

export async function hearReport(
  trx: Trx,
  app: App,
  device: { eid: string; iccid: string; event: DeviceEvent; seq: number },
): Promise<Refusal | void> {
  const now = app.clock.now()
  const heard = await recordReport(trx, now, device)
  if (isRefusal(heard)) return heard
  const following = followingOf(heard.before, heard.after, heard.before, now)
  if (!following) return
  const { entry, job } = following
  await audit(trx, app.ids, now, entry)
  await app.queue.send(trx, job.queue, job.key, job.data)
}

export type Following = {
  readonly entry: AuditEntry
  readonly job: KeyedJob & { readonly queue: string }
}

/** What a report that changed a profile leads to; most lead to nothing. */
export function followingOf(
  before: ProfileStatus,
  after: ProfileStatus,
  { subscriberId, lineId, iccid }: Pick<Profile, 'subscriberId' | 'lineId' | 'iccid'>,
  now: Temporal.Instant,
): Following | undefined {
  const entry = (action: string): AuditEntry => ({
    subscriberId,
    actor: system,
    action,
    subject: { kind: 'line', id: lineId },
    reason: 'the phone reported it',
  })
  if (after.state === 'installed' && before.state !== 'installed') {
    const job = { queue: activateQueue, key: lineId, data: { subscriberId, lineId } }
    return { entry: entry('profile-installed'), job }
  }
  if (after.removal !== 'confirmed' || before.removal === 'confirmed') return undefined
  const data = { subscriberId, iccid, confirmedAt: now.toString() }
  return { entry: entry('profile-deleted'), job: { queue: removedQueue, key: iccid, data } }
}
