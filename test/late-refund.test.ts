/** A refund that has not arrived by the day that was promised: told once, shown to staff until it ends, and no cent moves for it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closureJobs } from '../src/closure/steps.ts'
import type { Partners } from '../src/closure/steps/step.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import type { FoundRefund } from '../src/payments/gateway.ts'
import { Fault } from '../src/values/fault.ts'
import { expectZeroSum, publishFor, sentFor, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, closureCode, draftClosure, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
let finance: Person
let reviewer: Person
/** What the provider says of refunds and payouts. */
let bank: 'answers' | 'silent' | 'down' = 'answers'

async function asBank<Found extends FoundRefund | undefined>(ask: () => Promise<Found>) {
  if (bank === 'down') throw new Fault('payments', 'not-done', 'it is down')
  const found = await ask()
  return found && bank === 'silent' ? { ...found, state: 'pending' as const } : found
}

beforeAll(async () => {
  platform = await testPlatform({
    wrap: (gateways) => ({
      ...gateways,
      payments: {
        ...gateways.payments,
        refund: (asked) => asBank(() => gateways.payments.refund(asked)),
        findRefund: (asked) => asBank(() => gateways.payments.findRefund(asked)),
        payout: (asked) => asBank(() => gateways.payments.payout(asked)),
        findPayout: (asked) => asBank(() => gateways.payments.findPayout(asked)),
      },
    }),
  })
  const rule = { source: 'test', confidence: 'D' as const }
  await publishFor(platform, 'MT', {
    refundDeadline: { value: 'P14D', ...rule },
    withdrawalWindow: { value: null, ...rule },
  })
  finance = person(platform)
  await finance.signInAsStaff('finance@violet.example')
  reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
}, 60_000)
afterAll(() => platform.close())

async function settling(card?: string, more?: string) {
  const someone = await member(platform, { country: 'MT' })
  const { lineId } = await buyLine(someone, undefined, card)
  if (more) await topUp(someone, lineId, more)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  const caseId = draft.caseId as string
  const { subscriberId } = (await someone.get('/v1/me')).body
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  const run = () => job!.run({ subscriberId, caseId })
  const see = async () => (await someone.get(`/v1/closures/${caseId}`)).body
  const seen = await until(see, ({ refunds }) => refunds.length > 0, 20_000)
  return { someone, caseId, subscriberId, run, see, refundBy: seen.quote.refundBy as string }
}

const after = (days: number) => platform.clock.advance({ hours: 24 * days, minutes: 1 })
const beforeDay = (day: string, minutes: number) =>
  platform.clock.advance(
    platform.clock.now().until(Temporal.Instant.from(day).subtract({ minutes })),
  )

/** How often it stands where it should stand once. */
async function marks(caseId: string) {
  const { rows } = await sql<Record<'events' | 'audits' | 'notices' | 'late', number>>`select
    (select count(*)::int from closure_event where case_id = ${caseId} and kind = 'refund-late') as events,
    (select count(*)::int from audit_entry where subject_id like ${`${caseId}%`} and action = 'refund.late') as audits,
    (select count(*)::int from notice where case_id = ${caseId} and template = 'refund-late') as notices,
    (select count(*)::int from refund where case_id = ${caseId} and late_at is not null) as late`.execute(
    platform.db,
  )
  return Object.values(rows[0]!)
}
const [none, once] = [
  [0, 0, 0, 0],
  [1, 1, 1, 1],
]
/** A worker that had looked just before the clock moved looks again within the hour: asked again, it does so now. */
const untilLate = (caseId: string, run: () => Promise<unknown> = async () => {}) =>
  until(
    async () => {
      await run()
      return marks(caseId)
    },
    (found) => found[3] === 1,
    20_000,
  )

/** Whether staff see it, where they look for what needs a person, and among the refunds. */
async function seenByStaff(caseId: string) {
  const { items, counts } = (await finance.get('/v1/staff/closures?state=needs_attention')).body
  const row = items.find((one: { caseId: string }) => one.caseId === caseId)
  const { items: refunds } = (await finance.get('/v1/staff/refunds')).body
  const refund = refunds.find((one: { refundId: string }) => one.refundId.startsWith(caseId))
  expect(counts.needs_attention ?? 0).toBe(items.length)
  return [row?.refundLate ?? null, refund.isLate]
}

test('silent past the day of the quote: told once, with staff until it arrives, sent once', async () => {
  bank = 'silent'
  const { someone, caseId, run, see, refundBy } = await settling()
  beforeDay(refundBy, 2)
  await run()
  expect([await marks(caseId), await seenByStaff(caseId)]).toEqual([none, [null, false]])
  expect((await see()).refunds).toMatchObject([{ isLate: false }])

  platform.clock.advance({ minutes: 3 })
  await Promise.all([run(), run()])
  await untilLate(caseId, run)
  const seen = await see()
  expect(seen).toMatchObject({ state: 'settling', refunds: [{ isLate: true }] })
  const row = seen.timeline.find(({ key }: { key: string }) => key === 'refund')
  expect(row).toMatchObject({ state: 'late' })
  expect(await seenByStaff(caseId)).toEqual([true, true])
  const mail = async () => {
    const to = encodeURIComponent(someone.email)
    const asked = await fetch(`${platform.urls.inbox}/messages?to=${to}`)
    const { items } = (await asked.json()) as { items: { subject: string; text: string }[] }
    return items.filter(({ subject }) => /^Your refund of .* is late/.test(subject))
  }
  const [told] = await until(mail, ({ length }) => length > 0)
  expect(told?.text).toMatch(/you don’t have to do anything/)
  after(20)
  await Promise.all([run(), run()])
  expect(await marks(caseId)).toEqual(once)
  expect(await mail()).toHaveLength(1)

  bank = 'answers'
  after(1)
  await untilState(someone, caseId, 'closed')
  expect(await seenByStaff(caseId)).toEqual([null, false])
  expect((await sentFor(platform, caseId)).refunds.map(([, times]) => times)).toEqual([1])
  await expectZeroSum(platform, caseId)
}, 60_000)

