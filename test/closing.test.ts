/** Closing over the API, on real parts: the straight way, review, withdrawal, and everything that must be refused. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isIntact } from '../src/closure/chain.ts'
import { eventsOf } from '../src/closure/timeline-store.ts'
import { proveLedger } from '../src/ledger/store.ts'
import { taxShare } from '../src/values/tax.ts'
import { person, until } from '../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import {
  buyLine,
  closureCode,
  draftClosure,
  install,
  member,
  refundsOfCase,
  submit,
  topUp,
  untilState,
} from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

const mails = async (to: string) =>
  (
    (await (
      await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
    ).json()) as {
      items: { subject: string; attachments: { name: string }[]; deliveries: number }[]
    }
  ).items
const refundsOf = (caseId: string) => refundsOfCase(platform, caseId)

test('an account with an installed, topped-up line closes: one refund, number kept, certificate mailed, signed out', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const { line } = await install(platform, lin, lineId)
  await topUp(lin, lineId, '20.00')
  const draft = await draftClosure(lin, 'account')
  expect(draft.quote.choicesNeeded).toEqual([])
  const [table] = draft.quote.currencies
  expect(table.sourcesTotal).toEqual(table.destinationsTotal)
  expect(Number(table.refund.amount)).toBeGreaterThan(20)

  const submitted = await submit(lin, draft)
  expect(submitted.status).toBe(202)
  const done = await until(
    async () => (await lin.call('GET', `/v1/closures/by-reference/${draft.reference}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )
  expect(JSON.stringify(done)).not.toMatch(/Lin|447700|example\.com|amount|GBP|£/)
  expect((await lin.get('/v1/me')).status).toBe(401)

  const refunds = await refundsOf(draft.caseId)
  expect(refunds.map(([, count]) => count)).toEqual(refunds.map(() => 1))
  const {
    rows: [refunded],
  } = await sql<{ minor: bigint }>`
    select sum(minor)::int8 as minor from refund where case_id = ${draft.caseId} and state = 'succeeded'`.execute(
    platform.db,
  )
  expect(refunded?.minor).toBe(BigInt(table.refund.amount.replace('.', '')))
  const {
    rows: [number],
  } = await sql<{ state: string; until: Temporal.Instant }>`
    select state, quarantined_until as until from phone_number where msisdn = ${line.msisdn}`.execute(
    platform.db,
  )
  expect(number?.state).toBe('quarantined')
  const left =
    await sql`select 1 from ledger_balance where minor <> 0 and subscriber_id = (select subscriber_id from closure_case where case_id = ${draft.caseId})`.execute(
      platform.db,
    )
  expect(left.rows).toEqual([])
  await expectTaxOnlyOnWhatWasEarned(draft.caseId)
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
  const network = await fetch(`${platform.urls.network}/subscribers/${await imsiOf(lineId)}`, {
    headers: { authorization: 'Bearer test-key' },
  })
  expect(network.status).toBe(404)

  const closing = await until(
    () => mails(lin.email),
    (all) => all.some(({ attachments }) => attachments.length === 3),
  )
  const certificates = closing.filter(({ attachments }) => attachments.length === 3)
  expect(certificates).toHaveLength(1)
  expect(certificates[0]?.deliveries).toBe(1)
  expect(await chainOf(draft.caseId)).toBe(true)
  // The address is free again: whoever signs in with it is somebody new.
  const again = await person(platform).signIn(lin.email)
  expect(again.status).toBe(200)
  expect(again.body.name).toBe('')
}, 60_000)

/** The days used are earned with their tax; what is refunded was never earned and carries none. */
async function expectTaxOnlyOnWhatWasEarned(caseId: string) {
  const { rows } = await sql<{ kind: string; account: string; minor: bigint }>`
    select t.kind, p.account, sum(p.minor)::int8 as minor
    from ledger_transfer t join ledger_posting p using (subscriber_id, transfer_id)
    where t.subscriber_id = (select subscriber_id from closure_case where case_id = ${caseId})
      and p.account in ('plan-revenue', 'tax-payable')
    group by 1, 2 order by 2`.execute(platform.db)
  const [net, tax] = rows
  expect(rows.map(({ kind, account }) => [kind, account])).toEqual([
    ['plan-days-used', 'plan-revenue'],
    ['plan-days-used', 'tax-payable'],
  ])
  expect(tax?.minor).toBe(taxShare((net?.minor ?? 0n) + (tax?.minor ?? 0n), 2000n))
}

