/** Installing, for the subscriber: the activation code as text, links and picture, and a new one with other wishes. */
import QRCode from 'qrcode'
import { z } from 'zod'
import { installationWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { refuse } from '../values/refusal.ts'
import { none, problemWire } from '../values/wire.ts'
import { isOrderable, mayDownload } from './esim.ts'
import { installLinks } from './iccid.ts'
import { codeOf } from './order-store.ts'
import { openMatchingId } from './seal-store.ts'
import { qrText } from './sgp22/activation-code.ts'
import { type Profile, profilesOf } from './store.ts'
import { installationWishWire } from './wire.ts'
import { orderAnew } from './wish-store.ts'

const params = z.object({ lineId: z.string().max(60) })

export function registerInstallation(http: Http, app: App) {
  http.get(
    '/v1/lines/:lineId/installation',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'The activation code of a line, as text, links and QR code',
        params,
        response: { 200: installationWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const profiles = await profilesOf(app.db, request.subscriberId)
      const profile = profiles.get(request.params.lineId)
      if (!profile) return refused(reply, refuse('not-found'))
      if (isOrderable(profile.state)) return refused(reply, refuse('profile-in-preparation'))
      if (profile.state === 'error') return refused(reply, refuse('profile-download-failed'))
      if (!mayDownload(profile.state)) return refused(reply, refuse('profile-not-available'))
      return shown(app, profile)
    },
  )
  http.post(
    '/v1/lines/:lineId/installation',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Lines'],
        summary: 'Order the eSIM anew, before a phone has it: for one phone, or with a code',
        params,
        body: installationWishWire,
        response: { 202: none, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId, params: key, body } = request
      const wish = { eid: body.eid, withCode: body.confirmationCode }
      const no = await orderAnew(app, { subscriberId, lineId: key.lineId }, wish)
      return no ? refused(reply, no) : reply.code(202).send(null)
    },
  )
}

async function shown(app: App, profile: Profile) {
  const { sealedMatchingId, wantedEid: eid, state } = profile
  const matchingId = openMatchingId(app, sealedMatchingId)
  const address = profile.smdpAddress ?? new URL(app.config.publicUrl).host
  const confirmationCode = codeOf(app, profile)
  const activationCode = qrText({
    smdpAddress: address,
    matchingId,
    confirmationCodeRequired: confirmationCode !== null,
  })
  return {
    activationCode,
    manual: { address, matchingId },
    confirmationCode,
    eid,
    links: installLinks(activationCode),
    qrSvg: await QRCode.toString(activationCode, { type: 'svg', errorCorrectionLevel: 'M' }),
    state,
  }
}
