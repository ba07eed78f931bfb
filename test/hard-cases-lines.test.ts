/** Hard cases about several lines: currencies that are never mixed, promotions that go first and end with their line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { post, proveLedger } from '../src/ledger/store.ts'
import { type Person, until } from '../src/main/demo-person.ts'
import { ratesImportCommand, ratesListCommand, readRateFile } from '../src/main/rates.ts'
import { rowsOf } from '../src/subscribers/export-store.ts'
import { money } from '../src/values/money.ts'
import { expectZeroSum, imsiOf, sentFor, sides } from './hard-cases.ts'
import { quoteRate, sellInEuro, topUpEuro } from './in-euro.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { reportUsage } from './shop.ts'
import { buyLine, draftClosure, install, member, submit, topUp } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  await sellInEuro(platform)
})
afterAll(() => platform.close())

/** An account that has closed can no longer be asked about by its owner; its reference can. */
const untilPublic = (someone: Person, reference: string) =>
  until(
    async () => (await someone.get(`/v1/closures/by-reference/${reference}`)).body,
    ({ state }) => state === 'closed',
    20_000,
  )

test('Hard case 2: several currencies: each is settled alone, and nothing is converted', async () => {
  const lin = await member(platform)
  const pound = await buyLine(lin, 'home-uk')
  const euro = await buyLine(lin, 'home-euro')
  await topUp(lin, pound.lineId, '20.00')
  await topUpEuro(lin, euro.lineId, '15.00')
  // From one currency to the other would be a conversion nobody agreed to.
  const { body: line } = await lin.post('/v1/closures', { scope: 'line', lineId: euro.lineId })
  const move = { paid: { disposition: 'move', toLineId: pound.lineId }, promotional: null }
  const moved = await lin.patch(`/v1/closures/${line.caseId}`, { choices: move })
  expect([moved.status, moved.body.code]).toEqual([422, 'choice-not-allowed'])
  await lin.post(`/v1/closures/${line.caseId}/withdraw`)

  const draft = await draftClosure(lin, 'account')
  const quoted = draft.quote.currencies.map(sides)
  expect(draft.quote.currencies.map(({ currency }: { currency: string }) => currency)).toEqual([
    'EUR',
    'GBP',
  ])
  expect(quoted[0].from).toEqual(['paid-credit 15.00', 'plan-days 12.00'])
  expect(quoted[1].from).toEqual(['paid-credit 20.00', 'plan-days 12.00'])
  await submit(lin, draft)
  await untilPublic(lin, draft.reference)
  const refunds = await platform.db
    .selectFrom('refund')
    .select(['currency', 'minor', 'state'])
    .where('case_id', '=', draft.caseId)
    .orderBy('currency')
    .orderBy('minor')
    .execute()
  expect(refunds.map(({ currency, minor }) => `${minor} ${currency}`)).toEqual([
    '1200 EUR',
    '1500 EUR',
    '1200 GBP',
    '2000 GBP',
  ])
  const sent = await sentFor(platform, draft.caseId)
  expect(sent.refunds.map(([, times]) => times)).toEqual([1, 1, 1, 1])
  await expectZeroSum(platform, draft.caseId)
}, 60_000)

/** A pound line whose payments can take back 15.90 more than is left of them, and a euro line with 5.00. */
async function twoCurrencies() {
  const lin = await member(platform)
  const pound = await buyLine(lin, 'home-uk')
  const euro = await buyLine(lin, 'home-euro')
  await install(platform, lin, pound.lineId)
  await topUp(lin, pound.lineId, '20.00')
  await topUpEuro(lin, euro.lineId, '5.00')
  const at = platform.clock.now().toString()
  const use = { kind: 'data', quantity: 530_000_000, mcc: '440', mnc: '10' }
  const record = { id: `use_${pound.lineId}`, imsi: await imsiOf(platform, pound.lineId) }
  await reportUsage(platform, [{ ...record, ...use, startedAt: at, endedAt: at }])
  return lin
}