async function imsiOf(lineId: string): Promise<string> {
  const {
    rows: [row],
  } = await sql<{ imsi: string }>`select imsi from line where line_id = ${lineId}`.execute(
    platform.db,
  )
  return row?.imsi ?? ''
}

async function chainOf(caseId: string): Promise<boolean> {
  const {
    rows: [row],
  } = await sql<{
    subscriber_id: string
  }>`select subscriber_id from closure_case where case_id = ${caseId}`.execute(platform.db)
  return isIntact(caseId, await eventsOf(platform.db, row?.subscriber_id ?? '', caseId))
}

test('in Germany a reviewer decides once; a second decision and a stale one are refused', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  const amara = person(platform)
  const jonas = person(platform)
  expect((await amara.signInAsStaff('reviewer@violet.example')).status).toBe(200)
  expect((await jonas.signInAsStaff('reviewer2@violet.example')).status).toBe(200)
  const at = `/v1/staff/closures/${draft.caseId}`
  const { body: queue } = await amara.get('/v1/staff/closures?state=in_review')
  expect(queue.items.map(({ caseId }: { caseId: string }) => caseId)).toContain(draft.caseId)
  const { body: seen } = await amara.get(at)
  expect(seen).toMatchObject({ chainIntact: true, mayDecide: true })
  const [first, second] = await Promise.all([
    amara.post(`${at}/decision`, { decision: 'approve', version: seen.version }),
    jonas.post(`${at}/decision`, {
      decision: 'reject',
      reasonCode: 'identity-doubt',
      version: seen.version,
    }),
  ])
  expect([first?.status, second?.status].filter((status) => status === 200)).toHaveLength(1)
  expect([first?.body.code, second?.body.code]).toContain('already-decided')
  if (first?.status === 200) await untilState(jan, draft.caseId, 'closed')
  else await untilState(jan, draft.caseId, 'rejected')
}, 60_000)

test('a review that is late is approved, as German policy says', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  const { dueAt } = await untilState(jan, draft.caseId, 'in_review')
  const left = platform.clock.now().until(Temporal.Instant.from(dueAt))
  platform.clock.advance(left.add({ minutes: 1 }))
  const closed = await untilState(jan, draft.caseId, 'closed')
  expect(closed.timeline.find(({ key }: { key: string }) => key === 'review').state).toBe('done')
  expect(closed.finalStatement[0].sourcesTotal).toEqual(draft.quote.currencies[0].sourcesTotal)
}, 60_000)

test('withdrawing works until service begins to end, gives the line back, and not afterwards', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  expect((await jan.get(`/v1/lines/${lineId}`)).body.state).toBe('closing')
  expect(
    (
      await jan.post(`/v1/lines/${lineId}/top-ups`, {
        amount: { amount: '10.00', currency: 'GBP' },
      })
    ).body.code,
  ).toBe('line-closing')
  const withdrawn = await jan.post(`/v1/closures/${draft.caseId}/withdraw`)
  expect(withdrawn.body.state).toBe('withdrawn')
  expect((await jan.get(`/v1/lines/${lineId}`)).body.state).toBe('ordered')
  await install(platform, jan, lineId)

  const lin = await member(platform)
  const bought = await buyLine(lin)
  const straight = await draftClosure(lin, 'line', bought.lineId)
  await submit(lin, straight)
  await untilState(lin, straight.caseId, 'closed')
  const late = await lin.post(`/v1/closures/${straight.caseId}/withdraw`)
  expect([late.status, late.body.code]).toEqual([409, 'past-point-of-no-return'])
}, 60_000)

