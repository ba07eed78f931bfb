/** Credit that is no line's: seen by its owner, and moved to one of their lines. */
import { z } from 'zod'
import { lineShown } from '../lines/line.ts'
import { linesOf } from '../lines/store.ts'
import { lineWire } from '../lines/wire.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../platform/idempotency.ts'
import { toWire } from '../values/money.ts'
import { refuse } from '../values/refusal.ts'
import { moneyWire, problemWire } from '../values/wire.ts'
import { accountCreditOf } from './account-credit-store.ts'
import { moveCredit, ofNoLine } from './move-store.ts'

export const accountCreditWire = z
  .object({ items: z.array(moneyWire).describe('One amount for each currency') })
  .meta({ id: 'AccountCredit' })

export function registerAccountCredit(http: Http, app: App) {
  http.get(
    '/v1/credit',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Money'],
        summary: 'Your credit that is on no line, kept when one closed',
        response: { 200: accountCreditWire, '4xx': problemWire },
      },
    },
    async ({ subscriberId }) => {
      const creditOf = await accountCreditOf(app.db, [subscriberId])
      return { items: creditOf(subscriberId).map(toWire) }
    },
  )

  http.post(
    '/v1/credit/moves',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags: ['Money'],
        summary: 'Move credit that is on no line to one of your lines',
        body: z.object({ toLineId: z.string().min(1).max(60), amount: moneyWire }),
        response: { 200: lineWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId, body } = request
      const key = idempotencyKeyOf(request)!
      const no = await moveCredit(app, { subscriberId, lineId: ofNoLine, key, ...body })
      if (no) return refused(reply, no)
      const [line] = await linesOf(app.db, subscriberId, body.toLineId)
      return line ? lineShown(line) : refused(reply, refuse('not-found'))
    },
  )
}
