import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person } from '../src/main/demo-person.ts'
import { storeRejects } from '../src/usage/reject-store.ts'
import { takeIn } from '../src/usage/store.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, install, member } from './way.ts'

let platform: TestPlatform
let finance: Person
let support: Person
let lin: Person
let imsi: string
let subscriberId: string

beforeAll(async () => {
  platform = await testPlatform()
  lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  const { rows } = await sql<{ imsi: string; subscriber_id: string }>`
    select imsi, subscriber_id from line where line_id = ${lineId}`.execute(platform.db)
  imsi = rows[0]!.imsi
  subscriberId = rows[0]!.subscriber_id
  finance = person(platform)
  support = person(platform)
  await finance.signInAsStaff('finance@violet.example')
  await support.signInAsStaff('support@violet.example')
}, 60_000)
afterAll(() => platform.close())

function record(id: string, more: object = {}) {
  const at = platform.clock.now().add({ seconds: 1 }).toString()
  const [kind, mcc, mnc] = ['data', '234', '15']
  return { id, imsi, kind, quantity: 1000, startedAt: at, endedAt: at, mcc, mnc, ...more }
}
const unknown = (id: string) => record(id, { imsi: '234990000000000' })
const list = (who: Person, query = '') => who.get(`/v1/staff/usage/rejects${query}`)
const idOf = async (usageId: string) => {
  const { body } = await list(finance, '?limit=100')
  return body.items.find((one: { usageId: string }) => one.usageId === usageId).rejectId as string
}
const auditOf = async (rejectId: string) =>
  (
    await sql<Record<string, string>>`
      select subscriber_id, actor_kind, action, reason from audit_entry
      where subject_kind = 'usage-reject' and subject_id = ${rejectId} order by at, audit_id`.execute(
      platform.db,
    )
  ).rows
/** The SIM becomes known: what a fix looks like. */
const knowSim = (known: string) =>
  sql`update line_index set imsi = ${known} where subscriber_id = ${subscriberId}`.execute(
    platform.db,
  )

test('staff see what was turned away, with its reason, its original, and how many there are', async () => {
  await takeIn(platform.app, [unknown('a'), unknown('b'), { id: 'broken', imsi: 'x' }])
  const { body } = await list(support)
  expect(body.counts).toEqual([
    { source: 'webhook', reason: 'unknown-imsi', state: 'open', count: 2 },
    { source: 'webhook', reason: 'invalid', state: 'open', count: 1 },
  ])
  const { body: invalid } = await list(support, '?reason=invalid')
  expect(invalid.items).toMatchObject([{ usageId: 'broken', state: 'open', times: 1 }])
  expect(JSON.parse(invalid.items[0].original)).toEqual({ id: 'broken', imsi: 'x' })
  const one = await support.get(`/v1/staff/usage/rejects/${invalid.items[0].rejectId}`)
  expect(one.body).toEqual(invalid.items[0])
  const pages = await list(support, '?limit=2')
  const rest = await list(support, `?limit=2&cursor=${pages.body.nextCursor}`)
  expect([...pages.body.items, ...rest.body.items].map(({ usageId }) => usageId).sort()).toEqual([
    'a',
    'b',
    'broken',
  ])
})

test('only whose role it is may look, and only finance and admins decide', async () => {
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const rejectId = await idOf('a')
  const at = `/v1/staff/usage/rejects/${rejectId}`
  expect((await list(person(platform))).status).toBe(401)
  expect((await list(reviewer)).status).toBe(403)
  for (const path of [`${at}/replay`, `${at}/discard`]) {
    expect((await support.post(path)).status).toBe(403)
  }
  const all = await support.post('/v1/staff/usage/rejects/replay', { reason: 'unknown-imsi' })
  expect(all.status).toBe(403)
  expect((await auditOf(rejectId)).length).toBe(0)
})

test('replayed before the fix it says why still not; after the fix it is charged, once, and by whom is kept', async () => {
  const rejectId = await idOf('a')
  const replay = () => finance.post(`/v1/staff/usage/rejects/${rejectId}/replay`)
  expect((await replay()).body).toEqual({ outcome: 'rejected', reason: 'unknown-imsi' })
  await knowSim('234990000000000')
  const answers = await Promise.all([replay(), replay()])
  expect(answers.map(({ status }) => status).sort()).not.toContain(500)
  const { rows } = await sql`select 1 from usage_record where usage_id = 'a'`.execute(platform.db)
  expect(rows).toHaveLength(1)
  expect((await replay()).body.code).toBe('changed-meanwhile')
  const audited = await auditOf(rejectId)
  expect(audited.map(({ action }) => action)).toEqual(['usage.replay-refused', 'usage.replayed'])
  expect(audited[1]).toMatchObject({ subscriber_id: subscriberId, actor_kind: 'staff' })
  await knowSim(imsi)
})

