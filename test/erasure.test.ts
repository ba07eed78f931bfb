/** A closed account: nothing readable is left, what is kept goes on its day, a hold keeps one record until it is released. */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closings } from '../src/closure/leftovers-store.ts'
import { sweepRetention } from '../src/closure/retention-store.ts'
import { scanSlice } from '../src/closure/scan-store.ts'
import { type ScanPlace, scanTables, type Search } from '../src/closure/trace-store.ts'
import { erasureReportCommand, type Report } from '../src/main/erasure.ts'
import { person, until } from '../src/main/demo-person.ts'
import { lockSubscriber } from '../src/subscribers/store.ts'
import { sealedColumns } from '../src/values/closing.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { erasureState, isErased, keysOf, pass, retention } from './erasing.ts'
import { heldBriefly, leaverHeld, leaverOf, words, writtenAbout } from './leaver.ts'
import { buyLine, draftClosure, member } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

let quillon = ''

async function report(
  subscriberId: string,
  value: string[] = [],
): Promise<{ code: number; found: Report }> {
  let text = ''
  const code = await erasureReportCommand(
    platform.config,
    subscriberId,
    { json: true, value },
    (more) => {
      text += more
    },
  )
  return { code, found: JSON.parse(text) as Report }
}

test('after closing nothing readable is left; a leftover in a table, a queue payload and a log line is found', async () => {
  // A word that everybody uses tells nobody.
  const gone = await leaverOf(platform, 'Quillon Abernathy', 'GB', async (who) => {
    await who.lin.post('/v1/tickets', { subject: 'Phone', body: 'Closing' })
    await writtenAbout(platform, who, 'Quillon Abernathy')
  })
  await heldBriefly(platform, gone)
  const { subscriberId } = gone
  quillon = subscriberId
  const values = [gone.name, gone.email, gone.phone, gone.line.msisdn, words]
  const clean = await report(subscriberId, values)
  expect(clean.found.leftovers).toEqual([])
  expect(clean.code).toBe(0)
  expect(clean.found.tables).toBeGreaterThan(60)
  expect(clean.found.soughtFor).toBeGreaterThan(8)
  // What is known without being told finds the same.
  const { found: untold } = await report(subscriberId)
  expect(untold.leftovers).toEqual([])

  await sql`update plan_zone set document = document || ${JSON.stringify({ note: `asked by ${gone.name}` })}::jsonb
    where zone_id = (select min(zone_id) from plan_zone)`.execute(platform.db)
  await sql`insert into pgboss.job (name, data) values ('notices.send', ${JSON.stringify({ to: gone.email })}::jsonb)`.execute(
    platform.db,
  )
  const logs = join(platform.config.dataDir, 'logs')
  mkdirSync(logs, { recursive: true })
  appendFileSync(
    join(logs, 'server.log'),
    `{"level":"info","msg":"ok"}\n{"level":"error","msg":"no answer for ${gone.phone}"}\nplain ${words}\n`,
  )
  const planted = await report(subscriberId)
  expect(planted.code).toBe(1)
  const places = planted.found.leftovers.map(({ where, what }) => `${where} ${what}`)
  expect(places).toContain('public.plan_zone.document phrase')
  expect(places.some((place) => /^pgboss\.job\w*\.data email$/.test(place))).toBe(true)
  expect(
    planted.found.leftovers
      .filter(({ where }) => where === 'logs/server.log')
      .map(({ row, what }) => [row, what]),
  ).toEqual([
    ['line 2', 'phone'],
    ['line 3', 'phrase'],
  ])
  // It says where, and never what.
  expect(JSON.stringify(planted.found.leftovers)).not.toContain('Quillon')

  // The same is looked for by the worker when staff ask, and its result is kept.
  const scanned = await scanBy('auditor', gone.draft.caseId)
  expect(scanned).toMatchObject({ state: 'done', sought: untold.soughtFor, logs: 1, lines: 3 })
  // A job is written again when a worker looks at it, and stands in another row then.
  const found: Report['leftovers'] = scanned.leftovers
  expect(found.map(({ where, what }) => `${where} ${what}`).toSorted()).toEqual(places.toSorted())
  expect(scanned.tables).toBeGreaterThan(60)
  const support = person(platform)
  await support.signInAsStaff('support@violet.example')
  const scans = `/v1/staff/closures/${gone.draft.caseId}/scans`
  expect((await support.post(scans)).body.code).toBe('not-your-role')
  const { items } = (await support.get('/v1/staff/erasures?state=waiting')).body
  const row = items.find(({ caseId }: { caseId: string }) => caseId === gone.draft.caseId)
  const { until: nextDay } = scanned.retention[0]
  expect(row).toMatchObject({ reference: gone.draft.reference, scope: 'account', nextDay })
  expect((await support.get('/v1/staff/erasures?state=held')).body.items).toEqual([])
}, 120_000)

