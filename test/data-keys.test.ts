/** Personal fields in the database: sealed for their owner, opened on the way back, gone with their key. */
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sealExisting } from '../src/closure/sealing-store.ts'
import { type Db, insertRows, openDatabase, openPool } from '../src/platform/database.ts'
import { destroyKeys, rotateKeys } from '../src/platform/key-life.ts'
import { personal, personalBytes, personalJson } from '../src/platform/personal.ts'
import { contactsOf, contactValue } from '../src/subscribers/store.ts'
import { testDatabase, testKeys } from './database.ts'
import { keyCategories } from '../src/platform/vault.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
let plain: Db
beforeAll(async () => {
  database = await testDatabase()
  plain = openDatabase(openPool(database.url, 2))
})
afterAll(async () => {
  await plain.destroy()
  await database.drop()
})

const now = Temporal.Instant.from('2026-11-26T00:00:00Z')
let made = 0
let who = ''
beforeEach(async () => {
  who = `sub_${++made}`
  await insertPerson(database.db, who)
})

async function insertPerson(db: Db, subscriberId: string) {
  await db
    .insertInto('subscriber')
    .values({ subscriber_id: subscriberId, created_at: now })
    .execute()
}

async function addContact(db: Db, contactId: string, value: string, subscriberId = who) {
  await db
    .insertInto('subscriber_contact')
    .values({
      subscriber_id: subscriberId,
      contact_id: contactId,
      kind: 'email',
      value: contactValue(subscriberId, contactId, value),
      added_at: now,
    })
    .execute()
}

const stored = async () =>
  (
    await plain
      .selectFrom('subscriber_contact')
      .select(['contact_id', 'value'])
      .where('subscriber_id', '=', who)
      .orderBy('contact_id')
      .execute()
  ).map(({ value }) => value)
const read = async (db: Db = database.db) => (await contactsOf(db, who)).map(({ value }) => value)

test('the table holds no readable address; whoever has the master key reads as if nothing were', async () => {
  await addContact(database.db, 'contact_1', 'lin@example.com')
  expect(await read()).toEqual(['lin@example.com'])
  const [text] = await stored()
  expect(text).toMatch(
    new RegExp(`^sealed:1t:${who}:contacts:subscriber_contact[.]value:contact_1:[A-Za-z0-9_-]+$`),
  )
  expect(
    await plain
      .selectFrom('subscriber_key')
      .select('category')
      .where('subscriber_id', '=', who)
      .execute(),
  ).toHaveLength(keyCategories.length)
  await expect(addContact(plain, 'contact_2', 'x@example.com')).rejects.toThrow(/master keys only/)
})

test('json, bytes and whole sets of rows are sealed and opened alike', async () => {
  const place = (field: string, record: string) =>
    ({ subscriberId: who, category: 'contacts', field, record }) as const
  const row = (n: number) => ({
    subscriber_id: who,
    ticket_id: `ticket_${n}`,
    subject: personal(place('ticket.subject', `ticket_${n}`), `My number ${n}`),
    context: personalJson(place('ticket.context', `ticket_${n}`), { page: '/x', n: String(n) }),
    created_at: now,
    updated_at: now,
  })
  await database.db.transaction().execute((trx) => insertRows(trx, 'ticket', [row(1), row(2)]))
  await database.db.insertInto('ticket').values(row(3)).execute()
  const rows = await database.db
    .selectFrom('ticket')
    .selectAll()
    .where('subscriber_id', '=', who)
    .orderBy('ticket_id')
    .execute()
  expect(rows.map(({ subject, context }) => [subject, context])).toEqual(
    [1, 2, 3].map((n) => [`My number ${n}`, { page: '/x', n: String(n) }]),
  )
  const raw = await sql<{
    all: string
  }>`select ticket::text as all from ticket where subscriber_id = ${who}`.execute(plain)
  for (const { all } of raw.rows) expect(all).not.toMatch(/My number|page/)
  const bytes = Buffer.from([0, 1, 2, 255])
  const { rows: back } = await sql<{ pdf: Buffer }>`
    select ${personalBytes(place('closure_certificate.pdf', 'case_1'), bytes)} as pdf`.execute(
    database.db,
  )
  expect(back[0]!.pdf).toEqual(bytes)
})

