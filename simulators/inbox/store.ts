/** The messages that arrived: a repeated delivery is counted and not shown twice. */
import { createHash } from 'node:crypto'
import type { Database } from '../database.ts'
import { codeIn } from './code.ts'
import { readMail } from './mime.ts'

export const schema = `
create table if not exists message (
  id integer primary key,
  kind text not null,
  key text not null,
  recipient text not null,
  sender text not null,
  subject text not null,
  text text not null,
  html text,
  code text,
  attachments text not null,
  deliveries integer not null default 1,
  received_ms integer not null,
  read integer not null default 0,
  unique (kind, key, recipient)
) strict;
create index if not exists message_recipient on message (recipient, id);
create table if not exists attachment (
  message_key text not null,
  n integer not null,
  name text not null,
  type text not null,
  content_id text,
  content blob not null,
  primary key (message_key, n)
) strict;`

export type AttachmentInfo = { n: number; name: string; type: string; size: number }

export type MessageRow = {
  id: number
  kind: 'mail' | 'sms'
  key: string
  recipient: string
  sender: string
  subject: string
  text: string
  html: string | null
  code: string | null
  attachments: string
  deliveries: number
  received_ms: number
  read: number
}

export type Inbox = ReturnType<typeof openInbox>

type New = Pick<
  MessageRow,
  'kind' | 'key' | 'recipient' | 'sender' | 'subject' | 'text' | 'html'
> & {
  attachments: AttachmentInfo[]
}

export const openInbox = (db: Database, nowMs: () => number, changed: () => void) => ({
  ...keepers(db, nowMs, changed),
  ...finders(db),
})

function keepers(db: Database, nowMs: () => number, changed: () => void) {
  const keep = (message: New) => {
    const { attachments, ...rest } = message
    db.run(
      `insert into message (kind, key, recipient, sender, subject, text, html, code, attachments, received_ms)
       values (:kind, :key, :recipient, :sender, :subject, :text, :html, :code, :attachments, :now)
       on conflict (kind, key, recipient) do update set deliveries = deliveries + 1`,
      {
        ...rest,
        code: codeIn(rest.subject, rest.text) ?? null,
        attachments: JSON.stringify(attachments),
        now: nowMs(),
      },
    )
  }
  return {
    keepMail(raw: Buffer, recipients: readonly string[], sender: string) {
      const mail = readMail(raw)
      const key = mail.messageId ?? createHash('sha256').update(raw).digest('hex')
      const attachments = mail.attachments.map(({ name, type, content }, n) => {
        return { n, name, type, size: content.length }
      })
      const { subject, text, html = null, from } = mail
      db.transaction(() => {
        mail.attachments.forEach(({ name, type, contentId = null, content }, n) => {
          db.run(
            `insert or ignore into attachment (message_key, n, name, type, content_id, content)
             values (:key, :n, :name, :type, :contentId, :content)`,
            { key, n, name, type, contentId, content },
          )
        })
        for (const address of new Set(recipients)) {
          const recipient = address.toLowerCase()
          keep({
            kind: 'mail',
            key,
            recipient,
            sender: from || sender,
            subject,
            text,
            html,
            attachments,
          })
        }
      })
      changed()
    },
    keepSms({ id, to, text, from }: { id: string; to: string; text: string; from: string }) {
      const sms = { kind: 'sms' as const, key: id, recipient: to, sender: from, subject: '', text }
      keep({ ...sms, html: null, attachments: [] })
      changed()
      return db.get<MessageRow>(
        `select * from message where kind = 'sms' and key = :id and recipient = :to`,
        { id, to },
      )!
    },
  }
}

function finders(db: Database) {
  return {
    find: (id: number) => db.get<MessageRow>('select * from message where id = :id', { id }),
    list: ({ to = '', afterId = 0, afterMs = -1, limit = 200 }: Wanted) =>
      db.all<MessageRow>(
        `select * from message where (:to = '' or recipient = :to) and id > :afterId
           and received_ms > :afterMs order by id desc limit :limit`,
        { to: to.toLowerCase(), afterId, afterMs, limit },
      ),
    search: (text: string, limit: number) =>
      db.all<MessageRow>(
        `select * from message where recipient like :like escape '!' or subject like :like escape '!'
           or (kind = 'sms' and replace(recipient, ' ', '') like :compact escape '!')
         order by id desc limit :limit`,
        { like: likeOf(text), compact: likeOf(text.replaceAll(' ', '')), limit },
      ),
    /** An SMS is read together with its conversation. */
    markRead: ({ id, kind, recipient }: MessageRow) =>
      db.run(
        `update message set read = 1
         where read = 0 and (id = :id or (kind = 'sms' and :kind = 'sms' and recipient = :recipient))`,
        { id, kind, recipient },
      ),
    attachment: (key: string, n: number) =>
      db.get<{ name: string; type: string; content: Uint8Array }>(
        'select name, type, content from attachment where message_key = :key and n = :n',
        { key, n },
      ),
    attachmentByContentId: (key: string, contentId: string) =>
      db.get<{ n: number }>(
        'select n from attachment where message_key = :key and content_id = :contentId',
        { key, contentId },
      )?.n,
  }
}

type Wanted = { to?: string; afterId?: number; afterMs?: number; limit?: number }

const likeOf = (text: string): string => `%${text.replaceAll(/[!%_]/g, '!$&')}%`

export const attachmentsOf = (row: MessageRow): AttachmentInfo[] =>
  JSON.parse(row.attachments) as AttachmentInfo[]

export const messageWire = (row: MessageRow) => ({
  id: row.id,
  kind: row.kind,
  messageId: row.key,
  to: row.recipient,
  from: row.sender,
  subject: row.subject,
  text: row.text,
  html: row.html,
  code: row.code,
  deliveries: row.deliveries,
  receivedAt: Temporal.Instant.fromEpochMilliseconds(row.received_ms).toString(),
  attachments: attachmentsOf(row).map((one) => ({
    ...one,
    url: `/messages/${row.id}/attachments/${one.n}`,
  })),
})
