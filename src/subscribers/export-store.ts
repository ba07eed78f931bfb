/** Reads everything a subscriber owns in small batches by key, so that an export of any size fits in memory. */
import { type RawBuilder, sql } from 'kysely'
import { subscriberAccounts } from '../ledger/ledger.ts'
import type { Db } from '../platform/database.ts'
import { decimal, money } from '../values/money.ts'
import { deviceName } from './device.ts'
import { type Cell, type DatasetName, filePath, type Row } from './export.ts'

const batchRows = 500

/** The key of the last row read; a batch begins after it. */
type Key = readonly string[]
type Stored = Record<string, unknown>
type Source = {
  /** One batch after a key, ordered by it; columns named as in the dataset. */
  batch(subscriberId: string, after: Key): RawBuilder<Stored>
  keyOf(row: Stored): Key
  row(row: Stored): Row
}

export async function* rowsOf(
  db: Db,
  subscriberId: string,
  name: DatasetName,
): AsyncGenerator<Row> {
  const source = sources[name]
  let after: Key = ['', '-1']
  for (;;) {
    const { rows } = await source.batch(subscriberId, after).execute(db)
    for (const row of rows) yield source.row(row)
    const last = rows.at(-1)
    if (!last || rows.length < batchRows) return
    after = source.keyOf(last)
  }
}

function byId(id: string, select: RawBuilder<unknown>, row: (row: Stored) => Row): Source {
  return {
    batch: (subscriberId, [after = '']) =>
      sql<Stored>`${select} where t.subscriber_id = ${subscriberId} and t.${sql.ref(id)} > ${after}
        order by t.${sql.ref(id)} limit ${batchRows}`,
    keyOf: (last) => [String(last[id])],
    row,
  }
}

const agreed = sql`e.kind in ('submitted', 'agreed-again', 'authorised')
  and e.actor_kind in ('subscriber', 'representative')`

/** What was agreed to, from where each is recorded; what renews by itself, or the operator ends, nobody agreed to. */
const consents = sql`select t.* from (
  select subscriber_id, 'plan:' || line_id || ':' || lpad(term::text, 6, '0') as id, 'plan-' || cause as kind, line_id,
    null as case_id, 'subscriber' as author, jsonb_build_object('planId', plan_id, 'planVersion', plan_version,
      'steps', steps, 'quote', quote_hash) as detail, began_at as at
  from line_term where cause in ('bought', 'changed')
  union all
  select subscriber_id, 'renewal:' || line_id, 'renewal-by-card', line_id, null, 'subscriber',
    jsonb_build_object('methodId', method_id), given_at
  from payment_mandate
  union all
  select subscriber_id, 'message:' || topic || ':' || channel, 'messages', null, null, 'subscriber',
    jsonb_build_object('topic', topic, 'channel', channel, 'wanted', wanted), chosen_at
  from notice_choice
  union all
  select e.subscriber_id, 'closure:' || e.case_id || ':' || lpad(e.seq::text, 6, '0'), 'closure-' || e.kind, c.line_id,
    e.case_id, e.actor_kind, e.detail, e.at
  from closure_event e join closure_case c using (subscriber_id, case_id) where ${agreed}
  union all
  select c.subscriber_id, 'exchange:' || c.case_id || ':' || q.place || ':' || d.place, 'exchange-rate', c.line_id,
    c.case_id, a.actor_kind, d.one -> 'detail' || jsonb_build_object('from', q.one ->> 'currency'), a.at
  from closure_case c
  cross join lateral jsonb_array_elements(c.quote -> 'currencies') with ordinality as q(one, place)
  cross join lateral jsonb_array_elements(q.one -> 'destinations') with ordinality as d(one, place)
  join lateral (select e.actor_kind, e.at from closure_event e
    where e.subscriber_id = c.subscriber_id and e.case_id = c.case_id and ${agreed}
    order by e.seq desc limit 1) a on true
  where d.one ->> 'kind' = 'exchanged-into') t`