test('Hard case 2: several currencies: a small balance is changed only with consent, at the rate that was quoted', async () => {
  const lin = await twoCurrencies()
  const choose = (caseId: string, exchange?: object) => {
    const choices = { paid: { disposition: 'refund' }, promotional: null, ...exchange }
    return lin.patch(`/v1/closures/${caseId}`, { choices })
  }
  const wanted = { exchange: { into: 'GBP' } }
  const { body: start } = await lin.post('/v1/closures', { scope: 'account' })
  const none = await choose(start.caseId, wanted)
  expect([none.status, none.body.code]).toEqual([409, 'no-current-rate'])
  await quoteRate(platform, '0.8', 1)
  // Nobody is asked to agree by default.
  const { body: open } = await choose(start.caseId)
  expect(open.choices).not.toHaveProperty('exchange')
  const [alone] = open.quote.currencies
  expect(sides(alone).to.every((row) => row.startsWith('refund '))).toBe(true)
  expect(open.quote.allowed.exchange).toMatchObject([{ into: 'GBP', parts: [{ rate: '0.8' }] }])
  const { body: agreed } = await choose(start.caseId, wanted)
  expect(agreed.choices.exchange).toEqual(wanted.exchange)
  const paid = (alone.sourcesTotal.amount * 0.8).toFixed(2)
  const refundTo: { amount: { currency: string } }[] = agreed.quote.refundTo
  expect(new Set(refundTo.map(({ amount }) => amount.currency))).toEqual(new Set(['GBP']))
  expect(sides(agreed.quote.currencies[1]).from).toContain(`exchanged-from ${paid}`)
  const spent = { ...wanted, paid: { disposition: 'refund', spendFirst: true } }
  expect((await choose(start.caseId, spent)).body.code).toBe('choice-not-allowed')

  // Out of date meanwhile: what was looked at is no longer offered, and the new quote is each alone.
  platform.clock.advance({ hours: 2 })
  const late = await submit(lin, agreed)
  expect([late.status, late.body.code]).toEqual([409, 'quote-changed'])
  expect(late.body.quote.currencies[0].destinations[0].kind).toBe('refund')
  await quoteRate(platform, '0.79', 1)
  const { body: again } = await choose(start.caseId, wanted)
  expect((await submit(lin, again)).status).toBe(202)
  // Agreed to is agreed to: a rate quoted afterwards changes nothing.
  await quoteRate(platform, '0.5', 1)
  await untilPublic(lin, start.reference)
  const [euro, pound] = again.quote.currencies
  const total = euro.sourcesTotal.amount
  const becomes = euro.destinations[0].detail.becomes
  expect(Number(becomes)).toBeCloseTo(total * 0.79, 2)
  const { refunds } = await sentFor(platform, start.caseId)
  expect(refunds.map(([, times]) => times)).toEqual(again.quote.refundTo.map(() => 1))
  const { rows } = await sql<{ currency: string; minor: bigint }>`
    select p.currency::text as currency, sum(p.minor)::int8 as minor
    from ledger_transfer t join ledger_posting p using (subscriber_id, transfer_id)
    where t.detail ->> 'reference' = ${start.reference} and t.kind = 'exchange' and p.account = 'exchange'
    group by 1 order by 1`.execute(platform.db)
  expect(rows.map(({ currency, minor }) => `${minor} ${currency}`)).toEqual([
    `${total.replace('.', '')} EUR`,
    `-${becomes.replace('.', '')} GBP`,
  ])
  const signed = await platform.db
    .selectFrom('closure_certificate')
    .select('document')
    .where('case_id', '=', start.caseId)
    .executeTakeFirstOrThrow()
  const { money: tables } = signed.document as { money: { destinations: object[] }[] }
  expect(tables[0]!.destinations).toMatchObject([
    {
      kind: 'exchanged-into',
      amount: total,
      detail: { becomes, rate: '0.79', rounding: 'half-up' },
    },
  ])
  expect(sides(pound).to.join()).toContain('refund')
  await expectZeroSum(platform, start.caseId)
  // The export says what was agreed to, and when; what was only looked at is not in it.
  const { subscriber_id: subscriberId } = await platform.db
    .selectFrom('closure_case')
    .select('subscriber_id')
    .where('case_id', '=', start.caseId)
    .executeTakeFirstOrThrow()
  const consents = await Array.fromAsync(rowsOf(platform.db, subscriberId, 'consents'))
  const ofCase = consents.filter((row) => row[2] === start.caseId)
  expect(ofCase.map(([kind, , , author]) => [kind, author])).toEqual([
    ['closure-submitted', 'subscriber'],
    ['exchange-rate', 'subscriber'],
  ])
  const [submitted, rate] = ofCase.map((row) => JSON.parse(row[4]!))
  expect(submitted).toMatchObject({ quote: again.quote.hash })
  expect(rate).toMatchObject({ from: 'EUR', into: 'GBP', rate: '0.79', becomes })
  expect(ofCase[0]![5]).toBe(ofCase[1]![5])
  expect(consents.filter(([kind]) => kind === 'plan-bought')).toHaveLength(2)
}, 60_000)

