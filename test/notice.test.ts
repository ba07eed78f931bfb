/** A contract that asks for notice: service goes on and renews until its day, which the receipt fixed, and ends then. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { catalogPlans, writtenPlans } from '../src/plans/catalog.ts'
import { seedCatalog } from '../src/plans/store.ts'
import { expectZeroSum, publishFor, sentFor, sides, untilStateWhile } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const home = writtenPlans.find(({ planId }) => planId === 'home-uk')!
  const own = { ...home, planId: 'home-notice', term: { notice: { value: 'P2M' } } }
  await seedCatalog(platform.db, platform.clock.now(), catalogPlans([...writtenPlans, own]))
  const rule = { source: 'a law of notices', confidence: 'D' as const }
  await publishFor(platform, 'MT', {
    noticeRule: { value: 'P1M', ...rule },
    maxCloseTime: { value: null, ...rule },
    withdrawalWindow: { value: null, ...rule },
  })
}, 60_000)
afterAll(() => platform.close())

async function inUse(country: string, segment: 'consumer' | 'business' = 'consumer') {
  const lin = await member(platform, { country })
  if (segment !== 'consumer') await lin.patch('/v1/me', { segment })
  const { lineId } = await buyLine(lin, 'home-notice')
  const { line } = await install(platform, lin, lineId)
  await topUp(lin, lineId, '50.00')
  await lin.patch(`/v1/lines/${lineId}/renewal`, { autoRenew: true })
  return { lin, lineId, line }
}
const afterMonth = (zone: string, at = platform.clock.now()) =>
  at.toZonedDateTimeISO(zone).add({ months: 1 }).toInstant()
const daysBetween = (one: Temporal.Instant, other: string) =>
  Math.abs(one.since(other).total('hours')) / 24
const lineOf = async (someone: Person, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body
const caseOf = async (someone: Person, caseId: string) =>
  (await someone.get(`/v1/closures/${caseId}`)).body

function moveTo(at: Temporal.Instant, minutes: number) {
  const seconds = at.add({ minutes }).since(platform.clock.now()).total('seconds')
  platform.clock.advance({ seconds: Math.floor(seconds) })
}

async function approve(caseId: string) {
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${caseId}`
  const { version } = (await reviewer.get(at)).body
  const { status } = await reviewer.post(`${at}/decision`, { decision: 'approve', version })
  expect(status).toBe(200)
}

test('a Belgian business gives a month’s notice: its line works and renews until the day, and closes then', async () => {
  const { lin, lineId, line: bought } = await inUse('BE', 'business')
  const term = { months: 0, notice: { value: 'P2M', days: 'calendar' } }
  const { body: offered } = await lin.get('/v1/plans/home-notice')
  expect([offered.term, bought.plan.term]).toEqual([term, term])
  expect((await lin.get('/v1/plans/home-uk')).body).not.toHaveProperty('term')
  // A contract that was just made is withdrawn from.
  const fresh = await draftClosure(lin, 'line', lineId)
  expect(fresh.quote.bound).toBeUndefined()
  await lin.post(`/v1/closures/${fresh.caseId}/withdraw`)
  platform.clock.advance({ days: 15 })
  const draft = await draftClosure(lin, 'line', lineId)
  const [bound] = draft.quote.bound
  expect(bound).toMatchObject({ lineId, why: 'notice', source: 'IBPT: after renewal' })
  expect(draft.quote).toMatchObject({ endsAt: bound.until, immediate: false })
  const price = { amount: '12.00', currency: 'GBP' }
  expect(draft.quote.goingOn).toMatchObject([
    { lineId, planEnds: null, renews: { times: 1, price } },
  ])
  platform.clock.advance({ minutes: 1 })
  const later = await caseOf(lin, draft.caseId)
  expect([later.quote.hash, later.quote.bound[0].until > bound.until]).toEqual([
    draft.quote.hash,
    true,
  ])
  expect((await submit(lin, draft)).status).toBe(202)
  const received = await caseOf(lin, draft.caseId)
  const day = afterMonth('Europe/Brussels', Temporal.Instant.from(received.submittedAt))
  // The database keeps whole microseconds.
  expect(day.since(received.quote.bound[0].until).total('milliseconds')).toBeCloseTo(0, 2)
  const row = received.timeline.find(({ key }: { key: string }) => key === 'service-ends')
  expect(row.due).toBe(String(day))
  await untilStateWhile(platform, lin, draft.caseId, 'in_review', { hours: 2 })
  await approve(draft.caseId)
  await untilState(lin, draft.caseId, 'scheduled')

  moveTo(day, -5)
  const renewed = await until(
    () => lineOf(lin, lineId),
    ({ paidCredit }) => paidCredit.amount === '38.00',
  )
  expect(renewed.state).toBe('active')
  expect((await caseOf(lin, draft.caseId)).state).toBe('scheduled')
  moveTo(day, 1)
  const closed = await untilStateWhile(platform, lin, draft.caseId, 'closed', { minutes: 1 })
  expect(daysBetween(day, closed.serviceEndedAt)).toBeLessThan(1)
  expect(closed.serviceEndedAt >= String(day)).toBe(true)
  const [table] = closed.finalStatement
  const { from } = sides(table)
  expect(from[0]).toBe('paid-credit 38.00')
  expect(from[1]).toMatch(/^plan-days /)
  expect((await sentFor(platform, draft.caseId)).refunds.map(([, times]) => times)).toEqual([1])
  await expectZeroSum(platform, draft.caseId)
}, 90_000)

test('a Belgian consumer on the same contract gives none', async () => {
  const { lin, lineId } = await inUse('BE')
  platform.clock.advance({ days: 15 })
  const { quote } = await draftClosure(lin, 'line', lineId)
  expect([quote.bound, quote.withdrawUntil]).toEqual([undefined, undefined])
}, 60_000)

async function actsFor(someone: { subscriberId: string }, kind: 'guardian' | 'estate') {
  const staff = person(platform)
  await staff.signInAsStaff('support@violet.example')
  const email = `${kind}.${randomUUID().slice(0, 8)}@example.com`
  const today = platform.clock.now().toZonedDateTimeISO('UTC').toPlainDate()
  const born = kind === 'guardian' && { bornOn: String(today.subtract({ years: 15 })) }
  const at = `/v1/staff/subscribers/${someone.subscriberId}`
  const who = { kind, name: 'Jo Park', email, evidence: 'seen', locale: 'en', ...born }
  const made = await staff.post(`${at}/representatives`, who)
  expect(made.status).toBe(201)
  const end = () => staff.delete(`${at}/representatives/${made.body.representativeId}`)
  return { at, email, staff, end }
}

/** By the link that is theirs alone. */
async function acting(email: string) {
  const visitor = person(platform)
  const token = await linkTo(email)
  const act = (what: string, body: object = {}) =>
    visitor.post(`/v1/closures/act/${what}`, { token, ...body })
  const confirm = async (quoteHash: string) => {
    const after = new Date(Date.now() - 1).toISOString()
    await act('code')
    const code = await visitor.codeFor(email, after)
    return act('confirm', { quoteHash, code, understood: true })
  }
  return { look: async () => (await act('look')).body.closure, confirm }
}

