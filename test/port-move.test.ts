/** Money that was to move to another line, and that line is gone by then: it goes to its owner, and nothing stays behind. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../src/main/demo-person.ts'
import { grantsGiveCommand, readGrantFile } from '../src/main/grants.ts'
import type { Policy } from '../src/policy/schema.ts'
import { expectZeroSum, publishFor, sentFor, sides } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { otherOperator, type Someone } from './porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

const rule = { source: 'test', confidence: 'D' as const }
const noWindow = { withdrawalWindow: { value: null, ...rule } }

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const grace = { ...noWindow, graceMax: { value: 'P7D', ...rule } }
  await publishFor(platform, 'MT', noWindow)
  await publishFor(platform, 'EE', { ...grace, refundFee: { value: { GBP: 150 }, ...rule } })
  const prohibited: Partial<Policy['rules']> = {
    refundRight: { value: 'prohibited', ...rule },
    paidDispositions: { value: ['move', 'donate'], ...rule },
  }
  await publishFor(platform, 'LV', { ...noWindow, ...prohibited })
  await publishFor(platform, 'CY', { ...grace, ...prohibited })
}, 60_000)
const folder = mkdtempSync(join(tmpdir(), 'port-move-'))
afterAll(async () => {
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

const { say, request, portCode } = otherOperator(() => platform)

async function grant(lineId: string) {
  const path = join(folder, `${lineId}.csv`)
  writeFileSync(path, `lineId,amount,currency\n${lineId},3.00,GBP\n`)
  const flags = { campaign: `for-${lineId.slice(-12)}`, note: 'test', json: true }
  const file = readGrantFile(path, flags)
  const { databaseUrl } = platform.config
  expect(await grantsGiveCommand(databaseUrl, path, file, flags, () => undefined)).toBe(0)
}

/** Line A with credit of both kinds, which is to move to line B; `stays` is another line. */
async function moving(country: string, more: object = {}, stays = false) {
  const someone = (await member(platform, { country })) as Someone
  const a = await buyLine(someone)
  const { line } = await install(platform, someone, a.lineId)
  await topUp(someone, a.lineId, '20.00')
  const b = await buyLine(someone)
  if (stays) await buyLine(someone)
  await grant(a.lineId)
  const { body } = await someone.post('/v1/closures', { scope: 'line', lineId: a.lineId })
  const move = { disposition: 'move', toLineId: b.lineId }
  const choices = { paid: move, promotional: move, ...more }
  const chosen = await someone.patch(`/v1/closures/${body.caseId}`, { choices })
  expect(chosen.status).toBe(200)
  const draft = chosen.body
  const [table] = draft.quote.currencies
  return { someone, a: a.lineId, b: b.lineId, msisdn: line.msisdn as string, draft, table }
}

async function close(someone: Someone, lineId: string, disposition = 'refund') {
  const { body: draft } = await someone.post('/v1/closures', { scope: 'line', lineId })
  const choices = { paid: { disposition }, promotional: null }
  const { body } = await someone.patch(`/v1/closures/${draft.caseId}`, { choices })
  expect((await submit(someone, body)).status).toBe(202)
  await untilState(someone, draft.caseId, 'closed')
}

const left = async (lineId: string) => {
  const { rows } = await sql<{ account: string; minor: bigint }>`
    select account, minor from ledger_balance where line_id = ${lineId} and minor <> 0`.execute(
    platform.db,
  )
  return rows
}

/** The kinds of a signed certificate's destinations, with their amounts. */
async function certified(someone: Someone, caseId: string): Promise<string[]> {
  const { jws } = await until(
    async () => (await someone.get(`/v1/closures/${caseId}/certificate.json`)).body,
    (body) => typeof body.jws === 'string',
  )
  const { money } = JSON.parse(Buffer.from(jws.split('.')[1], 'base64url').toString())
  return money[0].destinations.map(
    ({ kind, amount }: { kind: string; amount: string }) => `${kind} ${amount}`,
  )
}

const amountOf = (rows: string[], kind: string) =>
  rows.flatMap((row) => (row.startsWith(`${kind} `) ? Number(row.split(' ')[1]) : []))
const total = (amounts: number[]) => amounts.reduce((sum, one) => sum + one, 0).toFixed(2)

test('a number leaves and the line its credit was to move to has closed: it is refunded, and the gift ends', async () => {
  const { someone, a, b, msisdn, draft, table } = await moving('MT', {}, true)
  const [paid] = amountOf(sides(table).to, 'moved')
  expect(paid).toBeGreaterThan(20)
  const reference = randomUUID()
  await request(msisdn, await portCode(someone, a), reference)
  await close(someone, b)
  expect((await say('port-out.completed', { reference })).status).toBe(200)
  const closed = await untilState(someone, draft.caseId, 'closed')
  for (const to of [
    sides(closed.finalStatement[0]).to,
    sides(closed.quote.currencies[0]).to,
    await certified(someone, draft.caseId),
  ]) {
    expect(amountOf(to, 'moved')).toEqual([])
    expect(total(amountOf(to, 'refund'))).toBe(paid!.toFixed(2))
    expect(amountOf(to, 'promotion-forfeited')).toEqual([3])
  }
  expect(closed.choices).toMatchObject({
    paid: { disposition: 'refund' },
    promotional: { disposition: 'give-up' },
  })
  expect([await left(a), await left(b)]).toEqual([[], []])
  const { refunds } = await sentFor(platform, draft.caseId)
  expect(refunds.length).toBeGreaterThan(0)
  // The account ends later, and nothing of it lies on a line that nobody looks at any more.
  const account = await draftClosure(someone, 'account')
  expect((await submit(someone, account)).status).toBe(202)
  await until(
    async () =>
      (await person(platform).get(`/v1/closures/by-reference/${account.reference}`)).body.state,
    (state) => state === 'closed',
    20_000,
  )
  await expectZeroSum(platform, account.caseId)
}, 90_000)