test('where it is stuck with a person its day passes as well, and it stays stuck until they retry', async () => {
  bank = 'down'
  const { someone, caseId, see } = await settling()
  const stuck = async () => {
    platform.clock.advance({ minutes: 1 })
    return see()
  }
  await until(stuck, ({ state }) => state === 'needs_attention', 20_000)
  after(1)
  expect(await marks(caseId)).toEqual(none)
  after(14)
  await untilLate(caseId)
  expect(await marks(caseId)).toEqual(once)
  expect((await see()).state).toBe('needs_attention')
  expect(await seenByStaff(caseId)).toEqual([true, true])
  bank = 'answers'
  expect((await reviewer.post(`/v1/staff/closures/${caseId}/retry`)).status).toBe(200)
  await untilState(someone, caseId, 'closed')
  expect(await marks(caseId)).toEqual(once)
}, 60_000)

test('disputed before it was sent, a refund waits for the bank beside others and is not late; lost, it is not sent', async () => {
  bank = 'down'
  const { someone, caseId, subscriberId, run, see } = await settling(undefined, '20.00')
  const stuck = async () => {
    platform.clock.advance({ minutes: 1 })
    return see()
  }
  await until(stuck, ({ state }) => state === 'needs_attention', 20_000)
  const { rows } = await sql<{ payment_id: string }>`select payment_id from payment_order
    where subscriber_id = ${subscriberId} and kind = 'top-up'`.execute(platform.db)
  const told = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await fetch(`${platform.urls.payments}/bank/disputes${path}`, asked)).json()
  }
  const { id } = (await told('', { paymentId: rows[0]!.payment_id })) as { id: string }
  const dispute = sql`select from payment_dispute where dispute_id = ${id}`
  await until(
    () => dispute.execute(platform.db),
    (found) => found.rows.length === 1,
  )
  bank = 'answers'
  expect((await reviewer.post(`/v1/staff/closures/${caseId}/retry`)).status).toBe(200)
  const [held, other] = [`${caseId}.1`, `${caseId}.2`]
  await until(see, (seen) => seen.refunds[1].state === 'succeeded', 20_000)
  after(15)
  await run()
  const { state, refunds } = await see()
  expect([state, refunds[0]]).toMatchObject(['settling', { refundId: held, state: 'requested' }])
  expect(await marks(caseId)).toEqual(none)

  await told(`/${id}`, { status: 'lost' })
  const closed = await untilState(someone, caseId, 'closed')
  const [ended] = closed.finalStatement
  expect(sides(ended).to).toEqual(['charged-back 20.00', expect.stringMatching(/^refund /)])
  expect(closed.refunds).toMatchObject([{ failure: null }, { failure: null }])
  expect(await sentFor(platform, caseId)).toEqual({ refunds: [[other, 1]], payouts: [] })
  // What the bank took is what was set aside, and nobody's loss.
  const loss = await sql<{ minor: bigint }>`select minor from ledger_posting
    where subscriber_id = ${subscriberId} and account = 'absorbed-loss' order by minor`.execute(
    platform.db,
  )
  expect(loss.rows.map(({ minor }) => minor)).toEqual([-2000n, 2000n])
  await expectZeroSum(platform, caseId)
}, 60_000)

test('what waits for its owner or for a bank is not late; paying it has its time from then', async () => {
  bank = 'answers'
  const { someone, caseId, subscriberId, run, see } = await settling('4000000000000341')
  const { refunds } = await until(see, (seen) => seen.refunds[0].state === 'needs-account', 20_000)
  after(15)
  await run()
  expect(await marks(caseId)).toEqual(none)

  await sql`insert into payment_dispute (subscriber_id, dispute_id, order_id, minor, currency, opened_at)
    select subscriber_id, 'dispute_1', order_id, minor, currency, ${platform.clock.now()} from refund
    where case_id = ${caseId}`.execute(platform.db)
  bank = 'silent'
  const code = await closureCode(someone, caseId)
  const account = { kind: 'iban', iban: 'GB29NWBK60161331926819' }
  const path = `/v1/closures/${caseId}/refunds/${refunds[0].refundId}/account`
  expect((await someone.post(path, { account, code })).status).toBe(200)
  after(15)
  await run()
  expect(await marks(caseId)).toEqual(none)

  await sql`update payment_dispute set state = 'won', ended_at = ${platform.clock.now()}
    where subscriber_id = ${subscriberId}`.execute(platform.db)
  after(13)
  await run()
  expect(await marks(caseId)).toEqual(none)
  after(1)
  await untilLate(caseId)
  expect(await marks(caseId)).toEqual(once)
  expect(await seenByStaff(caseId)).toEqual([true, true])
  bank = 'answers'
  after(1)
  await untilState(someone, caseId, 'closed')
  expect((await sentFor(platform, caseId)).payouts.map(([, times]) => times)).toEqual([1])
}, 60_000)
