/** Closing a line whose plan was changed, and whose renewal is on: paid for days come back to the cent, renewal ends with it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { expectZeroSum } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

test('after a change the days left come back at what was paid for them, and nothing renews any more', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'flex-europe')
  await install(platform, lin, lineId)
  await topUp(lin, lineId, '20.00')
  const at = `/v1/lines/${lineId}`
  platform.clock.advance({ hours: 10 * 24 })
  const change = async (data: number, when: string) => {
    const query = `when=${when}&data=${data}&voice=2&sms=1`
    const { body: quote } = await lin.get(`${at}/plan-change?${query}`)
    const adjustment = { data, voice: 2, sms: 1 }
    const request = { when, adjustment, quoteHash: quote.hash }
    expect((await lin.post(`${at}/plan-change`, request)).status).toBe(200)
    return quote
  }
  const now = await change(10, 'now')
  // 19 days have not begun: 13.00 × 19/30 = 8.23, paid are 9.00 × 19/30 = 5.70.
  expect([now.days, now.rest.amount, now.due.amount]).toEqual([19, '8.23', '2.53'])
  const later = await change(3, 'renewal')
  expect(later.due.amount).toBe('0.00')

  platform.clock.advance({ hours: 4 * 24 })
  const draft = await draftClosure(lin, 'line', lineId)
  const [table] = draft.quote.currencies
  // 15 of the 19 days that were paid for at the change, and the credit.
  const days = table.sources.find(({ kind }: { kind: string }) => kind === 'plan-days')
  expect(days).toMatchObject({
    amount: { amount: '6.49' },
    detail: { daysLeft: '15', daysTotal: '19' },
  })
  expect(table.refund.amount).toBe((17.47 + 6.49).toFixed(2))
  expect((await submit(lin, draft)).status).toBe(202)
  await untilState(lin, draft.caseId, 'closed')
  const { rows } = await sql`
    select l.auto_renew, l.due_at, r.next_version, r.next_steps, r.waiting_since from line l
    join line_renewal r using (subscriber_id, line_id) where l.line_id = ${lineId}`.execute(
    platform.db,
  )
  expect(rows).toEqual([
    { auto_renew: false, due_at: null, next_version: null, next_steps: null, waiting_since: null },
  ])
  const refused = await lin.get(`${at}/plan-change?when=now&data=9&voice=2&sms=1`)
  expect(refused.body.code).toBe('line-closed')
  const audit = await sql<{ detail: object }>`
    select detail from audit_entry where subject_id = ${lineId} and action = 'line.closed'`.execute(
    platform.db,
  )
  expect(audit.rows[0]?.detail).toMatchObject({ renewalEnded: 'true' })
}, 60_000)

test('a term that binds: service goes on and renews until its day, and ends then', async () => {
  await sql`insert into plan_version (plan_id, version, document, valid_from)
    select 'flex-bound', 1, document || '{"term":{"months":2}}', valid_from from plan_version
    where plan_id = 'flex-europe' and valid_to is null`.execute(platform.db)
  const lin = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(lin, 'flex-bound')
  const { line } = await install(platform, lin, lineId)
  await topUp(lin, lineId, '50.00')
  await lin.patch(`/v1/lines/${lineId}/renewal`, { autoRenew: true })
  // A contract that was just made is withdrawn from, whatever its term.
  const fresh = await draftClosure(lin, 'line', lineId)
  expect([fresh.quote.bound, typeof fresh.quote.withdrawUntil]).toEqual([undefined, 'string'])
  await lin.post(`/v1/closures/${fresh.caseId}/withdraw`)
  platform.clock.advance({ hours: 15 * 24 })
  const draft = await draftClosure(lin, 'line', lineId)
  expect(draft.quote.withdrawUntil).toBeUndefined()
  const [bound] = draft.quote.bound
  const day = Temporal.Instant.from(line.activatedAt)
    .toZonedDateTimeISO('Europe/Berlin')
    .add({ months: 2 })
    .toInstant()
  expect([bound.until, draft.quote.endsAt]).toEqual([String(day), String(day)])
  expect((await submit(lin, draft)).status).toBe(202)
  const inReview = await untilState(lin, draft.caseId, 'in_review')
  expect(inReview.timeline.find(({ key }: { key: string }) => key === 'service-ends').due).toBe(
    String(day),
  )
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  const { version } = (await reviewer.get(at)).body
  await reviewer.post(`${at}/decision`, { decision: 'approve', version })
  await untilState(lin, draft.caseId, 'scheduled')
  const before = day.subtract({ minutes: 5 }).since(platform.clock.now()).total('seconds')
  platform.clock.advance({ seconds: Math.floor(before) })
  // Two months are longer than a period of 30 days: another has begun, paid from the credit.
  const renewed = await until(
    async () => (await lin.get(`/v1/lines/${lineId}`)).body,
    ({ paidCredit }) => paidCredit.amount !== '50.00',
  )
  expect(renewed.state).toBe('active')
  expect((await lin.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('scheduled')
  platform.clock.advance({ minutes: 10 })
  const closed = await untilState(lin, draft.caseId, 'closed')
  expect(Temporal.Instant.compare(closed.serviceEndedAt, day)).toBe(1)
  await expectZeroSum(platform, draft.caseId)
}, 60_000)
