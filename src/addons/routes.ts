/** Add-ons of a line: what is on sale for it, what runs on it, and buying one. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../platform/idempotency.ts'
import { toWire } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { fits, lackOf, whyNoAddons } from './addon.ts'
import { addonsOnSale, buyAddon, buyerOf, runningOf } from './store.ts'
import { addonsWire, buyAddonWire } from './wire.ts'

type Shown = z.output<typeof addonsWire>
type LineKey = { subscriberId: string; lineId: string }

async function shown(app: App, key: LineKey): Promise<Shown | Refusal> {
  const now = app.clock.now()
  const buyer = await buyerOf(app.db, key)
  if (!buyer) return refuse('not-found')
  const onSale = whyNoAddons(buyer) ? [] : await addonsOnSale(app.db, now)
  const running = (await runningOf(app.db, [key.subscriberId]))(key.lineId)
  return {
    credit: toWire(buyer.credit),
    offers: onSale
      .filter((addon) => fits(addon, buyer))
      .map(({ quantity, price, days, ...addon }) => {
        const missing = lackOf(price, buyer.credit)
        return {
          ...addon,
          days,
          quantity: quantity.toString(),
          price: toWire(price),
          until: now.add({ hours: 24 * days }).toString(),
          missing: missing ? toWire(missing) : null,
        }
      }),
    running: running.map(({ granted, remaining, paid, from, until, ...addon }) => ({
      ...addon,
      granted: granted.toString(),
      remaining: remaining.toString(),
      paid: toWire(paid),
      from: from.toString(),
      until: until.toString(),
    })),
  }
}

const params = z.object({ lineId: z.string().max(60) })

export function registerAddonsRoutes(http: Http, app: App) {
  http.get(
    '/v1/lines/:lineId/addons',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Plans'],
        summary: 'Add-ons for a line: on sale, and running',
        params,
        response: { 200: addonsWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const answer = await shown(app, { subscriberId, lineId: request.params.lineId })
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )

  http.post(
    '/v1/lines/:lineId/addons',
    {
      preHandler: [signedIn(app, true), withIdempotencyKey],
      schema: {
        tags: ['Plans'],
        summary: 'Buy an add-on from the line’s paid credit; it begins at once',
        params,
        body: buyAddonWire,
        response: { 200: addonsWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const key = { subscriberId: request.subscriberId, lineId: request.params.lineId }
      const no = await buyAddon(app, { ...key, ...request.body, key: idempotencyKeyOf(request)! })
      if (no) return refused(reply, no)
      const answer = await shown(app, key)
      return isRefusal(answer) ? refused(reply, answer) : answer
    },
  )
}
