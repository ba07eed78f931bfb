/** What may become of credit beside a refund: kept, spent first, held by a bank; and of a line beside ending at once: texts for some days. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closureJobs } from '../src/closure/steps.ts'
import type { Partners } from '../src/closure/steps/step.ts'
import { proveLedger } from '../src/ledger/store.ts'
import { type Person, until } from '../src/main/demo-person.ts'
import { expectZeroSum, imsiOf, publishFor, sentFor, sides, untilStateWhile } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { reportUsage } from './shop.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

async function inUse() {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'home-uk')
  await install(platform, lin, lineId)
  await topUp(lin, lineId, '20.00')
  const { body: line } = await lin.get(`/v1/lines/${lineId}`)
  return { lin, lineId, line }
}

async function choose(someone: Person, caseId: string, paid: object) {
  const choices = { paid, promotional: null }
  return someone.patch(`/v1/closures/${caseId}`, { choices })
}

const creditOf = async (someone: Person) => (await someone.get('/v1/credit')).body.items

async function use(lineId: string, quantity: number) {
  const at = platform.clock.now().toString()
  const record = { id: `use_${randomUUID()}`, imsi: await imsiOf(platform, lineId), kind: 'data' }
  const place = { mcc: '440', mnc: '10' }
  const told = await reportUsage(platform, [
    { ...record, ...place, quantity, startedAt: at, endedAt: at },
  ])
  expect(told.body['accepted']).toHaveLength(1)
}

test('kept as credit: the line closes and its money stays on the account, for another line or until that closes', async () => {
  const { lin, lineId } = await inUse()
  const draft = await draftClosure(lin, 'line', lineId)
  const all = await lin.post('/v1/closures', { scope: 'account' })
  expect(all.body.quote.allowed.paid).not.toContain('keep')
  const refused = await choose(lin, all.body.caseId, { disposition: 'keep' })
  expect([refused.status, refused.body.code]).toEqual([422, 'choice-not-allowed'])
  await lin.post(`/v1/closures/${all.body.caseId}/withdraw`)

  const { body: kept } = await choose(lin, draft.caseId, { disposition: 'keep' })
  const [table] = kept.quote.currencies
  const total = table.sourcesTotal.amount
  expect(sides(table).to).toEqual([`kept ${total}`])
  expect(await creditOf(lin)).toEqual([])
  await submit(lin, kept)
  const closed = await untilState(lin, draft.caseId, 'closed')
  expect(sides(closed.finalStatement[0]).to).toEqual([`kept ${total}`])
  expect(await creditOf(lin)).toEqual([{ amount: total, currency: 'GBP' }])
  expect(await sentFor(platform, draft.caseId)).toEqual({ refunds: [], payouts: [] })
  const { body: file } = await lin.get(`/v1/closures/${draft.caseId}/certificate.json`)
  expect(file.certificate.money[0].destinations).toMatchObject([{ kind: 'kept', amount: total }])

  const { lineId: next } = await buyLine(lin, 'home-uk')
  const key = randomUUID()
  const move = (amount: string, idempotency = randomUUID(), currency = 'GBP') =>
    lin.post('/v1/credit/moves', { toLineId: next, amount: { amount, currency } }, idempotency)
  expect((await move('999.00')).body.code).toBe('not-enough-credit')
  expect((await move('1.00', randomUUID(), 'EUR')).body.code).toBe('wrong-currency')
  expect((await move('1.00', randomUUID(), 'XXX')).status).toBe(422)
  await Promise.all([move('5.00', key), move('5.00', key)])
  const { body: line } = await lin.get(`/v1/lines/${next}`)
  expect(line.paidCredit.amount).toBe('5.00')
  const stranger = await member(platform)
  const theirs = await stranger.post('/v1/credit/moves', {
    toLineId: next,
    amount: { amount: '1.00', currency: 'GBP' },
  })
  expect(theirs.status).toBe(404)

  const last = await draftClosure(lin, 'account')
  const rest = (Number(total) - 5).toFixed(2)
  expect(sides(last.quote.currencies[0]).from).toContain(`account-credit ${rest}`)
  platform.clock.advance({ minutes: 2 })
  expect((await submit(lin, last)).status).toBe(202)
  const reference = `/v1/closures/by-reference/${last.reference}`
  const state = async () => (await lin.get(reference)).body.state
  await expect.poll(state, { timeout: 20_000 }).toBe('closed')
  await expectZeroSum(platform, last.caseId)
}, 90_000)

test('spent first: service goes on to the last paid day, and only what is left then comes back', async () => {
  const { lin, lineId, line } = await inUse()
  const draft = await draftClosure(lin, 'line', lineId)
  expect(draft.quote.allowed.spendUntil).toBe(line.periodEnd)
  const spend = { disposition: 'refund', spendFirst: true }
  const { body: chosen } = await choose(lin, draft.caseId, spend)
  expect(chosen.choices.paid).toEqual(spend)
  expect(chosen.quote).toMatchObject({ immediate: false, endsAt: line.periodEnd })
  // Ninety days from then, not from now.
  expect(chosen.quote.numberKeptUnusedUntil > line.periodEnd).toBe(true)
  const kept = Date.parse(chosen.quote.numberKeptUnusedUntil) - Date.parse(line.periodEnd)
  expect(Math.round(kept / 86_400_000)).toBe(90)
  // The days are meant to be used, so nothing of them comes back.
  expect(sides(chosen.quote.currencies[0])).toEqual({
    from: ['paid-credit 20.00'],
    to: ['refund 20.00'],
  })
  expect((await submit(lin, chosen)).status).toBe(202)
  await untilState(lin, draft.caseId, 'scheduled')
  platform.clock.advance({ hours: 24 * 10 })
  await use(lineId, 400_000_000)
  const { body: waiting } = await lin.get(`/v1/closures/${draft.caseId}`)
  expect(waiting).toMatchObject({ state: 'scheduled', canWithdraw: true })
  const ends = waiting.timeline.find(({ key }: { key: string }) => key === 'service-ends')
  expect(ends).toMatchObject({ state: 'now', due: line.periodEnd })
  expect((await lin.get(`/v1/lines/${lineId}`)).body.paidCredit.amount).toBe('8.00')
  platform.clock.advance({ hours: 24 * 20 })
  const closed = await untilStateWhile(platform, lin, draft.caseId, 'closed', { minutes: 1 })
  expect(sides(closed.finalStatement[0]).to).toEqual(['refund 8.00'])
  expect(closed.serviceEndedAt >= line.periodEnd).toBe(true)
  expect((await sentFor(platform, draft.caseId)).refunds.map(([, times]) => times)).toEqual([1])
  await expectZeroSum(platform, draft.caseId)
  const { rows } = await planEarned(draft.caseId)
  expect(rows).toBe(1200n)
}, 90_000)

/** What of the plan was earned when the case was settled, tax included. */
async function planEarned(caseId: string) {
  const found = await platform.db
    .selectFrom('ledger_posting as p')
    .innerJoin('ledger_transfer as t', (join) =>
      join
        .onRef('t.subscriber_id', '=', 'p.subscriber_id')
        .onRef('t.transfer_id', '=', 'p.transfer_id'),
    )
    .select('p.minor')
    .where('p.account', 'in', ['plan-revenue', 'tax-payable'])
    .where('t.key', 'like', `${caseId}:earned%`)
    .execute()
  return { rows: found.reduce((sum, { minor }) => sum + minor, 0n) }
}

