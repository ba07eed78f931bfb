/** Hard cases about money at the end: what comes late, what can't be delivered, what a bank takes back. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { type Person, until } from '../src/main/demo-person.ts'
import { expectZeroSum, imsiOf, publishFor, sentFor, sides, untilStateWhile } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { reportUsage } from './shop.ts'
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
beforeAll(async () => {
  platform = await testPlatform()
  const source = 'test'
  await publishFor(platform, 'MT', {
    lateUsageCap: { value: { GBP: 300 }, source, confidence: 'D' },
    lateUsageWindow: { value: 'P7D', source, confidence: 'D' },
    refundFee: { value: { GBP: 250 }, source, confidence: 'D' },
    refundFeeMax: { value: { GBP: 100 }, source: 'at most one pound', confidence: 'D' },
    // Nobody here withdraws from a contract that was just made, which costs nothing.
    withdrawalWindow: { value: null, source, confidence: 'D' },
  })
})
afterAll(() => platform.close())

const japan = { mcc: '440', mnc: '10' }

/** A line in use with 20.00 on it. */
async function inUse(country = 'GB', card?: string) {
  const someone = await member(platform, { country })
  const { lineId } = await buyLine(someone, undefined, card)
  const { line } = await install(platform, someone, lineId)
  await topUp(someone, lineId, '20.00')
  return { someone, lineId, line }
}

const late = (imsi: string, startedAt: string, quantity: number) => ({
  id: `use_${randomUUID()}`,
  imsi,
  kind: 'data',
  quantity,
  startedAt,
  endedAt: startedAt,
  ...japan,
})

