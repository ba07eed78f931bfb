/** Staff read the published policies. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, staffOnly } from '../platform/http.ts'
import { policyWire } from '../staff/wire.ts'
import { publishedPolicies } from './store.ts'

export function registerPolicyStaffRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/policies',
    {
      preHandler: staffOnly(app),
      schema: {
        tags: ['staff'],
        summary: 'The newest policy of every country',
        response: { 200: z.object({ items: z.array(policyWire) }) },
      },
    },
    async () => ({
      items: (await publishedPolicies(app.db)).map(
        ({ country, version, published_at, document }) => ({
          country,
          version,
          publishedAt: published_at.toString(),
          document: document as Record<string, unknown>,
        }),
      ),
    }),
  )
}
