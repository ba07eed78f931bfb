/** Random lives to the end on the whole platform: changed, renewed, topped up, suspended, ported, closed; to the cent, each allowance once. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { until } from '../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { otherOperator, type Someone } from './porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
const { say, request, portCode } = otherOperator(() => platform)
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const act = fc.oneof(
  fc.record({
    do: fc.constantFrom('now' as const, 'renewal' as const),
    data: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ do: fc.constant('top-up' as const), pounds: fc.constantFrom(5, 10, 20) }),
  fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 24 * 18 }) }),
  fc.record({ do: fc.constantFrom('suspend' as const, 'resume' as const) }),
  fc.record({
    do: fc.constant('port' as const),
    ends: fc.constantFrom('failed' as const, 'cancelled' as const, 'stopped' as const),
  }),
)
const life = fc.record({
  acts: fc.array(act, { minLength: 2, maxLength: 6 }),
  end: fc.constantFrom('ported' as const, 'closed' as const, 'closed while ported' as const),
})
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never

type One = { someone: Someone; lineId: string; msisdn: string; spent: bigint }
const pence = (amount: string) => BigInt(amount.replace('.', ''))
const lineOf = async ({ someone, lineId }: One) => (await someone.get(`/v1/lines/${lineId}`)).body

/** Whatever was due on a line has been done, so that nothing but the person moves its money. */
const settled = ({ lineId }: One) =>
  until(
    async () => {
      const { rows } = await sql`
        select from line l where l.line_id = ${lineId} and (l.due_at <= ${platform.app.clock.now()}
          or exists (select from pgboss.job j where j.name = 'renewals.period'
            and j.singleton_key = l.line_id and j.state <= 'active'))`.execute(platform.db)
      return rows.length
    },
    (open) => open === 0,
  )

async function perform(one: One, what: Act): Promise<void> {
  const { someone, lineId, msisdn } = one
  if (what.do === 'wait') {
    platform.clock.advance({ hours: what.hours })
    return void (await settled(one))
  }
  if (what.do === 'top-up') {
    await topUp(someone, lineId, `${what.pounds}.00`)
    one.spent += BigInt(what.pounds) * 100n
  } else if (what.do === 'port') await stay(one, what.ends, msisdn)
  else if ('data' in what) await change(one, what.do, what.data)
  else await someone.post(`/v1/lines/${lineId}/${what.do}`)
}

/** What the quote says is what leaves the credit, or comes back to it. */
async function change(one: One, when: 'now' | 'renewal', data: number) {
  const { someone, lineId } = one
  const at = `/v1/lines/${lineId}/plan-change`
  const { body: quote } = await someone.get(`${at}?when=${when}&data=${data}&voice=2&sms=1`)
  const before = pence((await lineOf(one)).paidCredit.amount)
  const adjustment = { data, voice: 2, sms: 1 }
  const agreed = await someone.post(at, { when, adjustment, quoteHash: quote.hash })
  if (agreed.status !== 200) return
  expect(before - pence((await lineOf(one)).paidCredit.amount)).toBe(pence(quote.due.amount))
}

/** A number that sets out and stays: nothing about money or plan may change by it. */
async function stay(one: One, ends: 'failed' | 'cancelled' | 'stopped', msisdn: string) {
  const { someone, lineId } = one
  const before = await lineOf(one)
  const reference = randomUUID()
  expect((await request(msisdn, await portCode(someone, lineId), reference)).status).toBe(200)
  if (ends === 'stopped') await someone.delete(`/v1/lines/${lineId}/port-out`)
  else await say(`port-out.${ends}`, { reference, ...(ends === 'failed' && { reason: 'x' }) })
  const after = await lineOf(one)
  expect([after.state, after.paidCredit, after.bought, after.msisdn]).toEqual([
    before.state,
    before.paidCredit,
    before.bought,
    before.msisdn,
  ])
}

async function finish(one: One, end: 'ported' | 'closed' | 'closed while ported') {
  const { someone, lineId, msisdn } = one
  const reference = randomUUID()
  if (end !== 'closed')
    expect((await request(msisdn, await portCode(someone, lineId), reference)).status).toBe(200)
  const draft = await draftClosure(someone, 'line', lineId)
  const shown = draft.quote.currencies[0].refund.amount as string
  if (end !== 'ported') expect((await submit(someone, draft)).status).toBe(202)
  if (end !== 'closed') await say('port-out.completed', { reference })
  const closed = await untilState(someone, draft.caseId, 'closed')
  return { closed, shown }
}

async function expectGrantedOnce(lineId: string) {
  const { rows } = await sql<{ granted: bigint; terms: bigint }>`
    select (select coalesce(sum(b.granted), 0)::int8 from bucket b where b.line_id = l.line_id and b.kind = 'data'
        and (b.expires_at is null or b.expires_at >= l.period_end)) as granted,
      (select coalesce(sum(t.data_bytes), 0)::int8 from line_term t where t.line_id = l.line_id and t.term >= (
        select max(term) from line_term s where s.line_id = l.line_id and s.cause <> 'changed')) as terms
    from line l where l.line_id = ${lineId}`.execute(platform.db)
  expect(rows[0]?.granted).toBe(rows[0]?.terms)
}

test('whatever happened before, the end pays what it showed, grants nothing twice, and says how it came', async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ acts, end }) => {
      const someone = (await member(platform)) as Someone
      const { lineId } = await buyLine(someone, 'flex-europe')
      const { line } = await install(platform, someone, lineId)
      const one: One = {
        someone,
        lineId,
        msisdn: line.msisdn,
        spent: pence(line.plan.price.amount),
      }
      for (const what of acts) {
        await perform(one, what)
        await expectGrantedOnce(lineId)
      }
      await settled(one)
      const { closed, shown } = await finish(one, end)
      const [table] = closed.finalStatement
      expect(table.refund.amount).toBe(shown)
      const { rows } = await sql<{ close_cause: string; sent: bigint; left: bigint }>`
        select close_cause, (select coalesce(sum(minor), 0)::int8 from refund where case_id = ${closed.caseId}) as sent,
          (select coalesce(sum(abs(minor)), 0)::int8 from ledger_balance where line_id = ${lineId}) as left
        from line where line_id = ${lineId}`.execute(platform.db)
      expect(rows[0]).toEqual({
        close_cause: end === 'closed' ? 'closure' : 'ported',
        sent: pence(shown),
        left: 0n,
      })
      expect(pence(shown)).toBeLessThanOrEqual(one.spent)
    }),
    { numRuns: 8, endOnFailure: true },
  )
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 300_000)
