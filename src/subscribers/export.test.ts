/** The data export: whole, readable by machine and by eye, and nobody else's. */
import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromBuffer } from 'yauzl'
import { openPeople, type People } from '../../test/people.ts'
import { person } from '../main/demo-person.ts'
import { csvRow } from '../values/csv.ts'
import { datasetNames, datasets, jsonRow, schemaOf } from './export.ts'

const usageRows = 1203 // more than two batches

let people: People
beforeAll(async () => {
  people = await openPeople()
})
afterAll(() => people.close())

async function filesOf(zip: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (error, file) => {
      if (error) return reject(error)
      file.on('entry', (entry) =>
        file.openReadStream(entry, async (failure, stream) => {
          if (failure) return reject(failure)
          files.set(entry.fileName, await buffer(stream))
          file.readEntry()
        }),
      )
      file.on('end', () => resolve(files))
      file.on('error', reject)
      file.readEntry()
    })
  })
}

async function lineWithUsage(subscriberId: string, nickname: string) {
  const { db, ids, clock } = people.app
  const now = clock.now()
  const lineId = ids.make('line')
  await db
    .insertInto('plan_version')
    .values({ plan_id: 'p', version: 1, document: {}, valid_from: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await db
    .insertInto('line')
    .values({
      subscriber_id: subscriberId,
      line_id: lineId,
      nickname,
      state: 'active',
      plan_id: 'p',
      plan_version: 1,
      currency: 'GBP',
      imsi: ids.make('imsi'),
      iccid: '8944000000000000001',
      ordered_at: now,
    })
    .execute()
  await db
    .insertInto('line_term')
    .values({
      subscriber_id: subscriberId,
      line_id: lineId,
      term: 1,
      cause: 'bought',
      plan_id: 'p',
      plan_version: 1,
      steps: '{"data": 5, "voice": 2, "sms": 1}',
      paid_minor: 900n,
      currency: 'GBP',
      data_bytes: 5_000_000_000n,
      voice_seconds: 7200n,
      sms_messages: 50n,
      began_at: now,
    })
    .execute()
  const usage = Array.from({ length: usageRows }, () => ({
    subscriber_id: subscriberId,
    usage_id: ids.make('usage'),
    line_id: lineId,
    kind: 'data',
    quantity: 1000n,
    started_at: now,
    ended_at: now,
    mcc: '440',
    mnc: '10',
    country: 'JP',
    outcome: 'charged',
    charged_minor: 5n,
    currency: 'GBP',
    received_at: now,
  }))
  await db.insertInto('usage_record').values(usage).execute()
}

function download(someone: ReturnType<typeof person>): Promise<Response> {
  const cookie = [...someone.cookies()].map(([name, value]) => `${name}=${value}`).join('; ')
  return fetch(`${people.url}/v1/me/export`, { headers: { cookie } })
}

async function exported(someone: ReturnType<typeof person>) {
  const response = await download(someone)
  expect(response.headers.get('content-type')).toBe('application/zip')
  return filesOf(Buffer.from(await response.arrayBuffer()))
}

test('holds every part as JSON, CSV and schema, a page, and a manifest that fits, in the language of its owner', async () => {
  const [lin, eve] = [person(people), person(people)]
  const { body: me } = await lin.signIn('lin@example.com')
  const { body: other } = await eve.signIn('eve@example.com')
  await lin.patch('/v1/me', { name: 'Lin "Yue"', country: 'GB', locale: 'zh-CN' })
  await lineWithUsage(me.subscriberId, '<b>Tokyo</b>')
  await lineWithUsage(other.subscriberId, 'Eves line')
  await lin.put('/v1/me/notices/usage/sms', { wanted: false })
  const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])
  await lin.post('/v1/tickets', {
    subject: 'Hello',
    body: 'one, "two"\nthree',
    attachments: [{ name: 'a.jpg', content: picture.toString('base64') }],
  })

  const files = await exported(lin)
  const parts = datasetNames.flatMap((name) => [
    `data/${name}.json`,
    `data/${name}.csv`,
    `data/${name}.schema.json`,
  ])
  const sent = JSON.parse(String(files.get('data/attachments.json')))
  expect(sent).toMatchObject([{ name: 'a.jpg', kind: 'image/jpeg', bytes: '7' }])
  const { file } = sent[0]
  expect(files.get(file)?.equals(picture)).toBe(true)
  const every = ['index.html', 'manifest.json', file, ...parts]
  expect([...files.keys()].sort()).toEqual(every.sort())

  const manifest = JSON.parse(String(files.get('manifest.json')))
  expect(manifest.files).toHaveLength(files.size - 1)
  for (const { path, sha256, bytes } of manifest.files) {
    const content = files.get(path)!
    expect([path, createHash('sha256').update(content).digest('hex'), content.length]).toEqual([
      path,
      sha256,
      bytes,
    ])
  }

  const usage = JSON.parse(String(files.get('data/usage.json')))
  expect(usage).toHaveLength(usageRows)
  expect(new Set(usage.map(({ usageId }: { usageId: string }) => usageId)).size).toBe(usageRows)
  expect(usage[0]).toMatchObject({
    quantity: '1000',
    amount: '0.05',
    currency: 'GBP',
    country: 'JP',
  })
  expect(String(files.get('data/usage.csv')).trim().split('\r\n')).toHaveLength(usageRows + 1)
  expect(JSON.parse(String(files.get('data/profile.json')))).toMatchObject([
    { name: 'Lin "Yue"', country: 'GB' },
  ])
  expect(JSON.parse(String(files.get('data/plans.json')))).toMatchObject([
    { term: '1', cause: 'bought', amount: '9.00', currency: 'GBP', dataBytes: '5000000000' },
  ])
  expect(JSON.parse(String(files.get('data/choices.json')))).toMatchObject([
    { topic: 'usage', channel: 'sms', wanted: 'false' },
  ])
  const consents = JSON.parse(String(files.get('data/consents.json')))
  expect(
    consents.map(({ kind, author, detail }: Record<string, string>) => [
      kind,
      author,
      JSON.parse(detail!),
    ]),
  ).toEqual([
    ['messages', 'subscriber', { topic: 'usage', channel: 'sms', wanted: false }],
    ['plan-bought', 'subscriber', expect.objectContaining({ planId: 'p', planVersion: 1 })],
  ])
  for (const { at } of consents) expect(at).toMatch(/^20/)
  expect(String(files.get('data/consents.csv')).split('\r\n')[0]).toBe(
    'kind,lineId,caseId,author,detail,at',
  )
  expect(String(files.get('data/profile.csv'))).toContain('"Lin ""Yue"""')
  expect(String(files.get('data/tickets.csv'))).toContain('"one, ""two""\nthree"')
  expect(JSON.parse(String(files.get('data/devices.json')))).toHaveLength(1)

  const page = String(files.get('index.html'))
  expect(page).toContain('你在 Violet Mobile 的资料')
  expect(page).toContain('&lt;b&gt;Tokyo&lt;/b&gt;')
  expect(page).toContain('仅显示前 200 行')
  expect(page).not.toMatch(/https?:\/\/|<script/)
  const everything = [...files.values()].map(String).join('\n')
  expect(everything).not.toMatch(/Eves line|eve@example\.com/)
  expect(everything).not.toContain(other.subscriberId)

  const row = await people.app.db
    .selectFrom('subscriber')
    .select('exported_at')
    .where('subscriber_id', '=', me.subscriberId)
    .executeTakeFirstOrThrow()
  expect(row.exported_at?.toString()).toBe(manifest.createdAt)
  expect((await person(people).get('/v1/me/export')).status).toBe(401)
})

test('a database that fails in the middle breaks off the download, and nothing else', async () => {
  const lin = person(people)
  await lin.signIn('broken-off@example.com')
  const take = async () => (await download(lin)).arrayBuffer()
  await sql`alter table ledger_posting rename to ledger_posting_gone`.execute(people.app.db)
  await expect(take()).rejects.toThrow('terminated')
  await sql`alter table ledger_posting_gone rename to ledger_posting`.execute(people.app.db)
  expect((await take()).byteLength).toBeGreaterThan(10_000)
})

test('a row has a cell for each column, and a schema that names them all', () => {
  for (const name of datasetNames) {
    const columns = datasets[name]
    const schema = JSON.parse(schemaOf(name, 'en'))
    const row = JSON.parse(
      jsonRow(
        columns,
        columns.map(() => null),
      ),
    )
    expect(Object.keys(row)).toEqual(schema.items.required)
    for (const { title } of Object.values<{ title: string }>(schema.items.properties))
      expect(title).not.toBe('')
  }
})

test('CSV quotes what would break a line', () => {
  expect(csvRow(['a', null, 'b,c', 'd"e', 'f\ng'])).toBe('a,,"b,c","d""e","f\ng"\r\n')
})
