/** Seals what a version before data keys left readable: a batch a transaction, resumed where it stopped, done once. */
import { sql } from 'kysely'
import { type Db, rowsParameter, type Trx } from '../platform/database.ts'
import { makePlatformKeys } from '../platform/key-life.ts'
import {
  blind,
  type personal,
  personalBytes,
  personalJson,
  personalOrGone,
} from '../platform/personal.ts'
import type { MasterKeys } from '../platform/vault.ts'
import { deviceFields } from '../subscribers/session-store.ts'
import { aliasOfBlind, indexName } from '../subscribers/store.ts'
import { type SealedColumn, sealedColumns } from '../values/closing.ts'
import { closings } from './leftovers-store.ts'

const batchRows = 500
const taskName = 'seal-personal-fields'
const wordsTask = 'seal-words-of-staff'
/** What migration 060 parted from the program's sentences, and what other operators wrote. */
const wordsOfStaff = [
  'audit_entry.note',
  'closure_case.decision_note',
  'closure_case.hold_note',
  'legal_hold.basis',
  'legal_hold.release_reason',
  'port_in.reason',
  'port_out.reason',
]

type Step = (trx: Trx) => Promise<number>

/** Everything that makes an older database one whose personal fields are sealed. Done, it is one look-up. */
export async function sealExisting(db: Db, masters: MasterKeys): Promise<void> {
  await makePlatformKeys(db, masters)
  await once(db, taskName, async () => {
    for (const step of [indexContacts, nameSignIns, indexNames, sealSessions])
      await repeat(db, step)
    for (const [table, column] of sealedFields()) await sealColumn(db, table, column)
  })
  await once(db, wordsTask, async () => {
    for (const [table, column] of sealedFields())
      if (wordsOfStaff.includes(`${table}.${column.column}`)) await sealColumn(db, table, column)
  })
}

