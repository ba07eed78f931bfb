/** Taking numbers along after the account has ended: no sign-in, the link of the last message is the proof. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused } from '../platform/http.ts'
import { isRefusal } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { codeForLeaving, seeLeaving, stopLeaving } from './leaving-store.ts'
import { leavesUntil, portShown } from './porting.ts'
import { whyNot } from './store.ts'
import { leavingCodeWire, leavingWire } from './wire.ts'

const tags = ['Numbers']
const link = z.object({ token: z.string().max(200) })
const ofLine = link.extend({ lineId: z.string().max(60) })

export function registerLeavingRoutes(http: Http, app: App) {
  const answers = { 200: leavingWire, '4xx': problemWire }
  http.post(
    '/v1/numbers/leaving/look',
    { schema: { tags, summary: 'The numbers that a link is for', body: link, response: answers } },
    async ({ body }, reply) => {
      const seen = await shown(app, body.token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/numbers/leaving/code',
    {
      schema: {
        tags,
        summary: 'Get a code to take a number of an ended account along; a code before it is void',
        body: ofLine,
        response: { 200: leavingCodeWire, '4xx': problemWire },
      },
    },
    async ({ body: { token, lineId } }, reply) => {
      const given = await codeForLeaving(app, token, lineId)
      if (isRefusal(given)) return refused(reply, given)
      const seen = await shown(app, token)
      return isRefusal(seen) ? refused(reply, seen) : { ...seen, ...given }
    },
  )
  http.post(
    '/v1/numbers/leaving/stop',
    {
      schema: {
        tags,
        summary: 'Revoke the code, or stop the number from leaving',
        body: ofLine,
        response: answers,
      },
    },
    async ({ body: { token, lineId } }, reply) => {
      const no = await stopLeaving(app, token, lineId)
      const seen = no ?? (await shown(app, token))
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
}

async function shown(app: App, token: string) {
  const all = await seeLeaving(app, token)
  if (isRefusal(all)) return all
  const numbers = all.map(({ lineId, seen }) => {
    const { codeContacts: _, ...port } = portShown(seen, whyNot(app, seen), [])
    return { lineId, until: leavesUntil(seen)?.toString() ?? null, ...port }
  })
  return { numbers }
}
