/** Leaving altogether while a line that closed before is still being settled: asked for at once, and ended after it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { expectZeroSum, publishFor, sentFor, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import {
  buyLine,
  closureCode,
  draftClosure,
  install,
  member,
  submit,
  topUp,
  untilState,
} from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const rule = { source: 'test', confidence: 'D' } as const
  await publishFor(platform, 'MT', {
    coolingOff: { value: 'PT1H', ...rule },
    withdrawalWindow: { value: null, ...rule },
  })
}, 60_000)
afterAll(() => platform.close())

type Someone = Awaited<ReturnType<typeof member>>

const seen = async (someone: Someone, caseId: string) =>
  (await someone.get(`/v1/closures/${caseId}`)).body
const rowOf = (timeline: { key: string }[]) => timeline.find(({ key }) => key === 'other-closures')
const stateOf = async (someone: Someone, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body.state
const closedByReference = (someone: Someone, { reference }: { reference: string }) =>
  until(
    async () => (await someone.get(`/v1/closures/by-reference/${reference}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )

/** A line whose refund its card refused, so that it waits for an account of its owner; and one beside it. */
async function settling() {
  const lin = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(lin, undefined, '4000000000000341')
  const { lineId: beside } = await buyLine(lin)
  const line = await draftClosure(lin, 'line', lineId)
  const account = await draftClosure(lin, 'account')
  await submit(lin, line)
  await untilState(lin, line.caseId, 'cooling_off')
  const early = await submit(lin, account)
  expect([early.status, early.body.code]).toEqual([409, 'closure-open'])
  platform.clock.advance({ hours: 1, minutes: 1 })
  const { refunds } = await until(
    () => seen(lin, line.caseId),
    (one) => one.refunds[0]?.state === 'needs-account',
    20_000,
  )
  return { lin, beside, line, account, refundId: refunds[0].refundId as string }
}

test('an account is closed while a line is settled: it can be taken back, and ends at once when the line has', async () => {
  const { lin, beside, line, account, refundId } = await settling()
  const draft = await seen(lin, account.caseId)
  const ready = draft.readiness.find(({ key }: { key: string }) => key === 'settling')
  expect(ready).toMatchObject({ state: 'next-step', action: 'none' })
  expect([draft.quote.refundTo.length, draft.quote.refundBy]).toEqual([1, null])
  expect((await submit(lin, draft)).status).toBe(202)
  expect(await stateOf(lin, beside)).toBe('closing')
  const another = await lin.post('/v1/closures', { scope: 'line', lineId: beside })
  expect(another.body.code).toBe('closure-open')
  expect((await lin.post(`/v1/closures/${draft.caseId}/withdraw`)).status).toBe(200)
  expect(await stateOf(lin, beside)).toBe('ordered')
  expect((await seen(lin, line.caseId)).state).toBe('settling')

  const again = await draftClosure(lin, 'account')
  await submit(lin, again)
  await untilState(lin, again.caseId, 'cooling_off')
  platform.clock.advance({ hours: 1, minutes: 1 })
  const waiting = await untilState(lin, again.caseId, 'settling')
  expect(rowOf(waiting.timeline)).toMatchObject({
    state: 'now',
    detail: { references: line.reference },
  })
  const { body: open } = await lin.get(`/v1/closures/by-reference/${again.reference}`)
  expect(rowOf(open.timeline)).toEqual({ key: 'other-closures', state: 'now', at: null, due: null })
  expect(await stateOf(lin, beside)).toBe('closed')
  expect(waiting.finalStatement).toBeNull()

  // Who waits can sign in, and says where the money of the line goes.
  const code = await closureCode(lin, line.caseId)
  const named = { kind: 'iban', iban: 'GB29NWBK60161331926819' }
  const path = `/v1/closures/${line.caseId}/refunds/${refundId}/account`
  expect((await lin.post(path, { account: named, code })).status).toBe(200)
  await closedByReference(lin, again)
  const [ofLine, ofAccount] = [line, again].map(({ caseId }) => sentFor(platform, caseId))
  expect((await ofLine!).payouts.map(([, times]) => times)).toEqual([1])
  expect((await ofAccount!).refunds.map(([, times]) => times)).toEqual([1])
  await expectZeroSum(platform, again.caseId)
}, 60_000)

test('with no line left, what a bank gives back to one that closed before goes back with the account, though nobody was asked', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'home-uk')
  await install(platform, lin, lineId)
  // The days that were paid for are over.
  platform.clock.advance({ hours: 24 * 45 })
  const { orderId } = await topUp(lin, lineId, '20.00')
  const { payment_id: paymentId } = await platform.db
    .selectFrom('payment_order')
    .select('payment_id')
    .where('order_id', '=', orderId)
    .executeTakeFirstOrThrow()
  const { id } = await bank('', { paymentId })
  await until(
    async () => (await lin.get(`/v1/lines/${lineId}`)).body,
    ({ paidCredit }) => paidCredit.amount === '0.00',
  )
  const draft = await draftClosure(lin, 'line', lineId)
  const choices = { paid: { disposition: 'keep' }, promotional: null }
  const { body: kept } = await lin.patch(`/v1/closures/${draft.caseId}`, { choices })
  expect((await submit(lin, kept)).status).toBe(202)
  await untilState(lin, draft.caseId, 'settling')
  const account = await draftClosure(lin, 'account')
  expect([account.quote.choicesNeeded, account.choices.paid]).toEqual([[], null])
  expect((await submit(lin, account)).status).toBe(202)
  await until(
    () => seen(lin, account.caseId),
    ({ timeline }) => rowOf(timeline) !== undefined,
    20_000,
  )
  await bank(`/${id}`, { status: 'won' })
  await closedByReference(lin, account)
  expect((await sentFor(platform, account.caseId)).refunds.map(([, times]) => times)).toEqual([1])
  expect((await sentFor(platform, draft.caseId)).refunds).toEqual([])
  const { outcome } = await platform.db
    .selectFrom('closure_step')
    .select('outcome')
    .where('case_id', '=', account.caseId)
    .where('step', '=', 'settle')
    .executeTakeFirstOrThrow()
  const [table] = JSON.parse((outcome as { tables: string }).tables)
  expect(sides(table)).toEqual({ from: ['account-credit 20.00'], to: ['refund 20.00'] })
  await expectZeroSum(platform, account.caseId)
}, 60_000)

async function bank(path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const asked = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await fetch(`${platform.urls.payments}/bank/disputes${path}`, asked)
  return (await answer.json()) as { id: string }
}