type Message = { text: string }
async function linkTo(to: string): Promise<string> {
  const link = await until(
    async () => {
      const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
      const { items } = (await asked.json()) as { items: Message[] }
      return items.map(({ text }) => /\/act\/([\w.-]+)/.exec(text)?.[1]).find(Boolean)
    },
    (found) => found !== undefined,
  )
  return link!
}

const endsAtOf = async (caseId: string) =>
  (
    await platform.db
      .selectFrom('closure_case')
      .select('ends_at')
      .where('case_id', '=', caseId)
      .executeTakeFirstOrThrow()
  ).ends_at?.toString()

test('a guardian who is late restarts no notice; what is taken back and asked for anew gives a new one', async () => {
  const { lin: kim, lineId } = await inUse('MT')
  const { email } = await actsFor((await kim.get('/v1/me')).body, 'guardian')
  const draft = await draftClosure(kim, 'line', lineId)
  expect((await submit(kim, draft)).status).toBe(202)
  const waiting = await untilState(kim, draft.caseId, 'needs_customer')
  const day = afterMonth('Europe/London', Temporal.Instant.from(waiting.submittedAt)).toString()
  expect([waiting.quote.bound[0].until, await endsAtOf(draft.caseId)]).toEqual([day, day])

  platform.clock.advance({ days: 9 })
  const parent = await acting(email)
  const { quote } = await parent.look()
  expect([quote.bound[0].until, quote.hash]).toEqual([day, draft.quote.hash])
  expect(quote.numberKeptUnusedUntil).toBe(waiting.quote.numberKeptUnusedUntil)
  expect((await parent.confirm(quote.hash)).status).toBe(200)
  await untilState(kim, draft.caseId, 'scheduled')
  expect(await endsAtOf(draft.caseId)).toBe(day)
  expect((await lineOf(kim, lineId)).state).toBe('active')

  await kim.post(`/v1/closures/${draft.caseId}/withdraw`)
  const anew = await draftClosure(kim, 'line', lineId)
  const [bound] = anew.quote.bound
  expect(daysBetween(afterMonth('Europe/London'), bound.until)).toBeLessThan(0.01)
  expect(bound.until > day).toBe(true)
}, 60_000)

