/** A coupon used on a line. */
import { z } from 'zod'
import { lineShown } from '../lines/line.ts'
import { linesOf } from '../lines/store.ts'
import { lineWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { useCoupon } from './coupon-store.ts'

export function registerCoupons(http: Http, app: App) {
  http.post(
    '/v1/lines/:lineId/coupons',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['Money'],
        summary: 'Use a coupon: promotional credit for a line, once for each coupon',
        params: z.object({ lineId: z.string().max(60) }),
        body: z.object({ code: z.string().trim().min(1).max(60) }),
        response: { 200: lineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const { lineId } = request.params
      const no = await useCoupon(app, { subscriberId, lineId, typed: request.body.code })
      if (no) return refused(reply, no)
      const [line] = await linesOf(app.db, subscriberId, lineId)
      return line ? lineShown(line) : refused(reply, refuse('not-found'))
    },
  )
}
