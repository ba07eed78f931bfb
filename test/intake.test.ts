/** Closing without signing in: who lost the phone or the e-mail gets there, and nobody who only knows a number does. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sweepEndedIntakes, sweepIntakes } from '../src/closure/intake-match-store.ts'
import { rowsOf } from '../src/subscribers/export-store.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { expectZeroSum, publishFor, sentFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp } from './way.ts'

let platform: TestPlatform
let reviewer: Person
let second: Person
const rule = { source: 'test', confidence: 'D' as const }
beforeAll(async () => {
  platform = await testPlatform()
  await publishFor(platform, 'MT', {
    idCopyForRefundAllowed: { value: true, ...rule },
    identityEvidence: { value: ['name', 'sim_serial'], ...rule },
  })
  reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  second = person(platform)
  await second.signInAsStaff('admin@violet.example')
})
afterAll(() => platform.close())

const address = (name: string) => `${name}.${randomUUID().slice(0, 8)}@example.com`
const staffAt = '/v1/staff/closure-intakes'

type Message = { subject: string; text: string; code: string | null }
async function messages(to: string): Promise<Message[]> {
  const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  return ((await asked.json()) as { items: Message[] }).items
}
const told = (to: string, what: RegExp) =>
  until(
    async () => (await messages(to)).find(({ text }) => what.test(text)),
    (found) => found !== undefined,
  ) as Promise<Message>

type Asked = { by?: string; scope?: string; country?: string; reason?: string }
/** Without any session: the link is all there is. */
async function ask(value: string, contact: string, more: Asked = {}) {
  const visitor = person(platform)
  const body = { scope: 'line', by: 'number', value, contact, country: 'GB', locale: 'en', ...more }
  const since = new Date(Date.now() - 1).toISOString()
  const started = await visitor.post('/v1/closures/intake', body)
  const { token, reference } = started.body
  const act = (what: string, given: object = {}) =>
    visitor.post(`/v1/closures/intake/${what}`, { token, ...given })
  const progress = async () => (await visitor.get(`/v1/closures/by-reference/${reference}`)).body
  const code = () => visitor.codeFor(contact, since)
  const caseId = String(token).split('.')[0]!
  return { started, reference: reference as string, caseId, act, progress, code }
}
const lookedUp = async ({ caseId }: { caseId: string }) =>
  until(
    async () =>
      (await reviewer.get(`${staffAt}/${caseId}`)).body as { state: string; version: number },
    ({ state }) => state !== 'received',
  )

async function home(country = 'GB') {
  const lin = await member(platform, { country })
  const { lineId } = await buyLine(lin)
  const { line } = await install(platform, lin, lineId)
  const { iccid } = await platform.db
    .selectFrom('line')
    .select('iccid')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  return { lin, lineId, msisdn: line.msisdn as string, iccid }
}

test('who lost the phone shows by a code that it is theirs; it counts from the day it was received', async () => {
  const { lin, lineId, msisdn } = await home()
  await topUp(lin, lineId)
  const asked = await ask(msisdn.replace('+44', '0'), lin.email, { reason: 'changed-phone' })
  expect(asked.started.status).toBe(202)
  expect(await asked.progress()).toMatchObject({ state: 'needs_customer', proof: 'needed' })
  // The line's own number is told, and no code goes there.
  const sms = await told(msisdn, /freeze/)
  expect(sms.code).toBeNull()
  const code = await asked.code()
  platform.clock.advance({ hours: 30 })
  expect((await asked.act('prove', { code })).body.code).toBe('code-expired')
  expect((await asked.act('code')).status).toBe(202)
  const fresh = await until(asked.code, (next) => next !== code)
  const wrong = fresh === '000000' ? '000001' : '000000'
  expect((await asked.act('prove', { code: wrong })).body).toMatchObject({ triesLeft: 4 })
  expect((await lin.get(`/v1/lines/${lineId}`)).body.state).toBe('active')
  const shown = await asked.act('prove', { code: fresh })
  expect([shown.status, shown.body.proof]).toEqual([200, null])
  // Twice is once.
  expect((await asked.act('prove', { code: fresh })).status).toBe(200)
  const closed = await until(
    async () => (await lin.get('/v1/closures')).body.items[0],
    ({ state }) => state === 'closed',
    20_000,
  )
  const { receivedAt } = (await asked.act('look')).body
  expect(closed).toMatchObject({ reference: asked.reference, reason: 'changed-phone' })
  expect(closed.submittedAt).toBe(receivedAt)
  expect(closed.timeline[0]).toMatchObject({ key: 'received', at: receivedAt })
  expect(await asked.progress()).toMatchObject({ state: 'closed', proof: null })
  const { subscriber_id: owner } = await platform.db
    .selectFrom('line')
    .select('subscriber_id')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const exported = await Array.fromAsync(rowsOf(platform.db, owner, 'requests'))
  expect(exported.map((row) => row.slice(1, 6))).toEqual([
    [asked.reference, 'line', lineId, 'opened', 'changed-phone'],
  ])
  await expectZeroSum(platform, asked.caseId)
  expect((await sentFor(platform, asked.caseId)).refunds.map(([, times]) => times)).toEqual([1, 1])
}, 60_000)

