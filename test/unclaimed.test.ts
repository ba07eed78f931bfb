/** Money that nobody could be paid, from the refused refund to the day on which it ends. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorBalances } from '../src/ledger/operator-store.ts'
import { post, proveLedger } from '../src/ledger/store.ts'
import { person, until } from '../src/main/demo-person.ts'
import { withholdRefund } from '../src/payments/dispute-store.ts'
import { keepUnclaimed } from '../src/payments/unclaimed-store.ts'
import { datasets } from '../src/subscribers/export.ts'
import { rowsOf } from '../src/subscribers/export-store.ts'
import { decimal, money } from '../src/values/money.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const source = 'test'
  const none = { value: null, source, confidence: 'D' } as const
  const lapses = { value: { after: 'P1Y', to: 'operator' }, source, confidence: 'D' } as const
  await publishFor(platform, 'MT', { withdrawalWindow: none, unclaimedRule: lapses })
  await publishFor(platform, 'CY', { withdrawalWindow: none, unclaimedRule: none })
})
afterAll(() => platform.close())

async function staff(role: string) {
  const someone = person(platform)
  expect((await someone.signInAsStaff(`${role}@violet.example`)).status).toBe(200)
  return someone
}

/** Closes a line of someone there whose card died and who named no account in time; gives the case's reference. */
async function leftBehind(
  country: string,
  usedDays = 0,
  who?: Awaited<ReturnType<typeof member>>,
): Promise<string> {
  const someone = who ?? (await member(platform, { country }))
  const { lineId } = await buyLine(someone, undefined, '4000000000000341')
  if (usedDays > 0) {
    await install(platform, someone, lineId)
    platform.clock.advance({ hours: 24 * usedDays })
  }
  const { caseId } = await submitted(someone, lineId)
  await until(
    async () => (await someone.get(`/v1/closures/${caseId}`)).body,
    ({ refunds }) => refunds[0]?.state === 'needs-account',
    20_000,
  )
  platform.clock.advance({ hours: 24 * 30, minutes: 1 })
  return (await untilState(someone, caseId, 'closed')).reference
}

async function submitted(someone: Awaited<ReturnType<typeof member>>, lineId: string) {
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  return draft
}

const inBooks = async (account: string) =>
  (await operatorBalances(platform.db))
    .filter((one) => one.account === account)
    .reduce((sum, { amount }) => sum + amount.minor, 0n)

async function listed(role: string, state = 'held') {
  const { body } = await (await staff(role)).get(`/v1/staff/unclaimed?state=${state}`)
  return body.items
}

