/** Ends what a line holds on our side: its download, its service, its number. */
import { endProfile } from '../../esim/store.ts'
import { closeLine, quarantineNumber } from '../../lines/store.ts'
import { audit, system } from '../../platform/audit.ts'
import { after } from '../../policy/policy.ts'
import { endRenewal } from '../../renewals/setting-store.ts'
import { endSessions } from '../../usage/nchf/closing-store.ts'
import type { InsideStep, StepContext } from './step.ts'

export const stopDownload: InsideStep = {
  kind: 'inside',

  async record(trx, context) {
    const { app, c, now } = context
    const line = lineOf(context)
    const removal = await endProfile(trx, now, { subscriberId: c.subscriberId, iccid: line.iccid })
    await audit(trx, app.ids, now, {
      subscriberId: c.subscriberId,
      actor: system,
      action: 'profile.ended',
      subject: { kind: 'line', id: line.lineId },
      reason: `closure ${c.reference}`,
      detail: { removal },
    })
    return { outcome: { removal } }
  },
}

export const closeLineStep: InsideStep = {
  kind: 'inside',

  async record(trx, context) {
    const { app, c, now, policy } = context
    const { lineId, msisdn } = lineOf(context)
    const sessionsEnded = await endSessions(trx, { subscriberId: c.subscriberId, lineId })
    const renewal = await endRenewal(trx, { subscriberId: c.subscriberId, lineId })
    await closeLine(trx, now, { subscriberId: c.subscriberId, lineId, cause: 'closure' })
    await audit(trx, app.ids, now, {
      subscriberId: c.subscriberId,
      actor: system,
      action: 'line.closed',
      subject: { kind: 'line', id: lineId },
      reason: `closure ${c.reference}`,
      detail: { sessionsEnded: String(sessionsEnded), renewalEnded: String(renewal.wasOn) },
    })
    if (!msisdn) return {}
    const until = after(now, policy.rules.quarantineMin.value, policy.timeZone)
    await quarantineNumber(trx, now, { subscriberId: c.subscriberId, lineId, until })
    return {
      outcome: { numberUntil: until.toString() },
      events: [{ kind: 'number-kept', detail: { until: until.toString() } }],
    }
  },
}

function lineOf({ facts, subject }: StepContext) {
  const line = facts.lines.find(({ lineId }) => lineId === subject)
  if (!line) throw new Error(`step names a line that is not closing: ${subject}`)
  return line
}
