/** Subscribers as staff find them: a page of people with their contacts, lines and closures, each look recorded. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { blind } from '../platform/personal.ts'
import { representativesOf } from '../subscribers/representative-store.ts'
import { representativeShown } from '../subscribers/subscriber.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { type Query, readQuery } from './query.ts'
import type { subscriberListWire } from './wire.ts'
import type { Segment } from '../values/wire.ts'

type Page = z.input<typeof subscriberListWire>
type Person = {
  subscriber_id: string
  name: string
  country: string | null
  segment: Segment
  state: string
  created_at: Temporal.Instant
}

export async function findSubscribers(
  app: App,
  staff: StaffMember,
  asked: { query: string; cursor: string | undefined; limit: number },
): Promise<Page> {
  const { limit } = asked
  return app.db.transaction().execute(async (trx) => {
    const people = await peopleOf(
      trx,
      readQuery(asked.query),
      decodeCursor(asked.cursor, 2),
      limit + 1,
    )
    const shown = people.slice(0, limit)
    const ids = shown.map(({ subscriber_id }) => subscriber_id)
    if (ids.length === 0) return { items: [], nextCursor: null }
    const [contacts, lines, closures] = [
      await contactsOf(trx, ids),
      await linesOf(trx, ids),
      await closuresOf(trx, ids),
    ]
    const acting = await representativesOf(trx, ids)
    const actingFor = (subscriberId: string) => {
      const one = acting.get(subscriberId)
      return one ? representativeShown(one) : null
    }
    await recordLooks(trx, app, staff, ids, asked.query.trim() === '' ? 'list' : 'search')
    const last = shown.at(-1)!
    return {
      items: shown.map(({ subscriber_id, name, country, segment, state, created_at }) => ({
        subscriberId: subscriber_id,
        name,
        country,
        segment,
        state,
        since: created_at.toString(),
        contacts: contacts.get(subscriber_id) ?? [],
        lines: lines.get(subscriber_id) ?? [],
        representative: actingFor(subscriber_id),
        closures: closures.get(subscriber_id) ?? [],
      })),
      nextCursor:
        people.length > limit
          ? encodeCursor([last.created_at.toString(), last.subscriber_id])
          : null,
    }
  })
}

async function peopleOf(trx: Trx, query: Query, after: string[] | undefined, limit: number) {
  const [createdAt, subscriberId] = after ?? []
  const where = whereOf(query)
  const later =
    createdAt && subscriberId
      ? sql`and (s.created_at, s.subscriber_id) < (${createdAt}::timestamptz, ${subscriberId})`
      : sql``
  const { rows } = await sql<Person>`
    select s.subscriber_id, s.name, s.country, s.segment, s.state, s.created_at from subscriber s
    where ${where} ${later}
    order by s.created_at desc, s.subscriber_id desc limit ${limit}`.execute(trx)
  return rows
}

function whereOf(query: Query) {
  switch (query.kind) {
    case 'newest':
      return sql`true`
    case 'email':
      return sql`s.subscriber_id in (select subscriber_id from contact_index where kind = 'email' and value = ${blind('email', query.address)})`
    case 'number':
      return sql`s.subscriber_id in (
        select subscriber_id from contact_index where kind = 'phone' and value = ${blind('phone', query.number)}
        union select subscriber_id from phone_number where msisdn like ${query.prefix} and subscriber_id is not null)`
    case 'reference':
      return sql`s.subscriber_id in (select subscriber_id from closure_index where reference = ${query.reference})`
    case 'name':
      return sql`s.subscriber_id in (select subscriber_id from subscriber_word where word = any(${wordsIn(query.words)})
        group by subscriber_id having count(*) = ${query.words.length})`
  }
}

const wordsIn = (words: readonly string[]) =>
  sql`array[${sql.join(words.map((word) => blind('word', word)))}]::text[]`

async function contactsOf(trx: Trx, ids: string[]) {
  const rows = await trx
    .selectFrom('subscriber_contact')
    .select(['subscriber_id', 'kind', 'value'])
    .where('subscriber_id', 'in', ids)
    .where('removed_at', 'is', null)
    .where('value', '<>', '')
    .orderBy('added_at')
    .execute()
  return bySubscriber(rows, ({ kind, value }) => ({ kind, value }))
}

async function linesOf(trx: Trx, ids: string[]) {
  const rows = await trx
    .selectFrom('line as l')
    .innerJoin('plan_version as p', (join) =>
      join.onRef('p.plan_id', '=', 'l.plan_id').onRef('p.version', '=', 'l.plan_version'),
    )
    .select([
      'l.subscriber_id',
      'l.line_id',
      'l.nickname',
      'l.state',
      'l.suspensions',
      'l.msisdn',
      'p.document',
    ])
    .where('l.subscriber_id', 'in', ids)
    .orderBy('l.ordered_at')
    .execute()
  return bySubscriber(rows, ({ line_id, nickname, state, suspensions, msisdn, document }) => ({
    lineId: line_id,
    nickname,
    state,
    suspensions,
    msisdn,
    planName: (document as { name?: Record<string, string> }).name ?? {},
  }))
}

async function closuresOf(trx: Trx, ids: string[]) {
  const rows = await trx
    .selectFrom('closure_case')
    .select(['subscriber_id', 'case_id', 'reference', 'state'])
    .where('subscriber_id', 'in', ids)
    .where('state', '<>', 'draft')
    .orderBy('created_at', 'desc')
    .execute()
  return bySubscriber(rows, ({ case_id, reference, state }) => ({
    caseId: case_id,
    reference,
    state,
  }))
}

function bySubscriber<Row extends { subscriber_id: string }, Shown>(
  rows: Row[],
  show: (row: Row) => Shown,
) {
  const groups = new Map<string, Shown[]>()
  for (const row of rows) {
    const group = groups.get(row.subscriber_id) ?? []
    group.push(show(row))
    groups.set(row.subscriber_id, group)
  }
  return groups
}

/** One entry for each subscriber that was shown, so that each can be told who looked. */
async function recordLooks(trx: Trx, app: App, staff: StaffMember, ids: string[], reason: string) {
  const at = app.clock.now()
  const entries = ids.map((subscriberId) => ({
    subscriber_id: subscriberId,
    audit_id: app.ids.make('audit'),
    at,
    actor_kind: 'staff',
    actor_id: staff.staffId,
    action: 'subscriber.looked-up',
    subject_kind: 'subscriber',
    subject_id: subscriberId,
    reason,
  }))
  await trx.insertInto('audit_entry').values(entries).execute()
}
