/** Sends notices: one job per message, tried until it leaves, under one Message-ID. */
import type { App } from '../platform/app.ts'
import type { JobData, Job } from '../platform/queue.ts'
import { knownLocale } from '../values/locale.ts'
import type { Attachment, Outbox } from './gateway.ts'
import { htmlOf, textOf } from './mail.ts'
import { messageOf, type Sender } from './message.ts'
import { messageId, type TemplateName } from './notice.ts'
import { unsealByAny } from '../platform/seal.ts'
import {
  certificateFile,
  certificateOf,
  markFailed,
  markSent,
  postpone,
  type QueuedNotice,
  queuedNotice,
  wakeDueNotices,
} from './store.ts'

const sender: Sender = {
  name: 'Violet Mobile',
  address: 'no-reply@violet.example',
  zone: 'Europe/London',
}
/** A code that can't be used any more isn't worth sending. */
const codeLifeMinutes = 10

/** Gives a document of a case in print; undefined while there is none. */
export type Print = (subscriberId: string, caseId: string) => Promise<Buffer | undefined>

export type Prints = { certificate: Print; receipt: Print }

export function noticeJobs(app: App, outbox: Outbox, print: Prints): Job[] {
  return [
    {
      queue: 'notices.send',
      run: (data) => send(app, outbox, print, data),
      gaveUp: (data, error) => giveUp(app, data, error),
    },
  ]
}

/** Gives messages that could not leave another round. */
export async function sweepNotices(app: App): Promise<void> {
  await wakeDueNotices(app)
}

async function send(app: App, outbox: Outbox, print: Prints, data: JobData): Promise<void> {
  const notice = await queuedNotice(app.db, data['subscriberId'] ?? '', data['noticeId'] ?? '')
  if (!notice) return
  const { sealed, ...params } = notice.params
  if (sealed !== undefined && isStale(app, notice))
    return markFailed(app.db, notice, 'code expired')
  const code = sealed === undefined ? undefined : openCode(app, notice, sealed)
  const message = messageOf(notice.template, knownLocale(notice.locale), params, sender, code)
  const id = messageId(notice.subscriberId, notice.rowId, sender.address.split('@')[1]!)
  const delivery =
    notice.channel === 'sms'
      ? await outbox.sms({ id: id.slice(1, -1), to: notice.recipient, text: message.sms })
      : await outbox.mail({
          from: `${sender.name} <${sender.address}>`,
          to: notice.recipient,
          messageId: id,
          subject: message.subject,
          html: htmlOf(message),
          text: textOf(message),
          language: message.locale,
          attachments: await attachmentsOf(app, print, notice),
        })
  if (delivery.outcome === 'refused') return markFailed(app.db, notice, delivery.why)
  await markSent(app.db, app.clock.now(), notice)
}

async function giveUp(app: App, data: JobData, error: string): Promise<void> {
  const notice = await queuedNotice(app.db, data['subscriberId'] ?? '', data['noticeId'] ?? '')
  if (!notice) return
  app.log.warn({ notice: notice.rowId, template: notice.template }, 'a message could not leave')
  if (isStale(app, notice) && notice.params['sealed'] !== undefined) {
    return markFailed(app.db, notice, 'code expired')
  }
  await postpone(app.db, app.clock.now(), notice, error.slice(0, 300))
}

/** The messages that carry the certificate, with what was added to it. */
const proofs: ReadonlySet<string> = new Set<TemplateName>([
  'closure-closed',
  'closure-removal-confirmed',
])

async function attachmentsOf(app: App, print: Prints, notice: QueuedNotice): Promise<Attachment[]> {
  if (!proofs.has(notice.template) || notice.caseId === null) return []
  const files = await certificateOf(app.db, notice.subscriberId, notice.caseId)
  const pdf = await print.certificate(notice.subscriberId, notice.caseId)
  // Thrown so that the message waits: a closing mail without its proof must not leave.
  if (!files || !pdf) throw new Error(`the certificate of ${notice.caseId} is not there yet`)
  const name = `violet-closure-${notice.params['reference'] ?? notice.caseId}`
  const { document, ...signed } = files
  const json = Buffer.from(certificateFile({ certificate: document, ...signed }))
  // Whoever closed the account has no page to look it up on.
  const receipt =
    notice.template === 'closure-closed'
      ? await print.receipt(notice.subscriberId, notice.caseId)
      : undefined
  const kept = receipt && {
    filename: `${name}-kept.pdf`,
    contentType: 'application/pdf',
    content: receipt,
  }
  return [
    ...(kept ? [kept] : []),
    { filename: `${name}.pdf`, contentType: 'application/pdf', content: pdf },
    { filename: `${name}.json`, contentType: 'application/json', content: json },
  ]
}

function isStale(app: App, { createdAt }: QueuedNotice): boolean {
  const deadline = createdAt.add({ minutes: codeLifeMinutes })
  return Temporal.Instant.compare(app.clock.now(), deadline) >= 0
}

function openCode(app: App, { subscriberId, rowId }: QueuedNotice, sealed: string): string {
  return unsealByAny(app.config, 'notice', `${subscriberId} ${rowId}`, sealed)
}