async function once(db: Db, name: string, task: () => Promise<void>): Promise<void> {
  const done = await db
    .selectFrom('upgrade_done')
    .select('name')
    .where('name', '=', name)
    .executeTakeFirst()
  if (done) return
  await task()
  await db
    .insertInto('upgrade_done')
    .values({ name })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

async function repeat(db: Db, step: Step): Promise<void> {
  for (;;) if ((await db.transaction().execute(step)) < batchRows) return
}

/** Every sealed column but the sessions', whose rows name no subscriber. */
function sealedFields(): [string, SealedColumn][] {
  return Object.values(closings).flatMap(({ leftovers }) =>
    Object.entries(leftovers).flatMap(([table, claim]) =>
      claim === 'nobody' || claim.through !== undefined
        ? []
        : sealedColumns(claim).map((column): [string, SealedColumn] => [table, column]),
    ),
  )
}

const indexContacts: Step = async (trx) => {
  const { rows } = await sql<{ kind: 'email' | 'phone'; value: string }>`
    select kind, value from contact_index where value ~ '^[+]|@' limit ${batchRows} for update`.execute(
    trx,
  )
  for (const { kind, value } of rows) {
    await trx
      .updateTable('contact_index')
      .set({ value: blind(kind, value) })
      .where('kind', '=', kind)
      .where('value', '=', value)
      .execute()
  }
  return rows.length
}

/** Codes on their way to an address are asked for again. */
const nameSignIns: Step = async (trx) => {
  await sql`delete from sign_in_verification where identifier not like '%@sign-in.invalid'`.execute(
    trx,
  )
  const { rows } = await sql<{ id: string; email: string }>`
    select id, email from sign_in_user where email not like '%@sign-in.invalid' limit ${batchRows} for update`.execute(
    trx,
  )
  for (const { id, email } of rows) {
    const { rows: found } = await sql<{ blinded: string }>`
      select ${blind('email', email)} as blinded`.execute(trx)
    await trx
      .updateTable('sign_in_user')
      .set({ email: aliasOfBlind(found[0]!.blinded) })
      .where('id', '=', id)
      .execute()
  }
  return rows.length
}

const indexNames: Step = async (trx) => {
  const { rows } = await sql<{ subscriber_id: string; name: string }>`
    select s.subscriber_id, s.name from subscriber s
    where s.name ~ '[^[:space:],;.''’"()-]' and s.state = 'active'
      and not exists (select from subscriber_word w where w.subscriber_id = s.subscriber_id)
    limit ${batchRows} for update`.execute(trx)
  for (const { subscriber_id, name } of rows) await indexName(trx, subscriber_id, name)
  return rows.length
}

const sealSessions: Step = async (trx) => {
  const { rows } = await sql<
    Record<'id' | 'subscriber_id', string> & Record<'ip' | 'agent', string | null>
  >`
    select s.id::text as id, u.subscriber_id, s.ip_address as ip, s.user_agent as agent
    from sign_in_session s join sign_in_user u on u.id = s.user_id
    where u.subscriber_id is not null
      and (s.user_agent not like 'sealed:%' or s.ip_address not like 'sealed:%') limit ${batchRows}
    for update of s`.execute(trx)
  for (const { id, subscriber_id, ip, agent } of rows) {
    await trx
      .updateTable('sign_in_session')
      .set(deviceFields(subscriber_id, id, { userAgent: agent, ip: ip === '' ? null : ip }))
      .where('id', '=', id)
      .execute()
  }
  return rows.length
}

type Kind = 'text' | 'jsonb' | 'bytea'

async function sealColumn(db: Db, table: string, { column, category }: SealedColumn) {
  const { rows: keys } = await sql<{ name: string }>`
    select a.attname as name from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indrelid = ${table}::regclass and i.indisprimary
    order by array_position(i.indkey::int2[], a.attnum)`.execute(db)
  const { rows: types } = await sql<{ kind: Kind }>`
    select data_type as kind from information_schema.columns
    where table_schema = 'public' and table_name = ${table} and column_name = ${column}`.execute(db)
  const names = keys.map(({ name }) => name)
  const kind = types[0]!.kind
  await repeat(db, async (trx) => {
    const rows = await readable(trx, table, column, kind, names)
    const sealed = rows.map((row) => {
      const [subscriberId = '', ...record] = names.map((name) => String(row[name]))
      const place = {
        subscriberId,
        category,
        field: `${table}.${column}`,
        record: record.join('/'),
      }
      return { ...row, sealed: sealAs(kind, place, row['value']), value: null }
    })
    const key = sql.join(
      names.map((name) => sql`t.${sql.ref(name)}::text = x.${sql.ref(name)}`),
      sql` and `,
    )
    const shape = sql.join([
      ...names.map((name) => sql`${sql.ref(name)} text`),
      sql`sealed ${sql.raw(kind)}`,
    ])
    await sql`
      update ${sql.table(table)} t set ${sql.ref(column)} = x.sealed
      from jsonb_to_recordset(${rowsParameter(sealed)}) as x(${shape}) where ${key}`.execute(trx)
    return rows.length
  })
}

/** Rows whose field is not sealed yet and holds anything. */
async function readable(trx: Trx, table: string, column: string, kind: Kind, names: string[]) {
  const field = sql.ref(column)
  const open = {
    text: sql`${field} <> '' and ${field} not like 'sealed:%'`,
    jsonb: sql`${field} not in ('{}', 'null') and (jsonb_typeof(${field}) <> 'string')`,
    bytea: sql`substring(${field} from 1 for 7) <> 'sealed:'::bytea`,
  }[kind]
  const columns = sql.join(names.map((name) => sql.ref(name)))
  const { rows } = await sql<Record<string, unknown>>`
    select ${columns}, ${field} as value from ${sql.table(table)} where ${open}
    limit ${batchRows} for update`.execute(trx)
  return rows
}

function sealAs(kind: Kind, place: Parameters<typeof personal>[0], value: unknown) {
  if (kind === 'jsonb') return personalJson(place, value)
  if (kind === 'bytea') return personalBytes(place, value as Buffer)
  // Of somebody who was erased meanwhile, nothing is kept.
  return personalOrGone(place, String(value))
}
