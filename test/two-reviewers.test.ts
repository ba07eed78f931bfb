/** Two reviewers where much money goes back: each once, nothing before the second, and nobody in the others' way. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const source = 'test'
  await publishFor(platform, 'MT', {
    autoApprove: { value: false, source, confidence: 'D' },
    reviewSla: { value: 'P5D', source, confidence: 'D' },
    withdrawalWindow: { value: null, source, confidence: 'D' },
    secondReviewAbove: { value: { GBP: 1500 }, source, confidence: 'D' },
  })
})
afterAll(() => platform.close())

async function reviewer(name: string) {
  const someone = person(platform)
  expect((await someone.signInAsStaff(`${name}@violet.example`)).status).toBe(200)
  return someone
}

/** A closure under review that sends back what was topped up, and a little more. */
async function waiting(credit: string) {
  const someone = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(someone)
  await topUp(someone, lineId, credit)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'in_review')
  return { someone, caseId: draft.caseId, at: `/v1/staff/closures/${draft.caseId}` }
}

const decided = (caseId: string) =>
  platform.db
    .selectFrom('audit_entry')
    .select(['action', 'actor_id', 'reason', 'note'])
    .where('subject_id', '=', caseId)
    .where('action', 'like', 'closure.approved%')
    .orderBy('at')
    .execute()

test('a refund above the limit is approved by two, and by the same person only once', async () => {
  const { someone, caseId, at } = await waiting('20.00')
  const [amara, jonas] = [await reviewer('reviewer'), await reviewer('reviewer2')]
  const { body: seen } = await amara.get(at)
  expect(seen).toMatchObject({
    approvals: { whyTwo: ['refund'], first: null },
    mayDecide: true,
    barred: null,
  })
  const approve = (who: typeof amara, version: number) =>
    who.post(`${at}/decision`, { decision: 'approve', version, note: 'Looks right.' })
  // At the same moment, of the same version: one of them counts, the other looks again.
  const both = await Promise.all([approve(amara, seen.version), approve(jonas, seen.version)])
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
  const [one, other] = both[0]?.status === 200 ? [amara, jonas] : [jonas, amara]
  const half = (await one.get(at)).body
  expect(half.closure.state).toBe('in_review')
  expect(half).toMatchObject({ mayDecide: false, barred: 'approved-by-you', claimedBy: null })
  expect((await approve(one, half.version)).body.code).toBe('approved-by-you')
  expect((await one.post(`${at}/claim`)).body.code).toBe('approved-by-you')
  const { body: queue } = await other.get('/v1/staff/closures?state=in_review')
  const row = queue.items.find((each: { caseId: string }) => each.caseId === caseId)
  expect(row.approvedFirstBy).toBe(half.approvals.first.by)
  expect((await someone.get(`/v1/closures/${caseId}`)).body.refunds).toEqual([])

  expect((await other.post(`${at}/claim`)).status).toBe(200)
  const { body: claimed } = await other.get(at)
  expect(claimed).toMatchObject({ mayDecide: true, barred: null })
  expect((await approve(other, claimed.version)).status).toBe(200)
  await untilState(someone, caseId, 'closed')
  const entries = await decided(caseId)
  expect(entries.map(({ action }) => action)).toEqual([
    'closure.approved-first',
    'closure.approved',
  ])
  expect(new Set(entries.map(({ actor_id }) => actor_id)).size).toBe(2)
  expect(entries.map(({ reason, note }) => `${reason}: ${note}`)).toEqual(
    Array.from({ length: 2 }, () => 'reviewed: Looks right.'),
  )
  // What they typed is readable to nobody without the subscriber's key.
  const { rows: raw } = await sql<object>`
    select decision ? 'note' as plain, left(decision_note, 8) as note from closure_case where case_id = ${caseId}
    union all select false, left(note, 8) from audit_entry where subject_id = ${caseId} and note is not null`.execute(
    platform.db,
  )
  expect(raw).toEqual(Array.from({ length: 3 }, () => ({ plain: false, note: 'sealed:1' })))
  const { body: after } = await amara.get(at)
  expect(after.chainIntact).toBe(true)
}, 60_000)

test('the second of two may say no; below the limit one is enough', async () => {
  const { someone, caseId, at } = await waiting('20.00')
  const [amara, jonas] = [await reviewer('reviewer'), await reviewer('reviewer2')]
  const decide = async (who: typeof amara, decision: object) => {
    const { body } = await who.get(at)
    return who.post(`${at}/decision`, { version: body.version, ...decision })
  }
  expect((await decide(amara, { decision: 'approve' })).status).toBe(200)
  const no = await decide(jonas, { decision: 'reject', reasonCode: 'fraud-suspected' })
  expect(no.body.closure.state).toBe('rejected')
  expect(await decided(caseId)).toHaveLength(1)

  // Who rejected it keeps out of the appeal, and does not keep it from others: nothing of before counts.
  await someone.post(`/v1/closures/${caseId}/appeal`, { text: 'It is my own card.' })
  expect((await jonas.post(`${at}/claim`)).body.code).toBe('rejected-by-you')
  expect((await amara.post(`${at}/claim`)).status).toBe(200)
  expect((await amara.get(at)).body.approvals.first).toBeNull()
  expect((await decide(amara, { decision: 'approve' })).body.closure.state).toBe('in_review')
  // Two reviewers are enough: another has looked afresh, so whoever rejected it may agree, and no more than that.
  expect((await jonas.get(at)).body).toMatchObject({ mayDecide: true, mayReject: false })
  const again = await decide(jonas, { decision: 'reject', reasonCode: 'fraud-suspected' })
  expect(again.body.code).toBe('rejected-by-you')
  expect((await decide(jonas, { decision: 'approve' })).status).toBe(200)
  await untilState(someone, caseId, 'closed')
}, 60_000)