test.each([
  [50_000_000, '1.50', 'all of it within the cap'],
  [900_000_000, '3.00', 'the operator bears the rest'],
])(
  'Hard case 1: a roaming record after closure (%i bytes) is billed %s from a held reserve, %s; nothing reopens',
  async (quantity, billed) => {
    const { someone, lineId } = await inUse('MT')
    const imsi = await imsiOf(platform, lineId)
    const draft = await draftClosure(someone, 'line', lineId)
    const [quoted] = draft.quote.currencies
    expect(sides(quoted).to.slice(0, 2)).toEqual(['late-usage-reserve 3.00', 'refund-fee 1.00'])
    const rule = { rule: 'refundFeeMax', source: 'at most one pound' }
    expect(quoted.destinations[1].detail).toMatchObject(rule)
    await submit(someone, draft)
    const waiting = await until(
      async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body,
      ({ timeline }) => timeline.some(isNow('late-usage')),
      20_000,
    )
    expect(waiting.state).toBe('settling')
    const end = Temporal.Instant.from(waiting.serviceEndedAt)
    const before = end.subtract({ seconds: 1 }).toString()
    // Used before the end and told after it; what is told to have been used after the end nobody can have used.
    const answer = await reportUsage(platform, [
      late(imsi, before, quantity),
      late(imsi, end.add({ seconds: 20 }).toString(), 5_000_000),
    ])
    expect(answer.body['accepted']).toHaveLength(2)
    expect((await someone.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('settling')
    platform.clock.advance({ days: 7 })
    const closed = await untilState(someone, draft.caseId, 'closed')
    const ended = sides(closed.finalStatement[0]).to
    expect(ended).toContain(`late-usage ${billed}`)
    const refunded = closed.refunds.reduce(
      (sum: number, { amount }: { amount: { amount: string } }) => sum + Number(amount.amount),
      0,
    )
    const agreed = Number(quoted.refund.amount) + 3 - Number(billed)
    expect(refunded).toBeCloseTo(agreed, 2)
    await expectZeroSum(platform, draft.caseId)
    const { refunds } = await sentFor(platform, draft.caseId)
    expect(refunds.map(([, times]) => times)).toEqual(closed.refunds.map(() => 1))
    expect((await someone.get(`/v1/lines/${lineId}`)).body.state).toBe('closed')
    // Beyond the window nothing is billed any more.
    await reportUsage(platform, [late(imsi, end.subtract({ seconds: 9 }).toString(), 1_000_000)])
    await expectZeroSum(platform, draft.caseId)
  },
  60_000,
)

const isNow = (wanted: string) => (row: { key: string; state: string }) =>
  row.key === wanted && row.state === 'now'

test('Hard case 4: refund to an expired card: paid out to a verified account, once', async () => {
  const { someone, draft, waiting } = await refusedByCard()
  const [refund] = waiting.refunds
  expect(refund).toMatchObject({ state: 'needs-account', failure: 'card_expired' })
  const name = async (iban: string) => {
    const code = await closureCode(someone, draft.caseId)
    const path = `/v1/closures/${draft.caseId}/refunds/${refund.refundId}/account`
    return someone.post(path, { account: { kind: 'iban', iban }, code })
  }
  expect((await name('GB29NWBK60161331926818')).body.code).toBe('account-not-valid')
  const path = `/v1/closures/${draft.caseId}/refunds/${refund.refundId}/account`
  const guessed = { account: { kind: 'iban', iban: 'GB29NWBK60161331926819' }, code: '000000' }
  expect((await someone.post(path, guessed)).body.code).toMatch(/^code-/)
  // An account in another name is refused by the bank, and another one is asked for.
  expect((await name(otherName)).status).toBe(200)
  const again = await until(
    async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body,
    ({ refunds }) => refunds[0].accountFailure === 'name_mismatch',
    20_000,
  )
  expect(again.state).toBe('settling')
  expect((await name('GB29 NWBK 6016 1331 9268 19')).status).toBe(200)
  const closed = await untilState(someone, draft.caseId, 'closed')
  const [final] = closed.finalStatement
  expect(sides(final).to).toEqual([`payout ${draft.quote.currencies[0].refund.amount}`])
  expect(final.destinations[0].detail).toMatchObject({ account: '6819' })
  const { refunds, payouts } = await sentFor(platform, draft.caseId)
  expect([refunds, payouts.map(([, times]) => times)]).toEqual([[], [1]])
  await expectZeroSum(platform, draft.caseId)
  const { body: file } = await someone.get(`/v1/closures/${draft.caseId}/certificate.json`)
  expect(file.certificate.money[0].destinations[0]).toMatchObject({ kind: 'payout' })
  expect(JSON.stringify(file)).not.toContain('NWBK')
  const kept = await platform.db
    .selectFrom('refund')
    .select(['payout_sealed', 'state'])
    .where('case_id', '=', draft.caseId)
    .execute()
  expect(kept).toEqual([{ payout_sealed: null, state: 'succeeded' }])
}, 60_000)

test('Hard case 4: refund to an expired card: with no account named in time it is unclaimed, and stays owed', async () => {
  const { someone, draft } = await refusedByCard()
  platform.clock.advance({ hours: 24 * 30, minutes: 1 })
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect(sides(closed.finalStatement[0]).to).toEqual([
    `unclaimed ${draft.quote.currencies[0].refund.amount}`,
  ])
  await expectZeroSum(platform, draft.caseId)
  expect(await unclaimedOf(draft.caseId)).toBe(
    BigInt(draft.quote.currencies[0].refund.amount.replace('.', '')),
  )
}, 60_000)

const otherName = ibanEnding('0000')

/** A valid IBAN whose account number ends like this. */
function ibanEnding(end: string): string {
  for (let check = 2; check <= 98; check += 1) {
    const iban = `GB${String(check).padStart(2, '0')}NWBK6016133192${end}`
    const digits = (iban.slice(4) + iban.slice(0, 4)).replace(/[A-Z]/g, (letter) =>
      String(letter.charCodeAt(0) - 55),
    )
    if (BigInt(digits) % 97n === 1n) return iban
  }
  throw new Error('every account has check digits')
}

async function unclaimedOf(caseId: string): Promise<bigint> {
  const rows = await platform.db
    .selectFrom('ledger_posting as p')
    .innerJoin('ledger_transfer as t', (join) =>
      join
        .onRef('t.subscriber_id', '=', 'p.subscriber_id')
        .onRef('t.transfer_id', '=', 'p.transfer_id'),
    )
    .select('p.minor')
    .where('p.account', '=', 'unclaimed')
    .where('t.key', 'like', `${caseId}%`)
    .execute()
  return rows.reduce((sum, { minor }) => sum + minor, 0n)
}

/** A line paid with a card that dies, closed as far as the refused refund. */
async function refusedByCard() {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone, undefined, '4000000000000341')
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  const waiting = await until(
    async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body,
    ({ refunds }) => refunds.some(({ state }: { state: string }) => state === 'needs-account'),
    20_000,
  )
  expect(waiting.state).toBe('settling')
  return { someone, draft, waiting }
}

test.each(['lost', 'won'] as const)(
  'Hard case 8: open chargeback: service ends, the disputed amount is held; a dispute that is %s brings no second refund',
  async (outcome) => {
    const { someone, lineId } = await inUse()
    const dispute = await disputeTopUp(someone, lineId)
    const held = await until(
      async () => (await someone.get(`/v1/lines/${lineId}`)).body,
      ({ paidCredit }) => paidCredit.amount === '0.00',
    )
    expect(held.paidCredit.amount).toBe('0.00')
    const draft = await draftClosure(someone, 'line', lineId)
    const quoted = sides(draft.quote.currencies[0])
    expect(draft.readiness).toContainEqual({
      key: 'dispute',
      state: 'next-step',
      detail: { amount: '20.00', currency: 'GBP' },
      action: 'none',
    })
    expect(quoted.from).toContain('disputed-credit 20.00')
    expect(quoted.to).toContain('disputed 20.00')
    await submit(someone, draft)
    await until(
      async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body,
      ({ refunds }) => refunds.length === 1 && refunds[0].state === 'succeeded',
      20_000,
    )
    expect((await someone.get(`/v1/lines/${lineId}`)).body.state).toBe('closed')
    platform.clock.advance({ days: 20 })
    expect((await someone.get(`/v1/closures/${draft.caseId}`)).body.state).toBe('settling')
    await decide(dispute, outcome)
    const closed = await untilStateWhile(platform, someone, draft.caseId, 'closed', { hours: 1 })
    const final = sides(closed.finalStatement[0])
    const plan = draft.quote.currencies[0].refund.amount
    const disputed = outcome === 'lost' ? 'charged-back 20.00' : 'refund 20.00'
    expect(final.to.toSorted()).toEqual([`refund ${plan}`, disputed].toSorted())
    const { refunds, payouts } = await sentFor(platform, draft.caseId)
    expect(refunds.map(([, times]) => times)).toEqual(outcome === 'lost' ? [1] : [1, 1])
    expect(payouts).toEqual([])
    await expectZeroSum(platform, draft.caseId)
  },
  60_000,
)

test('Hard case 8: open chargeback: two lines that close one after the other wait each for its own part, and get no other', async () => {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone, 'home-uk')
  const others = [await buyLine(someone, 'home-uk'), await buyLine(someone, 'home-uk')]
  await topUp(someone, lineId, '100.00')
  for (const { lineId: toLineId } of others) {
    const amount = { amount: '45.00', currency: 'GBP' }
    const moved = await someone.post(`/v1/lines/${lineId}/credit-moves`, {
      toLineId,
      amount,
      atClosing: 'stays',
    })
    expect(moved.status).toBeLessThan(300)
  }
  const dispute = await disputeTopUp(someone, lineId)
  const credit = async () => (await someone.get(`/v1/lines/${lineId}`)).body.paidCredit.amount
  await until(credit, (amount) => amount === '0.00')
  const cases: string[] = []
  for (const other of others) {
    const draft = await draftClosure(someone, 'line', other.lineId)
    expect((await submit(someone, draft)).status).toBe(202)
    const settled = await until(
      async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body,
      ({ finalStatement }) => finalStatement !== null,
      20_000,
    )
    expect(settled.state).toBe('settling')
    cases.push(draft.caseId)
  }
  await decide(dispute, 'won')
  const ends = []
  for (const caseId of cases) {
    const closed = await untilStateWhile(platform, someone, caseId, 'closed', { hours: 1 })
    ends.push(sides(closed.finalStatement[0]).to.toSorted())
  }
  // The first had the three plans to go back to; what the second has is all of the disputed payment.
  expect(ends).toEqual([
    ['refund 12.00', 'refund 12.00', 'refund 12.00', 'refund 21.00'],
    ['refund 57.00'],
  ])
  expect(await credit()).toBe('10.00')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

async function disputeTopUp(someone: Person, lineId: string): Promise<string> {
  const { body: me } = await someone.get('/v1/me')
  const order = await platform.db
    .selectFrom('payment_order')
    .select('payment_id')
    .where('subscriber_id', '=', me.subscriberId)
    .where('line_id', '=', lineId)
    .where('kind', '=', 'top-up')
    .executeTakeFirstOrThrow()
  const { id } = await bank('', { paymentId: order.payment_id })
  return id
}

const decide = (dispute: string, status: string) => bank(`/${dispute}`, { status })

async function bank(path: string, body: object) {
  const response = await fetch(`${platform.urls.payments}/bank/disputes${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as { id: string }
}
