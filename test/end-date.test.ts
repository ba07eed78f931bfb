/** A day of one's own: service goes on and renews until then, ends then and not before, and every cent has its place. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { expectZeroSum, publishFor, sentFor, sides, stats, untilStateWhile } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, pay, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const withdrawalWindow = { value: null, source: 'test', confidence: 'D' as const }
  await publishFor(platform, 'MT', { withdrawalWindow })
}, 60_000)
afterAll(() => platform.close())

const zone = 'Europe/London'
const refund = { paid: { disposition: 'refund' }, promotional: null }
const today = () => platform.clock.now().toZonedDateTimeISO(zone).toPlainDate()
const inDays = (days: number) => today().add({ days }).toString()
const endOf = (day: string) =>
  Temporal.PlainDate.from(day)
    .toZonedDateTime({ timeZone: zone, plainTime: '23:59' })
    .toInstant()
    .toString()

/** A line in use, with credit and renewal. */
async function inUse(credit = '30.00', autoRenew = true) {
  const lin = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(lin, 'home-uk')
  await install(platform, lin, lineId)
  await topUp(lin, lineId, credit)
  if (autoRenew) await lin.patch(`/v1/lines/${lineId}/renewal`, { autoRenew })
  const { body: line } = await lin.get(`/v1/lines/${lineId}`)
  return { lin, lineId, line }
}

const choose = (someone: Person, caseId: string, endsOn: string | null, more: object = refund) =>
  someone.patch(`/v1/closures/${caseId}`, { choices: { ...more, endsOn } })

/** Moves the clock to so many minutes after a moment. */
function moveTo(at: string, minutes: number) {
  const wanted = Temporal.Instant.from(at).add({ minutes })
  const seconds = Math.floor(wanted.since(platform.clock.now()).total('seconds'))
  platform.clock.advance({ seconds })
}

