/** Tickets in the database: found only by their owner, or by staff through the index of ids. */
import { notify } from '../notices/store.ts'
import type { App, StaffMember } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import { personal, personalJson } from '../platform/personal.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { addresseeOf } from '../subscribers/store.ts'
import type { SubscriberId, TicketId } from '../values/ids.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { readAttachments } from './attachment.ts'
import { addAttachments, attachmentsOf, type File, fileOf } from './attachment-store.ts'
import { type Author, type Message, stateAfter, type Ticket, type TicketState } from './ticket.ts'

const ticketsMax = 100

export async function ticketsOf(db: Db, subscriberId: string): Promise<Ticket[]> {
  const rows = await db
    .selectFrom('ticket')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .orderBy('updated_at', 'desc')
    .orderBy('ticket_id', 'desc')
    .limit(ticketsMax)
    .execute()
  return withMessages(db, rows)
}

export async function ticketOf(
  db: Db | Trx,
  subscriberId: string,
  ticketId: string,
): Promise<Ticket | undefined> {
  const rows = await db
    .selectFrom('ticket')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('ticket_id', '=', ticketId)
    .execute()
  const [ticket] = await withMessages(db, rows)
  return ticket
}

type Written = { body: string; attachments: readonly { name: string; content: string }[] }

async function attach(
  trx: Trx,
  app: App,
  key: Parameters<typeof addAttachments>[2],
  files: Parameters<typeof addAttachments>[3],
): Promise<void> {
  // Thrown, so that nothing of the message stays either.
  if (!(await addAttachments(trx, app, key, files))) throw new TooMany()
}

/** More files in a day than anybody looks at. */
export class TooMany extends Error {}

export async function openTicket(
  app: App,
  subscriberId: SubscriberId,
  asked: { subject: string; context: Record<string, string> } & Written,
): Promise<Ticket | Refusal> {
  const now = app.clock.now()
  const ticketId = app.ids.make<TicketId>('ticket')
  const { subject, body, context } = asked
  const key = { subscriberId, ticketId }
  const files = readAttachments(asked.attachments)
  if (isRefusal(files)) return files
  return app.db.transaction().execute(async (trx) => {
    await trx
      .insertInto('ticket_index')
      .values({ ticket_id: ticketId, subscriber_id: subscriberId })
      .execute()
    await trx
      .insertInto('ticket')
      .values({
        subscriber_id: subscriberId,
        ticket_id: ticketId,
        subject: personal(placeOf(key, 'ticket.subject'), subject),
        context: personalJson(placeOf(key, 'ticket.context'), context),
        created_at: now,
        updated_at: now,
      })
      .execute()
    const author = { author: 'subscriber', id: subscriberId } as const
    const messageId = await addMessage(trx, app, key, author, body)
    await attach(trx, app, { ...key, messageId }, files)
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'ticket.opened',
      subject: { kind: 'ticket', id: ticketId },
      reason: /^\/[\w/-]*$/.exec(context['page'] ?? '')?.[0] ?? 'help',
    })
    return (await ticketOf(trx, subscriberId, ticketId))!
  })
}

export async function writeAsSubscriber(
  app: App,
  subscriberId: SubscriberId,
  ticketId: string,
  { body, attachments }: Written,
): Promise<Ticket | Refusal> {
  const files = readAttachments(attachments)
  if (isRefusal(files)) return files
  const key = { subscriberId, ticketId }
  return app.db.transaction().execute(async (trx) => {
    if (!(await turn(trx, app, key, 'open'))) return refuse('not-found')
    const author = { author: 'subscriber', id: subscriberId } as const
    const messageId = await addMessage(trx, app, key, author, body)
    await attach(trx, app, { ...key, messageId }, files)
    return (await ticketOf(trx, subscriberId, ticketId)) ?? refuse('not-found')
  })
}

export type StaffTicket = Ticket & { subscriberName: string }

/** A reply from staff, told to the subscriber's verified contacts. */
export async function writeAsStaff(
  app: App,
  staff: StaffMember,
  ticketId: string,
  reply: { body: string; solves: boolean },
): Promise<StaffTicket | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const place = await trx
      .selectFrom('ticket_index')
      .select('subscriber_id')
      .where('ticket_id', '=', ticketId)
      .executeTakeFirst()
    if (!place) return refuse('not-found')
    const { subscriber_id: subscriberId } = place
    const key = { subscriberId, ticketId }
    if (!(await turn(trx, app, key, stateAfter('staff', reply.solves)))) return refuse('not-found')
    const messageId = await addMessage(
      trx,
      app,
      key,
      { author: 'staff', id: staff.staffId },
      reply.body,
    )
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'staff', id: staff.staffId },
      action: 'ticket.answered',
      subject: { kind: 'ticket', id: ticketId },
      reason: reply.solves ? 'solved' : 'answered',
    })
    const ticket = await ticketOf(trx, subscriberId, ticketId)
    if (!ticket) return refuse('not-found')
    const { recipients, locale } = await addresseeOf(trx, subscriberId)
    await notify(trx, app, {
      subscriberId,
      noticeId: `ticket-answered:${messageId}`,
      recipients,
      template: 'ticket-answered',
      locale,
      params: { subject: ticket.subject, url: `${app.config.publicUrl}/help/${ticketId}` },
    })
    return { ...ticket, subscriberName: await nameOf(trx, subscriberId) }
  })
}

