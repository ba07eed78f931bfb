/** Closing when partners fail: delayed, stuck with a person, a card that is dead; never refunded twice, never lost. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { closureJobs } from '../src/closure/steps.ts'
import type { Partners } from '../src/closure/steps/step.ts'
import { post } from '../src/ledger/store.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { money } from '../src/values/money.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import {
  buyLine,
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

const refundsOf = (caseId: string) => refundsOfCase(platform, caseId)

test('the network down for a while delays the end of service, and nothing is refunded before it', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  await fetch(`${platform.urls.network}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fail500: 4 }),
  })
  const draft = await draftClosure(lin, 'line', lineId)
  await submit(lin, draft)
  await until(
    async () =>
      (
        await sql<{
          failures: number
        }>`select failures from closure_case where case_id = ${draft.caseId}`.execute(platform.db)
      ).rows[0]?.failures ?? 0,
    (failures) => failures > 0,
  )
  expect(await refundsOf(draft.caseId)).toEqual([])
  platform.clock.advance({ minutes: 5 })
  await until(
    async () => {
      platform.clock.advance({ seconds: 30 })
      return (await lin.get(`/v1/closures/${draft.caseId}`)).body
    },
    ({ state }) => state === 'closed',
    20_000,
  )
  expect((await refundsOf(draft.caseId)).map(([, count]) => count)).toEqual([1])
}, 60_000)

test('a card that expired gets no refund twice: the money is booked as unclaimed and the certificate says so', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, undefined, '4000000000000341')
  const draft = await draftClosure(lin, 'line', lineId)
  await submit(lin, draft)
  await until(
    async () => (await lin.get(`/v1/closures/${draft.caseId}`)).body,
    ({ refunds }) => refunds[0]?.state === 'needs-account',
    20_000,
  )
  platform.clock.advance({ hours: 24 * 30, minutes: 1 })
  const closed = await untilState(lin, draft.caseId, 'closed')
  const { body: file } = await lin.get(`/v1/closures/${draft.caseId}/certificate.json`)
  expect(file.certificate.money[0].destinations.map(({ kind }: { kind: string }) => kind)).toEqual([
    'unclaimed',
  ])
  expect(closed.certificate).not.toBeNull()
  const { rows } = await sql<{
    minor: bigint
  }>`select minor from ledger_posting where account = 'unclaimed' and transfer_id in
    (select transfer_id from ledger_transfer where kind = 'refund-failed' and key like ${`${draft.caseId}%`})`.execute(
    platform.db,
  )
  expect(rows.map(({ minor }) => minor)).toEqual([
    BigInt(draft.quote.currencies[0].refund.amount.replace('.', '')),
  ])
}, 60_000)

test('a network that stays down asks a person, with what to do; a retry afterwards closes the case', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  const faults = async (fail500: number) =>
    fetch(`${platform.urls.network}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fail500 }),
    })
  const draft = await draftClosure(lin, 'line', lineId)
  await faults(1000)
  await submit(lin, draft)
  await until(
    async () => {
      platform.clock.advance({ seconds: 20 })
      return (await lin.get(`/v1/closures/${draft.caseId}`)).body
    },
    ({ state }) => state === 'needs_attention',
    30_000,
  )
  expect(await refundsOf(draft.caseId)).toEqual([])
  await faults(0)
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  const { attention } = (await reviewer.get(at)).body
  expect(attention).toMatchObject({ step: `detach:${lineId}` })
  expect(attention.advice).toMatch(/network/)
  expect((await reviewer.post(`${at}/retry`)).status).toBe(200)
  await untilState(lin, draft.caseId, 'closed')
  expect((await refundsOf(draft.caseId)).map(([, count]) => count)).toEqual([1])
}, 90_000)

test('a job that failed for good turns its case to needs_attention, once, and back by a retry', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  const { body: me } = await jan.get('/v1/me')
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  const data = { subscriberId: me.subscriberId, caseId: draft.caseId }
  await job?.gaveUp(data, 'a bug', randomUUID())
  await job?.gaveUp(data, 'a bug', randomUUID())
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  const { body: stuck } = await reviewer.get(at)
  expect(stuck.closure.state).toBe('needs_attention')
  expect(
    stuck.events.filter(({ kind }: { kind: string }) => kind === 'needs-attention'),
  ).toHaveLength(1)
  expect((await reviewer.post(`${at}/retry`)).body.closure.state).toBe('in_review')
}, 60_000)

async function stuckInReview() {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  const { body: me } = await jan.get('/v1/me')
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  const data = { subscriberId: me.subscriberId, caseId: draft.caseId }
  await job?.gaveUp(data, 'a bug', randomUUID())
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  return { jan, lineId, caseId: draft.caseId, reviewer, at: `/v1/staff/closures/${draft.caseId}` }
}
const lineState = async (someone: Person, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body.state

test('a closure that is stuck before service ends is withdrawn as any other, by its subscriber or for them', async () => {
  const own = await stuckInReview()
  const { body: seen } = await own.jan.get(`/v1/closures/${own.caseId}`)
  expect(seen).toMatchObject({ state: 'needs_attention', canWithdraw: true })
  const { body: back } = await own.jan.post(`/v1/closures/${own.caseId}/withdraw`)
  expect(back.state).toBe('withdrawn')
  expect(await lineState(own.jan, own.lineId)).not.toBe('closing')
  expect((await own.reviewer.post(`${own.at}/retry`)).body.code).toBe('nothing-to-retry')

  const other = await stuckInReview()
  expect((await other.reviewer.get(other.at)).body.mayWithdraw).toBe(true)
  expect((await other.reviewer.post(`${other.at}/withdraw`, { note: '' })).status).toBe(422)
  const note = { note: 'Called back on the number of the contract: she wants to stay.' }
  const { body: ended } = await other.reviewer.post(`${other.at}/withdraw`, note)
  expect(ended.closure.state).toBe('withdrawn')
  expect(ended.chainIntact).toBe(true)
  expect(await lineState(other.jan, other.lineId)).not.toBe('closing')
  // Asked again it is done already.
  expect((await other.reviewer.post(`${other.at}/withdraw`, note)).status).toBe(200)
}, 60_000)

test('a closure that is stuck before service ends can be frozen, held, and go on where it stopped', async () => {
  const { jan, caseId, reviewer, at } = await stuckInReview()
  const { body: held } = await reviewer.post(`${at}/hold`, { note: 'a court asked' })
  expect(held.closure.state).toBe('on_hold')
  const token = freezeToken(platform.config.masterKey, caseId)
  expect((await person(platform).post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  const { body: on } = await reviewer.post(`${at}/thaw`, { note: 'called back' })
  const { rows: raw } = await sql`
    select left(hold_note, 8) as sealed, attention ->> 'what' as what from closure_case where case_id = ${caseId}`.execute(
    platform.db,
  )
  expect(raw).toEqual([{ sealed: 'sealed:1', what: 'a member of staff holds it' }])
  // What it was held for is not settled by that.
  expect(on).toMatchObject({ closure: { state: 'on_hold' }, attention: { what: 'a court asked' } })
  const { body: free } = await reviewer.post(`${at}/thaw`, { note: 'the court is done' })
  expect(free).toMatchObject({ closure: { state: 'in_review' }, attention: null })
  expect((await reviewer.post(`${at}/withdraw`, { note: 'no' })).body.code).toBe('nothing-to-retry')
  const signedOut = await jan.get(`/v1/closures/${caseId}`)
  expect(signedOut.status).toBe(401)
}, 60_000)

test('less would come back than was agreed: nothing ends before the subscriber agrees to the new quote', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  await topUp(jan, lineId, '20.00')
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  const { dueAt } = await untilState(jan, draft.caseId, 'in_review')
  const { body: me } = await jan.get('/v1/me')
  await platform.db.transaction().execute((trx) =>
    post(trx, platform.app.ids, {
      subscriberId: me.subscriberId,
      key: 'usage while in review',
      kind: 'usage',
      at: platform.clock.now(),
      detail: {},
      postings: [
        {
          from: { account: 'paid-credit', lineId },
          to: { account: 'usage-revenue' },
          amount: money(500n, 'GBP'),
        },
      ],
    }),
  )
  const left = platform.clock.now().until(Temporal.Instant.from(dueAt))
  platform.clock.advance(left.add({ minutes: 1 }))
  const asked = await untilState(jan, draft.caseId, 'needs_customer')
  expect((await jan.get(`/v1/lines/${lineId}`)).body.state).toBe('closing')
  const before = Number(draft.quote.currencies[0].refund.amount)
  expect(Number(asked.quote.currencies[0].refund.amount)).toBeCloseTo(before - 5, 2)
  expect((await submit(jan, asked)).status).toBe(202)
  const closed = await untilState(jan, draft.caseId, 'closed')
  expect(closed.finalStatement[0].sourcesTotal).toEqual(asked.quote.currencies[0].sourcesTotal)
}, 60_000)
