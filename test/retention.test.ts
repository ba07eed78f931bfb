/** What is kept for a reason of its own, and what goes with the contacts because no rule names it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isErased, keysOf, pass } from './erasing.ts'
import { publishFor } from './hard-cases.ts'
import { leaverOf, words } from './leaver.ts'
import { type TestPlatform, testPlatform } from './platform.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

test('what a policy keeps for a reason of its own stays until that day, and without one goes with the contacts', async () => {
  const keep = (length: string) => ({ for: length, basis: 'test', confidence: 'D' as const })
  const four = {
    invoices: keep('P5Y'),
    usage: keep('P1Y'),
    certificate: keep('P6Y'),
    contacts: keep('P30D'),
  }
  const keeping = (value: object) => ({ retention: { value, source: 'test', confidence: 'D' } })
  await publishFor(platform, 'MT', keeping({ ...four, complaints: keep('P2Y') }) as never)
  await publishFor(platform, 'CY', keeping(four) as never)
  const left = async (name: string, country: string) => {
    const { subscriberId, draft } = await leaverOf(platform, name, country)
    await pass(platform, draft.caseId, 'contacts')
    await isErased(platform, draft.caseId, 'contacts')
    const { rows } = await sql<{ name: string; subject: string; body: string }>`
      select s.name, t.subject, m.body from subscriber s join ticket t using (subscriber_id)
      join ticket_message m using (subscriber_id, ticket_id) where s.subscriber_id = ${subscriberId}`.execute(
      platform.db,
    )
    return { ...rows[0]!, keys: await keysOf(platform, subscriberId), caseId: draft.caseId }
  }
  expect(await left('Marigold Penhaligon', 'CY')).toMatchObject({
    name: '',
    subject: '',
    body: '',
    keys: { contacts: true, complaints: true, contract: true, identity: true, invoices: false },
  })
  const kept = await left('Peregrine Ashdown', 'MT')
  expect(kept).toMatchObject({
    name: '',
    subject: 'Peregrine Ashdown has no signal',
    body: words,
    keys: { contacts: true, complaints: false, contract: true, identity: true },
  })
  await pass(platform, kept.caseId, 'complaints')
  await isErased(platform, kept.caseId, 'complaints')
  const { rows } = await sql<{ body: string }>`
    select body from ticket_message m join closure_case c using (subscriber_id)
    where c.case_id = ${kept.caseId}`.execute(platform.db)
  expect(rows).toEqual([{ body: '' }])
}, 120_000)
