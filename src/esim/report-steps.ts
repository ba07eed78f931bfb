/** What follows from a phone's report, by whatever channel it came: service begins, or a removal is proven. */
import { activateQueue } from '../lines/line.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { isRefusal, type Refusal } from '../values/refusal.ts'
import { type DeviceEvent, removedQueue } from './esim.ts'
import { type Profile, recordReport } from './store.ts'

export async function hearReport(
  trx: Trx,
  app: App,
  device: { eid: string; iccid: string; event: DeviceEvent; seq: number },
): Promise<Refusal | void> {
  const now = app.clock.now()
  const heard = await recordReport(trx, now, device)
  if (isRefusal(heard)) return heard
  const { profile, installed, removed } = heard
  const { subscriberId, lineId, iccid } = profile
  if (installed) {
    await note(trx, app, profile, 'profile-installed', 'the phone reported it')
    await app.queue.send(trx, activateQueue, lineId, { subscriberId, lineId })
  }
  if (!removed) return
  await note(trx, app, profile, 'profile-deleted', 'the phone reported it')
  const told = { subscriberId, iccid, confirmedAt: now.toString() }
  await app.queue.send(trx, removedQueue, iccid, told)
}

async function note(trx: Trx, app: App, profile: Profile, action: string, reason: string) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId: profile.subscriberId,
    actor: system,
    action,
    subject: { kind: 'line', id: profile.lineId },
    reason,
  })
}