/** A file of any ticket, for staff. */
export async function fileForStaff(
  db: Db,
  { ticketId, attachmentId }: { ticketId: string; attachmentId: string },
): Promise<File | undefined> {
  const place = await db
    .selectFrom('ticket_index')
    .select('subscriber_id')
    .where('ticket_id', '=', ticketId)
    .executeTakeFirst()
  return place && fileOf(db, { subscriberId: place.subscriber_id, ticketId, attachmentId })
}

/** Tickets of every subscriber, those that waited longest first. */
export async function ticketQueue(
  app: App,
  asked: { state: TicketState | undefined; cursor: string | undefined; limit: number },
): Promise<{ items: StaffTicket[]; nextCursor: string | null }> {
  const [at, ticketId] = decodeCursor(asked.cursor, 2) ?? []
  let query = app.db
    .selectFrom('ticket as t')
    .innerJoin('subscriber as s', 's.subscriber_id', 't.subscriber_id')
    .selectAll('t')
    .select('s.name')
    .orderBy('t.updated_at')
    .orderBy('t.ticket_id')
    .limit(asked.limit + 1)
  if (asked.state) query = query.where('t.state', '=', asked.state)
  const after = instantOf(at)
  if (after && ticketId) {
    query = query.where((eb) =>
      eb(eb.refTuple('t.updated_at', 't.ticket_id'), '>', eb.tuple(after, ticketId)),
    )
  }
  const rows = await query.execute()
  const shown = rows.slice(0, asked.limit)
  const names = new Map(shown.map(({ ticket_id, name }) => [ticket_id, name]))
  const tickets = await withMessages(app.db, shown)
  const last = shown.at(-1)
  const more = rows.length > asked.limit && last
  return {
    items: tickets.map((ticket) => ({
      ...ticket,
      subscriberName: names.get(ticket.ticketId) ?? '',
    })),
    nextCursor: more ? encodeCursor([last.updated_at.toString(), last.ticket_id]) : null,
  }
}

type TicketKey = { subscriberId: string; ticketId: string }

function placeOf({ subscriberId, ticketId }: TicketKey, field: string, messageId?: string) {
  const record = messageId === undefined ? ticketId : `${ticketId}/${messageId}`
  return { subscriberId, category: 'complaints', field, record } as const
}

async function turn(
  trx: Trx,
  app: App,
  { subscriberId, ticketId }: TicketKey,
  state: TicketState,
): Promise<boolean> {
  const turned = await trx
    .updateTable('ticket')
    .set({ state, updated_at: app.clock.now() })
    .where('subscriber_id', '=', subscriberId)
    .where('ticket_id', '=', ticketId)
    .returning('ticket_id')
    .executeTakeFirst()
  return turned !== undefined
}

async function addMessage(
  trx: Trx,
  app: App,
  { subscriberId, ticketId }: TicketKey,
  { author, id }: { author: Author; id: string },
  body: string,
): Promise<string> {
  const messageId = app.ids.make('message')
  await trx
    .insertInto('ticket_message')
    .values({
      subscriber_id: subscriberId,
      ticket_id: ticketId,
      message_id: messageId,
      author_kind: author,
      author_id: id,
      body: personal(placeOf({ subscriberId, ticketId }, 'ticket_message.body', messageId), body),
      at: app.clock.now(),
    })
    .execute()
  return messageId
}

async function nameOf(trx: Trx, subscriberId: string): Promise<string> {
  const row = await trx
    .selectFrom('subscriber')
    .select('name')
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirst()
  return row?.name ?? ''
}

type TicketRow = {
  subscriber_id: string
  ticket_id: string
  subject: string
  state: string
  context: unknown
  created_at: Temporal.Instant
  updated_at: Temporal.Instant
}

async function withMessages(db: Db | Trx, rows: readonly TicketRow[]): Promise<Ticket[]> {
  if (rows.length === 0) return []
  const said = await db
    .selectFrom('ticket_message')
    .select(['ticket_id', 'message_id', 'author_kind', 'body', 'at'])
    .where('subscriber_id', 'in', [...new Set(rows.map(({ subscriber_id }) => subscriber_id))])
    .where(
      'ticket_id',
      'in',
      rows.map(({ ticket_id }) => ticket_id),
    )
    .orderBy('at')
    .orderBy('message_id')
    .execute()
  const files = await attachmentsOf(
    db,
    [...new Set(rows.map(({ subscriber_id }) => subscriber_id))],
    rows.map(({ ticket_id }) => ticket_id),
  )
  const byTicket = Map.groupBy(said, ({ ticket_id }) => ticket_id)
  return rows.map((row) => ({
    subscriberId: row.subscriber_id,
    ticketId: row.ticket_id,
    subject: row.subject,
    state: row.state as TicketState,
    context: row.context as Record<string, string>,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    messages: (byTicket.get(row.ticket_id) ?? []).map(
      ({ message_id, author_kind, body, at }): Message => ({
        messageId: message_id,
        author: author_kind as Author,
        body,
        attachments: files.get(message_id) ?? [],
        at,
      }),
    ),
  }))
}

function instantOf(text: string | undefined): Temporal.Instant | undefined {
  try {
    return text === undefined ? undefined : Temporal.Instant.from(text)
  } catch {
    return undefined
  }
}
