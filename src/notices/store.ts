/** Notices in the database: asked for once in the transaction that made them necessary, sent by a job. */
import type { App } from '../platform/app.ts'
import { sql } from 'kysely'
import { type Db, pairs, rowsParameter, type Trx } from '../platform/database.ts'
import { visitor } from '../platform/data-keys.ts'
import { personal, personalJson } from '../platform/personal.ts'
import { knownLocale } from '../values/locale.ts'
import {
  type Channel,
  nextRound,
  type NoticeRequest,
  noticeRowId,
  type Recipient,
  type TemplateName,
} from './notice.ts'
import { asChosen } from './choice-store.ts'
import { seal, sealIvBytes, sealKey } from '../platform/seal.ts'

export { forgetChoices } from './choice-store.ts'

export const noticeQueues = ['notices.send']

// Codes for people who are not subscribers yet; the row goes as soon as its message has left.
export { visitor }

type Tools = Pick<App, 'clock' | 'ids' | 'queue' | 'config'>

/** Asks for a message to each recipient. Asked again under the same id, nothing is sent again. */
export async function notify<Template extends TemplateName>(
  trx: Trx,
  app: Tools,
  request: NoticeRequest<Template>,
): Promise<void> {
  await notifyAll(trx, app, [request])
}

/** The same for any number of messages. */
export async function notifyAll<Template extends TemplateName>(
  trx: Trx,
  app: Tools,
  requests: readonly NoticeRequest<Template>[],
): Promise<void> {
  const now = app.clock.now()
  const wanted = await asChosen(trx, requests)
  const asked = wanted.flatMap((request) => rowsOf(app, request, now))
  if (asked.length === 0) return
  const { rows } = await sql<{ subscriber_id: string; notice_id: string }>`
    insert into notice (subscriber_id, notice_id, channel, recipient, template, locale, params, case_id, created_at)
    select subscriber_id, notice_id, channel, recipient, template, locale, params, case_id, created_at
    from jsonb_populate_recordset(null::notice, ${rowsParameter(asked)})
    on conflict (subscriber_id, notice_id) do nothing returning subscriber_id, notice_id`.execute(
    trx,
  )
  await enqueue(trx, app, rows)
}

function rowsOf<Template extends TemplateName>(
  app: Tools,
  request: NoticeRequest<Template>,
  now: Temporal.Instant,
) {
  const { subscriberId, noticeId, recipients, template, locale, params, caseId, code } = request
  return recipients.map((recipient) => {
    const rowId = noticeRowId(noticeId, recipient)
    const sealed =
      code === undefined ? {} : { sealed: sealCode(app, `${subscriberId} ${rowId}`, code) }
    return {
      subscriber_id: subscriberId,
      notice_id: rowId,
      channel: recipient.channel,
      recipient: personal(placeOf(subscriberId, rowId, 'recipient'), recipient.address),
      template,
      locale: knownLocale(locale),
      params: personalJson(placeOf(subscriberId, rowId, 'params'), { ...params, ...sealed }),
      case_id: caseId ?? null,
      created_at: now,
    }
  })
}

type CaseKey = { subscriberId: string; caseId: string }

/** Those of the cases of which a message of these templates still waits to leave. */
export async function casesUntold(
  trx: Trx,
  cases: readonly CaseKey[],
  templates: readonly TemplateName[],
): Promise<ReadonlySet<string>> {
  if (cases.length === 0) return new Set()
  const { rows } = await sql<{ case_id: string }>`
    select distinct n.case_id from notice n
    join ${pairs(cases.map(({ subscriberId, caseId }) => [subscriberId, caseId]))} as x(subscriber_id, case_id)
      on n.subscriber_id = x.subscriber_id and n.case_id = x.case_id
    where n.state = 'queued' and n.template = any(${[...templates]})`.execute(trx)
  return new Set(rows.map(({ case_id }) => case_id))
}

/** A sign-in code to an address that may not belong to anybody yet. */
export async function sendVisitorCode(
  app: Tools & Pick<App, 'db'>,
  asked: {
    template: 'sign-in-code' | 'staff-sign-in-code'
    recipient: Recipient
    locale: string
    minutes: number
    code: string
  },
): Promise<void> {
  await app.db.transaction().execute((trx) =>
    notify(trx, app, {
      subscriberId: visitor,
      noticeId: app.ids.make('code'),
      recipients: [asked.recipient],
      template: asked.template,
      locale: asked.locale,
      params: { minutes: String(asked.minutes) },
      code: asked.code,
    }),
  )
}

function placeOf(subscriberId: string, rowId: string, column: string) {
  return { subscriberId, category: 'contacts', field: `notice.${column}`, record: rowId } as const
}

export type QueuedNotice = {
  subscriberId: string
  rowId: string
  channel: Channel
  recipient: string
  template: TemplateName
  locale: string
  params: Record<string, string>
  caseId: string | null
  createdAt: Temporal.Instant
}

