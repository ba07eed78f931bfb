/** A balance that several lines have put into: each has its share back when the line it is on ends, or its owner agrees for it. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import type { Person } from '../src/main/demo-person.ts'
import { expectZeroSum, imsiOf, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { reportUsage } from './shop.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const credit = async (someone: Person, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body.paidCredit.amount

function move(someone: Person, from: string, to: string, amount: string, atClosing?: string) {
  const wanted = {
    toLineId: to,
    amount: { amount, currency: 'GBP' },
    ...(atClosing && { atClosing }),
  }
  return someone.post(`/v1/lines/${from}/credit-moves`, wanted)
}

/** 12.00 of the line's own and 12.00 that another put in, of which half is used: 100 MB in Japan are 3.00. */
async function sharing(atClosing?: string) {
  const lin = await member(platform)
  const { lineId: phone } = await buyLine(lin, 'home-uk')
  const { lineId: tablet } = await buyLine(lin, 'home-uk')
  await install(platform, lin, phone)
  await topUp(lin, tablet, '20.00')
  await topUp(lin, phone, '12.00')
  expect((await move(lin, tablet, phone, '12.00', atClosing)).status).toBe(200)
  const at = platform.clock.now().toString()
  const use = { imsi: await imsiOf(platform, phone), kind: 'data', quantity: 400_000_000 }
  const record = { id: `use_${randomUUID()}`, ...use, startedAt: at, endedAt: at }
  const told = await reportUsage(platform, [{ ...record, mcc: '440', mnc: '10' }])
  expect(told.body['accepted']).toHaveLength(1)
  expect([await credit(lin, phone), await credit(lin, tablet)]).toEqual(['12.00', '8.00'])
  return { lin, phone, tablet }
}

test('Hard case 6: shared balance: the shares of the other lines go back to them by the rule stored with what they put in', async () => {
  const { lin, phone, tablet } = await sharing('returns')
  const draft = await draftClosure(lin, 'line', phone)
  const row = draft.readiness.find(({ key }: { key: string }) => key === 'shared')
  expect(row).toMatchObject({ state: 'next-step', detail: { amount: '6.00', currency: 'GBP' } })
  const [table] = draft.quote.currencies
  expect(sides(table).to[0]).toBe('share-returned 6.00')
  expect(table.destinations[0]).toMatchObject({ lineId: tablet, detail: { by: 'rule' } })
  expect(draft.quote.allowed.shared).toEqual([])
  // Only the line's own part, and what is left of its plan, is its to refund.
  const days = Number(
    table.sources.find(({ kind }: { kind: string }) => kind === 'plan-days').amount.amount,
  )
  expect(Number(table.refund.amount)).toBeCloseTo(6 + days, 2)
  await submit(lin, draft)
  const closed = await untilState(lin, draft.caseId, 'closed')
  expect(sides(closed.finalStatement[0]).to).toContain('share-returned 6.00')
  expect(await credit(lin, tablet)).toBe('14.00')
  const { body: file } = await lin.get(`/v1/closures/${draft.caseId}/certificate.json`)
  const [first] = file.certificate.money[0].destinations
  const { body: other } = await lin.get(`/v1/lines/${tablet}`)
  expect(first).toMatchObject({
    kind: 'share-returned',
    amount: '6.00',
    detail: { toLineName: other.nickname },
  })
  // The other line has its money, and its own closure gives back all of it.
  const last = await draftClosure(lin, 'account')
  expect(last.readiness.map(({ key }: { key: string }) => key)).not.toContain('shared')
  expect(sides(last.quote.currencies[0]).from).toContain('paid-credit 14.00')
}, 90_000)

test('Hard case 6: shared balance: where no rule was stored their owner has to agree for the other lines', async () => {
  const { lin, phone, tablet } = await sharing()
  const draft = await draftClosure(lin, 'line', phone)
  expect(draft.quote.choicesNeeded).toEqual(['shared'])
  expect(draft.quote.allowed.shared).toMatchObject([{ lineId: tablet, amount: { amount: '6.00' } }])
  const early = await submit(lin, draft)
  expect([early.status, early.body.code]).toEqual([409, 'choice-missing'])
  const choose = async (disposition: string) => {
    const choices = { ...draft.choices, shared: { disposition } }
    return (await lin.patch(`/v1/closures/${draft.caseId}`, { choices })).body
  }
  const back = await choose('return')
  expect(sides(back.quote.currencies[0]).to[0]).toBe('share-returned 6.00')
  expect(back.quote.currencies[0].destinations[0].detail).toEqual({ by: 'consent' })
  const stays = await choose('stay')
  expect(sides(stays.quote.currencies[0]).to.join()).not.toContain('share-returned')
  expect(stays.quote.hash).not.toBe(back.quote.hash)
  platform.clock.advance({ minutes: 2 })
  const changed = await submit(lin, { caseId: draft.caseId, quote: back.quote })
  expect(changed.body.code).toBe('quote-changed')
  platform.clock.advance({ minutes: 2 })
  expect((await submit(lin, stays)).status).toBe(202)
  await untilState(lin, draft.caseId, 'closed')
  expect(await credit(lin, tablet)).toBe('8.00')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 90_000)

test('Hard case 6: shared balance: the whole account ends, and nothing is anybody else’s any more', async () => {
  const { lin } = await sharing('returns')
  const draft = await draftClosure(lin, 'account')
  expect(draft.readiness.map(({ key }: { key: string }) => key)).not.toContain('shared')
  const { to } = sides(draft.quote.currencies[0])
  expect(to.every((entry: string) => entry.startsWith('refund '))).toBe(true)
  await submit(lin, draft)
  const reference = `/v1/closures/by-reference/${draft.reference}`
  await expect
    .poll(async () => (await lin.get(reference)).body.state, { timeout: 20_000 })
    .toBe('closed')
  await expectZeroSum(platform, draft.caseId)
}, 90_000)