test('nobody who only knows a number closes a line, or learns that there is one', async () => {
  const { lin, lineId, msisdn } = await home()
  const [mine, none] = [address('thief'), address('thief')]
  const known = await ask(msisdn, mine)
  const unknown = await ask('+447700900999', none)
  await lookedUp(known)
  await lookedUp(unknown)
  const shape = async ({ started, act, progress, reference }: typeof known) => {
    const looks = [
      started,
      await act('look'),
      await act('code'),
      await act('prove', { code: '123456' }),
    ]
    const pages = [await progress(), ...looks.map(({ status, body }) => ({ status, body }))]
    return JSON.stringify(pages)
      .replaceAll(reference, 'VC')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'at')
      .replaceAll(/case_[\w.-]+/g, 'token')
      .replaceAll(/thief\.\w+|t••••\w/g, 'thief')
  }
  expect(await shape(known)).toBe(await shape(unknown))
  const [first, other] = [await told(mine, /Nothing ends/), await told(none, /Nothing ends/)]
  expect(first.subject.replace(known.reference, '')).toBe(
    other.subject.replace(unknown.reference, ''),
  )
  // Everything that arrived there, and no code among it.
  for (const to of [mine, none])
    expect((await messages(to)).map(({ code, text }) => [code, text.includes(msisdn)])).toEqual([
      [null, false],
    ])
  const owner = await told(lin.email, /did not sign in/)
  expect(owner.text).toContain(known.reference)
  expect(owner.text).not.toContain(mine)
  // A reviewer can't either: nothing shows who asks, and the other leads to nobody.
  // The code that was wanted above may leave in between: then the reviewer looks again.
  const accept = (asked: typeof known) =>
    until(
      async () => {
        const { version } = await lookedUp(asked)
        const at = `${staffAt}/${asked.caseId}/decision`
        return (await reviewer.post(at, { decision: 'accept', version })).body.code as string
      },
      (code) => code !== 'changed-meanwhile',
    )
  expect([await accept(known), await accept(unknown)]).toEqual([
    'evidence-missing',
    'intake-no-match',
  ])
  platform.clock.advance({ days: 15 })
  const over = await told(mine, /could not match/)
  expect((await told(none, /could not match/)).text.replace(unknown.reference, '')).toContain(
    over.text.split('\n').find((row) => /could not match/.test(row)),
  )
  for (const asked of [known, unknown])
    expect(await asked.progress()).toMatchObject({ state: 'rejected', proof: 'not-shown' })
  expect((await lin.get(`/v1/lines/${lineId}`)).body.state).toBe('active')
  expect((await known.act('prove', { code: '123456' })).body.code).toBe('intake-over')
  expect((await lin.get('/v1/closures')).body.items).toEqual([])
}, 60_000)