test('violet rates: a file is taken in whole or not at all, never changes a rate, and says which are out of date', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'violet-rates-'))
  const path = join(folder, 'rates.csv')
  const url = platform.config.databaseUrl
  const take = async (...rows: string[]) => {
    writeFileSync(path, ['source,from,into,rate,asOf,validUntil,atMost', ...rows, ''].join('\n'))
    let said = ''
    const write = (text: string) => (said += text)
    const code = await ratesImportCommand(url, path, readRateFile(path), { json: true }, write)
    return [code, JSON.parse(said)]
  }
  const row = (rate: string, day = '2026-11-20') =>
    `"A bank, Basel",CHF,EUR,${rate},${day}T00:00:00Z,2026-11-21T00:00:00Z,5.00`
  expect(await take(row('1.07'), row('1.0x', '2026-11-19'))).toMatchObject([
    1,
    { added: 0, bad: 1 },
  ])
  expect(readFileSync(`${path}.rejects.csv`, 'utf8')).toContain('3,rate,')
  expect(await take(row('1.07'), row('1.07'))).toMatchObject([1, { added: 0, bad: 1 }])
  expect(await take(row('1.07'))).toMatchObject([0, { added: 1, known: 0 }])
  expect(await take(row('1.07'))).toMatchObject([0, { added: 0, known: 1 }])
  expect(await take(row('1.08'))).toMatchObject([1, { added: 0, bad: 1 }])
  let listed = ''
  await ratesListCommand(url, false, (text) => (listed += text))
  expect(listed).toContain('1 CHF = 1.07 EUR  up to 5.00 CHF  A bank, Basel')
  expect(listed).toContain('OUT OF DATE since 2026-11-21T00:00:00Z')
  writeFileSync(path, 'from,into\nCHF,EUR\n')
  expect(() => readRateFile(path)).toThrow(/no column "rate", "asOf"/)
  rmSync(folder, { recursive: true })
}, 30_000)

const promote = (subscriberId: string, lineId: string, minor: bigint) =>
  platform.db.transaction().execute((trx) =>
    post(trx, platform.app.ids, {
      subscriberId,
      key: `given:${lineId}:${platform.clock.now()}:${minor}`,
      kind: 'promotion',
      at: platform.clock.now(),
      detail: {},
      postings: [
        {
          from: { account: 'promotions-granted' },
          to: { account: 'promotional-credit', lineId },
          amount: money(minor, 'GBP'),
        },
      ],
    }),
  )

test('Hard case 3: promotional before paid: consumed in the order pinned at top-up, and forfeited per line', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'home-uk')
  await install(platform, lin, lineId)
  const other = await buyLine(lin, 'home-uk')
  const { body: me } = await lin.get('/v1/me')
  await topUp(lin, lineId, '20.00')
  await promote(me.subscriberId, lineId, 500n)
  await promote(me.subscriberId, other.lineId, 600n)
  // 100 MB in Japan are 3.00: all of it from what was given, nothing from what was paid.
  const at = platform.clock.now().toString()
  const use = { imsi: await imsiOf(platform, lineId), kind: 'data', quantity: 100_000_000 }
  const record = { id: `use_${lineId}`, ...use, startedAt: at, endedAt: at, mcc: '440', mnc: '10' }
  expect((await reportUsage(platform, [record])).body['accepted']).toHaveLength(1)
  const { body: used } = await lin.get(`/v1/lines/${lineId}`)
  expect([used.promotionalCredit.amount, used.paidCredit.amount]).toEqual(['2.00', '20.00'])

  const draft = await draftClosure(lin, 'account')
  const [table] = draft.quote.currencies
  sides(table)
  const forfeits = table.destinations.filter(
    ({ kind }: { kind: string }) => kind === 'promotion-forfeited',
  )
  type Forfeit = { lineId: string; amount: { amount: string } }
  expect(
    Object.fromEntries(forfeits.map((row: Forfeit) => [row.lineId, row.amount.amount])),
  ).toEqual({ [lineId]: '2.00', [other.lineId]: '6.00' })
  await submit(lin, draft)
  await untilPublic(lin, draft.reference)
  await expectZeroSum(platform, draft.caseId)
  const forfeited = await platform.db
    .selectFrom('ledger_posting')
    .select('minor')
    .where('subscriber_id', '=', me.subscriberId)
    .where('account', '=', 'promotions-forfeited')
    .execute()
  expect(forfeited.map(({ minor }) => minor).toSorted()).toEqual([200n, 600n])
}, 60_000)