test('the same where nothing may be paid out: its owner says what becomes of it', async () => {
  const { someone, a, b, msisdn, draft } = await moving('LV')
  const reference = randomUUID()
  await request(msisdn, await portCode(someone, a), reference)
  await close(someone, b, 'donate')
  await say('port-out.completed', { reference })
  const asked = await untilState(someone, draft.caseId, 'needs_customer')
  expect(asked.choices.paid).toBeNull()
  const choices = { ...asked.choices, paid: { disposition: 'donate' } }
  const { body: chosen } = await someone.patch(`/v1/closures/${draft.caseId}`, { choices })
  expect((await submit(someone, chosen)).status).toBe(202)
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect(sides(closed.finalStatement[0]).to.some((row) => row.startsWith('donated '))).toBe(true)
  expect([await left(a), await left(b)]).toEqual([[], []])
  await expectZeroSum(platform, draft.caseId)
}, 90_000)

test('before it is agreed to it is asked again at once, with a reason: the choice has fallen away', async () => {
  const { someone, a, b, draft } = await moving('MT', {}, true)
  const seen = async () => (await someone.get(`/v1/closures/${draft.caseId}`)).body
  await close(someone, b)
  const no = await submit(someone, draft)
  expect([no.status, no.body.code, no.body.detail]).toEqual([
    422,
    'choice-not-allowed',
    expect.stringMatching(/^move isn/),
  ])
  const open = await seen()
  const fallen = { paid: null, promotional: null }
  expect(open).toMatchObject({ state: 'draft', choices: fallen })
  expect(open.quote.choicesNeeded).toEqual(['paid', 'promotional'])
  const [{ lineId: c }] = open.quote.allowed.moveTo
  const move = { disposition: 'move', toLineId: c }
  const endsOn = platform.clock.now().add({ hours: 72 }).toString().slice(0, 10)
  const choose = async (choices: object) =>
    (await someone.patch(`/v1/closures/${draft.caseId}`, { choices })).body
  platform.clock.advance({ minutes: 2 })
  const chosen = await choose({ paid: move, promotional: move, endsOn })
  expect((await submit(someone, chosen)).status).toBe(202)
  await untilState(someone, draft.caseId, 'scheduled')

  // Nor is it agreed to anew on the day: what is impossible by then is asked once, and not ever again.
  await close(someone, c)
  platform.clock.advance({ hours: 96 })
  const again = await untilState(someone, draft.caseId, 'needs_customer')
  expect([again.choices, again.quote.choicesNeeded]).toEqual([{ ...fallen, endsOn }, ['paid']])
  expect((await submit(someone, again)).body.code).toBe('choice-not-allowed')
  platform.clock.advance({ minutes: 2 })
  const last = await choose({ ...again.choices, paid: { disposition: 'refund' } })
  expect((await submit(someone, last)).status).toBe(202)
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect(closed.choices).toEqual({ paid: { disposition: 'refund' }, promotional: null, endsOn })
  expect([await left(a), await left(b), await left(c)]).toEqual([[], [], []])
  await expectZeroSum(platform, draft.caseId)
}, 90_000)

/** Service has begun to end, so that nobody is asked any more, and then the other line closes. */
async function closedInGrace(country: string, disposition: string) {
  const found = await moving(country, { texts: true })
  const { someone, b, draft } = found
  expect((await submit(someone, draft)).status).toBe(202)
  await untilState(someone, draft.caseId, 'executing')
  await close(someone, b, disposition)
  platform.clock.advance({ hours: 7 * 24 + 1 })
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect([await left(found.a), await left(b)]).toEqual([[], []])
  await expectZeroSum(platform, draft.caseId)
  const to = sides(closed.finalStatement[0]).to
  expect(await certified(someone, draft.caseId)).toEqual(to)
  return { ...found, closed, to, moved: amountOf(sides(found.table).to, 'moved') }
}

test('the line closes while texts still arrive: what was to move is refunded, and nothing is kept of it', async () => {
  const { draft, to, moved } = await closedInGrace('EE', 'donate')
  expect(total(amountOf(to, 'refund'))).toBe(moved[0]!.toFixed(2))
  expect(to.map((row) => row.split(' ')[0]).sort()).toContain('promotion-forfeited')
  expect(amountOf(to, 'refund-fee')).toEqual([])
  const { refunds } = await sentFor(platform, draft.caseId)
  expect(refunds.every(([, times]) => times === 1) && refunds.length > 0).toBe(true)
}, 90_000)

test('and where nothing may be paid out it is unclaimed, on record with its case', async () => {
  const { draft, to, moved } = await closedInGrace('CY', 'donate')
  expect(amountOf(to, 'unclaimed')).toEqual([moved[0]])
  const rows = await platform.db
    .selectFrom('unclaimed_money')
    .select(['why', 'minor', 'state'])
    .where('reference', '=', draft.reference)
    .execute()
  const minor = BigInt(Math.round(moved[0]! * 100))
  expect(rows).toEqual([{ why: 'refund-prohibited', minor, state: 'held' }])
}, 90_000)