test('who lost everything is judged by what the policy lets us ask, and by a second person', async () => {
  const { lin, lineId, msisdn } = await home('FR')
  const asked = await ask(msisdn, address('new'), { country: 'FR' })
  await lookedUp(asked)
  const refused = await asked.act('answers', { answers: { id_document: 'X1234' } })
  expect([refused.status, refused.body.code]).toEqual([422, 'evidence-not-allowed'])
  const answers = { name: 'lin yue', email: 'wrong@example.com', line_number: msisdn }
  expect((await asked.act('answers', { answers })).body.proof).toBe('judged')
  const { body: seen } = await reviewer.get(`${staffAt}/${asked.caseId}`)
  expect(seen.subscriber).toMatchObject({ name: 'Lin Yue' })
  expect(seen.answers.map(({ agrees }: { agrees: boolean }) => agrees)).toEqual([true, false, true])
  const decide = (body: object, who = reviewer) =>
    who.post(`${staffAt}/${asked.caseId}/decision`, { version: seen.version, ...body })
  expect((await decide({ decision: 'refuse' })).body.code).toBe('reason-code-missing')
  expect((await decide({ decision: 'accept', version: 0 })).body.code).toBe('changed-meanwhile')
  const both = await Promise.all([
    decide({ decision: 'accept' }),
    decide({ decision: 'accept' }, second),
  ])
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
  const [by, other] = both[0]!.status === 200 ? [reviewer, second] : [second, reviewer]
  const case1 = () => reviewer.get(`/v1/staff/closures/${asked.caseId}`)
  const waiting = await until(
    async () => (await case1()).body,
    ({ closure }) => ['cooling_off', 'in_review'].includes(closure.state),
  )
  expect(waiting.risk).toMatchObject({ level: 'high' })
  // Where they are reached now is no contact of the account: no code, no refund goes there.
  expect(waiting.subscriber.contacts).toHaveLength(1)
  expect(waiting.closure.codeContacts).toMatchObject([{ value: lin.email }])
  platform.clock.advance({ days: 2 })
  await until(case1, ({ body }) => body.closure.state === 'in_review')
  // The case may be written to while it is looked at.
  const approve = (who: Person) =>
    until(
      async () => {
        const { version } = (await case1()).body
        const body = { decision: 'approve', version }
        return who.post(`/v1/staff/closures/${asked.caseId}/decision`, body)
      },
      ({ body }) => body.code !== 'changed-meanwhile',
    )
  expect((await approve(by)).body.code).toBe('requester-cannot-decide')
  expect((await approve(other)).status).toBe(200)
  await until(
    async () => (await lin.get(`/v1/lines/${lineId}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )
}, 60_000)

test('a review has a day of its own: late, it is told of once and goes first, and is decided all the same', async () => {
  const contact = address('late')
  const asked = await ask('+447700900997', contact, { country: 'MT' })
  await lookedUp(asked)
  await asked.act('answers', { answers: { name: 'Lin Yue' } })
  const see = async () => (await reviewer.get(`${staffAt}/${asked.caseId}`)).body
  const { reviewBy, dueAt, version } = await see()
  expect(reviewBy < dueAt).toBe(true)
  await asked.act('answers', { answers: { sim_serial: '12345678' } })
  expect(await see()).toMatchObject({ reviewBy, version: version + 1 })
  platform.clock.advance(platform.clock.now().until(Temporal.Instant.from(reviewBy)))
  platform.clock.advance({ minutes: 1 })
  await told(contact, /longer than we promised/)
  const { body: queue } = await reviewer.get(staffAt)
  expect(queue.items[0]).toMatchObject({ caseId: asked.caseId, reviewBy })

  // Past the day it was open until nobody ends it but a person, who is kept waiting by no sweep.
  platform.clock.advance({ days: 15 })
  const seen = await see()
  for (const _ of [1, 2]) await sweepIntakes(platform.app)
  const { rows } = await sql`
    select version, wake_at from closure_intake where case_id = ${asked.caseId}`.execute(
    platform.db,
  )
  expect(rows).toEqual([{ version: seen.version, wake_at: null }])
  const late = (await messages(contact)).filter(({ text }) => /longer than/.test(text))
  expect(late).toHaveLength(1)
  const no = { decision: 'refuse', reasonCode: 'no-match', version: seen.version }
  const refused = await reviewer.post(`${staffAt}/${asked.caseId}/decision`, no)
  expect([refused.status, refused.body.reviewBy]).toEqual([200, null])
}, 60_000)

test('the link of the notice stops it, and who asked sees nothing of that without the code', async () => {
  const { lin, lineId, msisdn } = await home()
  const asked = await ask(msisdn, lin.email)
  const { text } = await told(lin.email, /freeze\//)
  const token = /\/freeze\/([\w.-]+)/.exec(text)![1]
  const code = await asked.code()
  const before = await asked.progress()
  const visitor = person(platform)
  const look = await visitor.post('/v1/closures/freeze/look', { token })
  expect(look.body).toMatchObject({ frozen: false, asked: true })
  expect((await visitor.post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  expect((await visitor.post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  expect(await asked.progress()).toEqual(before)
  expect((await asked.act('prove', { code })).body.code).toBe('intake-stopped')
  expect((await lin.get(`/v1/lines/${lineId}`)).body.state).toBe('active')
  expect((await lin.get('/v1/me')).status).toBe(200)
}, 60_000)

test('a copy of an ID is asked for only where the policy permits it', async () => {
  const judged = async (country: string, ask_: string[]) => {
    const { iccid } = await home(country)
    const asked = await ask(iccid.slice(-8), address('new'), { by: 'iccid', country })
    const { version } = await lookedUp(asked)
    const body = { decision: 'ask', version, ask: ask_, note: 'At our shop' }
    const done = await reviewer.post(`${staffAt}/${asked.caseId}/decision`, body)
    return { done, asked }
  }
  const { done: no } = await judged('DE', ['id_copy'])
  expect([no.status, no.body.code]).toEqual([422, 'id-copy-not-allowed'])
  expect(no.body.detail).toMatch(/LG Kiel/)
  const { done: yes, asked } = await judged('MT', ['id_copy', 'name'])
  expect(yes.status).toBe(200)
  expect((await asked.act('look')).body.asked).toEqual({
    what: ['id_copy', 'name'],
    note: 'At our shop',
  })
  const { done: kind } = await judged('MT', ['tax_code'])
  expect(kind.body.code).toBe('evidence-not-allowed')
}, 60_000)

test('what is being closed already is followed; bad input is refused; floods are turned away', async () => {
  const { lin, lineId, msisdn } = await home('DE')
  await submit(lin, await draftClosure(lin, 'line', lineId))
  const asked = await ask(msisdn, lin.email, { country: 'DE' })
  const code = await asked.code()
  expect((await asked.act('prove', { code })).status).toBe(200)
  expect((await asked.progress()).state).not.toBe('needs_customer')
  expect((await lin.get('/v1/closures')).body.items).toHaveLength(1)
  const wrong = async (value: string, contact: string, more: Asked = {}) =>
    (await ask(value, contact, more)).started.status
  expect(await wrong('12', 'a@example.com')).toBe(422)
  expect(await wrong(msisdn, 'nowhere')).toBe(422)
  expect(await wrong(msisdn, 'a@example.com', { by: 'iccid' })).toBe(422)
  expect(await wrong('a@example.com', 'a@example.com', { by: 'email' })).toBe(422)
  expect(await wrong(msisdn, 'a@example.com', { country: 'XX' })).toBe(422)
  const statuses = []
  for (let n = 0; n < 6; n += 1) statuses.push(await wrong(msisdn, 'same@example.com'))
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
  // However many ask, whoever it is about is told three times a day.
  await until(
    async () => (await reviewer.get(`${staffAt}?state=received`)).body.items,
    (left) => left.length === 0,
  )
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from notice where template = 'closure-asked' and subscriber_id =
      (select subscriber_id from closure_intake_match where case_id = ${asked.caseId})
      and channel = 'email'`.execute(platform.db)
  expect(rows[0]?.n).toBe(3)
  const token = `${asked.caseId}.${'A'.repeat(43)}`
  const forged = await person(platform).post('/v1/closures/intake/look', { token })
  expect(forged.body.code).toBe('link-not-valid')
}, 60_000)

test('nothing readable is kept, and nothing at all when its time is over', async () => {
  const email = address('gone')
  const asked = await ask('+447700900998', email)
  await lookedUp(asked)
  const { rows } = await sql<{ row: string }>`
    select i::text as row from closure_intake i where case_id = ${asked.caseId}`.execute(
    platform.db,
  )
  expect(rows[0]!.row).not.toMatch(/900998|gone/)
  expect((await asked.act('withdraw')).body.state).toBe('withdrawn')
  platform.clock.advance({ days: 31 })
  await sweepEndedIntakes(platform.app)
  expect((await asked.act('look')).body.code).toBe('link-not-valid')
}, 60_000)
