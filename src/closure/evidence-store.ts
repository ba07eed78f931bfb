/** Certificates and what was added to them, in the database, and the public look-up by reference. */
import { sql } from 'kysely'
import { type Recipient } from '../notices/notice.ts'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import { personalBytes } from '../platform/personal.ts'
import { knownLocale } from '../values/locale.ts'
import { pinOf } from './case.ts'
import type { ClosureAddendum } from './addendum.ts'
import type { ClosureCertificate } from './certificate.ts'
import { certificatePlace } from './certificate-place.ts'
import type { RetentionReceipt } from './receipt.ts'
import { certificateFile, certificateOf } from '../notices/store.ts'
import { findCase, locateCase } from './store.ts'
import { eventsOf } from './timeline-store.ts'
import type { Documents } from './steps/documents.ts'
import type { Seen } from './view.ts'
import { loadFacts } from './facts-store.ts'

export type StoredCertificate = { reference: string; json: string }

/** The certificate of a subscriber's own case, as it is downloaded. */
export async function findCertificate(
  db: Db,
  subscriberId: string,
  caseId: string,
): Promise<StoredCertificate | undefined> {
  const files = await certificateOf(db, subscriberId, caseId)
  const c = files && (await findCase(db, subscriberId, caseId))
  if (!files || !c) return undefined
  const { document: certificate, jws, addenda } = files
  return { reference: c.reference, json: certificateFile({ certificate, jws, addenda }) }
}

/** The certificate in print: typeset when somebody first asks for it, and kept. */
export async function printedCertificate(
  { db }: Pick<App, 'db'>,
  documents: Pick<Documents, 'print'>,
  subscriberId: string,
  caseId: string,
): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('closure_certificate')
    .select(['document', 'jws', 'pdf', 'locale'])
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .executeTakeFirst()
  if (!row || row.pdf) return row?.pdf ?? undefined
  const signed = { certificate: row.document as ClosureCertificate, jws: row.jws }
  const pdf = Buffer.from(await documents.print(signed, knownLocale(row.locale)))
  await db
    .updateTable('closure_certificate')
    .set({ pdf: personalBytes(certificatePlace({ subscriberId, caseId }, 'pdf'), pdf) })
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .where('pdf', 'is', null)
    .execute()
  return pdf
}

/** The retention receipt of a subscriber's own case; the same one gives the same page, whenever the same key prints it. */
export async function findReceipt(
  db: Db,
  documents: Pick<Documents, 'printReceipt'>,
  subscriberId: string,
  caseId: string,
): Promise<{ reference: string; json: string; pdf: Buffer } | undefined> {
  const row = await db
    .selectFrom('retention_receipt')
    .select(['document', 'jws', 'locale'])
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .executeTakeFirst()
  if (!row) return undefined
  const receipt = row.document as RetentionReceipt
  const signed = { receipt, jws: row.jws }
  const pdf = await documents.printReceipt(signed, knownLocale(row.locale))
  const json = `${JSON.stringify(signed, null, 2)}\n`
  return { reference: receipt.reference, json, pdf: Buffer.from(pdf) }
}

export type SignedCase = {
  readonly subscriberId: string
  readonly caseId: string
  readonly certificate: ClosureCertificate
  readonly jws: string
}

/** The ended case that closed the line of a profile, with its certificate. */
export async function signedCaseOfProfile(
  db: Db,
  subscriberId: string,
  iccid: string,
): Promise<SignedCase | undefined> {
  const { rows } = await sql<{ case_id: string; document: unknown; jws: string }>`
    select t.case_id, t.document, t.jws
    from line l
    join closure_case c on c.subscriber_id = l.subscriber_id and c.closing_lines ? l.line_id
    join closure_certificate t on t.subscriber_id = c.subscriber_id and t.case_id = c.case_id
    where l.subscriber_id = ${subscriberId} and l.iccid = ${iccid}`.execute(db)
  const [row] = rows
  if (!row) return undefined
  const certificate = row.document as ClosureCertificate
  return { subscriberId, caseId: row.case_id, certificate, jws: row.jws }
}

/** False when it was there already. */
export async function insertAddendum(
  trx: Trx,
  now: Temporal.Instant,
  { subscriberId, caseId }: SignedCase,
  { iccid, addendum, jws }: { iccid: string; addendum: ClosureAddendum; jws: string },
): Promise<boolean> {
  const inserted = await trx
    .insertInto('closure_addendum')
    .values({
      subscriber_id: subscriberId,
      case_id: caseId,
      iccid,
      document: addendum,
      jws,
      signed_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** Whom the end of a case was told, and in which language; nobody once their addresses are erased. */
export async function toldOfCase(trx: Trx, subscriberId: string, caseId: string) {
  const rows = await trx
    .selectFrom('notice')
    .select(['channel', 'recipient', 'locale'])
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .where('template', '=', 'closure-closed')
    .where('recipient', '<>', '')
    .orderBy('notice_id')
    .execute()
  const recipients = rows.map(({ channel, recipient }): Recipient => ({
    channel: channel === 'sms' ? 'sms' : 'email',
    address: recipient,
  }))
  return { recipients, locale: knownLocale(rows[0]?.locale ?? 'en') }
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
      const facts = await loadFacts(trx, c.subscriberId, c, pinOf(c, app.clock.now()), true)
      return facts && { c, facts, events: await eventsOf(trx, c.subscriberId, c.caseId) }
    })
}