test('a death while a notice runs: nobody waits for it any more', async () => {
  const { lin: kim, lineId } = await inUse('MT')
  const { body: me } = await kim.get('/v1/me')
  const guardian = await actsFor(me, 'guardian')
  const draft = await draftClosure(kim, 'line', lineId)
  expect((await submit(kim, draft)).status).toBe(202)
  await untilState(kim, draft.caseId, 'needs_customer')
  platform.clock.advance({ days: 2 })
  expect((await guardian.end()).status).toBe(204)
  const { at, email, staff } = await actsFor(me, 'estate')
  const opened = await staff.post(`${at}/closures`, { scope: 'line', lineId })
  expect(opened.body.caseId).toBe(draft.caseId)
  const heir = await acting(email)
  const { quote } = await heir.look()
  expect(quote.bound).toBeUndefined()
  const stateOf = async () =>
    await platform.db
      .selectFrom('line')
      .select('state')
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
  expect((await stateOf()).state).toBe('active')
  expect((await heir.confirm(quote.hash)).status).toBe(200)
  expect((await stateOf()).state).not.toBe('active')
  await until(
    () => heir.look(),
    ({ state }) => state === 'closed',
    20_000,
  )
  await expectZeroSum(platform, draft.caseId)
}, 60_000)

test('a guardian later than the window: what was withdrawn from in it still asks no notice', async () => {
  const { lin: kim, lineId } = await inUse('DE')
  const { email } = await actsFor((await kim.get('/v1/me')).body, 'guardian')
  const draft = await draftClosure(kim, 'line', lineId)
  expect([draft.quote.bound, typeof draft.quote.withdrawUntil]).toEqual([undefined, 'string'])
  expect((await submit(kim, draft)).status).toBe(202)
  await untilState(kim, draft.caseId, 'needs_customer')
  platform.clock.advance({ days: 15 })
  const parent = await acting(email)
  const { quote } = await parent.look()
  expect(quote.bound).toBeUndefined()
  expect((await parent.confirm(quote.hash)).status).toBe(200)
  await untilState(kim, draft.caseId, 'in_review')
  expect(await endsAtOf(draft.caseId)).toBeUndefined()
}, 60_000)

test('asked for without signing in, and shown later by a code: the notice is counted from when it was asked for', async () => {
  const { lin, lineId, line } = await inUse('MT')
  const visitor = person(platform)
  const since = new Date(Date.now() - 1).toISOString()
  const body = { scope: 'line', by: 'number', value: line.msisdn, contact: lin.email }
  const asked = await visitor.post('/v1/closures/intake', { ...body, country: 'MT', locale: 'en' })
  const { token } = asked.body
  const act = (what: string, given: object = {}) =>
    visitor.post(`/v1/closures/intake/${what}`, { token, ...given })
  const first = await visitor.codeFor(lin.email, since)
  platform.clock.advance({ hours: 50 })
  expect((await act('code')).status).toBe(202)
  const code = await until(
    () => visitor.codeFor(lin.email, since),
    (next) => next !== first,
  )
  expect((await act('prove', { code })).status).toBe(200)
  const { receivedAt } = (await act('look')).body
  const day = afterMonth('Europe/London', Temporal.Instant.from(receivedAt)).toString()
  const caseId = String(token).split('.')[0]!
  const found = await caseOf(lin, caseId)
  expect([found.submittedAt, found.quote.bound[0].until, await endsAtOf(caseId)]).toEqual([
    receivedAt,
    day,
    day,
  ])
  expect((await lineOf(lin, lineId)).state).toBe('active')
}, 60_000)