test('what nobody claims is on record with the rule of its day, and goes to whom that names not before it', async () => {
  const reference = await leftBehind('MT')
  const [one, ...others] = await listed('auditor')
  expect(others).toEqual([])
  expect(one).toMatchObject({ reference, why: 'refund-refused', goesTo: 'operator' })
  const year = Temporal.Instant.from(one.since).toZonedDateTimeISO('UTC').add({ years: 1 })
  expect(one.dueAt).toBe(year.toInstant().toString())
  const owed = await inBooks('unclaimed')
  expect(owed).toBe(BigInt(one.amount.amount.replace('.', '')))

  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  const over = { how: 'handed-over', proof: 'LAPSE-2027-1' }
  const finance = await staff('finance')
  for (const role of ['support', 'reviewer', 'auditor'])
    expect((await (await staff(role)).post(path, over)).body.code).toBe('not-your-role')
  expect((await finance.post(path, { ...over, proof: ' ' })).body.code).toBe('invalid-request')
  const early = await finance.post(path, over)
  expect([early.status, early.body.code]).toEqual([409, 'unclaimed-not-due'])
  expect(early.body.detail).toContain(String(year.year))
  // Another rule that is published meanwhile changes nothing for what is held already.
  platform.clock.advance({ hours: 24 * 366 })
  const later = await staff('finance')
  expect((await later.post(path, over)).body).toMatchObject({ state: 'handed-over' })
  expect((await later.post(path, over)).status).toBe(200)
  expect((await later.post(path, { how: 'paid', proof: 'SEPA 1' })).body.code).toBe(
    'changed-meanwhile',
  )
  expect([await inBooks('unclaimed'), await inBooks('unclaimed-lapsed')]).toEqual([0n, owed])
  expect(await listed('finance')).toEqual([])
  const [ended] = await listed('finance', 'handed-over')
  expect(ended).toMatchObject({ unclaimedId: one.unclaimedId, proof: 'LAPSE-2027-1' })
  const { rows: noted } = await sql<object>`
    select action, actor_id, reason from audit_entry where subject_id = ${one.unclaimedId}`.execute(
    platform.db,
  )
  const by = { actor_id: 'staff_priya', reason: 'LAPSE-2027-1' }
  expect(noted).toEqual([{ action: 'unclaimed.handed-over', ...by }])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('where no rule takes it, it stays its owner’s until they are paid', async () => {
  const reference = await leftBehind('CY')
  const [one] = await listed('finance')
  expect(one).toMatchObject({ reference, goesTo: null, dueAt: null, state: 'held' })
  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  platform.clock.advance({ hours: 24 * 3660 })
  const finance = await staff('finance')
  expect((await finance.post(path, { how: 'handed-over', proof: 'NO-LAW' })).body.code).toBe(
    'unclaimed-stays',
  )
  expect((await finance.post(path, { how: 'paid', proof: 'SEPA 7781' })).body).toMatchObject({
    state: 'paid',
    proof: 'SEPA 7781',
  })
  expect(await inBooks('unclaimed')).toBe(0n)
  expect((await finance.post('/v1/staff/unclaimed/unclaimed_1/end', over)).body.code).toBe(
    'not-found',
  )
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

const over = { how: 'handed-over', proof: 'LAPSE-1' }

async function paymentOf(reference: string) {
  const { rows } = await sql<{
    payment_id: string
    paid: bigint
    subscriber_id: string
    case_id: string
  }>`
    select o.payment_id, o.minor as paid, o.subscriber_id, c.case_id from closure_case c
    join refund r on r.subscriber_id = c.subscriber_id and r.case_id = c.case_id
    join payment_order o on o.subscriber_id = r.subscriber_id and o.order_id = r.order_id
    where c.reference = ${reference}`.execute(platform.db)
  return rows[0]!
}

async function bank(path: string, body: object) {
  const response = await fetch(`${platform.urls.payments}/bank/disputes${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as { id: string }
}

const untilDispute = (id: string, state: string) =>
  until(
    () =>
      sql`select 1 from payment_dispute where dispute_id = ${id} and state = ${state}`.execute(
        platform.db,
      ),
    ({ rows }) => rows.length === 1,
  )

/** The bank is asked to take so much of a payment back. */
async function disputed(paymentId: string, minor?: bigint) {
  const amount = minor && { amount: decimal(money(minor, 'GBP')), currency: 'GBP' }
  const { id } = await bank('', { paymentId, ...(amount && { amount }) })
  await untilDispute(id, 'open')
  return id
}

/** And decides. */
async function decided(id: string, outcome: string) {
  await bank(`/${id}`, { status: outcome })
  await untilDispute(id, outcome)
  return id
}

const chargedBack = async (paymentId: string, minor?: bigint, outcome = 'lost') =>
  decided(await disputed(paymentId, minor), outcome)

const minorOf = ({ amount }: { amount: string }) => BigInt(amount.replace('.', ''))
const takes = async (unclaimedId: string) => {
  const { rows } = await sql<{ actor_kind: string; detail: Record<string, string> }>`
    select actor_kind, detail from audit_entry
    where subject_id = ${unclaimedId} and action = 'unclaimed.taken-back' order by at`.execute(
    platform.db,
  )
  return rows.map(({ actor_kind, detail }) => [actor_kind, detail['amount']])
}
const find = async (state: string, reference: string) =>
  (await listed('finance', state)).find((one: { reference: string }) => one.reference === reference)

test('what the bank takes back afterwards is owed no more: all of it ends the row, won disputes take nothing', async () => {
  const lossBefore = await inBooks('absorbed-loss')
  const owedBefore = await inBooks('unclaimed')
  const reference = await leftBehind('CY', 9)
  const one = await find('held', reference)
  const owed = minorOf(one.amount)
  const { payment_id: paymentId, paid } = await paymentOf(reference)
  await chargedBack(paymentId, undefined, 'won')
  expect(await find('held', reference)).toMatchObject({ takenBack: { amount: '0.00' } })
  const disputeId = await chargedBack(paymentId)
  expect(await find('held', reference)).toBeUndefined()
  const ended = await find('taken-back', reference)
  expect(ended).toMatchObject({
    unclaimedId: one.unclaimedId,
    proof: disputeId,
    amount: one.amount,
    takenBack: one.amount,
    left: { amount: '0.00' },
  })
  expect(ended.endedAt).toMatch(/^20/)
  expect(await takes(one.unclaimedId)).toEqual([['system', one.amount.amount]])
  // What was used of the payment is the operator's loss, and no more than that.
  expect(await inBooks('absorbed-loss')).toBe(lossBefore - (paid - owed))
  expect(await inBooks('unclaimed')).toBe(owedBefore)
  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  const late = await (await staff('finance')).post(path, { how: 'paid', proof: 'SEPA 1' })
  expect(late.body.code).toBe('changed-meanwhile')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('a part that the bank takes back is owed no more, and the rest still is', async () => {
  const owedBefore = await inBooks('unclaimed')
  const reference = await leftBehind('CY', 9)
  const one = await find('held', reference)
  const owed = minorOf(one.amount)
  const { payment_id: paymentId, paid } = await paymentOf(reference)
  const used = paid - owed
  expect(used).toBeGreaterThan(0n)
  // What was used of it comes first: that much the bank may give back before anything was given twice.
  await chargedBack(paymentId, used - 40n)
  expect(await find('held', reference)).toMatchObject({ takenBack: { amount: '0.00' } })
  await chargedBack(paymentId, 140n)
  expect(await find('held', reference)).toMatchObject({
    amount: one.amount,
    takenBack: { amount: '1.00' },
    left: { amount: decimal(money(owed - 100n, 'GBP')) },
  })
  await chargedBack(paymentId, 50n)
  expect(await takes(one.unclaimedId)).toEqual([
    ['system', '1.00'],
    ['system', '0.50'],
  ])
  expect(await inBooks('unclaimed')).toBe(owedBefore + owed - 150n)
  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  const finance = await staff('finance')
  expect((await finance.post(path, { how: 'paid', proof: 'SEPA 9' })).body).toMatchObject({
    state: 'paid',
    left: { amount: decimal(money(owed - 150n, 'GBP')) },
  })
  expect(await inBooks('unclaimed')).toBe(owedBefore)
  // Paid to its owner, it is theirs: a bank that takes more has it from the operator.
  await chargedBack(paymentId, 70n)
  expect((await find('paid', reference)).takenBack.amount).toBe('1.50')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('while the bank has not decided, nobody is paid and nothing is handed over; what it leaves is', async () => {
  const reference = await leftBehind('MT', 9)
  const one = await find('held', reference)
  const owed = minorOf(one.amount)
  const { payment_id: paymentId, paid } = await paymentOf(reference)
  platform.clock.advance({ hours: 24 * 366 })
  const finance = await staff('finance')
  const end = async (how: string) => {
    const { status, body } = await finance.post(path, { how, proof: 'SEPA 12' })
    return [status, body.code]
  }
  const path = `/v1/staff/unclaimed/${one.unclaimedId}/end`
  const waits = async () => (await find('held', reference)).waitsForBank
  // So much was used: if the bank gives that back, nothing of it was given twice.
  const small = await disputed(paymentId, paid - owed)
  expect(await waits()).toBe(false)
  const more = await disputed(paymentId, 100n)
  expect(await waits()).toBe(true)
  const refused = [409, 'unclaimed-disputed']
  expect([await end('paid'), await end('handed-over')]).toEqual([refused, refused])
  const { body } = await finance.post(path, { how: 'paid', proof: 'SEPA 12' })
  expect(body.detail).toContain('until the bank has decided')
  expect(await inBooks('unclaimed')).toBeGreaterThanOrEqual(owed)
  await decided(more, 'lost')
  // The other is still open, and with what was lost it may reach it.
  expect([await waits(), await end('paid')]).toEqual([true, refused])
  await decided(small, 'won')
  expect(await find('held', reference)).toMatchObject({ waitsForBank: false, left: one.amount })
  const whole = await disputed(paymentId, owed)
  expect(await end('paid')).toEqual(refused)
  await decided(whole, 'won')
  expect(await end('paid')).toEqual([200, undefined])
  // What is said again stays said, whatever is disputed since.
  await disputed(paymentId)
  expect(await end('paid')).toEqual([200, undefined])
  expect((await find('paid', reference)).waitsForBank).toBe(false)
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('credit that nobody may pay out is taken back, too; that of another line is not', async () => {
  const someone = await member(platform, { country: 'CY' })
  await buyLine(someone)
  const other = await leftBehind('CY', 1, someone)
  await someone.signIn(someone.email)
  const reference = await leftBehind('CY', 9, someone)
  const { payment_id: paymentId, subscriber_id: subscriberId, paid } = await paymentOf(reference)
  const since = platform.app.clock.now()
  const amount = money(5000n, 'GBP')
  const { ids } = platform.app
  await platform.db.transaction().execute(async (trx) => {
    for (const [key, of] of [
      ['mine', reference],
      ['not', other],
    ] as const) {
      const transferKey = `${key}:${reference}`
      const to = { account: 'unclaimed' } as const
      const postings = [{ from: { account: 'absorbed-loss' } as const, to, amount }]
      const kind = 'settlement'
      await post(trx, ids, {
        subscriberId,
        key: transferKey,
        kind,
        at: since,
        detail: {},
        postings,
      })
      const why = 'refund-prohibited'
      const row = { subscriberId, transferKey, why, reference: of, amount, since } as const
      await keepUnclaimed(trx, platform.app, [{ ...row, policy: undefined }])
    }
  })
  const rows = () =>
    sql<{ key: string; taken: string }>`
      select split_part(transfer_key, ':', 1) as key, taken_minor::text as taken from unclaimed_money
      where subscriber_id = ${subscriberId} and why = 'refund-prohibited' order by 1`.execute(
      platform.db,
    )
  const waits = async () =>
    (await listed('finance'))
      .filter(({ why }: { why: string }) => why === 'refund-prohibited')
      .map((one: { reference: string; waitsForBank: boolean }) => [one.reference, one.waitsForBank])
  // What is set aside for it already is not taken from here.
  const small = await disputed(paymentId, 100n)
  const part = { subscriberId, caseId: 'case_1', disputeId: small, amount: money(100n, 'GBP') }
  const payable = {
    from: { account: 'absorbed-loss' },
    to: { account: 'refunds-payable' },
  } as const
  expect(new Map(await waits()).get(reference)).toBe(true)
  await platform.db.transaction().execute(async (trx) => {
    const postings = [{ ...payable, amount: part.amount }]
    const about = { subscriberId, key: small, kind: 'settlement', at: since, detail: {} } as const
    await post(trx, ids, { ...about, postings })
    await withholdRefund(trx, platform.app, part)
  })
  expect(new Map(await waits()).get(reference)).toBe(false)
  await decided(small, 'won')
  const id = await disputed(paymentId, paid)
  expect(Object.fromEntries(await waits())).toEqual({ [reference]: true, [other]: false })
  await decided(id, 'lost')
  const { rows: after } = await rows()
  const owed = minorOf((await find('taken-back', reference)).amount)
  const used = paid - owed
  expect(used).toBeGreaterThan(0n)
  expect(after).toEqual([
    { key: 'mine', taken: String(used) },
    { key: 'not', taken: '0' },
  ])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('the export says why it is owed, who gets it in the end and from when, and what the bank took', async () => {
  const reference = await leftBehind('MT')
  const { subscriber_id: subscriberId } = await paymentOf(reference)
  const [row] = await Array.fromAsync(rowsOf(platform.db, subscriberId, 'unclaimed'))
  const names = datasets.unclaimed.map(({ name }) => name)
  const cells = Object.fromEntries(names.map((name, at) => [name, row![at]]))
  expect(cells).toMatchObject({
    reference,
    why: 'refund-refused',
    state: 'held',
    takenBack: '0.00',
    goesTo: 'operator',
    endedAt: null,
  })
  const year = Temporal.Instant.from(cells['startedAt']!)
    .toZonedDateTimeISO('UTC')
    .add({ years: 1 })
  expect(cells['dueAt']).toBe(year.toInstant().toString())
}, 60_000)
