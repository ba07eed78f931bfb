/** Certificates in the database, and the public look-up by reference. */
import type { App } from '../platform/app.ts'
import type { Db } from '../platform/database.ts'
import { eventsOf, findCase, locateCase } from './store.ts'
import type { Seen } from './view.ts'
import { loadFacts } from './facts-store.ts'
import { pinOf } from './way-store.ts'

export type StoredCertificate = { reference: string; json: string; pdf: Buffer }

/** The certificate of a subscriber's own case, as it is downloaded. */
export async function findCertificate(
  db: Db,
  subscriberId: string,
  caseId: string,
): Promise<StoredCertificate | undefined> {
  const row = await db
    .selectFrom('closure_certificate as t')
    .innerJoin('closure_case as c', (join) =>
      join.onRef('c.subscriber_id', '=', 't.subscriber_id').onRef('c.case_id', '=', 't.case_id'),
    )
    .select(['c.reference', 't.document', 't.jws', 't.pdf'])
    .where('t.subscriber_id', '=', subscriberId)
    .where('t.case_id', '=', caseId)
    .executeTakeFirst()
  if (!row) return undefined
  return { reference: row.reference, json: certificateFile(row.document, row.jws), pdf: row.pdf }
}

/** The JSON download: a readable copy beside the signed one, which alone counts. */
export function certificateFile(certificate: unknown, jws: string): string {
  return `${JSON.stringify({ certificate, jws }, null, 2)}\n`
}

/** What the public page needs of a submitted case; a draft has no public progress. */
export async function seeByReference(
  app: App,
  reference: string,
): Promise<Pick<Seen, 'c' | 'facts' | 'events'> | undefined> {
  const place = await locateCase(app.db, { reference })
  if (!place) return undefined
  return app.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const c = await findCase(trx, place.subscriber_id, place.case_id)
      if (!c?.submittedAt) return undefined
      const facts = await loadFacts(trx, c.subscriberId, c, pinOf(c), true)
      return facts && { c, facts, events: await eventsOf(trx, c.subscriberId, c.caseId) }
    })
}
