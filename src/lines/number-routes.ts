/** The inventory of numbers for staff: how many there are, by country and type. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, staffOnly } from '../platform/http.ts'
import { countryWire, problemWire } from '../values/wire.ts'
import { numberKinds } from './number.ts'
import { numberStock } from './number-store.ts'

const count = z.int().min(0)
const stockWire = z
  .object({
    country: countryWire,
    type: z.enum(numberKinds),
    available: count,
    reserved: count.describe('Kept for an order that is not paid yet'),
    assigned: count,
    quarantined: count.describe('Kept unused after a closing, for as long as policy says'),
  })
  .meta({ id: 'NumberStock' })

export function registerNumberRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/numbers',
    {
      preHandler: staffOnly(app),
      schema: {
        tags: ['staff'],
        summary: 'How many numbers there are, by country and type',
        response: { 200: z.object({ items: z.array(stockWire) }), '4xx': problemWire },
      },
    },
    async () => {
      const stock = await numberStock(app.db)
      return { items: stock.map(({ kind, ...counts }) => ({ ...counts, type: kind })) }
    },
  )
}
