/** Everything about a subscriber, taken along as one file. */
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { knownLocale } from '../values/locale.ts'
import { refuse } from '../values/refusal.ts'
import { exportZip } from './export-steps.ts'
import { subscriberById } from './store.ts'

export function registerExportRoutes(http: Http, app: App) {
  http.get(
    '/v1/me/export',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['me'],
        summary:
          'All of my data as a ZIP: JSON and CSV with schemas, and a page that opens offline',
      },
    },
    async (request, reply) => {
      const { subscriberId } = request
      const subscriber = await subscriberById(app.db, subscriberId)
      if (!subscriber) return refused(reply, refuse('not-found'))
      const now = app.clock.now()
      await app.db.transaction().execute((trx) =>
        audit(trx, app.ids, now, {
          subscriberId,
          actor: { kind: 'subscriber', id: subscriberId },
          action: 'subscriber.exported',
          subject: { kind: 'subscriber', id: subscriberId },
          reason: 'asked for',
        }),
      )
      const name = `violet-data-${now.toString().slice(0, 10)}.zip`
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${name}"`)
        .header('cache-control', 'no-store')
        .send(await exportZip(app, subscriberId, knownLocale(subscriber.locale)))
    },
  )
}
