/** Attachments in the database: written with their message, sealed, and read by their subscriber's id. */
import type { App } from '../platform/app.ts'
import { type Db, insertRows, type Trx } from '../platform/database.ts'
import { personal, personalBytes } from '../platform/personal.ts'
import type { Attachment, AttachmentType, NewAttachment } from './attachment.ts'

type MessageKey = { subscriberId: string; ticketId: string; messageId: string }

const aDayMax = 30

function placeOf(subscriberId: string, attachmentId: string, column: 'name' | 'content') {
  const field = `ticket_attachment.${column}`
  return { subscriberId, category: 'complaints', field, record: attachmentId } as const
}

/** False when somebody has sent more in a day than anybody looks at; nothing is written then. */
export async function addAttachments(
  trx: Trx,
  app: Pick<App, 'ids' | 'clock'>,
  { subscriberId, ticketId, messageId }: MessageKey,
  files: readonly NewAttachment[],
): Promise<boolean> {
  if (files.length === 0) return true
  const now = app.clock.now()
  const { sent } = await trx
    .selectFrom('ticket_attachment')
    .select((build) => build.fn.countAll<bigint>().as('sent'))
    .where('subscriber_id', '=', subscriberId)
    .where('added_at', '>', now.subtract({ hours: 24 }))
    .executeTakeFirstOrThrow()
  if (Number(sent) + files.length > aDayMax) return false
  // Listed by their ids, so these follow the order the files came in.
  const ids = files.map(() => app.ids.make('attachment')).sort()
  await insertRows(
    trx,
    'ticket_attachment',
    files.map(({ name, type, content }, at) => {
      const attachmentId = ids[at]!
      return {
        subscriber_id: subscriberId,
        attachment_id: attachmentId,
        ticket_id: ticketId,
        message_id: messageId,
        name: personal(placeOf(subscriberId, attachmentId, 'name'), name),
        type,
        bytes: content.length,
        content: personalBytes(placeOf(subscriberId, attachmentId, 'content'), content),
        added_at: now,
      }
    }),
  )
  return true
}

/** What goes with the messages of these tickets, by message; not the files themselves. */
export async function attachmentsOf(
  db: Db | Trx,
  subscriberIds: readonly string[],
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, Attachment[]>> {
  const rows = await db
    .selectFrom('ticket_attachment')
    .select(['subscriber_id', 'attachment_id', 'message_id', 'name', 'type', 'bytes'])
    .where('subscriber_id', 'in', [...subscriberIds])
    .where('ticket_id', 'in', [...ticketIds])
    .orderBy('attachment_id')
    .execute()
  const shown = rows.map((row) => ({
    messageId: row.message_id,
    attachmentId: row.attachment_id,
    name: row.name,
    type: row.type as AttachmentType,
    bytes: row.bytes,
  }))
  return Map.groupBy(shown, ({ messageId }) => messageId)
}

export type File = { name: string; type: string; content: Buffer }

export async function fileOf(
  db: Db,
  {
    subscriberId,
    ticketId,
    attachmentId,
  }: Omit<MessageKey, 'messageId'> & { attachmentId: string },
): Promise<File | undefined> {
  return db
    .selectFrom('ticket_attachment')
    .select(['subscriber_id', 'name', 'type', 'content'])
    .where('subscriber_id', '=', subscriberId)
    .where('ticket_id', '=', ticketId)
    .where('attachment_id', '=', attachmentId)
    .executeTakeFirst()
}

export type Listed = { attachmentId: string; ticketId: string; type: string }

/** All of somebody's, to take along: what there is first, each file when its turn comes. */
export async function filesOf(db: Db, subscriberId: string): Promise<Listed[]> {
  return db
    .selectFrom('ticket_attachment')
    .select(['attachment_id as attachmentId', 'ticket_id as ticketId', 'type'])
    .where('subscriber_id', '=', subscriberId)
    .orderBy('attachment_id')
    .execute()
}
