/** One line of many: what the others cost once it has gone, agreed to in its quote; and nobody is left with a line that goes with none. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { until } from '../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

type Someone = Awaited<ReturnType<typeof member>>

const renewal = async (someone: Someone, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}/renewal`)).body
const renews = (someone: Someone, lineId: string) =>
  someone.patch(`/v1/lines/${lineId}/renewal`, { autoRenew: true })
const quoted = (someone: Someone, planId: string) =>
  someone.get(`/v1/orders/quote?planId=${planId}`)
const prepaid = async (lineId: string) => {
  const { rows } = await sql<{ minor: bigint }>`
    select minor from ledger_balance where line_id = ${lineId} and account = 'plan-prepaid'`.execute(
    platform.db,
  )
  return rows[0]?.minor
}

async function flex(someone: Someone) {
  const { lineId, orderId } = await buyLine(someone, 'flex-europe')
  const { line } = await install(platform, someone, lineId)
  const { body: order } = await someone.get(`/v1/orders/${orderId}`)
  return { lineId, paid: order.amount.amount as string, line }
}

test('Hard case 5: one line of many: the discount of the lines that stay is repriced in the quote', async () => {
  const lin = await member(platform)
  const first = await flex(lin)
  expect((await quoted(lin, 'flex-europe')).body).toEqual({
    price: { amount: '8.10', currency: 'GBP' },
    percentOff: 10,
  })
  const second = await flex(lin)
  expect([first.paid, second.paid]).toEqual(['9.00', '8.10'])
  expect(await prepaid(second.lineId)).toBe(810n)
  // The first ends before the second renews, unless it renews too.
  expect(await renewal(lin, second.lineId)).toMatchObject({ price: { amount: '9.00' } })
  await renews(lin, first.lineId)
  await renews(lin, second.lineId)
  const shown = await renewal(lin, second.lineId)
  expect([shown.price.amount, shown.percentOff]).toEqual(['8.10', 10])
  await topUp(lin, second.lineId, '20.00')

  const draft = await draftClosure(lin, 'line', first.lineId)
  const other = {
    lineId: second.lineId,
    name: second.line.nickname,
    before: { amount: '8.10', currency: 'GBP' },
    after: { amount: '9.00', currency: 'GBP' },
    percentBefore: 10,
    percentAfter: 0,
    from: second.line.periodEnd,
  }
  expect(draft.quote.others).toEqual([other])
  // What the other line is set to next is part of what is agreed to.
  const adjustment = { data: 10, voice: 2, sms: 1 }
  const at = `/v1/lines/${second.lineId}/plan-change`
  const { body: change } = await lin.get(`${at}?when=renewal&data=10&voice=2&sms=1`)
  expect([change.priceAfter.amount, change.percentOff]).toEqual(['11.70', 10])
  await lin.post(at, { when: 'renewal', adjustment, quoteHash: change.hash })
  const late = await submit(lin, draft)
  expect([late.status, late.body.code]).toEqual([409, 'quote-changed'])
  expect(late.body.quote.others[0]).toMatchObject({
    before: { amount: '11.70' },
    after: { amount: '13.00' },
  })
  const again = { caseId: draft.caseId, quote: late.body.quote }
  platform.clock.advance({ minutes: 2 })
  expect((await submit(lin, again)).status).toBe(202)
  await untilState(lin, draft.caseId, 'closed')

  // What is paid already stays; the next period costs what the quote said.
  expect(await prepaid(second.lineId)).toBe(810n)
  expect((await renewal(lin, second.lineId)).price.amount).toBe('13.00')
  platform.clock.advance({ hours: 24 * 30 })
  const line = await until(
    async () => (await lin.get(`/v1/lines/${second.lineId}`)).body,
    ({ periodEnd }) => periodEnd !== second.line.periodEnd,
    20_000,
  )
  expect(line.paidCredit.amount).toBe('7.00')
  const { body: statement } = await lin.get('/v1/statement')
  const renewed = statement.items.find(({ kind }: { kind: string }) => kind === 'plan-renewal')
  expect(renewed.moved.amount).toBe('13.00')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 90_000)

test('Hard case 5: one line of many: the last line that others go with strands none of them', async () => {
  const lin = await member(platform)
  const alone = await quoted(lin, 'companion-uk')
  expect([alone.status, alone.body.code]).toEqual([409, 'companion-needs-line'])
  expect((await lin.post('/v1/orders', { planId: 'companion-uk' })).body.code).toBe(
    'companion-needs-line',
  )
  const main = await buyLine(lin)
  const watch = await buyLine(lin, 'companion-uk')
  const draft = await draftClosure(lin, 'line', main.lineId)
  const row = draft.readiness.find(({ key }: { key: string }) => key === 'dependants')
  expect(row).toMatchObject({ state: 'blocks', detail: { lineId: watch.lineId } })
  const refused = await submit(lin, draft)
  expect([refused.status, refused.body.code]).toEqual([409, 'blocked'])
  expect((await lin.get(`/v1/lines/${main.lineId}`)).body.state).toBe('ordered')

  // With a second line to go with, the first may end; then the second is the last.
  const next = await buyLine(lin)
  platform.clock.advance({ minutes: 2 })
  expect((await submit(lin, draft)).status).toBe(202)
  await untilState(lin, draft.caseId, 'closed')
  const last = await draftClosure(lin, 'line', next.lineId)
  expect(last.readiness.map(({ key }: { key: string }) => key)).toContain('dependants')
  await lin.post(`/v1/closures/${last.caseId}/withdraw`)

  // Nobody is stranded where all of them end.
  const all = await draftClosure(lin, 'account')
  expect(all.readiness.map(({ key }: { key: string }) => key)).not.toContain('dependants')
  platform.clock.advance({ minutes: 2 })
  expect((await submit(lin, all)).status).toBe(202)
  await until(
    async () => (await lin.call('GET', `/v1/closures/by-reference/${all.reference}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )
}, 90_000)