test('nothing can be spent first where service never began', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'home-uk')
  const draft = await draftClosure(lin, 'line', lineId)
  expect(draft.quote.allowed.spendUntil).toBeNull()
  const spend = { disposition: 'refund', spendFirst: true }
  const refused = await choose(lin, draft.caseId, spend)
  expect([refused.status, refused.body.code]).toEqual([422, 'choice-not-allowed'])
  const both = await choose(lin, draft.caseId, { disposition: 'refund', spendFirst: false })
  expect(both.status).toBe(422)
}, 60_000)

test('a dispute that is won goes where the rest went, and leaves nothing on the line that ended', async () => {
  const { lin, lineId } = await inUse()
  const { body: me } = await lin.get('/v1/me')
  const { payment_id: paymentId } = await platform.db
    .selectFrom('payment_order')
    .select('payment_id')
    .where('subscriber_id', '=', me.subscriberId)
    .where('kind', '=', 'top-up')
    .executeTakeFirstOrThrow()
  const bank = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await (
      await fetch(`${platform.urls.payments}/bank/disputes${path}`, asked)
    ).json()) as { id: string }
  }
  const { id } = await bank('', { paymentId })
  await until(
    async () => (await lin.get(`/v1/lines/${lineId}`)).body,
    ({ paidCredit }) => paidCredit.amount === '0.00',
  )
  const draft = await draftClosure(lin, 'line', lineId)
  const { body: kept } = await choose(lin, draft.caseId, { disposition: 'keep' })
  await submit(lin, kept)
  await untilState(lin, draft.caseId, 'settling')
  await bank(`/${id}`, { status: 'won' })
  const closed = await untilStateWhile(platform, lin, draft.caseId, 'closed', { hours: 1 })
  expect(sides(closed.finalStatement[0]).to).toContain('kept 20.00')
  const left = await platform.db
    .selectFrom('ledger_balance')
    .select(['account', 'minor'])
    .where('line_id', '=', lineId)
    .where('minor', '<>', 0n)
    .execute()
  expect(left).toEqual([])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('grace: calls and data end, texts arrive for the last days, free, and then the line is gone', async () => {
  const rule = { source: 'test', confidence: 'D' as const }
  await publishFor(platform, 'EE', { graceMax: { value: 'P7D', ...rule } })
  const { lin, lineId } = await inUse()
  const { lin: bare, lineId: other } = await inUse()
  const refused = await bare.post('/v1/closures', { scope: 'line', lineId: other })
  expect(refused.body.quote.allowed.textsUntil).toBeNull()
  const choices = { paid: { disposition: 'refund' }, promotional: null, texts: true }
  const no = await bare.patch(`/v1/closures/${refused.body.caseId}`, { choices })
  expect([no.status, no.body.code]).toEqual([422, 'choice-not-allowed'])

  await lin.patch('/v1/me', { country: 'EE' })
  const draft = await draftClosure(lin, 'line', lineId)
  const { body: wanted } = await lin.patch(`/v1/closures/${draft.caseId}`, { choices })
  expect(wanted.quote.hash).not.toBe(draft.quote.hash)
  expect(wanted.choices.texts).toBe(true)
  const days = (from: string, to: string) =>
    Math.round(Temporal.Instant.from(from).until(to).total('hours') / 24)
  const { endsAt, allowed, refundBy } = wanted.quote
  expect(days(endsAt, allowed.textsUntil)).toBe(7)
  expect(days(draft.quote.refundBy, refundBy)).toBe(7)
  expect((await submit(lin, wanted)).status).toBe(202)
  const imsi = await imsiOf(platform, lineId)
  const held = async () => platform.gateways.network.find(imsi)
  await until(held, (found) => found?.state === 'receive-only')
  const inGrace = await untilState(lin, draft.caseId, 'executing')
  const row = inGrace.timeline.find(({ key }: { key: string }) => key === 'texts-only')
  expect([row.state, days(endsAt, row.due)]).toEqual(['now', 7])
  const used = await fetch(`${platform.urls.network}/phone/data`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ imsi, bytes: 1000 }),
  })
  const { reason } = (await used.json()) as { reason: string }
  expect([used.status, reason]).toEqual([403, 'receive-only'])
  const late = await lin.post(`/v1/closures/${draft.caseId}/withdraw`)
  expect(late.body.code).toBe('past-point-of-no-return')
  platform.clock.advance({ hours: 6 * 24 })
  expect((await lin.get(`/v1/lines/${lineId}`)).body.state).toBe('closing')
  expect(await held()).toMatchObject({ state: 'receive-only' })
  platform.clock.advance({ hours: 25 })
  const closed = await untilState(lin, draft.caseId, 'closed')
  expect(days(endsAt, closed.serviceEndedAt)).toBe(7)
  expect(await held()).toBeUndefined()
  expect(sides(closed.finalStatement[0]).to).toEqual(sides(wanted.quote.currencies[0]).to)
  await expectZeroSum(platform, draft.caseId)
}, 60_000)

