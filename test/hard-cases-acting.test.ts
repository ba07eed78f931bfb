/** Hard cases about who acts for somebody: a guardian for a minor, and after a death whoever acts for the estate. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cards, type Person, person, until } from '../src/main/demo-person.ts'
import { addresseeOf } from '../src/subscribers/store.ts'
import { expectZeroSum, publishFor, sentFor, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import {
  buyLine,
  closureCode,
  draftClosure,
  install,
  member,
  submit,
  topUp,
  untilState,
} from './way.ts'

let platform: TestPlatform
let staff: Person
beforeAll(async () => {
  platform = await testPlatform()
  const source = 'test'
  const confidence = 'D'
  await publishFor(platform, 'MT', {
    refundFee: { value: { GBP: 250 }, source, confidence },
    refundFeeMax: { value: { GBP: 250 }, source, confidence },
    reasonMode: { value: 'required', source, confidence },
    // Nobody here withdraws from a contract that was just made, which costs nothing.
    withdrawalWindow: { value: null, source, confidence },
  })
  staff = person(platform)
  await staff.signInAsStaff('support@violet.example')
})
afterAll(() => platform.close())

const address = (name: string) => `${name}.${randomUUID().slice(0, 8)}@example.com`
const subscriberOf = async (someone: Person): Promise<string> =>
  (await someone.get('/v1/me')).body.subscriberId

async function register(someone: Person, body: object) {
  const at = `/v1/staff/subscribers/${await subscriberOf(someone)}`
  const answer = await staff.post(`${at}/representatives`, { locale: 'en', ...body })
  return { at, ...answer }
}

type Message = { text: string }
async function messages(to: string): Promise<Message[]> {
  const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  return ((await asked.json()) as { items: Message[] }).items
}
const linkTo = async (to: string) =>
  (await until(
    async () =>
      (await messages(to)).map(({ text }) => /\/act\/([\w.-]+)/.exec(text)?.[1]).find(Boolean),
    (link) => link !== undefined,
  ))!

/** Without any session: the link says who they are, and a code to their address proves it. */
function actor(token: string, email: string) {
  const visitor = person(platform)
  const act = (what: string, body: object = {}) =>
    visitor.post(`/v1/closures/act/${what}`, { token, ...body })
  const code = async () => {
    const after = new Date(Date.now() - 1).toISOString()
    const sent = await act('code')
    expect(sent.status).toBe(202)
    return visitor.codeFor(email, after)
  }
  const confirm = async (quoteHash: string) =>
    act('confirm', { quoteHash, code: await code(), understood: true })
  return { act, code, confirm }
}

const yearsOld = (years: number, more: Temporal.DurationLike = { days: 0 }) =>
  platform.clock
    .now()
    .toZonedDateTimeISO('Europe/London')
    .toPlainDate()
    .subtract({ years })
    .add(more)
    .toString()