test('who approved first may take it back, once, and then say no', async () => {
  const { someone, caseId, at } = await waiting('20.00')
  const [amara, jonas] = [await reviewer('reviewer'), await reviewer('reviewer2')]
  const decide = async (who: typeof amara, decision: object) => {
    const { body } = await who.get(at)
    return who.post(`${at}/decision`, { version: body.version, ...decision })
  }
  await decide(amara, { decision: 'approve' })
  expect((await jonas.get(at)).body.mayTakeBack).toBe(false)
  const note = { note: 'The card was reported stolen.' }
  expect((await jonas.post(`${at}/take-back`, note)).body.code).toBe('nothing-to-take-back')
  expect((await amara.post(`${at}/take-back`, { note: ' ' })).status).toBe(422)
  const { body: back } = await amara.post(`${at}/take-back`, note)
  expect(back).toMatchObject({ mayDecide: true, mayTakeBack: false, approvals: { first: null } })
  expect((await amara.post(`${at}/take-back`, note)).body.code).toBe('nothing-to-take-back')
  // It counts no more: the next approval is again the first of two.
  await decide(jonas, { decision: 'approve' })
  expect((await someone.get(`/v1/closures/${caseId}`)).body.state).toBe('in_review')
  const no = await decide(amara, { decision: 'reject', reasonCode: 'fraud-suspected' })
  expect(no.body.closure.state).toBe('rejected')
  expect((await amara.post(`${at}/take-back`, note)).body.code).toBe('already-decided')
  const actions = (await decided(caseId)).map(({ action }) => action)
  expect(actions).toEqual([
    'closure.approved-first',
    'closure.approved-taken-back',
    'closure.approved-first',
  ])
}, 60_000)

test('no clock stands for the second of two: late, it waits for people, and says so', async () => {
  const { someone, caseId, at } = await waiting('20.00')
  const amara = await reviewer('reviewer')
  const { body: seen } = await amara.get(at)
  await amara.post(`${at}/decision`, { decision: 'approve', version: seen.version })
  const { body: told } = await someone.get(`/v1/closures/${caseId}`)
  expect(told.policy.ifLate).toBe('escalated')
  platform.clock.advance({ hours: 24 * 6 })
  await until(
    async () => (await amara.get(at)).body,
    ({ events }) => events.some(({ kind }: { kind: string }) => kind === 'review-late'),
  )
  expect((await someone.get(`/v1/closures/${caseId}`)).body.state).toBe('in_review')
  const jonas = await reviewer('reviewer2')
  const { body: late } = await jonas.get(at)
  await jonas.post(`${at}/decision`, { decision: 'approve', version: late.version })
  await untilState(someone, caseId, 'closed')
}, 60_000)

test('money that is meant to go elsewhere counts as well: a choice may change after an approval', async () => {
  const someone = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(someone)
  await topUp(someone, lineId, '20.00')
  const draft = await draftClosure(someone, 'line', lineId)
  const choices = { paid: { disposition: 'keep' }, promotional: null }
  const kept = await someone.patch(`/v1/closures/${draft.caseId}`, { choices })
  expect(kept.status).toBe(200)
  await submit(someone, kept.body)
  await untilState(someone, draft.caseId, 'in_review')
  const { body: seen } = await (
    await reviewer('reviewer')
  ).get(`/v1/staff/closures/${draft.caseId}`)
  expect(Number(seen.closure.quote.currencies[0].refund.amount)).toBeLessThanOrEqual(15)
  expect(seen.approvals.whyTwo).toEqual(['refund'])
}, 60_000)

test('at the limit one approval is enough', async () => {
  const someone = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(someone)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'in_review')
  const at = `/v1/staff/closures/${draft.caseId}`
  const amara = await reviewer('reviewer')
  const { body: seen } = await amara.get(at)
  expect(Number(draft.quote.currencies[0].refund.amount)).toBeLessThanOrEqual(15)
  expect(seen.approvals.whyTwo).toEqual([])
  expect(seen.closure.policy.ifLate).toBe('approved')
  await amara.post(`${at}/decision`, { decision: 'approve', version: seen.version })
  await untilState(someone, draft.caseId, 'closed')
}, 60_000)