/** Asks for a scan twice, which is one, and follows it to its end. */
async function scanBy(role: string, caseId: string) {
  const staff = person(platform)
  await staff.signInAsStaff(`${role}@violet.example`)
  const at = `/v1/staff/closures/${caseId}`
  const [first, second] = [await staff.post(`${at}/scans`), await staff.post(`${at}/scans`)]
  expect([first.status, second.status]).toEqual([202, 202])
  const { body } = await until(
    () => staff.get(`${at}/erasure`),
    ({ body: { scan } }) => scan.state !== 'running',
    60_000,
  )
  return { ...body.scan, retention: body.retention }
}

test('a scan goes on where it stopped, and of an open account nothing is looked for', async () => {
  const seeking = (what: string, subscriberId = 'sub_gone'): Search => ({
    subscriberId,
    find: (text) => (text === what ? { kind: 'phrase', words: 1 } : undefined),
  })
  const { db, config } = platform
  const whole = await scanTables(db, seeking('ES'), () => false)
  const parts: { where: string; row: string }[] = []
  let rows = 0
  let slices = 0
  for (let from: ScanPlace | null = null; ; slices += 1) {
    const slice = await scanSlice(db, config.dataDir, seeking('ES'), {
      from,
      onRows: () => true,
    })
    parts.push(...slice.leftovers)
    rows += slice.rows
    from = slice.next
    if (from === null) break
  }
  expect(slices).toBeGreaterThan(0)
  expect([rows, parts]).toEqual([whole.rows, whole.leftovers])
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const draft = await draftClosure(lin, 'line', lineId)
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  const open = await admin.post(`/v1/staff/closures/${draft.caseId}/scans`)
  expect([open.status, open.body.code]).toEqual([409, 'account-open'])

  // A number goes to somebody else after its quarantine: no leftover of whose it was.
  const number = '+447700900777'
  await sql`update line set msisdn = ${number} where line_id = ${lineId}`.execute(db)
  const { subscriberId } = (await lin.get('/v1/me')).body
  const numbers = async (whose?: string) =>
    (await scanTables(db, seeking(number, whose), () => false)).leftovers.map(({ where }) => where)
  expect([await numbers(), await numbers(subscriberId)]).toEqual([[], ['public.line.msisdn']])
}, 60_000)

test('what is sealed is sealed with the key that its closing rule names', async () => {
  const declared = new Set(
    Object.values(closings).flatMap(({ leftovers }) =>
      Object.entries(leftovers).flatMap(([table, claim]) =>
        claim === 'nobody'
          ? []
          : sealedColumns(claim).map(({ column, category }) => `${category}:${table}.${column}`),
      ),
    ),
  )
  const seen = new Set<string>()
  for (const one of declared) {
    const [, table, column] = /:(\w+)\.(\w+)/.exec(one)!
    const { rows } = await sql<{ mark: string }>`
      select distinct substring(case when pg_typeof(${sql.ref(column!)}) = 'bytea'::regtype
        then encode(substring(${sql.ref(column!)}::text::bytea from 1 for 300), 'escape')
        else ${sql.ref(column!)}::text end from 'sealed:1[tjb]:[^:]*:([a-z]+:[a-z_]+[.][a-z_]+):') as mark
      from ${sql.table(table!)} where ${sql.ref(column!)} is not null`.execute(platform.db)
    for (const { mark } of rows) if (mark) seen.add(mark)
  }
  expect([...seen].filter((mark) => !declared.has(mark))).toEqual([])
  expect(seen.size).toBeGreaterThan(9)
})

const stateOf = (caseId: string) => erasureState(platform, caseId)
const mailsTo = async (to: string) =>
  (
    (await (
      await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
    ).json()) as {
      items: { subject: string; text: string }[]
    }
  ).items

const quarantined = { state: 'quarantined', whose: null }