test('Hard case 9: minor: the guardian authorises', async () => {
  const kim = await member(platform, { name: 'Kim Park' })
  const { lineId } = await buyLine(kim)
  const email = address('parent')
  const born = { kind: 'guardian', name: 'Jo Park', email, evidence: 'birth certificate' }
  expect((await register(kim, born)).body.code).toBe('birth-date-not-valid')
  expect((await register(kim, { ...born, bornOn: '2190-01-01' })).body.code).toBe(
    'birth-date-not-valid',
  )
  expect((await register(kim, { ...born, bornOn: yearsOld(15) })).status).toBe(201)
  const twice = await register(kim, { ...born, bornOn: yearsOld(15) })
  expect([twice.status, twice.body.code]).toEqual([409, 'representative-registered'])

  const draft = await draftClosure(kim, 'line', lineId)
  expect((await submit(kim, draft)).status).toBe(202)
  const waiting = await untilState(kim, draft.caseId, 'needs_customer')
  expect(waiting.waitsFor).toBe('guardian')
  expect(waiting.timeline.find(({ state }: { state: string }) => state === 'now').key).toBe(
    'guardian',
  )
  // The minor can't say it in the guardian's place, and nothing goes on however long it takes.
  expect((await submit(kim, waiting)).body.code).toBe('guardian-acts')
  platform.clock.advance({ days: 30 })
  expect((await kim.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('needs_customer')

  const token = await linkTo(email)
  const forged = actor(`${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`, email)
  expect((await forged.act('look')).body.code).toBe('link-not-valid')
  const parent = actor(token, email)
  const { body: seen } = await parent.act('look')
  expect(seen).toMatchObject({ kind: 'guardian', subscriberName: 'Kim Park', decides: true })
  const { hash } = seen.closure.quote
  const wrong = { quoteHash: hash, code: '000000', understood: true }
  expect((await parent.act('confirm', wrong)).body.code).toBe('code-not-asked')
  // A code of the minor's own is not the guardian's.
  const own = await closureCode(kim, draft.caseId)
  expect((await parent.act('confirm', { ...wrong, code: own })).body.code).toBe('code-not-asked')
  expect((await parent.confirm('q-0')).body.code).toBe('quote-changed')
  const done = await parent.confirm(hash)
  expect([done.status, done.body.decides]).toEqual([200, false])
  const closed = await untilState(kim, draft.caseId, 'closed')
  sides(closed.finalStatement[0])
  await expectZeroSum(platform, draft.caseId)
  expect((await sentFor(platform, draft.caseId)).refunds.map(([, times]) => times)).toEqual([1])
}, 60_000)

test('Hard case 9: minor: one who comes of age meanwhile consents again; a guardian may decline', async () => {
  const kim = await member(platform, { name: 'Kim Park', country: 'DE' })
  const { lineId } = await buyLine(kim)
  const email = address('parent')
  const body = { kind: 'guardian', name: 'Jo Park', email, evidence: 'birth certificate' }
  await register(kim, { ...body, bornOn: yearsOld(18, { days: 2 }) })
  const draft = await draftClosure(kim, 'line', lineId)
  await submit(kim, draft)
  await untilState(kim, draft.caseId, 'needs_customer')
  const parent = actor(await linkTo(email), email)
  const { body: seen } = await parent.act('look')
  expect((await parent.confirm(seen.closure.quote.hash)).status).toBe(200)
  await untilState(kim, draft.caseId, 'in_review')
  platform.clock.advance({ days: 3 })
  const again = await untilState(kim, draft.caseId, 'needs_customer')
  expect(again.waitsFor).toBe('owner')
  const row = again.timeline.find(({ key }: { key: string }) => key === 'own-consent')
  expect(row.state).not.toBe('done')
  expect((await parent.act('look')).body.decides).toBe(false)
  expect((await parent.confirm(again.quote.hash)).body.code).toBe('nothing-to-authorise')
  expect((await submit(kim, again)).status).toBe(202)
  await untilState(kim, draft.caseId, 'closed')
  await expectZeroSum(platform, draft.caseId)

  const lee = await member(platform, { name: 'Lee Park' })
  const line = await buyLine(lee)
  const other = address('parent')
  await register(lee, { ...body, email: other, bornOn: yearsOld(12) })
  const theirs = await draftClosure(lee, 'line', line.lineId)
  await submit(lee, theirs)
  await untilState(lee, theirs.caseId, 'needs_customer')
  const declined = await actor(await linkTo(other), other).act('decline')
  expect(declined.body.closure.state).toBe('withdrawn')
  expect((await lee.get(`/v1/lines/${line.lineId}`)).body.state).toBe('ordered')
}, 90_000)

test('Hard case 10: death: a representative, no code to the dead line, no fee, the number can be transferred', async () => {
  const ada = await member(platform, { name: 'Ada Quill', country: 'MT' })
  const { lineId } = await buyLine(ada)
  const { line } = await install(platform, ada, lineId)
  await topUp(ada, lineId, '20.00')
  const before = await draftClosure(ada, 'line', lineId)
  expect(sides(before.quote.currencies[0]).to).toContain('refund-fee 2.50')
  await ada.post(`/v1/closures/${before.caseId}/withdraw`)

  const email = address('heir')
  const subscriberId = await subscriberOf(ada)
  const at = `/v1/staff/subscribers/${subscriberId}`
  const early = await staff.post(`${at}/closures`, { scope: 'account' })
  expect([early.status, early.body.code]).toEqual([409, 'representative-missing'])
  const estate = { kind: 'estate', name: 'Ben Quill', email, evidence: 'death certificate' }
  expect((await register(ada, estate)).status).toBe(201)
  expect((await ada.get('/v1/me')).status).toBe(401)
  const opened = await staff.post(`${at}/closures`, { scope: 'account' })
  expect(opened.status).toBe(201)
  const { caseId, reference } = opened.body

  // Whoever still has the phone or the mailbox of who died closes nothing.
  const again = await ada.signIn(ada.email)
  expect([again.status, again.body.code]).toEqual([403, 'representative-acts'])
  for (const path of ['/v1/me', `/v1/lines/${lineId}/port-out`, `/v1/closures/${caseId}`])
    expect((await ada.get(path)).status).toBe(401)
  const heir = actor(await linkTo(email), email)
  const { body: seen } = await heir.act('look')
  expect(seen).toMatchObject({ kind: 'estate', decides: true, name: 'Ben Quill' })
  expect(seen.closure.quote.choicesNeeded).toEqual(['paid'])
  expect(seen.numbers).toEqual([{ lineId, name: expect.any(String), msisdn: line.msisdn }])
  const choices = { paid: { disposition: 'refund' }, promotional: null }
  const { body: chosen } = await heir.act('choices', { choices })
  const { to } = sides(chosen.closure.quote.currencies[0])
  expect(to.every((row) => row.startsWith('refund '))).toBe(true)
  const ofNumber = async (to: string) =>
    (await messages(to)).filter(({ text }) => text.includes(line.msisdn)).length
  const [toAda, toHeir] = [await ofNumber(ada.email), await ofNumber(email)]
  const taken = await heir.act('number', { lineId, code: await heir.code() })
  expect(taken.body.portCode).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/)
  // Notices of the number, and of the line, go to who acts for the estate, and to nobody else any more.
  await until(
    () => ofNumber(email),
    (now) => now > toHeir,
  )
  expect(await ofNumber(ada.email)).toBe(toAda)
  const { recipients } = await addresseeOf(platform.db, subscriberId)
  expect(recipients).toEqual([{ channel: 'email', address: email }])
  const foreign = await heir.act('number', { lineId: 'line_0', code: '000000' })
  expect(foreign.status).toBe(404)

  expect((await heir.confirm(chosen.closure.quote.hash)).body.decides).toBe(false)
  await until(
    async () => (await ada.get(`/v1/closures/by-reference/${reference}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )
  await expectZeroSum(platform, caseId)
  const told = (await messages(email)).map(({ text }) => text).join('\n')
  expect(told).toContain(reference)
  expect(told).not.toContain(`/closures/${caseId}`)
  const toLine = (await messages(line.msisdn)).map(({ text }) => text).join('\n')
  expect(toLine).not.toMatch(/\b\d{6}\b/)
  const { rows } = await sql<{ purpose: string }>`
    select purpose from one_time_code where subscriber_id = ${subscriberId} and subject_id = ${caseId}`.execute(
    platform.db,
  )
  expect(rows.map(({ purpose }) => purpose)).toEqual([])
}, 90_000)

test('Hard case 10: death: what the card refuses goes to an account of the heir’s, and a rejection is appealed against', async () => {
  const ada = await member(platform, { name: 'Ada Quill', country: 'DE' })
  const { lineId } = await buyLine(ada, undefined, cards.expires)
  const email = address('heir')
  const subscriberId = await subscriberOf(ada)
  await register(ada, { kind: 'estate', name: 'Ben Quill', email, evidence: 'certificates' })
  const at = `/v1/staff/subscribers/${subscriberId}/closures`
  const { caseId } = (await staff.post(at, { scope: 'line', lineId })).body
  const heir = actor(await linkTo(email), email)
  const look = async () => (await heir.act('look')).body.closure
  const untilSeen = (wanted: string) => until(look, ({ state }) => state === wanted, 20_000)
  const choices = { paid: { disposition: 'refund' }, promotional: null }
  const { body: chosen } = await heir.act('choices', { choices })
  expect((await heir.confirm(chosen.closure.quote.hash)).status).toBe(200)
  await untilSeen('in_review')

  const decide = async (who: string, body: object) => {
    const reviewer = person(platform)
    await reviewer.signInAsStaff(who)
    const seen = `/v1/staff/closures/${caseId}`
    const { version } = (await reviewer.get(seen)).body
    return reviewer.post(`${seen}/decision`, { version, note: '', ...body })
  }
  const no = { decision: 'reject', reasonCode: 'identity-doubt' }
  expect((await decide('reviewer@violet.example', no)).status).toBe(200)
  const { rejection } = await untilSeen('rejected')
  expect(rejection.canAppeal).toBe(true)
  const { body: appealed } = await heir.act('appeal', { text: 'I have the certificate' })
  expect(appealed.closure.state).toBe('in_review')
  expect((await heir.act('appeal', { text: 'Again' })).body.code).toBe('nothing-to-appeal')
  const yes = await decide('reviewer2@violet.example', { decision: 'approve' })
  expect(yes.status).toBe(200)

  const { refunds } = await until(look, ({ refunds: all }) => all[0]?.state === 'needs-account')
  const [{ refundId }] = refunds
  const account = { kind: 'iban', iban: 'GB29NWBK60161331926819' }
  const paid = vi.spyOn(platform.gateways.payments, 'payout')
  const named = (code: string) => heir.act('account', { refundId, account, code })
  expect((await named('000000')).body.code).toMatch(/^code-/)
  expect((await named(await heir.code())).status).toBe(200)
  const closed = await untilSeen('closed')
  expect(sides(closed.finalStatement[0]).to).toEqual([
    `payout ${chosen.closure.quote.currencies[0].refund.amount}`,
  ])
  expect(paid.mock.calls.map(([{ name }]) => name)).toEqual(['Ben Quill'])
  await expectZeroSum(platform, caseId)
}, 60_000)
