/** What is kept for a reason of its own, and what goes with the contacts because no rule names it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { isErased, keysOf, pass, retention } from './erasing.ts'
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
    const { subscriberId, draft, line } = await leaverOf(platform, name, country)
    await pass(platform, draft.caseId, 'contacts')
    await isErased(platform, draft.caseId, 'contacts')
    const { rows } = await sql<{ name: string; subject: string; body: string }>`
      select s.name, t.subject, m.body from subscriber s join ticket t using (subscriber_id)
      join ticket_message m using (subscriber_id, ticket_id) where s.subscriber_id = ${subscriberId}`.execute(
      platform.db,
    )
    const keys = await keysOf(platform, subscriberId)
    return { ...rows[0]!, keys, caseId: draft.caseId, lineId: line.lineId }
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

  // Why a record is held is kept as long as it is held; nothing else is written of them any more.
  const admin = person(platform)
  await admin.signInAsStaff('admin@violet.example')
  const holds = `/v1/staff/closures/${kept.caseId}/holds`
  const basis = 'Peregrine Ashdown and a court'
  const placed = await admin.post(holds, { record: kept.lineId, basis })
  await pass(platform, kept.caseId, 'certificate')
  await until(
    () => retention(platform, kept.caseId, 'certificate'),
    ({ held_at }) => held_at !== null,
    30_000,
  )
  expect((await admin.post(holds, { record: kept.lineId, basis: 'twice' })).body.basis).toBe(basis)
  await admin.post(`${holds}/${placed.body.holdId}/release`, { reason: 'Peregrine asked' })
  await isErased(platform, kept.caseId, 'certificate')
  const { rows: said } = await sql<object>`
    select h.basis, h.release_reason, a.reason, a.note from legal_hold h join audit_entry a using (subscriber_id)
    where h.record = ${kept.lineId} and a.action = 'hold.placed'`.execute(platform.db)
  const reason = 'a record is kept for a legal reason'
  expect(said).toEqual([{ basis: '', release_reason: null, reason, note: '' }])
}, 120_000)
