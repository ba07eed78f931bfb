/** The routes of eSIMs: the subscriber's, and an interim channel of phones without an eUICC. */
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import { type Http, refused } from '../platform/http.ts'
import { operator } from '../platform/operator.ts'
import { isRefusal } from '../values/refusal.ts'
import { none, problemWire } from '../values/wire.ts'
import { registerInstallation } from './installation-routes.ts'
import { hearReport } from './report-steps.ts'
import { lockStock, saveStock } from './stock-store.ts'
import { downloadProfile, lineNameOf } from './store.ts'
import { downloadedWire, downloadWire, notificationWire } from './wire.ts'

export function registerEsimRoutes(http: Http, app: App) {
  registerInstallation(http, app)
  // Nothing on this channel is signed: whoever knows an ICCID and an EID could report a deletion.
  if (app.config.unsignedPhones === false) return
  registerDownload(http, app)
  registerNotifications(http, app)
}

function registerDownload(http: Http, app: App) {
  http.post(
    '/esim/download',
    {
      schema: {
        tags: ['Partners'],
        summary: 'A phone downloads the profile of an activation code',
        body: downloadWire,
        response: { 200: downloadedWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { eid, matchingId } = request.body
      const now = app.clock.now()
      const answer = await app.db.transaction().execute(async (trx) => {
        const profile = await downloadProfile(trx, app, matchingId, eid)
        if (isRefusal(profile)) return profile
        await audit(trx, app.ids, now, {
          subscriberId: profile.subscriberId,
          actor: system,
          action: 'profile-downloaded',
          subject: { kind: 'line', id: profile.lineId },
          reason: 'a phone used the activation code',
        })
        const line = await lineNameOf(trx, profile.subscriberId, profile.lineId)
        return { ...profile, ...line }
      })
      if (isRefusal(answer)) return refused(reply, answer)
      const { iccid, imsi, msisdn, name } = answer
      return { iccid, imsi, msisdn, name, serviceProvider: operator.name }
    },
  )
}

function registerNotifications(http: Http, app: App) {
  http.post(
    '/esim/notifications',
    {
      schema: {
        tags: ['Partners'],
        summary: 'A phone reports what became of a profile',
        body: notificationWire,
        response: { 204: none, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const answer = await app.db.transaction().execute(async (trx) => {
        const stock = await lockStock(trx, { iccid: request.body.iccid })
        const refusal = await hearReport(trx, app, request.body)
        // The word of an eUICC that nobody verified is enough on this channel.
        if (!refusal && stock?.state === 'downloaded')
          await saveStock(trx, app.clock.now(), stock, { state: 'installed' }, undefined)
        return refusal
      })
      if (answer) return refused(reply, answer)
      return reply.code(204).send(null)
    },
  )
}
