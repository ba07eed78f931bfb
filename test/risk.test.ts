/** What an account taker would have touched makes a closure wait, and takes two people. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { untilStateWhile } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

const firefox = 'Mozilla/5.0 (Android 15; Mobile; rv:146.0) Gecko/146.0 Firefox/146.0'

async function signInWith(email: string, userAgent: string) {
  const someone = person(platform)
  const after = new Date(Date.now() - 1).toISOString()
  await someone.post('/v1/sign-in/code', { email })
  const code = await someone.codeFor(email, after)
  const given = { email, code }
  const { status } = await someone.call('POST', '/v1/sign-in', given, { 'user-agent': userAgent })
  expect(status).toBe(200)
  return Object.assign(someone, { email })
}

async function seenByStaff(caseId: string) {
  const amara = person(platform)
  await amara.signInAsStaff('reviewer@violet.example')
  return (await amara.get(`/v1/staff/closures/${caseId}`)).body
}

test('a closure from a device that was not there a week before waits, and is told to the old contacts', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  platform.clock.advance({ hours: 24 * 20 })
  const phone = await signInWith(lin.email, firefox)
  const draft = await draftClosure(phone, 'line', lineId)
  // British closures go straight through otherwise.
  expect(draft.quote.immediate).toBe(false)
  await submit(phone, draft)
  await untilState(phone, draft.caseId, 'cooling_off')
  const seen = await seenByStaff(draft.caseId)
  expect(seen.risk).toMatchObject({ level: 'high', signals: [{ key: 'device-added' }] })
  expect(seen.approvals.whyTwo).toEqual(['risk'])
  // Signing out afterwards hides nothing.
  await phone.post('/v1/sign-out')
  expect((await seenByStaff(draft.caseId)).risk.level).toBe('high')
}, 60_000)

test('nobody decides while somebody who can stop it has not been told', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  platform.clock.advance({ hours: 24 * 20 })
  const phone = await signInWith(lin.email, firefox)
  const draft = await draftClosure(phone, 'line', lineId)
  await submit(phone, draft)
  await untilState(phone, draft.caseId, 'cooling_off')
  const sleepsFor = async () => {
    const { wake_at } = await platform.db
      .selectFrom('closure_case')
      .select('wake_at')
      .where('case_id', '=', draft.caseId)
      .executeTakeFirstOrThrow()
    return wake_at ? platform.clock.now().until(wake_at).total('minutes') : 0
  }
  await until(sleepsFor, (minutes) => minutes > 60)
  const waiting = () =>
    platform.db
      .selectFrom('notice')
      .select('notice_id')
      .where('case_id', '=', draft.caseId)
      .where('state', '=', 'queued')
      .execute()
  await until(waiting, (rows) => rows.length === 0)
  // As if the mail server had been away since.
  const mail = (state: 'queued' | 'sent') =>
    platform.db
      .updateTable('notice')
      .set({ state })
      .where('case_id', '=', draft.caseId)
      .where('template', '=', 'closure-received')
      .execute()
  await mail('queued')
  platform.clock.advance({ hours: 25 })
  await until(sleepsFor, (minutes) => minutes > 5)
  expect((await phone.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('cooling_off')
  await mail('sent')
  await untilStateWhile(platform, phone, draft.caseId, 'in_review', { minutes: 5 })
}, 60_000)

test('the same device, a week later, is an old one', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  platform.clock.advance({ hours: 24 * 20 })
  await signInWith(lin.email, firefox)
  platform.clock.advance({ hours: 24 * 7 + 1 })
  const again = await signInWith(lin.email, firefox)
  const draft = await draftClosure(again, 'line', lineId)
  await submit(again, draft)
  await untilState(again, draft.caseId, 'closed')
  expect((await seenByStaff(draft.caseId)).risk).toEqual({ level: 'low', signals: [] })
}, 60_000)

test('a line whose eSIM came to a phone only days ago, long after it was bought, waits as well', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  platform.clock.advance({ hours: 24 * 20 })
  await install(platform, lin, lineId)
  platform.clock.advance({ hours: 24 * 2 })
  const draft = await draftClosure(await signInWith(lin.email, 'node'), 'line', lineId)
  expect(draft.quote.immediate).toBe(false)
  const { body: other } = await lin.get('/v1/me')
  expect(other.name).toBe('Lin Yue')
}, 60_000)