test('a quote that is no longer current is refused with the new one, and nothing is submitted', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const draft = await draftClosure(lin, 'line', lineId)
  const code = await closureCode(lin, draft.caseId)
  await topUp(lin, lineId, '10.00')
  const stale = await lin.post(`/v1/closures/${draft.caseId}/submit`, {
    quoteHash: draft.quote.hash,
    code,
    understood: true,
  })
  expect([stale.status, stale.body.code]).toEqual([409, 'quote-changed'])
  expect(stale.body.quote.hash).not.toBe(draft.quote.hash)
  expect((await lin.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('draft')
  // The code was not spent by the refusal.
  const agreed = await lin.post(`/v1/closures/${draft.caseId}/submit`, {
    quoteHash: stale.body.quote.hash,
    code,
    understood: true,
  })
  expect(agreed.status).toBe(202)
}, 60_000)

test('a wrong and an expired code are refused, wrong tries are counted, and five end the code', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const draft = await draftClosure(lin, 'line', lineId)
  const send = (code: string) =>
    lin.post(`/v1/closures/${draft.caseId}/submit`, {
      quoteHash: draft.quote.hash,
      code,
      understood: true,
    })
  expect((await send('000000')).body.code).toBe('code-not-asked')
  const code = await closureCode(lin, draft.caseId)
  const wrong = code === '111111' ? '222222' : '111111'
  expect((await send(wrong)).body).toMatchObject({ code: 'code-wrong' })
  for (let tries = 0; tries < 4; tries += 1) await send(wrong)
  expect((await send(code)).body.code).toBe('code-too-many')
  const second = await closureCode(lin, draft.caseId)
  platform.clock.advance({ minutes: 11 })
  expect((await send(second)).body.code).toBe('code-expired')
  expect((await lin.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('draft')
}, 60_000)

test('a double click, two tabs and a repeated start are one case', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const starts = await Promise.all(
    [1, 2, 3, 4].map(() => lin.post('/v1/closures', { scope: 'line', lineId })),
  )
  expect(new Set(starts.map(({ body }) => body.caseId)).size).toBe(1)
  expect(starts.filter(({ status }) => status === 201)).toHaveLength(1)
  const draft = await draftClosure(lin, 'line', lineId)
  const code = await closureCode(lin, draft.caseId)
  const body = { quoteHash: draft.quote.hash, code, understood: true }
  const key = randomUUID()
  const clicks = await Promise.all([
    lin.post(`/v1/closures/${draft.caseId}/submit`, body, key),
    lin.post(`/v1/closures/${draft.caseId}/submit`, body, key),
    lin.post(`/v1/closures/${draft.caseId}/submit`, body),
  ])
  expect(clicks.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(1)
  for (const {
    status,
    body: { code: refusal },
  } of clicks) {
    if (status !== 202) expect(['still-in-progress', 'not-a-draft', 'code-used']).toContain(refusal)
  }
  await untilState(lin, draft.caseId, 'closed')
  const counted = await sql<{
    n: number
  }>`select count(*)::int as n from closure_event where case_id = ${draft.caseId} and kind = 'submitted'`.execute(
    platform.db,
  )
  expect(counted.rows[0]?.n).toBe(1)
  expect((await refundsOf(draft.caseId)).map(([, count]) => count)).toEqual([1])
  expect((await lin.post('/v1/closures', { scope: 'line', lineId })).body.code).toBe('line-closed')
}, 60_000)

test('somebody else’s line and case do not exist for me', async () => {
  const [lin, eve] = [await member(platform), await member(platform)]
  const { lineId } = await buyLine(lin)
  expect((await eve.post('/v1/closures', { scope: 'line', lineId })).status).toBe(404)
  const draft = await draftClosure(lin, 'line', lineId)
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', { reason: 'privacy' }],
    ['POST', '/code', {}],
    ['POST', '/withdraw', {}],
    ['POST', '/submit', { quoteHash: draft.quote.hash, code: '123456', understood: true }],
    ['GET', '/certificate.json', undefined],
  ] as const) {
    const answer = await eve.call(method, `/v1/closures/${draft.caseId}${path}`, body, {
      'idempotency-key': randomUUID(),
    })
    expect([404, 409]).toContain(answer.status)
    expect(['not-found', 'certificate-not-ready']).toContain(answer.body.code)
  }
  expect((await person(platform).get(`/v1/closures/${draft.caseId}`)).body.code).toBe(
    'not-signed-in',
  )
}, 60_000)

