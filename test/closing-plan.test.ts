/** Closing a line whose plan was changed, and whose renewal is on: paid for days come back to the cent, renewal ends with it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
