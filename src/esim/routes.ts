/** Installing: the subscriber's activation code, and the channel of the phone that downloads it. */
import QRCode from 'qrcode'
import { z } from 'zod'
import { installationWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { operator } from '../platform/operator.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { none, problemWire } from '../values/wire.ts'
import { mayDownload } from './esim.ts'
import { installLinks } from './iccid.ts'
import { hearReport } from './report-steps.ts'
import { qrText } from './sgp22/activation-code.ts'
import { lockStock, saveStock } from './stock-store.ts'
import { downloadProfile, lineNameOf, profilesOf } from './store.ts'
import { downloadedWire, downloadWire, notificationWire } from './wire.ts'

export function registerEsimRoutes(http: Http, app: App) {
  const host = new URL(app.config.publicUrl).host
  registerInstallation(http, app, host)
  // Nothing on this channel is signed: whoever knows an ICCID and an EID could report a deletion.
  if (app.config.unsignedPhones === false) return
  registerDownload(http, app)
  registerNotifications(http, app)
}

function registerInstallation(http: Http, app: App, host: string) {
  http.get(
    '/v1/lines/:lineId/installation',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'The activation code of a line, as text, links and QR code',
        params: z.object({ lineId: z.string().max(60) }),
        response: { 200: installationWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const profiles = await profilesOf(app.db, request.subscriberId)
      const profile = profiles.get(request.params.lineId)
      if (!profile) return refused(reply, refuse('not-found'))
      if (!mayDownload(profile.state)) return refused(reply, refuse('profile-not-available'))
      const activationCode = qrText({
        smdpAddress: host,
        matchingId: profile.matchingId,
        confirmationCodeRequired: false,
      })
      return {
        activationCode,
        manual: { address: host, matchingId: profile.matchingId },
        links: installLinks(activationCode),
        qrSvg: await QRCode.toString(activationCode, { type: 'svg', errorCorrectionLevel: 'M' }),
        state: profile.state,
      }
    },
  )
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
        const profile = await downloadProfile(trx, now, matchingId, eid)
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
