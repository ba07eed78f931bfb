/** The inventory of numbers for staff: how many there are, by country and type. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, staffOnly } from '../platform/http.ts'
import { problemWire } from '../values/wire.ts'
import { numberStock } from './number-store.ts'
import { stockWire } from './wire.ts'

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