test('Hard case 11: a legal hold keeps one record; the closure proceeds; erasure resumes on release', async () => {
  const gone = await leaverHeld(platform, 'Ottoline Fairweather', (lineId) => lineId)
  const { subscriberId, draft, ticket, admin } = gone
  const { msisdn } = gone.line
  // Held before the end: the line's own number and its ports, not the inventory's, and not the key of what went.
  const whole = { number: msisdn, gone: msisdn, came: msisdn, ...quarantined }
  expect(await gone.left()).toEqual(whole)
  expect(await keysOf(platform, subscriberId)).toMatchObject({ account: true, contacts: false })
  const { found } = await report(subscriberId, [msisdn])
  expect(found.leftovers.filter(({ where }) => where.startsWith('public.'))).toEqual([])
  await gone.release()
  expect(await gone.left()).toEqual({ number: null, gone: '', came: '', ...quarantined })

  const holds = `/v1/staff/closures/${draft.caseId}/holds`
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  expect((await reviewer.post(holds, { record: ticket.ticketId, basis: 'court' })).body.code).toBe(
    'not-your-role',
  )
  expect((await admin.post(holds, { record: 'ticket_of_nobody', basis: 'court' })).status).toBe(404)
  expect((await admin.post(holds, { record: ticket.ticketId, basis: '' })).status).toBe(422)
  const placed = await admin.post(holds, {
    record: ticket.ticketId,
    basis: 'District Court, 4 C 12/26',
  })
  expect(placed.status).toBe(201)
  const again = await admin.post(holds, { record: ticket.ticketId, basis: 'asked twice' })
  expect(again.body.holdId).toBe(placed.body.holdId)

  await pass(platform, draft.caseId, 'contacts')
  await until(
    () => retention(platform, draft.caseId, 'contacts'),
    ({ held_at }) => held_at !== null,
    30_000,
  )
  expect(await stateOf(draft.caseId)).toBe('held')
  const { rows: kept } = await sql`
    select t.subject, m.body from ticket t join ticket_message m using (subscriber_id, ticket_id)
    where t.subscriber_id = ${subscriberId}`.execute(platform.db)
  expect(kept).toEqual([{ subject: 'Ottoline Fairweather has no signal', body: words }])
  const { rows: rest } = await sql`
    select s.name, c.value from subscriber s join subscriber_contact c using (subscriber_id)
    where s.subscriber_id = ${subscriberId}`.execute(platform.db)
  // Whose contract it was is kept longer in Britain; how to reach them is not.
  expect(rest).toEqual([
    { name: gone.name, value: '' },
    { name: gone.name, value: '' },
  ])
  expect(await keysOf(platform, subscriberId)).toMatchObject({ account: true, contacts: false })
  const shown = await admin.get(`/v1/staff/closures/${draft.caseId}/erasure`)
  expect(shown.body).toMatchObject({
    state: 'held',
    account: 'closed',
    holds: [{}, { record: ticket.ticketId, releasedAt: null }],
  })

  const release = `${holds}/${placed.body.holdId}/release`
  expect((await admin.post(release, { reason: 'the case is over' })).body.releasedAt).not.toBeNull()
  await isErased(platform, draft.caseId, 'contacts')
  const { rows: left } = await sql`
    select t.subject, t.context, m.body from ticket t join ticket_message m using (subscriber_id, ticket_id)
    where t.subscriber_id = ${subscriberId}`.execute(platform.db)
  expect(left).toEqual([{ subject: '', context: {}, body: '' }])
  expect(await keysOf(platform, subscriberId)).toMatchObject({ contacts: true })
  const { rows: trail } = await sql<{ action: string }>`
    select action from audit_entry where subscriber_id = ${subscriberId} and action ~ '^(hold|retention)[.]'
    order by at, audit_id`.execute(platform.db)
  const actions = trail.map(({ action }) => action)
  expect(actions.filter((action) => action.startsWith('hold.'))).toEqual([
    'hold.placed',
    'hold.released',
    'hold.placed',
    'hold.released',
  ])
  expect(actions).toContain('retention.held')
  // What staff wrote is read as long as complaints are kept, and not afterwards; the entry itself stays.
  const { rows: noted } = await sql<{ note: string; reason: string }>`
    select note, reason from audit_entry where subscriber_id = ${quillon} and note is not null`.execute(
    platform.db,
  )
  expect(noted.length).toBe(4)
  expect(noted.filter(({ note, reason }) => note !== '' || reason === '')).toEqual([])
  const { rows: bulks } = await sql`select reason from closure_bulk`.execute(platform.db)
  expect(bulks).toEqual([{ reason: '' }])
}, 120_000)

test('whoever places a hold and whoever erases wait for one another', async () => {
  const { db, clock } = platform
  const { rows } = await sql<{ who: string; case_id: string }>`
    select subscriber_id as who, case_id from retention join subscriber using (subscriber_id)
    where category = 'certificate' and erased_at is null and state = 'closed' limit 1`.execute(db)
  const [{ who, case_id: caseId }] = rows as [(typeof rows)[0]]
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  let placing: Promise<unknown> | undefined
  const first = await db.transaction().execute(async (trx) => {
    await lockSubscriber(trx, who)
    await sql`update retention set keep_until = ${clock.now().subtract({ hours: 1 })}
      where case_id = ${caseId} and category = 'certificate'`.execute(db)
    await sweepRetention(platform.app)
    expect(await retention(platform, caseId, 'certificate')).toMatchObject({ erased_at: null })
    const asked = { record: caseId, basis: 'High Court' }
    placing = admin.post(`/v1/staff/closures/${caseId}/holds`, asked)
    const waits = until(
      () =>
        sql`select 1 from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query ilike '%"subscriber"%no key update'`.execute(db),
      ({ rows: waiting }) => waiting.length > 0,
    )
    return Promise.race([placing.then(() => 'placed'), waits.then(() => 'waits')])
  })
  expect(first).toBe('waits')
  expect(await placing).toMatchObject({ status: 201 })
})