test('a field copied into another person’s record, or another record, is not shown', async () => {
  await addContact(database.db, 'contact_1', 'lin@example.com')
  const [text] = await stored()
  const other = `${who}_other`
  await insertPerson(database.db, other)
  const put = (subscriberId: string, contactId: string) =>
    plain
      .insertInto('subscriber_contact')
      .values({
        subscriber_id: subscriberId,
        contact_id: contactId,
        kind: 'email',
        value: text!,
        added_at: now,
      })
      .execute()
  await put(other, 'contact_1')
  await expect(
    database.db
      .selectFrom('subscriber_contact')
      .selectAll()
      .where('subscriber_id', '=', other)
      .execute(),
  ).rejects.toThrow(/sealed for sub_/)
  await put(who, 'contact_9')
  await expect(read()).rejects.toThrow(/contact_9 holds what was sealed for contact_1/)
})

test('a destroyed key takes its fields along, also out of a backup; nothing is added any more', async () => {
  await addContact(database.db, 'contact_1', 'lin@example.com')
  await sql`create table backup as select * from subscriber_contact where subscriber_id = ${who}`.execute(
    plain,
  )
  await database.db.transaction().execute((trx) => destroyKeys(trx, [who], 'contacts', now))
  expect(await read()).toEqual([''])
  await sql`delete from subscriber_contact where subscriber_id = ${who}`.execute(plain)
  await sql`insert into subscriber_contact select * from backup`.execute(plain)
  await sql`drop table backup`.execute(plain)
  expect(await stored()).not.toEqual([''])
  expect(await read()).toEqual([''])
  await expect(addContact(database.db, 'contact_2', 'x@example.com')).rejects.toThrow(/were erased/)
  await expect(
    sql`update subscriber_key set wrapped = 'x', master_id = 'y', destroyed_at = null
      where subscriber_id = ${who} and category = 'contacts'`.execute(plain),
  ).rejects.toThrow(/never comes back/)
})

test('two who seal first at once use one key; a rolled back transaction leaves none', async () => {
  const undone = database.db.transaction().execute(async (trx) => {
    await addContact(trx, 'contact_0', 'undone@example.com')
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  expect(
    await plain.selectFrom('subscriber_key').selectAll().where('subscriber_id', '=', who).execute(),
  ).toEqual([])
  await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      addContact(database.db, `contact_${n}`, `a${n}@example.com`),
    ),
  )
  expect((await read()).sort()).toEqual(Array.from({ length: 6 }, (_, n) => `a${n}@example.com`))
})

test('another master key wraps all keys anew, goes on where it stopped, and then works alone', async () => {
  await addContact(database.db, 'contact_1', 'lin@example.com')
  const next = { masterKey: Buffer.alloc(32, 5) }
  const both = openDatabase(openPool(database.url, 2), {
    ...next,
    formerMasterKeys: [testKeys.masterKey],
  })
  const alone = openDatabase(openPool(database.url, 2), next)
  try {
    await expect(read(alone)).rejects.toThrow(
      /sealed by the master key [0-9a-f]{16}: set it as VIOLET_MASTER_KEY/,
    )
    expect(await read(both)).toEqual(['lin@example.com'])
    const masters = { ...next, formerMasterKeys: [testKeys.masterKey] }
    await insertMany(2200)
    await expect(
      rotateKeys(both, masters, (done) => {
        if (done === 1000) throw new Error('killed')
      }),
    ).rejects.toThrow('killed')
    expect(await rotateKeys(both, masters, () => undefined)).toBeGreaterThan(1200)
    expect(await rotateKeys(both, masters, () => undefined)).toBe(0)
    expect(await read(alone)).toEqual(['lin@example.com'])
    await expect(read()).rejects.toThrow(/sealed by the master key/)
  } finally {
    // Back to the key of the other tests.
    await rotateKeys(both, { ...testKeys, formerMasterKeys: [next.masterKey] }, () => undefined)
    await both.destroy()
    await alone.destroy()
  }
})

async function insertMany(count: number) {
  const rows = Array.from({ length: count }, (_, n) => ({ id: `many_${made}_${n}` }))
  await sql`insert into subscriber (subscriber_id, created_at) select id, ${now} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as x(id text)`.execute(
    plain,
  )
  await database.db.transaction().execute((trx) =>
    insertRows(
      trx,
      'subscriber_contact',
      rows.map(({ id }) => ({
        subscriber_id: id,
        contact_id: 'contact_1',
        kind: 'email',
        value: contactValue(id, 'contact_1', `${id}@example.com`),
        added_at: now,
      })),
    ),
  )
}