const sources: Record<DatasetName, Source> = {
  profile: byId('subscriber_id', sql`select t.* from subscriber t`, (row) =>
    cells(
      row,
      'subscriber_id',
      'name',
      'country',
      'region',
      'segment',
      'locale',
      'state',
      'created_at',
      'closed_at',
      'exported_at',
    ),
  ),
  contacts: byId('contact_id', sql`select t.* from subscriber_contact t`, (row) =>
    cells(row, 'contact_id', 'kind', 'value', 'added_at', 'verified_at', 'removed_at'),
  ),
  representatives: byId('representative_id', sql`select t.* from representative t`, (row) =>
    cells(row, 'kind', 'name', 'added_at', 'ended_at'),
  ),
  devices: {
    batch: (subscriberId, [after = '']) => sql<Stored>`
      select s.id::text as id, s.user_agent, s.ip_address, s.created_at, s.updated_at from sign_in_session s
      join sign_in_user u on u.id = s.user_id
      where u.subscriber_id = ${subscriberId} and s.id::text > ${after} order by s.id::text limit ${batchRows}`,
    keyOf: ({ id }) => [String(id)],
    row: (row) => [
      cell(row['id']),
      deviceName(cell(row['user_agent'])),
      ...cells(row, 'user_agent', 'ip_address', 'created_at', 'updated_at'),
    ],
  },
  passkeys: byId('passkey_id', sql`select t.* from passkey t`, (row) =>
    cells(row, 'passkey_id', 'name', 'backed_up', 'created_at', 'last_used_at'),
  ),
  cards: byId(
    'method_id',
    sql`
    select t.*, (select string_agg(m.line_id, ' ' order by m.line_id) from payment_mandate m
      where m.subscriber_id = t.subscriber_id and m.method_id = t.method_id) as renews from payment_method t`,
    (row) => [
      cell(row['method_id']),
      cardCell(row['instrument']),
      expiryCell(row['instrument']),
      ...cells(row, 'state', 'renews', 'saved_at', 'removed_at'),
    ],
  ),
  choices: {
    batch: (subscriberId, [topic = '', channel = '']) => sql<Stored>`
      select t.* from notice_choice t
      where t.subscriber_id = ${subscriberId} and (t.topic, t.channel) > (${topic}, ${channel})
      order by t.topic, t.channel limit ${batchRows}`,
    keyOf: ({ topic, channel }) => [String(topic), String(channel)],
    row: (row) => cells(row, 'topic', 'channel', 'wanted', 'chosen_at'),
  },
  consents: byId('id', consents, (row) =>
    cells(row, 'kind', 'line_id', 'case_id', 'author', 'detail', 'at'),
  ),
  lines: byId(
    'line_id',
    sql`
    select t.*, p.eid from line t left join profile p on p.subscriber_id = t.subscriber_id and p.iccid = t.iccid`,
    (row) =>
      cells(
        row,
        'line_id',
        'nickname',
        'state',
        'msisdn',
        'plan_id',
        'plan_version',
        'imsi',
        'iccid',
        'eid',
        'ordered_at',
        'activated_at',
        'period_start',
        'period_end',
        'closed_at',
        'close_cause',
      ),
  ),
  ports: byId(
    'port_id',
    sql`select t.* from (
      select subscriber_id, port_id, 'out' as kind, line_id, msisdn, recipient, state, reason, created_at, ended_at
      from port_out union all
      select subscriber_id, port_id, 'in', line_id, msisdn, null, state, reason, created_at, ended_at
      from port_in) t`,
    (row) =>
      cells(
        row,
        'kind',
        'line_id',
        'msisdn',
        'recipient',
        'state',
        'reason',
        'created_at',
        'ended_at',
      ),
  ),
  plans: {
    batch: (subscriberId, [line = '', term = '-1']) => sql<Stored>`
      select t.* from line_term t
      where t.subscriber_id = ${subscriberId} and (t.line_id, t.term) > (${line}, ${term}::int)
      order by t.line_id, t.term limit ${batchRows}`,
    keyOf: ({ line_id, term }) => [String(line_id), String(term)],
    row: (row) => [
      ...cells(row, 'line_id', 'term', 'cause', 'plan_id', 'plan_version', 'steps'),
      ...cells(row, 'period_start', 'period_end'),
      amountCell(row, 'paid_minor'),
      ...cells(row, 'currency', 'data_bytes', 'voice_seconds', 'sms_messages', 'began_at'),
    ],
  },
  addons: byId('bucket_id', sql`select t.* from line_addon t`, (row) => [
    ...cells(row, 'line_id', 'kind', 'quantity'),
    amountCell(row, 'paid_minor'),
    ...cells(row, 'currency', 'begins_at', 'ends_at'),
  ]),
  usage: byId('usage_id', sql`select t.* from usage_record t`, (row) => [
    ...cells(
      row,
      'usage_id',
      'line_id',
      'kind',
      'quantity',
      'started_at',
      'ended_at',
      'country',
      'from_bucket',
    ),
    amountCell(row, 'charged_minor'),
    ...cells(row, 'currency', 'outcome'),
  ]),
  statement: {
    batch: (subscriberId, [transfer = '', seq = '-1']) => sql<Stored>`
      select p.transfer_id, p.seq, t.posted_at, t.kind, p.account, nullif(p.line_id, '') as line_id, p.minor,
        p.currency, t.detail::text as detail
      from ledger_posting p
      join ledger_transfer t on t.subscriber_id = p.subscriber_id and t.transfer_id = p.transfer_id
      where p.subscriber_id = ${subscriberId} and (p.transfer_id, p.seq) > (${transfer}, ${seq}::int)
        and p.account = any(${[...subscriberAccounts]})
      order by p.transfer_id, p.seq limit ${batchRows}`,
    keyOf: ({ transfer_id, seq }) => [String(transfer_id), String(seq)],
    row: (row) => [
      ...cells(row, 'transfer_id', 'posted_at', 'kind', 'account', 'line_id'),
      amountCell(row, 'minor'),
      ...cells(row, 'currency', 'detail'),
    ],
  },
  orders: byId('order_id', sql`select t.* from payment_order t`, (row) => [
    ...cells(row, 'order_id', 'kind', 'state', 'line_id', 'plan_id'),
    amountCell(row, 'minor'),
    amountCell(row, 'refunded_minor'),
    cell(row['currency']),
    cardCell(row['instrument']),
    ...cells(row, 'failure', 'created_at', 'paid_at'),
  ]),
  refunds: byId('refund_id', sql`select t.* from refund t`, (row) => [
    ...cells(row, 'refund_id', 'order_id', 'state'),
    amountCell(row, 'minor'),
    ...cells(row, 'currency', 'failure', 'requested_at', 'ended_at'),
  ]),
  unclaimed: byId('unclaimed_id', sql`select t.* from unclaimed_money t`, (row) => [
    ...cells(row, 'reference', 'why', 'state'),
    amountCell(row, 'minor'),
    amountCell(row, 'taken_minor'),
    ...cells(row, 'currency', 'goes_to', 'due_at', 'since', 'ended_at'),
  ]),
  disputes: byId('dispute_id', sql`select t.* from payment_dispute t`, (row) => [
    ...cells(row, 'order_id', 'line_id', 'state'),
    amountCell(row, 'minor'),
    ...cells(row, 'currency', 'opened_at', 'ended_at'),
  ]),
  tickets: {
    batch: (subscriberId, [ticket = '', message = '']) => sql<Stored>`
      select m.ticket_id, m.message_id, t.subject, t.state, m.author_kind, m.body, m.at from ticket_message m
      join ticket t on t.subscriber_id = m.subscriber_id and t.ticket_id = m.ticket_id
      where m.subscriber_id = ${subscriberId} and (m.ticket_id, m.message_id) > (${ticket}, ${message})
      order by m.ticket_id, m.message_id limit ${batchRows}`,
    keyOf: ({ ticket_id, message_id }) => [String(ticket_id), String(message_id)],
    row: (row) =>
      cells(row, 'ticket_id', 'message_id', 'subject', 'state', 'author_kind', 'body', 'at'),
  },
  attachments: byId(
    'attachment_id',
    sql`select t.subscriber_id, t.attachment_id, t.ticket_id, t.message_id, t.name, t.type, t.bytes, t.added_at
      from ticket_attachment t`,
    (row) => [
      ...cells(row, 'attachment_id', 'ticket_id', 'message_id'),
      filePath({ attachmentId: String(row['attachment_id']), type: String(row['type']) }),
      ...cells(row, 'name', 'type', 'bytes', 'added_at'),
    ],
  ),
  closures: byId('case_id', sql`select t.* from closure_case t`, (row) =>
    cells(
      row,
      'case_id',
      'reference',
      'scope',
      'line_id',
      'state',
      'reason',
      'reason_text',
      'created_at',
      'submitted_at',
      'service_ended_at',
      'closed_at',
    ),
  ),
  questions: byId('question_id', sql`select t.* from closure_question t`, (row) =>
    cells(row, 'question_id', 'case_id', 'question', 'answer', 'asked_at', 'ended_at'),
  ),
  requests: byId(
    'case_id',
    sql`select t.subscriber_id, t.case_id, t.line_id, i.reference, i.scope, i.state, i.reason, i.received_at, i.ended_at
      from closure_intake_match t join closure_intake i on i.case_id = t.case_id`,
    (row) =>
      cells(
        row,
        'case_id',
        'reference',
        'scope',
        'line_id',
        'state',
        'reason',
        'received_at',
        'ended_at',
      ),
  ),
  notices: byId('notice_id', sql`select t.* from notice t`, (row) =>
    cells(
      row,
      'notice_id',
      'channel',
      'recipient',
      'template',
      'locale',
      'state',
      'created_at',
      'sent_at',
    ),
  ),
}

function cells(row: Stored, ...names: string[]): Cell[] {
  return names.map((name) => cell(row[name]))
}

function cell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (value instanceof Temporal.Instant) return value.toString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function amountCell(row: Stored, name: string): Cell {
  return decimal(money(row[name] as bigint, String(row['currency'])))
}

function cardCell(instrument: unknown): Cell {
  if (instrument === null) return null
  const { brand = '', last4 = '' } = instrument as { brand?: string; last4?: string }
  return `${brand} ${last4}`.trim()
}

function expiryCell(instrument: unknown): Cell {
  if (instrument === null) return null
  const { expMonth, expYear } = instrument as { expMonth: number; expYear: number }
  return `${expYear}-${String(expMonth).padStart(2, '0')}`
}