const lineOf = async (someone: Person, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body

test('the day is kept: the line renews before it, ends then and not before, and what is left comes back', async () => {
  const { lin, lineId, line } = await inUse()
  const draft = await draftClosure(lin, 'line', lineId)
  expect(draft.quote.allowed.endsOn).toEqual({
    from: inDays(0),
    to: today().add({ years: 1 }).toString(),
  })
  const day = inDays(40)
  const { body: chosen } = await choose(lin, draft.caseId, day)
  expect(chosen.choices.endsOn).toBe(day)
  expect(chosen.quote).toMatchObject({ endsAt: endOf(day), immediate: false })
  const price = { amount: '12.00', currency: 'GBP' }
  const renews = { times: 1, first: line.periodEnd, price, comesBack: true }
  expect(chosen.quote.ownDay).toMatchObject({ on: day, lines: [{ lineId, renews }] })
  // The days of this period are used until then.
  expect(sides(chosen.quote.currencies[0]).from).toEqual(['paid-credit 30.00'])
  expect((await submit(lin, chosen)).status).toBe(202)
  const waiting = await untilState(lin, draft.caseId, 'scheduled')
  const row = waiting.timeline.find(({ key }: { key: string }) => key === 'service-ends')
  expect([row.due, waiting.canWithdraw]).toEqual([endOf(day), true])

  moveTo(line.periodEnd, 5)
  const renewed = await until(
    () => lineOf(lin, lineId),
    ({ paidCredit }) => paidCredit.amount === '18.00',
  )
  expect(renewed.state).toBe('active')
  moveTo(endOf(day), -5)
  expect((await lin.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('scheduled')
  moveTo(endOf(day), 1)
  const closed = await untilStateWhile(platform, lin, draft.caseId, 'closed', { minutes: 1 })
  expect(closed.serviceEndedAt >= endOf(day)).toBe(true)
  expect(closed.timeline.map(({ key }: { key: string }) => key)).not.toContain('needs-attention')
  const [table] = closed.finalStatement
  // Of the thirty days paid at the renewal those that had not begun.
  const begun = Temporal.Instant.from(line.periodEnd).until(endOf(day)).total('hours') / 24
  const left = Math.floor((1200 * (30 - Math.floor(begun) - 1)) / 30)
  expect(sides(table).from).toEqual(['paid-credit 18.00', `plan-days ${(left / 100).toFixed(2)}`])
  expect(table.refund.amount).toBe(((1800 + left) / 100).toFixed(2))
  expect((await sentFor(platform, draft.caseId)).refunds.map(([, times]) => times)).toEqual([1])
  await expectZeroSum(platform, draft.caseId)
}, 90_000)

test('no day but one from today to a year ahead; a day that is none is no request at all', async () => {
  const { lin, lineId } = await inUse('5.00', false)
  const { caseId } = await draftClosure(lin, 'line', lineId)
  const code = async (day: string, more?: object) => {
    const { status, body } = await choose(lin, caseId, day, more)
    return [status, body.code]
  }
  const range = [422, 'end-day-out-of-range']
  const yearAhead = today().add({ years: 1 })
  expect(await code(inDays(-1))).toEqual(range)
  expect(await code(yearAhead.add({ days: 1 }).toString())).toEqual(range)
  const { body } = await choose(lin, caseId, inDays(-1))
  expect(body.detail).toContain(inDays(0))
  for (const none of [`${yearAhead.year}-02-31`, 'soon', '2026-1-1', '', '9999999-01-01'])
    expect(await code(none)).toEqual([422, 'invalid-request'])
  const spend = { ...refund, paid: { disposition: 'refund', spendFirst: true } }
  expect(await code(inDays(3), spend)).toEqual([422, 'choice-not-allowed'])
  expect((await choose(lin, caseId, inDays(0))).status).toBe(200)
  expect((await choose(lin, caseId, yearAhead.toString())).status).toBe(200)
}, 60_000)

test('a changed day is a changed quote; who takes it back keeps the line and its renewals', async () => {
  const { lin, lineId, line } = await inUse()
  const draft = await draftClosure(lin, 'line', lineId)
  const hashes = []
  for (const day of [inDays(40), inDays(70), inDays(0), null])
    hashes.push((await choose(lin, draft.caseId, day)).body.quote.hash)
  expect(new Set(hashes).size).toBe(4)
  const { body: soon } = await choose(lin, draft.caseId, null)
  expect(soon.quote).toMatchObject({ immediate: true })
  expect(soon.quote.ownDay).toBeUndefined()
  const { body: chosen } = await choose(lin, draft.caseId, inDays(40))
  const stale = await submit(lin, soon)
  expect([stale.status, stale.body.code]).toEqual([409, 'quote-changed'])
  expect((await submit(lin, chosen)).status).toBe(202)
  await untilState(lin, draft.caseId, 'scheduled')
  const moved = await choose(lin, draft.caseId, inDays(3))
  expect(moved.body.code).toBe('not-a-draft')
  moveTo(line.periodEnd, 5)
  await until(
    () => lineOf(lin, lineId),
    ({ paidCredit }) => paidCredit.amount === '18.00',
  )
  const withdrawn = await lin.post(`/v1/closures/${draft.caseId}/withdraw`)
  expect(withdrawn.body.state).toBe('withdrawn')
  const { periodEnd, state } = await lineOf(lin, lineId)
  expect(state).toBe('active')
  // Beyond the day that is void now it renews once more.
  moveTo(periodEnd, 5)
  const again = await until(
    () => lineOf(lin, lineId),
    ({ paidCredit }) => paidCredit.amount === '6.00',
  )
  expect([again.state, again.closureCaseId]).toEqual(['active', null])
}, 90_000)

test('a whole account on the day the clock changes; a freeze and a thaw leave its lines as they go on', async () => {
  const { lin, lineId } = await inUse('20.00', false)
  const { lineId: other } = await buyLine(lin, 'home-uk')
  const change = platform.clock.now().toZonedDateTimeISO(zone).getTimeZoneTransition('next')!
  const day = change.toPlainDate().toString()
  const { body: draft } = await lin.post('/v1/closures', { scope: 'account' })
  const { body: chosen } = await choose(lin, draft.caseId, day)
  expect(chosen.quote.endsAt).toBe(endOf(day))
  expect((await submit(lin, chosen)).status).toBe(202)
  await untilState(lin, draft.caseId, 'scheduled')
  const token = freezeToken(platform.config.masterKey, draft.caseId)
  expect((await person(platform).post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  expect((await reviewer.post(`${at}/thaw`, { note: 'it was Lin' })).status).toBe(200)
  await lin.signIn(lin.email)
  const states = async () =>
    [await lineOf(lin, lineId), await lineOf(lin, other)].map(({ state }) => state)
  expect(await states()).toEqual(['active', 'ordered'])
  moveTo(endOf(day), -2)
  expect((await lin.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('scheduled')
  moveTo(endOf(day), 1)
  const reference = `/v1/closures/by-reference/${draft.reference}`
  const state = async () => (await person(platform).get(reference)).body.state
  await expect
    .poll(
      () => {
        platform.clock.advance({ minutes: 1 })
        return state()
      },
      { timeout: 20_000 },
    )
    .toBe('closed')
  await expectZeroSum(platform, draft.caseId)
}, 90_000)

const network = (faults: object) =>
  fetch(`${platform.urls.network}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
  })
const rowOf = async (lineId: string) => {
  const { rows } = await sql<{ due: boolean; autoRenew: boolean }>`
    select due_at <= ${platform.clock.now()} as due, auto_renew as "autoRenew"
    from line where line_id = ${lineId}`.execute(platform.db)
  return rows[0]!
}

test('from the end of the day the line changes nothing more, however long its network takes to let it go', async () => {
  const { lin, lineId, line } = await inUse()
  const at = `/v1/lines/${lineId}`
  const draft = await draftClosure(lin, 'line', lineId)
  // The period ends within hours after the day: nobody agreed to pay for another.
  const ends = Temporal.Instant.from(line.periodEnd).toZonedDateTimeISO(zone).toPlainDate()
  const day = ends.subtract({ days: 1 }).toString()
  const { body: chosen } = await choose(lin, draft.caseId, day)
  expect(chosen.quote.ownDay.lines).toMatchObject([{ lineId, renews: null }])
  expect((await submit(lin, chosen)).status).toBe(202)
  await untilState(lin, draft.caseId, 'scheduled')
  moveTo(endOf(day), -5)
  expect((await lineOf(lin, lineId)).state).toBe('active')
  expect((await lin.patch(`${at}/renewal`, { autoRenew: true })).status).toBe(200)
  const amount = { amount: '10.00', currency: 'GBP' }
  const { body: begun } = await lin.post(`${at}/top-ups`, { amount })

  await network({ fail500: 10_000 })
  moveTo(endOf(day), 1)
  await untilState(lin, draft.caseId, 'executing')
  expect((await lineOf(lin, lineId)).state).toBe('closing')
  const codes = await Promise.all([
    lin.patch(`${at}/renewal`, { autoRenew: false }),
    lin.post(`${at}/top-ups`, { amount }),
    lin.post(`${at}/addons`, { addonId: 'data-1gb-7d', version: 1 }),
    lin.post(`${at}/suspend`),
    lin.post(`${at}/installation`, { eid: null, confirmationCode: false }),
  ])
  expect(codes.map(({ body }) => body.code)).toEqual(codes.map(() => 'line-closing'))
  // What was being paid when the day ended goes back.
  await pay(begun.checkoutUrl)
  await until(
    async () => (await stats(platform)).refundsByReference,
    (sent) => Object.entries(sent).some(([of, times]) => of.startsWith(begun.orderId) && times > 0),
  )
  moveTo(line.periodEnd, 5)
  await until(
    () => rowOf(lineId),
    ({ due }) => !due,
  )
  expect((await lin.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('executing')
  const held = await lineOf(lin, lineId)
  expect([held.state, held.paidCredit.amount, held.periodEnd]).toEqual([
    'closing',
    '30.00',
    line.periodEnd,
  ])

  await network({ fail500: 0 })
  const closed = await untilStateWhile(platform, lin, draft.caseId, 'closed', { minutes: 1 })
  const [table] = closed.finalStatement
  expect([sides(table).from, table.refund.amount]).toEqual([['paid-credit 30.00'], '30.00'])
  await expectZeroSum(platform, draft.caseId)
}, 90_000)