test('what an older version left readable is sealed, once, also after a crash half way', async () => {
  await sql`update subscriber set name = 'Lin Yue' where subscriber_id = ${who}`.execute(plain)
  await sql`insert into subscriber_contact (subscriber_id, contact_id, kind, value, added_at, verified_at)
    select ${who}, 'contact_' || n, 'email', 'lin' || n || '@old.example', ${now}, ${now} from generate_series(1, 1200) n`.execute(
    plain,
  )
  await sql`insert into contact_index (kind, value, subscriber_id) values ('email', 'lin1@old.example', ${who})`.execute(
    plain,
  )
  await sql`insert into sign_in_user (name, email, email_verified, subscriber_id) values ('', 'lin1@old.example', true, ${who})`.execute(
    plain,
  )
  await sql`insert into ticket (subscriber_id, ticket_id, subject, context, created_at, updated_at)
    values (${who}, 'ticket_old', 'Where is Lin?', '{"page":"/help"}', ${now}, ${now})`.execute(
    plain,
  )
  await sql`insert into notice (subscriber_id, notice_id, channel, recipient, template, locale, params, created_at)
    values (${who}, 'n:1/ab', 'email', 'lin1@old.example', 'new-device', 'en', '{"device":"Lin''s phone"}', ${now})`.execute(
    plain,
  )
  await sql`delete from upgrade_done`.execute(plain)
  // A crash left some of them done.
  await addContact(database.db, 'contact_0', 'lin0@old.example')
  await sealExisting(database.db, testKeys)
  const once = await everything(plain)
  expect(once).not.toMatch(/old\.example|Lin Yue|Where is Lin|"\/help"|Lin's phone/)
  await sql`delete from upgrade_done`.execute(plain)
  await sealExisting(database.db, testKeys)
  expect(await everything(plain)).toBe(once)
  await sealExisting(database.db, testKeys)
  expect(await read()).toContain('lin1200@old.example')
  expect(await read()).toHaveLength(1201)
  const ticket = await database.db
    .selectFrom('ticket')
    .selectAll()
    .where('ticket_id', '=', 'ticket_old')
    .executeTakeFirstOrThrow()
  expect(ticket).toMatchObject({ subject: 'Where is Lin?', context: { page: '/help' } })
})

test('what staff had written before is sealed, and of who is erased it goes; the trail takes no other change', async () => {
  await sealExisting(database.db, testKeys)
  const erased = `${who}_erased`
  await insertPerson(database.db, erased)
  await addContact(database.db, 'contact_1', 'gone@example.com', erased)
  await database.db.transaction().execute((trx) => destroyKeys(trx, [erased], 'complaints', now))
  for (const whose of [who, erased])
    await sql`insert into audit_entry (subscriber_id, audit_id, at, actor_kind, actor_id, action, subject_kind, subject_id,
        reason, note)
      values (${whose}, ${`audit_${whose}`}, ${now}, 'staff', 's', 'hold.placed', 'closure', 'c', 'a code', 'Lin Yue called')`.execute(
      plain,
    )
  await sql`insert into legal_hold (subscriber_id, hold_id, record, basis, placed_at, placed_by)
    values (${who}, 'hold_1', 'ticket_1', 'Lin Yue and a court', ${now}, 's')`.execute(plain)
  await sql`delete from upgrade_done where name = 'seal-words-of-staff'`.execute(plain)
  await sealExisting(database.db, testKeys)
  expect(await everything(plain)).not.toMatch(/Lin Yue/)
  const { rows: notes } = await sql<{ note: string }>`
    select note from audit_entry where audit_id like ${`audit_${who}%`} order by audit_id`.execute(
    database.db,
  )
  expect(notes).toEqual([{ note: 'Lin Yue called' }, { note: '' }])
  for (const change of [sql`note = 'x'`, sql`note = null`, sql`note = '', reason = 'x'`])
    await expect(
      sql`update audit_entry set ${change} where subscriber_id = ${who}`.execute(plain),
    ).rejects.toThrow(/never changed/)
})

async function everything(db: Db): Promise<string> {
  const tables = [
    'subscriber',
    'subscriber_contact',
    'contact_index',
    'sign_in_user',
    'ticket',
    'notice',
    'subscriber_word',
    'audit_entry',
    'legal_hold',
  ]
  const texts = []
  for (const table of tables) {
    const { rows } = await sql<{
      t: string
    }>`select t::text as t from ${sql.table(table)} t where subscriber_id = ${who} order by 1`.execute(
      db,
    )
    texts.push(...rows.map(({ t }) => t))
  }
  return texts.join('\n')
}
