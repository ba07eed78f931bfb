/** A reviewer asks the subscriber: the clock of the review stands meanwhile, and nothing ends by silence. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { type Counting, isBusinessDay, passingMs } from '../src/policy/business-days.ts'
import { rowsOf } from '../src/subscribers/export-store.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { otherOperator } from './porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
let amara: Person
let jonas: Person
beforeAll(async () => {
  platform = await testPlatform()
  const source = 'test'
  await publishFor(platform, 'MT', {
    autoApprove: { value: false, source, confidence: 'D' },
    reviewSla: { value: 'P3D', days: 'business', source, confidence: 'D' },
    withdrawalWindow: { value: null, source, confidence: 'D' },
    secondReviewAbove: { value: { GBP: 1500 }, source, confidence: 'D' },
  })
  amara = await staff('reviewer')
  jonas = await staff('reviewer2')
}, 60_000)
afterAll(() => platform.close())

const { say, request, portCode } = otherOperator(() => platform)

async function staff(name: string) {
  const someone = person(platform)
  expect((await someone.signInAsStaff(`${name}@violet.example`)).status).toBe(200)
  return someone
}

/** A closure under review. */
async function waiting({ credit = '', installs = false } = {}) {
  const someone = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(someone)
  const msisdn: string = installs ? (await install(platform, someone, lineId)).line.msisdn : ''
  if (credit) await topUp(someone, lineId, credit)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  const { dueAt } = await untilState(someone, draft.caseId, 'in_review')
  return closureOf(someone, draft.caseId, { lineId, msisdn, reference: draft.reference, dueAt })
}

type Someone = Awaited<ReturnType<typeof member>>

function closureOf<More>(someone: Someone, caseId: string, more: More) {
  const [own, at] = [`/v1/closures/${caseId}`, `/v1/staff/closures/${caseId}`]
  return {
    ...more,
    someone,
    caseId,
    at,
    own,
    see: async () => (await someone.get(own)).body,
    ask: (who: Person, text = question) => who.post(`${at}/question`, { text }),
    answer: (text: string, given = {}) => someone.post(`${own}/answer`, { text, ...given }),
    events: async (who = amara) =>
      (await who.get(at)).body.events.map(({ kind }: { kind: string }) => kind) as string[],
  }
}

const question = 'Which of the two cards did you pay with?'
const london: Counting = { unit: 'business', zone: 'Europe/London', calendar: 'GB-ENG' }
const instant = (text: string) => Temporal.Instant.from(text)
const advanceTo = (at: Temporal.Instant) => platform.clock.advance(platform.clock.now().until(at))
const hoursLeft = (dueAt: string) =>
  passingMs(platform.clock.now(), instant(dueAt), london) / 3_600_000

/** The same time of day, so many business days on. */
function businessDays(from: Temporal.Instant, days: number): Temporal.Instant {
  let at = from.toZonedDateTimeISO(london.zone)
  for (let left = Math.abs(days); left > 0; left--)
    do at = at.add({ days: Math.sign(days) })
    while (!isBusinessDay(at.toPlainDate(), london))
  return at.toInstant()
}

async function mails(to: string, text: string): Promise<string[]> {
  const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  const { items } = (await asked.json()) as { items: { text: string }[] }
  return items.flatMap((one) => (one.text.includes(text) ? one.text : []))
}
const asking = 'the reviewer needs an answer'