/** Decided on its last day, after a day of one's own; and agreed to again, when less would come back. */
test('grace is counted from when service begins to end, as its quote says, however late that is', async () => {
  const rule = { source: 'test', confidence: 'D' as const }
  await publishFor(platform, 'LV', {
    graceMax: { value: 'P3D', ...rule },
    autoApprove: { value: false, ...rule },
    ifLate: { value: 'approved', ...rule },
    withdrawalWindow: { value: null, ...rule },
  })
  const choices = { paid: { disposition: 'refund' }, promotional: null, texts: true }
  const reviewed = async (more: object) => {
    const { lin, lineId } = await inUse()
    await lin.patch('/v1/me', { country: 'LV' })
    const { caseId } = await draftClosure(lin, 'line', lineId)
    const all = { choices: { ...choices, ...more } }
    const { body: wanted } = await lin.patch(`/v1/closures/${caseId}`, all)
    expect((await submit(lin, wanted)).status).toBe(202)
    const { dueAt } = await untilState(lin, caseId, 'in_review')
    return { lin, lineId, caseId, dueAt, wanted, imsi: await imsiOf(platform, lineId) }
  }
  const endsOn = platform.clock.now().add({ hours: 24 }).toString().slice(0, 10)
  const own = await reviewed({ endsOn })
  const less = await reviewed({})
  await use(less.lineId, 1_000_000_000)
  platform.clock.advance(platform.clock.now().until(Temporal.Instant.from(less.dueAt)))
  platform.clock.advance({ minutes: 1 })
  const days = (to: string) => platform.clock.now().until(to).total('hours') / 24
  const { quote, ...asked } = await untilState(less.lin, less.caseId, 'needs_customer')
  expect(days(quote.allowed.textsUntil)).toBeCloseTo(3, 1)
  expect((await submit(less.lin, { ...asked, quote })).status).toBe(202)
  for (const { lin, caseId, imsi } of [own, less]) {
    const { timeline } = await untilState(lin, caseId, 'executing')
    const row = timeline.find(({ key }: { key: string }) => key === 'texts-only')
    expect(days(row.due)).toBeCloseTo(3, 1)
    await until(
      () => platform.gateways.network.find(imsi),
      (found) => found?.state === 'receive-only',
    )
  }
  expect(days(own.wanted.quote.allowed.textsUntil)).toBeCloseTo(3, 1)
  platform.clock.advance({ hours: 70 })
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  for (const { lin, caseId } of [own, less]) {
    const { subscriber_id: subscriberId } = await platform.db
      .selectFrom('closure_case')
      .select('subscriber_id')
      .where('case_id', '=', caseId)
      .executeTakeFirstOrThrow()
    await job!.run({ subscriberId, caseId })
    const { timeline } = (await lin.get(`/v1/closures/${caseId}`)).body
    const row = timeline.find(({ key }: { key: string }) => key === 'texts-only')
    expect(row.state).toBe('now')
  }
  platform.clock.advance({ hours: 3 })
  const closed = await untilState(own.lin, own.caseId, 'closed')
  expect(sides(closed.finalStatement[0]).to).toEqual(sides(own.wanted.quote.currencies[0]).to)
  await untilState(less.lin, less.caseId, 'closed')
  await expectZeroSum(platform, own.caseId)
}, 60_000)
