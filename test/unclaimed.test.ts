/** Money that nobody could be paid, from the refused refund to the day on which it ends. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorBalances } from '../src/ledger/operator-store.ts'
import { proveLedger } from '../src/ledger/store.ts'
import { person, until } from '../src/main/demo-person.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const source = 'test'
  const none = { value: null, source, confidence: 'D' } as const
  const lapses = { value: { after: 'P1Y', to: 'operator' }, source, confidence: 'D' } as const
  await publishFor(platform, 'MT', { withdrawalWindow: none, unclaimedRule: lapses })
  await publishFor(platform, 'CY', { withdrawalWindow: none, unclaimedRule: none })
})
afterAll(() => platform.close())

async function staff(role: string) {
  const someone = person(platform)
  expect((await someone.signInAsStaff(`${role}@violet.example`)).status).toBe(200)
  return someone
}

/** Closes a line of someone there whose card died and who named no account in time; gives the case's reference. */
async function leftBehind(country: string): Promise<string> {
  const someone = await member(platform, { country })
  const { lineId } = await buyLine(someone, undefined, '4000000000000341')
  const { caseId } = await submitted(someone, lineId)
  await until(
    async () => (await someone.get(`/v1/closures/${caseId}`)).body,
    ({ refunds }) => refunds[0]?.state === 'needs-account',
    20_000,
  )
  platform.clock.advance({ hours: 24 * 30, minutes: 1 })
  return (await untilState(someone, caseId, 'closed')).reference
}

async function submitted(someone: Awaited<ReturnType<typeof member>>, lineId: string) {
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  return draft
}

const inBooks = async (account: string) =>
  (await operatorBalances(platform.db))
    .filter((one) => one.account === account)
    .reduce((sum, { amount }) => sum + amount.minor, 0n)

async function listed(role: string, state = 'held') {
  const { body } = await (await staff(role)).get(`/v1/staff/unclaimed?state=${state}`)
  return body.items
}

test('what nobody claims is on record with the rule of its day, and goes to whom that names not before it', async () => {
  const reference = await leftBehind('MT')
  const [one, ...others] = await listed('auditor')
  expect(others).toEqual([])
  expect(one).toMatchObject({ reference, why: 'refund-refused', goesTo: 'operator' })
  const year = Temporal.Instant.from(one.since).toZonedDateTimeISO('UTC').add({ years: 1 })
  expect(one.dueAt).toBe(year.toInstant().toString())
  const owed = await inBooks('unclaimed')
  expect(owed).toBe(BigInt(one.amount.amount.replace('.', '')))

  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  const over = { how: 'handed-over', proof: 'LAPSE-2027-1' }
  const finance = await staff('finance')
  for (const role of ['support', 'reviewer', 'auditor'])
    expect((await (await staff(role)).post(path, over)).body.code).toBe('not-your-role')
  expect((await finance.post(path, { ...over, proof: ' ' })).body.code).toBe('invalid-request')
  const early = await finance.post(path, over)
  expect([early.status, early.body.code]).toEqual([409, 'unclaimed-not-due'])
  expect(early.body.detail).toContain(String(year.year))
  // Another rule that is published meanwhile changes nothing for what is held already.
  platform.clock.advance({ hours: 24 * 366 })
  const later = await staff('finance')
  expect((await later.post(path, over)).body).toMatchObject({ state: 'handed-over' })
  expect((await later.post(path, over)).status).toBe(200)
  expect((await later.post(path, { how: 'paid', proof: 'SEPA 1' })).body.code).toBe(
    'changed-meanwhile',
  )
  expect([await inBooks('unclaimed'), await inBooks('unclaimed-lapsed')]).toEqual([0n, owed])
  expect(await listed('finance')).toEqual([])
  const [ended] = await listed('finance', 'handed-over')
  expect(ended).toMatchObject({ unclaimedId: one.unclaimedId, proof: 'LAPSE-2027-1' })
  const { rows: noted } = await sql<object>`
    select action, actor_id, reason from audit_entry where subject_id = ${one.unclaimedId}`.execute(
    platform.db,
  )
  const by = { actor_id: 'staff_priya', reason: 'LAPSE-2027-1' }
  expect(noted).toEqual([{ action: 'unclaimed.handed-over', ...by }])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('where no rule takes it, it stays its owner’s until they are paid', async () => {
  const reference = await leftBehind('CY')
  const [one] = await listed('finance')
  expect(one).toMatchObject({ reference, goesTo: null, dueAt: null, state: 'held' })
  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  platform.clock.advance({ hours: 24 * 3660 })
  const finance = await staff('finance')
  expect((await finance.post(path, { how: 'handed-over', proof: 'NO-LAW' })).body.code).toBe(
    'unclaimed-stays',
  )
  expect((await finance.post(path, { how: 'paid', proof: 'SEPA 7781' })).body).toMatchObject({
    state: 'paid',
    proof: 'SEPA 7781',
  })
  expect(await inBooks('unclaimed')).toBe(0n)
  expect((await finance.post('/v1/staff/unclaimed/unclaimed_1/end', over)).body.code).toBe(
    'not-found',
  )
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

const over = { how: 'handed-over', proof: 'LAPSE-1' }