/** Tables of the database and of its queue that hold a text as anybody could read it. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows: columns } = await sql<{ s: string; t: string; c: string }>`
    select table_schema as s, table_name as t, column_name as c from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'
      and data_type in ('text', 'jsonb')`.execute(platform.db)
  const found: string[] = []
  for (const { s, t, c } of columns) {
    const { rows } = await sql`select 1 from ${sql.table(`${s}.${t}`)}
      where ${sql.ref(c)}::text like ${`%${text}%`} limit 1`.execute(platform.db)
    if (rows.length > 0) found.push(`${t}.${c}`)
  }
  return found
}

test('with one business day left it asks; answered ten days later one business day is left', async () => {
  const { someone, see, ask, answer, events, at, own, dueAt, reference, caseId } = await waiting()
  advanceTo(businessDays(instant(dueAt), -1))
  expect(hoursLeft(dueAt)).toBeCloseTo(24, 1)
  const asked = await ask(amara)
  expect(asked.status).toBe(200)
  expect(asked.body).toMatchObject({ mayDecide: false, mayAsk: false, mayWithdrawQuestion: true })
  expect(asked.body.reviewLeftMs / 3_600_000).toBeCloseTo(24, 1)
  const seen = await see()
  expect(seen).toMatchObject({ state: 'needs_customer', waitsFor: 'owner' })
  expect(seen.questions).toMatchObject([{ text: question, answer: null, endedAt: null }])
  expect(seen.timeline.find(({ state }: { state: string }) => state === 'now').key).toBe('question')
  const [mail = ''] = await until(
    () => mails(someone.email, asking),
    ({ length }) => length === 1,
  )
  expect(mail).toContain(`/closures/${caseId}`)
  expect(mail).toMatch(/\/freeze\//)
  expect(mail).not.toContain(question)
  const { body: seenByAll } = await someone.get(`/v1/closures/by-reference/${reference}`)
  expect(seenByAll.state).toBe('needs_customer')
  expect(JSON.stringify(seenByAll)).not.toContain(question)

  // Nobody decides meanwhile, and who is asked can't go round the review by agreeing once more.
  const approve = { decision: 'approve', version: asked.body.version }
  expect((await amara.post(`${at}/decision`, approve)).body.code).toBe('already-decided')
  expect((await someone.patch(own, { choices: seen.choices })).body.code).toBe('not-a-draft')
  const again = { quoteHash: seen.quote.hash, code: '000000', understood: true }
  expect((await someone.post(`${own}/submit`, again)).body.code).toBe('not-a-draft')

  const later = platform.clock.now().add({ hours: 240 })
  advanceTo(businessDays(businessDays(later, 1), -1))
  const [me, back] = [await someone.signIn(someone.email), await staff('reviewer')]
  expect(me.status).toBe(200)
  const due = businessDays(platform.clock.now(), 1)
  const answered = await answer('The blue one.')
  expect(answered.body.state).toBe('in_review')
  expect(Math.abs(instant(answered.body.dueAt).since(due).total('minutes'))).toBeLessThan(5)
  expect(answered.body.timeline.find(({ key }: { key: string }) => key === 'question').state).toBe(
    'done',
  )
  expect(await events(back)).toEqual(
    expect.arrayContaining(['question-asked', 'question-answered']),
  )
  expect(await tablesWith('blue one')).toEqual([])
  expect(await tablesWith('two cards')).toEqual([])

  // Who asked looks first.
  const other = await staff('reviewer2')
  const { body: now } = await back.get(at)
  const decision = { decision: 'approve', version: now.version }
  expect((await other.post(`${at}/decision`, decision)).body.code).toBe('claimed-by-other')
  expect(now.closure.questions).toMatchObject([{ text: question, answer: 'The blue one.' }])
  expect((await back.post(`${at}/decision`, decision)).status).toBe(200)
  await untilState(someone, caseId, 'closed')
  amara = back
  jonas = other
}, 90_000)

test('silence ends nothing: asked once more, then a person knows; a late answer counts', async () => {
  const { someone, see, ask, answer, events, caseId, at, dueAt } = await waiting()
  const left = hoursLeft(dueAt)
  await ask(amara)
  platform.clock.advance({ hours: 24 * 15, minutes: 1 })
  await until(
    () => mails(someone.email, asking),
    ({ length }) => length === 2,
  )
  platform.clock.advance({ hours: 24 * 15, minutes: 1 })
  amara = await staff('reviewer')
  const stuck = await until(
    async () => (await amara.get('/v1/staff/closures?state=needs_attention')).body,
    ({ items }) => items.some((row: { caseId: string }) => row.caseId === caseId),
  )
  expect(stuck.items.find((row: { caseId: string }) => row.caseId === caseId).state).toBe(
    'needs_customer',
  )
  platform.clock.advance({ hours: 24 * 90 })
  amara = await staff('reviewer')
  expect((await amara.post(`${at}/retry`)).status).toBe(200)
  await until(
    () => mails(someone.email, asking),
    ({ length }) => length === 3,
  )
  await someone.signIn(someone.email)
  expect((await see()).state).toBe('needs_customer')
  const answered = await answer('Sorry, I was away.')
  expect(answered.body.state).toBe('in_review')
  expect(hoursLeft(answered.body.dueAt)).toBeCloseTo(left, 1)
  expect(await events()).toEqual(expect.arrayContaining(['reminded', 'answer-late', 'retried']))
  jonas = await staff('reviewer2')
}, 90_000)

test('two tabs answer once; nobody else does, and no question is asked without words or by whom it is not', async () => {
  const { see, ask, answer, events, caseId, own, at } = await waiting()
  expect((await ask(amara, '  ')).body.code).toBe('invalid-request')
  expect((await ask(amara, 'x'.repeat(2001))).body.code).toBe('invalid-request')
  expect((await answer('Nothing was asked.')).body.code).toBe('no-open-question')
  expect((await ask(await staff('support'))).body.code).toBe('not-your-role')
  await jonas.post(`${at}/claim`)
  expect((await ask(amara)).body.code).toBe('claimed-by-other')
  const both = await Promise.all([ask(jonas), ask(jonas, 'And why?')])
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
  expect(both.find(({ status }) => status === 409)?.body.code).toBe('question-open')

  const [{ questionId }] = (await see()).questions
  const stranger = await member(platform, { country: 'MT' })
  expect((await stranger.post(`${own}/answer`, { text: 'Me.' })).status).toBe(404)
  expect((await person(platform).post(`${own}/answer`, { text: 'Me.' })).status).toBe(401)
  expect((await answer(' ')).body.code).toBe('invalid-request')
  expect((await answer('x'.repeat(2001))).body.code).toBe('invalid-request')
  expect((await answer('Red.', { questionId: 'question_0' })).body.code).toBe('no-open-question')
  const tabs = await Promise.all([answer('Red.', { questionId }), answer('Blue.', { questionId })])
  expect(tabs.map(({ status }) => status).toSorted()).toEqual([200, 409])
  const said = (await see()).questions[0].answer
  // The same again is no other answer.
  expect((await answer(said)).status).toBe(200)
  expect((await events()).filter((kind) => kind === 'question-answered')).toHaveLength(1)

  // An answer that was meant for a question before is none to the next.
  await ask(jonas, 'Thank you. When?')
  expect((await answer('Red.', { questionId })).body.code ?? 'same').toMatch(
    /no-open-question|same/,
  )
  expect((await see()).questions.map((one: { answer: string | null }) => one.answer)).toEqual([
    said,
    null,
  ])
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from closure_question where case_id = ${caseId}`.execute(platform.db)
  expect(rows).toEqual([{ n: 2 }])
}, 60_000)

test('taken back, the clock goes on; withdrawn, nothing is asked any more', async () => {
  const { see, ask, answer, events, someone, own, at, dueAt } = await waiting()
  const left = hoursLeft(dueAt)
  await ask(amara)
  platform.clock.advance({ hours: 24 * 5 })
  amara = await staff('reviewer')
  jonas = await staff('reviewer2')
  const taken = await jonas.post(`${at}/question/withdraw`)
  expect(taken.body.closure.state).toBe('in_review')
  expect(taken.body.reviewLeftMs).toBeNull()
  expect(hoursLeft(taken.body.closure.dueAt)).toBeCloseTo(left, 1)
  expect((await events()).at(-1)).toBe('question-withdrawn')
  expect((await answer('Too late?')).body.code).toBe('no-open-question')
  expect((await jonas.post(`${at}/question/withdraw`)).body.code).toBe('no-open-question')

  expect((await ask(jonas, 'One more thing?')).status).toBe(200)
  expect((await someone.post(`${own}/withdraw`)).body.state).toBe('withdrawn')
  expect((await answer('Never mind.')).body.code).toBe('no-open-question')
  const { questions } = await see()
  expect(questions.every((one: { endedAt: string | null }) => one.endedAt !== null)).toBe(true)
}, 60_000)

test('a freeze, a hold and what follows lose no question', async () => {
  const { someone, see, ask, answer, at } = await waiting()
  await ask(amara)
  const [mail = ''] = await until(
    () => mails(someone.email, asking),
    ({ length }) => length === 1,
  )
  const token = /\/freeze\/([\w.-]+)/.exec(mail)?.[1]
  const frozen = await person(platform).post('/v1/closures/freeze', { token })
  expect(frozen.body.frozen).toBe(true)
  await someone.signIn(someone.email)
  expect((await answer('It was me.')).body.code).toBe('no-open-question')
  expect((await amara.post(`${at}/question/withdraw`)).body.code).toBe('no-open-question')
  await amara.post(`${at}/thaw`, { note: 'Called back.' })
  await amara.post(`${at}/hold`, { note: 'A court asks.' })
  const { body: thawed } = await amara.post(`${at}/thaw`, { note: 'It is done.' })
  expect(thawed.closure.state).toBe('needs_customer')
  expect(thawed.reviewLeftMs).toBeGreaterThan(0)
  expect((await see()).questions).toMatchObject([{ endedAt: null }])
  expect((await answer('It was me.')).body.state).toBe('in_review')
}, 60_000)

test('the first of two approvals stands through a question, which who gave it does not ask', async () => {
  const { someone, ask, answer, at, caseId } = await waiting({ credit: '20.00' })
  const approve = async (who: Person) => {
    const { body } = await who.get(at)
    return who.post(`${at}/decision`, { decision: 'approve', version: body.version })
  }
  expect((await approve(amara)).body.approvals.first).not.toBeNull()
  expect((await ask(amara)).body.code).toBe('approved-by-you')
  const asked = await ask(jonas)
  expect(asked.body.approvals.first).not.toBeNull()
  await answer('The blue one.')
  expect((await jonas.get(at)).body.approvals.first).not.toBeNull()
  expect((await approve(jonas)).body.closure.state).not.toBe('in_review')
  await untilState(someone, caseId, 'closed')
}, 60_000)

test('a number that leaves ends the question, and the data export has what was said', async () => {
  const { someone, lineId, caseId, msisdn, ask, answer, see, events } = await waiting({
    installs: true,
  })
  const reference = randomUUID()
  await request(msisdn, await portCode(someone, lineId), reference)
  await ask(amara)
  await answer('The blue one.')
  await ask(amara, 'And when?')
  await say('port-out.completed', { reference })
  await untilState(someone, caseId, 'closed')
  expect(await events()).toEqual(
    expect.arrayContaining(['question-answered', 'question-withdrawn', 'number-ported']),
  )
  const { questions, timeline } = await see()
  expect(questions).toMatchObject([{ answer: 'The blue one.' }, { answer: null }])
  expect(questions[1].endedAt).not.toBeNull()
  expect(timeline.find(({ key }: { key: string }) => key === 'question').state).toBe('done')
  const { body: me } = await someone.get('/v1/me')
  const rows = []
  for await (const row of rowsOf(platform.db, me.subscriberId, 'questions')) rows.push(row)
  expect(rows.map(([, ofCase, text, said]) => [ofCase, text, said])).toEqual([
    [caseId, question, 'The blue one.'],
    [caseId, 'And when?', null],
  ])
}, 60_000)

test('for an estate who acts for it answers, by the link; who can’t sign in is not asked', async () => {
  const ada = await member(platform, { name: 'Ada Quill', country: 'MT' })
  await buyLine(ada)
  const { body: me } = await ada.get('/v1/me')
  const email = `heir.${randomUUID().slice(0, 8)}@example.com`
  const support = await staff('support')
  const of = `/v1/staff/subscribers/${me.subscriberId}`
  const estate = { kind: 'estate', name: 'Ben Quill', email, evidence: 'will', locale: 'en' }
  await support.post(`${of}/representatives`, estate)
  const { body: opened } = await support.post(`${of}/closures`, { scope: 'account' })
  const at = `/v1/staff/closures/${opened.caseId}`
  const heir = person(platform)
  const linked = async (text: string) => {
    const [mail = ''] = await until(
      () => mails(email, text),
      ({ length }) => length > 0,
    )
    return /\/act\/([\w.-]+)/.exec(mail)?.[1]
  }
  const token = await linked(opened.reference)
  const act = (what: string, body = {}) => heir.post(`/v1/closures/act/${what}`, { token, ...body })
  const after = new Date(Date.now() - 1).toISOString()
  await act('code')
  const choices = { paid: { disposition: 'refund' }, promotional: null }
  const { body: seen } = await act('choices', { choices })
  const confirm = { quoteHash: seen.closure.quote.hash, understood: true }
  await act('confirm', { ...confirm, code: await heir.codeFor(email, after) })
  await until(
    async () => (await amara.get(at)).body.closure.state,
    (state) => state === 'in_review',
  )
  expect((await amara.post(`${at}/question`, { text: 'Who inherits?' })).status).toBe(200)
  expect(await linked(asking)).toBe(token)
  const { body: asked } = await act('look')
  expect(asked.closure).toMatchObject({
    waitsFor: 'representative',
    questions: [{ text: 'Who inherits?' }],
  })
  const { body: said } = await act('answer', { text: 'I do.' })
  expect(said).toMatchObject({
    decides: false,
    closure: { state: 'in_review', questions: [{ answer: 'I do.' }] },
  })

  await platform.db
    .updateTable('closure_case')
    .set({ shown_by: 'reviewer' })
    .where('case_id', '=', opened.caseId)
    .execute()
  expect((await amara.get(at)).body).toMatchObject({ mayDecide: true, mayAsk: false })
  const refused = await amara.post(`${at}/question`, { text: 'Who inherits?' })
  expect(refused.body.code).toBe('asker-cannot-sign-in')
}, 60_000)