/** The notice, or undefined when it has been sent, has failed for good, or is gone. */
export async function queuedNotice(
  db: Db,
  subscriberId: string,
  rowId: string,
): Promise<QueuedNotice | undefined> {
  const row = await db
    .selectFrom('notice')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('notice_id', '=', rowId)
    .where('state', '=', 'queued')
    .executeTakeFirst()
  if (!row) return undefined
  return {
    subscriberId,
    rowId,
    channel: row.channel as Channel,
    recipient: row.recipient,
    template: row.template as TemplateName,
    locale: row.locale,
    params: row.params as Record<string, string>,
    caseId: row.case_id,
    createdAt: row.created_at,
  }
}

/** Records that the message left, and forgets what only its sending needed. */
export async function markSent(db: Db, now: Temporal.Instant, notice: QueuedNotice): Promise<void> {
  const { subscriberId, rowId, template, params } = notice
  if (subscriberId === visitor) return deleteNotice(db, subscriberId, rowId)
  const { sealed: _, ...rest } = params
  const lastWord = template === 'erased'
  await db
    .updateTable('notice')
    .set({
      state: 'sent',
      sent_at: now,
      due_at: null,
      ...(lastWord
        ? { params: {}, recipient: '' }
        : { params: personalJson(placeOf(subscriberId, rowId, 'params'), rest) }),
    })
    .where('subscriber_id', '=', subscriberId)
    .where('notice_id', '=', rowId)
    .execute()
}

/** The message can't be sent, ever: says so, and keeps no code. */
export async function markFailed(db: Db, notice: QueuedNotice, failure: string): Promise<void> {
  const { subscriberId, rowId, params } = notice
  if (subscriberId === visitor) return deleteNotice(db, subscriberId, rowId)
  const { sealed: _, ...rest } = params
  await db
    .updateTable('notice')
    .set({
      state: 'failed',
      failure,
      due_at: null,
      params: personalJson(placeOf(subscriberId, rowId, 'params'), rest),
    })
    .where('subscriber_id', '=', subscriberId)
    .where('notice_id', '=', rowId)
    .execute()
}

/** Gives a message another round of tries later, or up when it has had them all. */
export async function postpone(
  db: Db,
  now: Temporal.Instant,
  notice: QueuedNotice,
  failure: string,
): Promise<void> {
  const row = await db
    .selectFrom('notice')
    .select('rounds')
    .where('subscriber_id', '=', notice.subscriberId)
    .where('notice_id', '=', notice.rowId)
    .executeTakeFirst()
  const dueAt = nextRound(row?.rounds ?? 0, now)
  if (!row || !dueAt) return markFailed(db, notice, failure)
  await db
    .updateTable('notice')
    .set({ rounds: row.rounds + 1, due_at: dueAt, failure })
    .where('subscriber_id', '=', notice.subscriberId)
    .where('notice_id', '=', notice.rowId)
    .execute()
}

/** Begins the next round of the messages whose time has come. */
export async function wakeDueNotices(app: App, limit = 200): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const due = await trx
      .selectFrom('notice')
      .select(['subscriber_id', 'notice_id'])
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute()
    for (const { subscriber_id, notice_id } of due) {
      await trx
        .updateTable('notice')
        .set({ due_at: null })
        .where('subscriber_id', '=', subscriber_id)
        .where('notice_id', '=', notice_id)
        .execute()
    }
    await enqueue(trx, app, due)
  })
}

export type CertificateFiles = {
  document: unknown
  jws: string
  addenda: readonly Addendum[]
}
export type Addendum = { addendum: unknown; jws: string }

export async function certificateOf(
  db: Db,
  subscriberId: string,
  caseId: string,
): Promise<CertificateFiles | undefined> {
  const row = await db
    .selectFrom('closure_certificate')
    .select(['document', 'jws'])
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .executeTakeFirst()
  return row && { ...row, addenda: await addendaOf(db, subscriberId, caseId) }
}

/** What was added to a certificate after it was signed, oldest first. */
export async function addendaOf(
  db: Db,
  subscriberId: string,
  caseId: string,
): Promise<readonly Addendum[]> {
  return db
    .selectFrom('closure_addendum')
    .select(['document as addendum', 'jws'])
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .orderBy('signed_at')
    .orderBy('iccid')
    .execute()
}

/** The JSON file of a certificate: readable copies beside the signed ones, which alone count. */
export function certificateFile(file: {
  certificate: unknown
  jws: string
  addenda: readonly Addendum[]
}): string {
  const { certificate, jws, addenda } = file
  const more = addenda.length > 0 ? { addenda } : {}
  return `${JSON.stringify({ certificate, jws, ...more }, null, 2)}\n`
}

function sealCode(app: Tools, about: string, code: string): string {
  return seal(sealKey(app.config.masterKey, 'notice'), app.ids.random(sealIvBytes), about, code)
}

async function enqueue(
  trx: Trx,
  app: Tools,
  rows: readonly { subscriber_id: string; notice_id: string }[],
): Promise<void> {
  const jobs = rows.map(({ subscriber_id: subscriberId, notice_id: noticeId }) => ({
    key: `${subscriberId} ${noticeId}`,
    data: { subscriberId, noticeId },
  }))
  await app.queue.sendAll(trx, 'notices.send', jobs)
}

async function deleteNotice(db: Db, subscriberId: string, rowId: string): Promise<void> {
  await db
    .deleteFrom('notice')
    .where('subscriber_id', '=', subscriberId)
    .where('notice_id', '=', rowId)
    .execute()
}