test('malformed requests get a clear 4xx problem, in the language of the request', async () => {
  const lin = await member(platform)
  const large = await lin.call('POST', '/v1/closures', `"${'x'.repeat(10 * 1024 * 1024)}"`)
  expect([large.status, large.body.code]).toEqual([413, 'body-too-large'])
  const broken = await lin.call('POST', '/v1/closures', '{"scope":')
  expect([broken.status, broken.body.code]).toEqual([400, 'not-json'])
  const words = await lin.call('POST', '/v1/closures', 'scope=line', { 'content-type': 'text/csv' })
  expect([words.status, words.body.code]).toEqual([415, 'unsupported-media-type'])
  const wrong = await lin.call(
    'POST',
    '/v1/closures',
    { scope: 'house' },
    { 'accept-language': 'zh-CN,zh;q=0.9' },
  )
  expect([wrong.status, wrong.body.code]).toEqual([422, 'invalid-request'])
  expect(wrong.body.title).toBe('请求内容有误')
  const { lineId } = await buyLine(lin)
  const currency = await lin.post(`/v1/lines/${lineId}/top-ups`, {
    amount: { amount: '10.00', currency: 'XXX' },
  })
  expect([currency.status, currency.body.code]).toEqual([422, 'unknown-currency'])
  const foreign = await lin.call(
    'POST',
    '/v1/closures',
    { scope: 'account' },
    { origin: 'https://evil.example' },
  )
  expect([foreign.status, foreign.body.code]).toEqual([403, 'foreign-origin'])
  const keyless = await lin.call(
    'POST',
    '/v1/closures/case_00000000000000000000000000000000/submit',
    { quoteHash: 'q', code: '123456', understood: true },
  )
  expect(keyless.body.code).toBe('idempotency-key-missing')
  expect((await lin.get('/v1/closures/nothing')).status).toBe(404)
}, 60_000)

test('the timeline of a case only grows: the database refuses a change, and one past it is seen', async () => {
  const { rows } = await sql<{ case_id: string; subscriber_id: string }>`
    select case_id, subscriber_id from closure_case where state = 'closed' limit 1`.execute(
    platform.db,
  )
  const [c] = rows
  const refused = /never changed or deleted/
  const change = sql`update closure_event set kind = 'withdrawn' where case_id = ${c!.case_id}`
  await expect(change.execute(platform.db)).rejects.toThrow(refused)
  await expect(sql`delete from closure_event`.execute(platform.db)).rejects.toThrow(refused)
  await expect(sql`truncate closure_event`.execute(platform.db)).rejects.toThrow(refused)
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const isSaidIntact = async () =>
    (await reviewer.get(`/v1/staff/closures/${c!.case_id}`)).body.chainIntact
  expect(await isSaidIntact()).toBe(true)
  // Whoever owns the server can switch its triggers off; the chain tells all the same.
  await platform.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql`update closure_event set detail = '{"amount":"1.00"}'
      where case_id = ${c!.case_id} and seq = 2`.execute(trx)
  })
  expect(await isSaidIntact()).toBe(false)
})
