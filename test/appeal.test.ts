/** An appeal against a rejection: what it may still close, and on which day and by when. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

const rule = { source: 'test', confidence: 'D' as const }

let platform: TestPlatform
let reviewer: Person
beforeAll(async () => {
  platform = await testPlatform()
  await publishFor(platform, 'MT', {
    withdrawalWindow: { value: null, ...rule },
    autoApprove: { value: false, ...rule },
    maxCloseTime: { value: null, ...rule },
  })
  await publishFor(platform, 'CY', {
    withdrawalWindow: { value: null, ...rule },
    autoApprove: { value: false, ...rule },
    reviewSla: { value: 'P10D', ...rule },
    maxCloseTime: { value: 'P3D', ...rule },
  })
  reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
}, 60_000)
afterAll(() => platform.close())

const reject = (caseId: string) =>
  decide(caseId, { decision: 'reject', reasonCode: 'identity-doubt' })

/** As a reviewer does: where the worker was at the case in between, it is loaded again. */
async function decide(caseId: string, decision: object) {
  const at = `/v1/staff/closures/${caseId}`
  const decided = await until(
    async () => {
      const { version } = (await reviewer.get(at)).body
      const body = { ...decision, version, note: '' }
      return reviewer.post(`${at}/decision`, body)
    },
    ({ body }) => body.code !== 'changed-meanwhile',
  )
  expect(decided.status).toBe(200)
}

const appeal = (someone: Person, caseId: string) =>
  someone.post(`/v1/closures/${caseId}/appeal`, { text: 'It was me' })
const stateOf = async (someone: Person, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body.state

async function rejectedAccount() {
  const jan = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'account')
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  await reject(draft.caseId)
  return { jan, lineId, draft }
}

test('an account with a line that its closure does not name is closed anew, and not by an appeal', async () => {
  const { jan, lineId, draft } = await rejectedAccount()
  const { lineId: since } = await buyLine(jan)

  const refused = await appeal(jan, draft.caseId)
  expect([refused.status, refused.body.code]).toEqual([409, 'line-added-since'])
  expect(refused.body.detail).toContain('Close the account anew')
  expect([await stateOf(jan, lineId), await stateOf(jan, since)]).toEqual(['ordered', 'ordered'])
  const { body: rejected } = await jan.get(`/v1/closures/${draft.caseId}`)
  expect([rejected.state, rejected.rejection.canAppeal]).toEqual(['rejected', true])

  const anew = await draftClosure(jan, 'account')
  expect(anew.caseId).not.toBe(draft.caseId)
  expect((await submit(jan, anew)).status).toBe(202)
  expect([await stateOf(jan, lineId), await stateOf(jan, since)]).toEqual(['closing', 'closing'])
}, 60_000)

test('an account without another line, and a line beside a new one, are appealed for as before', async () => {
  const { jan, lineId, draft } = await rejectedAccount()
  expect((await appeal(jan, draft.caseId)).body.state).toBe('in_review')
  expect(await stateOf(jan, lineId)).toBe('closing')

  // A line that closed by itself since then is not closed a second time.
  const amy = await member(platform, { country: 'MT' })
  const { lineId: gone } = await buyLine(amy)
  const { lineId: left } = await buyLine(amy)
  const whole = await draftClosure(amy, 'account')
  await submit(amy, whole)
  await untilState(amy, whole.caseId, 'in_review')
  await reject(whole.caseId)
  const first = await draftClosure(amy, 'line', gone)
  await submit(amy, first)
  await untilState(amy, first.caseId, 'in_review')
  await decide(first.caseId, { decision: 'approve' })
  await untilState(amy, first.caseId, 'closed')
  expect((await appeal(amy, whole.caseId)).body.state).toBe('in_review')
  const { closing_lines: closing } = await platform.db
    .selectFrom('closure_case')
    .select('closing_lines')
    .where('case_id', '=', whole.caseId)
    .executeTakeFirstOrThrow()
  expect(closing).toEqual([left])

  const kim = await member(platform, { country: 'MT' })
  const one = await buyLine(kim)
  const own = await draftClosure(kim, 'line', one.lineId)
  await submit(kim, own)
  await untilState(kim, own.caseId, 'in_review')
  await reject(own.caseId)
  const other = await buyLine(kim)
  expect((await appeal(kim, own.caseId)).status).toBe(200)
  expect(await stateOf(kim, other.lineId)).toBe('ordered')
}, 60_000)

test('until the day its owner chose a line goes on, after an appeal too', async () => {
  const jan = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(jan, 'home-uk')
  await install(platform, jan, lineId)
  const draft = await draftClosure(jan, 'line', lineId)
  const today = platform.clock.now().toZonedDateTimeISO('Europe/London').toPlainDate()
  const endsOn = today.add({ days: 60 }).toString()
  const choices = { paid: { disposition: 'refund' }, promotional: null, endsOn }
  const { body: chosen } = await jan.patch(`/v1/closures/${draft.caseId}`, { choices })
  expect((await submit(jan, chosen)).status).toBe(202)
  await untilState(jan, draft.caseId, 'in_review')
  expect(await stateOf(jan, lineId)).toBe('active')
  await reject(draft.caseId)
  expect(await stateOf(jan, lineId)).toBe('active')
  expect((await appeal(jan, draft.caseId)).body.state).toBe('in_review')
  expect(await stateOf(jan, lineId)).toBe('active')
}, 60_000)

test('an appeal is decided by the day on which the country lets a closure take no longer', async () => {
  const jan = await member(platform, { country: 'CY' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  const { dueAt: most } = await untilState(jan, draft.caseId, 'in_review')
  await reject(draft.caseId)
  platform.clock.advance({ hours: 24 })
  expect((await appeal(jan, draft.caseId)).body.dueAt).toBe(most)
}, 60_000)
