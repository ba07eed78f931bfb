/** A refund that the law gives only with the number (Belgium, as its decree says): none without it, and all of it when it leaves. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { expectZeroSum, publishFor, sentFor, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { otherOperator, type Someone } from './porting-partner.ts'
import { buyLine, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const facts = { source: 'test', confidence: 'D' } as const
  await publishFor(platform, 'MT', {
    refundRight: { value: 'on_port_only', ...facts },
    paidDispositions: { value: ['move', 'keep', 'donate'], ...facts },
    // Nobody here withdraws from a contract that was just made.
    withdrawalWindow: { value: null, ...facts },
    lateUsageCap: { value: { GBP: 300 }, ...facts },
    lateUsageWindow: { value: 'P7D', ...facts },
  })
}, 60_000)
afterAll(() => platform.close())

const { say, request, portCode } = otherOperator(() => platform)

async function subscribed() {
  const someone = (await member(platform, { country: 'MT' })) as Someone
  const { lineId } = await buyLine(someone)
  const { line } = await install(platform, someone, lineId)
  await topUp(someone, lineId, '20.00')
  return { someone, lineId, msisdn: line.msisdn as string }
}

async function choose(someone: Someone, scope: object, disposition: string) {
  const { body: draft } = await someone.post('/v1/closures', scope)
  const choices = { paid: { disposition }, promotional: { disposition: 'give-up' } }
  const answer = await someone.patch(`/v1/closures/${draft.caseId}`, { choices })
  return { draft, answer }
}

async function askedToLeave({ someone, lineId, msisdn }: Awaited<ReturnType<typeof subscribed>>) {
  const reference = randomUUID()
  const code = await portCode(someone, lineId)
  expect((await request(msisdn, code, reference)).status).toBe(200)
  return () => say('port-out.completed', { reference })
}

/** Where the money went in the end, when the last record could have come. */
async function ended(someone: Someone, caseId: string) {
  await until(
    async () => (await someone.get(`/v1/closures/${caseId}`)).body,
    ({ state }) => state === 'settling' || state === 'closed',
    20_000,
  )
  platform.clock.advance({ hours: 24 * 7 })
  const closed = await untilState(someone, caseId, 'closed')
  await expectZeroSum(platform, caseId)
  return sides(closed.finalStatement[0]).to.map((each) => each.split(' ')[0])
}

test('closed without a port nothing is paid out: a refund is not on offer', async () => {
  const { someone, lineId } = await subscribed()
  const scope = { scope: 'line', lineId }
  const { draft, answer } = await choose(someone, scope, 'refund')
  expect(draft.quote.allowed.paid).toEqual(['keep', 'donate'])
  expect([answer.status, answer.body.code]).toEqual([422, 'choice-not-allowed'])
  const { answer: donated } = await choose(someone, scope, 'donate')
  expect((await submit(someone, donated.body)).status).toBe(202)
  const kinds = await ended(someone, draft.caseId)
  expect(kinds).toContain('donated')
  expect(kinds).not.toContain('refund')
  expect(await sentFor(platform, draft.caseId)).toEqual({ refunds: [], payouts: [] })
}, 60_000)

test('the number leaves: the credit comes back, and what was held for late records with it', async () => {
  const own = await subscribed()
  const leave = await askedToLeave(own)
  await leave()
  const { caseId } = await until(
    async () => (await own.someone.get('/v1/closures')).body.items[0] ?? {},
    (found) => found.caseId !== undefined,
    20_000,
  )
  const kinds = await ended(own.someone, caseId)
  expect(new Set(kinds)).toEqual(new Set(['refund']))
  expect((await sentFor(platform, caseId)).refunds.length).toBeGreaterThan(0)
}, 60_000)

test.each(['line', 'account'])(
  'given away while the number was on its way, for want of a refund: it comes back when it has left (%s)',
  async (scope) => {
    const own = await subscribed()
    const { someone, lineId } = own
    const leave = await askedToLeave(own)
    const { draft, answer } = await choose(
      someone,
      { scope, ...(scope === 'line' && { lineId }) },
      'donate',
    )
    expect(answer.body.quote.allowed.paid).not.toContain('refund')
    expect((await submit(someone, answer.body)).status).toBe(202)
    await untilState(someone, draft.caseId, 'approved')
    await leave()
    const state = async () =>
      (await someone.get(`/v1/closures/by-reference/${draft.reference}`)).body.state
    await expect.poll(state, { timeout: 20_000 }).toMatch(/settling|closed/)
    platform.clock.advance({ hours: 24 * 7 })
    await expect.poll(state, { timeout: 20_000 }).toBe('closed')
    expect((await sentFor(platform, draft.caseId)).refunds.length).toBeGreaterThan(0)
    const { rows } = await donated(draft.caseId)
    expect(rows).toEqual([])
    await expectZeroSum(platform, draft.caseId)
  },
  60_000,
)

async function donated(caseId: string) {
  const rows = await platform.db
    .selectFrom('ledger_posting as p')
    .innerJoin('ledger_transfer as t', (join) =>
      join
        .onRef('t.subscriber_id', '=', 'p.subscriber_id')
        .onRef('t.transfer_id', '=', 'p.transfer_id'),
    )
    .select('p.minor')
    .where('p.account', '=', 'donations-payable')
    .where('t.key', 'like', `${caseId}%`)
    .execute()
  return { rows }
}