test('Hard case 3: the order of promotional and paid is pinned at each top-up: a later plan version changes nothing for it', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'home-uk')
  await install(platform, lin, lineId)
  const { body: me } = await lin.get('/v1/me')
  await promote(me.subscriberId, lineId, 400n)
  await topUp(lin, lineId, '10.00')
  const use = async (megabytes: number) => {
    const at = platform.clock.now().toString()
    const about = { imsi: await imsiOf(platform, lineId), kind: 'data', mcc: '440', mnc: '10' }
    const record = { id: `use_${lineId}_${megabytes}`, ...about, startedAt: at, endedAt: at }
    await reportUsage(platform, [{ ...record, quantity: megabytes * 1_000_000 }])
    const { body } = await lin.get(`/v1/lines/${lineId}`)
    return [body.promotionalCredit.amount, body.paidCredit.amount]
  }
  // Pinned: the plan's order changes, and what was topped up before goes on as it was promised.
  await sellPaidFirst(lineId)
  expect(await use(100)).toEqual(['1.00', '10.00'])
  await topUp(lin, lineId, '10.00')
  expect(await use(30)).toEqual(['0.10', '20.00'])
  // All of that is used up; what is topped up from then on has the order of then.
  expect(await use(670)).toEqual(['0.00', '0.00'])
  await topUp(lin, lineId, '10.00')
  await promote(me.subscriberId, lineId, 400n)
  expect(await use(101)).toEqual(['4.00', '6.97'])
}, 60_000)

/** The line's plan takes paid credit first from now on. */
const sellPaidFirst = (lineId: string) =>
  sql`
  with sold as (
    insert into plan_version (plan_id, version, document, valid_from)
    select 'home-paid-first', 1, document || '{"creditOrder":"paid-first"}', valid_from
    from plan_version where plan_id = 'home-uk' and valid_to is null returning plan_id, version)
  update line set plan_id = sold.plan_id, plan_version = sold.version from sold
  where line_id = ${lineId}`.execute(platform.db)

test('arrears that credit does not cover stay owed, where policy lets a line close: the certificate names them, and the account owes them when it closes', async () => {
  const lin = await member(platform, { country: 'BR' })
  const { lineId } = await buyLine(lin, 'home-uk')
  const { body: me } = await lin.get('/v1/me')
  await platform.db.transaction().execute((trx) =>
    post(trx, platform.app.ids, {
      subscriberId: me.subscriberId,
      key: `bill:${lineId}`,
      kind: 'usage',
      at: platform.clock.now(),
      detail: {},
      postings: [
        {
          from: { account: 'owed', lineId },
          to: { account: 'usage-revenue' },
          amount: money(5000n, 'GBP'),
        },
      ],
    }),
  )
  const draft = await draftClosure(lin, 'line', lineId)
  const row = draft.readiness.find(({ key }: { key: string }) => key === 'arrears')
  expect(row).toMatchObject({ state: 'to-do', action: 'pay', detail: { amount: '50.00' } })
  const [table] = draft.quote.currencies
  expect(sides(table).to).toEqual(['arrears-paid 12.00'])
  expect(table.owedAfter).toEqual({ amount: '38.00', currency: 'GBP' })
  await submit(lin, draft)
  platform.clock.advance({ hours: 24 * 14 })
  const at = `/v1/closures/${draft.caseId}`
  const closed = (path: string) =>
    until(
      async () => {
        platform.clock.advance({ hours: 6 })
        return (await lin.get(path)).body
      },
      ({ state }) => state === 'closed',
      20_000,
    )
  await closed(at)
  const { body: file } = await lin.get(`${at}/certificate.json`)
  expect(file.certificate.owed).toEqual([{ currency: 'GBP', amount: '38.00' }])

  const other = await buyLine(lin, 'home-uk')
  await topUp(lin, other.lineId, '20.00')
  // A line that goes alone pays nothing for one that has closed before.
  const { body: alone } = await lin.post('/v1/closures', { scope: 'line', lineId: other.lineId })
  const stateIn = ({ readiness }: { readiness: { key: string }[] }) =>
    readiness.find(({ key }) => key === 'arrears')
  expect(stateIn(alone)).toMatchObject({ state: 'fine' })
  await lin.post(`/v1/closures/${alone.caseId}/withdraw`)
  const whole = await draftClosure(lin, 'account')
  expect(stateIn(whole)).toMatchObject({ state: 'to-do', detail: { amount: '38.00' } })
  const [last] = whole.quote.currencies
  expect(sides(last).to).toEqual(['arrears-paid 32.00'])
  expect(last.owedAfter).toEqual({ amount: '6.00', currency: 'GBP' })
  expect((await submit(lin, whole)).status).toBe(202)
  platform.clock.advance({ hours: 24 * 14 })
  await closed(`/v1/closures/by-reference/${whole.reference}`)
  const { document } = await platform.db
    .selectFrom('closure_certificate')
    .select('document')
    .where('case_id', '=', whole.caseId)
    .executeTakeFirstOrThrow()
  expect(document).toMatchObject({ owed: [{ currency: 'GBP', amount: '6.00' }] })
  const left = await sql<object>`select line_id, account, minor from ledger_balance
    where subscriber_id = ${me.subscriberId} and minor <> 0`.execute(platform.db)
  expect(left.rows).toEqual([{ line_id: lineId, account: 'owed', minor: -600n }])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)