test('all of one reason: each once, what is still wrong stays, other reasons are left alone', async () => {
  const now = platform.clock.now()
  const many = Array.from({ length: 120 }, (_, n) => {
    const at = now.add({ seconds: 60 + n }).toString()
    return { ...unknown(`many-${n}`), startedAt: at, endedAt: at }
  })
  await takeIn(platform.app, many)
  await platform.db.transaction().execute((trx) =>
    storeRejects(trx, now, [
      {
        source: 'online',
        usageId: 'elsewhere',
        imsi: '234990000000001',
        reason: 'unknown-imsi',
        original: '{}',
        record: record('elsewhere', { imsi: '234990000000001' }),
      },
    ]),
  )
  await knowSim('234990000000000')
  const total = { replayed: 0, rejected: 0 }
  let calls = 0
  for (let cursor: string | undefined; calls === 0 || cursor; calls += 1) {
    const { status, body } = await finance.post('/v1/staff/usage/rejects/replay', {
      reason: 'unknown-imsi',
      ...(cursor && { cursor }),
    })
    expect(status).toBe(200)
    total.replayed += body.replayed
    total.rejected += body.rejected
    cursor = body.nextCursor
  }
  await knowSim(imsi)
  // 120 of these and b from before; one whose SIM nobody knows.
  expect(calls).toBe(3)
  expect(total).toEqual({ replayed: 121, rejected: 1 })
  const { body } = await list(finance, '?reason=invalid')
  expect(body.items).toHaveLength(1)
  const left = await list(finance, '?limit=100')
  expect(left.body.items.map(({ usageId }: { usageId: string }) => usageId)).toContain('elsewhere')
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from usage_record where usage_id like 'many-%' or usage_id = 'b'`.execute(
    platform.db,
  )
  expect(Number(rows[0]?.count)).toBe(total.replayed)
}, 60_000)

test('put aside it is done with; bad requests get one clear problem', async () => {
  const rejectId = await idOf('broken')
  const at = `/v1/staff/usage/rejects/${rejectId}`
  const replayed = await finance.post(`${at}/replay`)
  expect(replayed.body).toEqual({ outcome: 'rejected', reason: 'invalid' })
  expect((await finance.post(`${at}/discard`)).status).toBe(204)
  expect((await finance.post(`${at}/discard`)).body.code).toBe('changed-meanwhile')
  expect((await auditOf(rejectId)).map(({ action }) => action)).toEqual([
    'usage.replay-refused',
    'usage.discarded',
  ])
  const { body } = await list(finance, '?state=discarded')
  expect(body.items).toMatchObject([{ usageId: 'broken', state: 'discarded' }])
  expect((await finance.post('/v1/staff/usage/rejects/nobody/replay')).status).toBe(404)
  expect((await finance.get('/v1/staff/usage/rejects/nobody')).status).toBe(404)
  for (const query of ['?state=lost', '?reason=because', '?limit=0']) {
    expect((await list(finance, query)).body).toMatchObject({ code: 'invalid-request' })
  }
  expect((await list(finance, '?cursor=%00garbage')).status).toBeLessThan(500)
})

test('what PostgreSQL can’t hold is the caller’s mistake, wherever it is sent, and holds back nobody’s usage', async () => {
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  const cursor = (...parts: string[]) =>
    `?cursor=${Buffer.from(JSON.stringify(parts)).toString('base64url')}`
  const policy = '/v1/staff/policies/DE/draft'
  const bulk = { reason: 'This brand ends.', dryRun: true }
  const { body: known } = await lin.get('/v1/lines')
  const { lineId } = known.items[0]
  const amount = { amount: '1.00', currency: 'GBP' }
  const lists = ['bulk-closures', 'erasures', 'closures', 'closure-intakes', 'usage/rejects']
  const asked: [Person, 'get' | 'post' | 'put' | 'patch', string, object?][] = [
    ...[...lists, 'subscribers'].flatMap((name): [Person, 'get', string][] => [
      [admin, 'get', `/v1/staff/${name}${cursor('abc', 'x')}`],
      [admin, 'get', `/v1/staff/${name}${cursor('2026-01-01', '\0')}`],
    ]),
    [admin, 'get', `/v1/staff/bulk-closures${cursor('300000-01-01', 'x')}`],
    [admin, 'get', `/v1/staff/bulk-closures${cursor('2026-01-01T00:00+99', 'x')}`],
    [admin, 'get', `/v1/staff/unclaimed${cursor('\0')}`],
    [lin, 'get', `/v1/statement${cursor('abc', 'x', 'GBP')}`],
    [lin, 'get', `/v1/lines/${lineId}/usage${cursor('abc', 'x')}`],
    [admin, 'post', `${policy}/discard`, { version: 3_000_000_000 }],
    [admin, 'put', policy, { text: '{}', version: 3_000_000_000 }],
    [admin, 'post', '/v1/staff/bulk-closures', { ...bulk, values: ['a\0b'] }],
    [admin, 'post', '/v1/staff/bulk-closures', { ...bulk, brand: 'a\0b' }],
    [admin, 'post', '/v1/staff/closures/abc%00/holds', { record: 'x', reason: 'A court asks.' }],
    ...['closures', 'lines', 'tickets'].map((of): [Person, 'get', string] => [
      lin,
      'get',
      `/v1/${of}/a%00`,
    ]),
    // Sealed, it would be kept, and stop whatever reads it: a notice, a certificate.
    [lin, 'patch', '/v1/me', { name: 'a\0b' }],
    [lin, 'patch', '/v1/me', { name: 'a\ud800b' }],
    // Credit that belongs to no line is moved from, never to.
    [lin, 'post', `/v1/lines/${lineId}/credit-moves`, { toLineId: '', amount }],
  ]
  for (const [who, method, path, body] of asked) {
    const { status, body: said } = await who[method](path, body)
    expect([status, said.code, path]).toEqual([422, 'invalid-request', path])
  }
  const odd = { id: 'odd', imsi: 'x', 'a\0': 'half \ud800', b: '\\u0000' }
  expect((await takeIn(platform.app, [odd, unknown('beside')])).rejected).toHaveLength(2)
  const { body: kept } = await finance.get(`/v1/staff/usage/rejects/${await idOf('odd')}`)
  expect(kept.original).toBe(JSON.stringify(odd))
})