test('when the day has come a second mail says so, the fields go, then the key; at the end nothing is known any more', async () => {
  const gone = await leaverHeld(platform, 'Barnaby Thistlewood', (lineId) => `port_in_${lineId}`)
  const { subscriberId, draft, email } = gone
  // A hold keeps what it names, and nothing beside it.
  const { msisdn } = gone.line
  expect(await gone.left()).toEqual({ number: null, gone: '', came: msisdn, ...quarantined })
  await gone.release()
  expect(await gone.left()).toMatchObject({ came: '' })
  const backup = await sql<{
    row: string
  }>`select to_jsonb(n)::text as row from notice n where subscriber_id = ${subscriberId}`.execute(
    platform.db,
  )
  expect(JSON.stringify(backup.rows)).toContain('sealed:1')
  // What fails for one account holds up no other.
  await sql`create trigger stuck before update on retention for each row
    when (old.subscriber_id = ${sql.lit(quillon)}) execute function ledger_refuse_change()`.execute(
    platform.db,
  )
  await pass(platform, draft.caseId, 'contacts')
  await isErased(platform, draft.caseId, 'contacts')
  const mails = await until(
    () => mailsTo(email),
    (all) =>
      all.some(
        ({ text }) =>
          text.includes(draft.reference) && /erased/i.test(text) && !/closed/i.test(text),
      ),
  )
  expect(mails.length).toBeGreaterThan(2)
  const { rows } = await sql<{ recipient: string; state: string }>`
    select distinct recipient, state from notice where subscriber_id = ${subscriberId}`.execute(
    platform.db,
  )
  expect(rows).toEqual([{ recipient: '', state: 'sent' }])
  expect(await keysOf(platform, subscriberId)).toMatchObject({
    account: true,
    contacts: true,
    complaints: true,
    contract: false,
    certificate: false,
  })
  expect(await stateOf(draft.caseId)).toBe('waiting')
  // What an old backup holds can't be opened any more.
  await sql`update notice set recipient = b.row ->> 'recipient'
    from jsonb_array_elements(${JSON.stringify(backup.rows.map(({ row }) => JSON.parse(row)))}::jsonb) as b (row)
    where notice.subscriber_id = ${subscriberId} and notice.notice_id = b.row ->> 'notice_id'`.execute(
    platform.db,
  )
  const restored = await platform.db
    .selectFrom('notice')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .execute()
  expect(restored.every(({ recipient }) => recipient === '')).toBe(true)

  for (const category of ['usage', 'invoices', 'certificate', 'contract']) {
    await pass(platform, draft.caseId, category)
    await isErased(platform, draft.caseId, category)
  }
  expect(await stateOf(draft.caseId)).toBe('erased')
  // Nobody could be told once the contacts had gone.
  const { rows: told } = await sql<{ category: string }>`
    select category from retention where case_id = ${draft.caseId} and told_at is not null`.execute(
    platform.db,
  )
  expect(told).toEqual([{ category: 'contacts' }])
  const keys = Object.values(await keysOf(platform, subscriberId))
  expect(keys).toEqual(Array.from({ length: 8 }, () => true))
  const { rows: counts } = await sql<Record<string, number>>`select
    (select count(*)::int from closure_certificate where subscriber_id = ${subscriberId}) as certificates,
    (select count(*)::int from usage_record where subscriber_id = ${subscriberId}) as usage,
    (select count(*)::int from erasure_trace where subscriber_id = ${subscriberId}) as traces,
    (select count(*)::int from payment_order where subscriber_id = ${subscriberId} and instrument is not null) as cards,
    (select count(*)::int from ledger_transfer where subscriber_id = ${subscriberId}) as books`.execute(
    platform.db,
  )
  expect(counts[0]).toMatchObject({ certificates: 0, usage: 0, traces: 0, cards: 0 })
  expect(counts[0]!['books']).toBeGreaterThan(0)
  expect((await report(subscriberId, [gone.name, gone.email, gone.phone])).found.leftovers).toEqual(
    [],
  )
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  const scan = await admin.post(`/v1/staff/closures/${draft.caseId}/scans`)
  expect([scan.status, scan.body.code]).toEqual([409, 'nothing-to-look-for'])
}, 120_000)
