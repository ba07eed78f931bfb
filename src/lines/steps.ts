/** Durable work of lines: service begins once the eSIM is installed. */
import { subscriptionKeys } from '../esim/rsp-store.ts'
import { notify } from '../notices/store.ts'
import { type App, tryAgain } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Job } from '../platform/queue.ts'
import { inLanguage } from '../values/locale.ts'
import type { Network } from './gateway.ts'
import { accessJob } from './access-steps.ts'
import { accessQueue, activateQueue, type Line } from './line.ts'
import { linesOf, ownerOf, startService } from './store.ts'

export const lineQueues = [activateQueue, accessQueue]

/** After a job gave up: a network may be away for a day. */
const againAfterSeconds = 300

export function linesJobs(app: App, network: Network): Job[] {
  return [
    {
      queue: activateQueue,
      run: ({ subscriberId, lineId }) => activate(app, network, subscriberId!, lineId!),
      // Service that is paid for, or that outlived its line: no phone reports it a second time.
      async gaveUp(data, error, id) {
        const { lineId = '' } = data
        app.log.error({ lineId, error }, 'a line is not served as it should be yet')
        await tryAgain(app, activateQueue, lineId, data, { id, afterSeconds: againAfterSeconds })
      },
    },
    accessJob(app, network),
  ]
}

async function activate(app: App, network: Network, subscriberId: string, lineId: string) {
  const [line] = await linesOf(app.db, subscriberId, lineId)
  if (!line) throw new Error(`no such line: ${lineId}`)
  const { imsi, iccid, msisdn, plan } = line
  if (line.state !== 'ordered' && line.state !== 'closed') return
  const held = await network.find(imsi)
  if (line.state === 'ordered' && line.profile.state === 'installed') {
    if (held?.state !== 'active') {
      const keys = () => subscriptionKeys(app, { subscriberId, iccid })
      const subscription = { imsi, iccid, msisdn, zones: [plan.zoneId], keys }
      await network.activate(subscription, `${lineId}:activate`)
    }
    if (await begin(app, line)) return
  }
  // A closure that ended the line meanwhile found nothing to remove: what we brought back goes again.
  const [after] = await linesOf(app.db, subscriberId, lineId)
  if (after?.state === 'closed' && (held || line.state === 'ordered')) {
    await network.cancelLocation(imsi, `${lineId}:undo:location`)
    await network.delete(imsi, `${lineId}:undo`)
  }
}

async function begin(app: App, line: Line): Promise<boolean> {
  const { subscriberId, lineId, plan } = line
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const began = await startService(trx, now, { subscriberId, lineId }, plan.periodDays)
    if (!began) return false
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: system,
      action: 'line.activated',
      subject: { kind: 'line', id: lineId },
      reason: 'the eSIM was installed',
    })
    const { recipients, locale } = await ownerOf(trx, subscriberId)
    await notify(trx, app, {
      subscriberId,
      noticeId: `line-active:${lineId}`,
      recipients,
      template: 'line-active',
      locale,
      params: {
        lineName: line.nickname,
        plan: inLanguage(plan.name, locale),
        ...(line.msisdn ? { msisdn: line.msisdn } : {}),
        url: `${app.config.publicUrl}/lines/${lineId}`,
      },
    })
    return true
  })
}
