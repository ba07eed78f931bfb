import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  buy,
  install,
  newPhone,
  openShop,
  pay,
  reportUsage,
  send,
  type Shop,
  type Shopper,
  shopper,
  until,
} from '../../test/shop.ts'
import { endProfiles } from '../esim/closing-store.ts'
import { activateQueue } from './line.ts'
import { sweepNumbers } from './number-store.ts'
import { closeLines, quarantineNumbers, reopenLines, startClosingLines } from './closing-store.ts'
import { createLine, linesOf } from './store.ts'
import { planOnSale } from '../plans/store.ts'
import { isRefusal } from '../values/refusal.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const inTrx = <T>(work: Parameters<ReturnType<Shop['app']['db']['transaction']>['execute']>[0]) =>
  shop.app.db.transaction().execute(work) as Promise<T>
const get = async (someone: Shopper, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body
const network = (imsi: string) => shop.gateways.network.find(imsi)

test('installing gives service: the network knows the line, the period and its buckets run, a notice goes', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone, 'home-uk')
  const { imsi, line } = await install(shop, someone, lineId)
  expect(line['profile']).toMatchObject({ state: 'installed', deviceState: 'disabled' })
  const [start, end] = [line['periodStart'], line['periodEnd']].map((at) =>
    Temporal.Instant.from(at),
  )
  expect(start!.until(end!).total('hours')).toBe(30 * 24)
  expect(line['buckets'].map(({ expiresAt }: { expiresAt: string }) => expiresAt)).toEqual(
    Array.from({ length: 3 }, () => line['periodEnd']),
  )
  expect(await network(imsi)).toEqual({
    state: 'active',
    msisdn: line['msisdn'],
    attached: false,
    openSession: false,
  })
  const notices = await shop.app.db
    .selectFrom('notice')
    .select('template')
    .where('subscriber_id', '=', someone.subscriberId)
    .execute()
  expect(notices.map(({ template }) => template).sort()).toEqual(['line-active', 'order-paid'])
})

test('an activation that ran halfway, or twice, ends as one', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const { imsi, line } = await install(shop, someone, lineId)
  const again = () =>
    inTrx((trx) =>
      shop.app.queue.send(trx, activateQueue, lineId, {
        subscriberId: someone.subscriberId,
        lineId,
      }),
    )
  await again()
  await again()
  await new Promise((done) => setTimeout(done, 300))
  expect(await get(someone, lineId)).toEqual(line)
  expect(await network(imsi)).toMatchObject({ state: 'active' })
})

test('a line that closed while its activation ran holds nothing in the network', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const [line] = await linesOf(shop.app.db, someone.subscriberId, lineId)
  const { imsi, iccid } = line!
  await inTrx((trx) =>
    closeLines(trx, shop.app.clock.now(), [
      {
        subscriberId: someone.subscriberId,
        lineId,
        cause: 'closure',
      },
    ]),
  )
  const leftOver = { imsi, iccid, msisdn: null, zones: [], keys: async () => undefined }
  await shop.gateways.network.activate(leftOver, 'left over')
  await inTrx((trx) =>
    shop.app.queue.send(trx, activateQueue, lineId, { subscriberId: someone.subscriberId, lineId }),
  )
  await until(
    () => network(imsi),
    (found) => found === undefined,
  )
  expect((await get(someone, lineId))['state']).toBe('closed')
})

test('lines of one plan that nobody named are told apart, also after one is renamed', async () => {
  const someone = await shopper(shop)
  const nameOf = async (lineId: string) => (await get(someone, lineId))['nickname']
  const [first, second] = [(await buy(someone)).lineId, (await buy(someone)).lineId]
  const plain = await nameOf(first)
  expect(await nameOf(second)).toBe(`${String(plain)} 2`)
  await someone.patch(`/v1/lines/${first}`, { nickname: 'Holiday' })
  expect(await nameOf((await buy(someone)).lineId)).toBe(plain)
  expect(await nameOf((await buy(someone)).lineId)).toBe(`${String(plain)} 3`)
})

test('a line has a name that its owner gives, until it closes; others don’t see it', async () => {
  const [someone, other] = [await shopper(shop), await shopper(shop)]
  const { lineId } = await buy(someone)
  const renamed = await someone.patch(`/v1/lines/${lineId}`, { nickname: ' Holiday ' })
  expect(renamed.body).toMatchObject({ nickname: 'Holiday' })
  for (const answer of [
    await other.get(`/v1/lines/${lineId}`),
    await other.patch(`/v1/lines/${lineId}`, { nickname: 'Mine' }),
    await other.get(`/v1/lines/${lineId}/installation`),
    await other.get(`/v1/lines/${lineId}/usage`),
  ])
    expect([answer.status, answer.body['code']]).toEqual([404, 'not-found'])
  expect((await someone.patch(`/v1/lines/${lineId}`, { nickname: '' })).body['code']).toBe(
    'invalid-request',
  )
  await inTrx((trx) => startClosingLines(trx, [{ subscriberId: someone.subscriberId, lineId }]))
  expect((await someone.patch(`/v1/lines/${lineId}`, { nickname: 'X' })).body['code']).toBe(
    'line-closing',
  )
})

test('a line spends as much of its credit as its owner lets it, and no more; a cap is refused where it can’t hold', async () => {
  const [someone, other] = [await shopper(shop), await shopper(shop)]
  const { lineId } = await buy(someone)
  const { imsi } = await install(shop, someone, lineId)
  const pounds = (amount: string) => ({ amount, currency: 'GBP' })
  const { body: order } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
    amount: pounds('10.00'),
  })
  await pay(order['checkoutUrl'])
  await until(
    async () => (await someone.get(`/v1/orders/${order['orderId']}`)).body['state'],
    (state) => state === 'paid',
  )
  const path = `/v1/lines/${lineId}`
  const capped = await someone.patch(path, { spendingCap: pounds('2.00') })
  expect(capped.body).toMatchObject({ spendingCap: pounds('2.00'), spent: pounds('0.00') })
  const at = shop.app.clock.now().toString()
  // In France, where the plan of Japan does not work: 150 MB at 0.02 are 3.00, of which 2.00 are spent.
  const used = { id: `cap-${lineId}`, imsi, kind: 'data', quantity: 150_000_000 }
  await reportUsage(shop, [{ ...used, startedAt: at, endedAt: at, mcc: '208', mnc: '01' }])
  const after = await get(someone, lineId)
  expect([after['spent'], after['paidCredit']]).toEqual([pounds('2.00'), pounds('8.00')])
  expect((await someone.patch(path, { spendingCap: null })).body['spendingCap']).toBeNull()
  const codes = []
  for (const cap of [pounds('-1.00'), pounds('1000.01'), { amount: '5.00', currency: 'EUR' }])
    codes.push((await someone.patch(path, { spendingCap: cap })).body['code'])
  expect(codes).toEqual(['amount-out-of-range', 'amount-out-of-range', 'wrong-currency'])
  expect((await other.patch(path, { spendingCap: null })).body['code']).toBe('not-found')
  expect((await someone.patch(path, {})).status).toBe(422)
  // Both or neither.
  const both = await someone.patch(path, { nickname: 'X', spendingCap: pounds('-1.00') })
  expect([both.status, (await get(someone, lineId))['nickname']]).toEqual([422, after['nickname']])
  const { rows } = await sql<{ detail: { cap: string } }>`
    select detail from audit_entry where subject_id = ${lineId} and action = 'line.cap-set' order by at`.execute(
    shop.app.db,
  )
  expect(rows.map(({ detail }) => detail.cap)).toEqual(['2.00 GBP', 'none'])
})

test('a withdrawn closure leaves the line as it was; a closed one nothing reopens', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone, 'home-uk')
  await install(shop, someone, lineId)
  const before = await get(someone, lineId)
  const key = { subscriberId: someone.subscriberId, lineId: lineId as string }
  const now = shop.app.clock.now()
  await inTrx((trx) => startClosingLines(trx, [key]))
  await inTrx((trx) => startClosingLines(trx, [key]))
  expect((await get(someone, lineId))['state']).toBe('closing')
  await inTrx((trx) => reopenLines(trx, shop.app, now, [key]))
  expect(await get(someone, lineId)).toEqual(before)
  await inTrx((trx) => closeLines(trx, now, [{ ...key, cause: 'closure' }]))
  await inTrx((trx) => reopenLines(trx, shop.app, now, [key]))
  await inTrx((trx) => startClosingLines(trx, [key]))
  const closed = await get(someone, lineId)
  expect(closed['state']).toBe('closed')
  await inTrx((trx) => closeLines(trx, now.add({ hours: 1 }), [{ ...key, cause: 'other' }]))
  expect(await get(someone, lineId)).toEqual(closed)
})

test('an eSIM that was installed while its line was closing gets service once that is withdrawn', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone, 'home-uk')
  const key = { subscriberId: someone.subscriberId, lineId: lineId as string }
  const { matchingId } = (await someone.get(`/v1/lines/${lineId}/installation`)).body['manual']
  await inTrx((trx) => startClosingLines(trx, [key]))
  const eid = newPhone()
  const { iccid, imsi } = (await send(shop, '/esim/download', { eid, matchingId })).body
  await send(shop, '/esim/notifications', { eid, iccid, event: 'install', seq: 1 })
  const jobs = () =>
    sql<{ state: string }>`select state from pgboss.job
      where name = ${activateQueue} and singleton_key = ${lineId}`.execute(shop.app.db)
  await until(jobs, ({ rows }) => rows.some(({ state }) => state === 'completed'))
  expect([(await get(someone, lineId))['state'], await network(imsi)]).toEqual([
    'closing',
    undefined,
  ])
  await inTrx((trx) => reopenLines(trx, shop.app, shop.app.clock.now(), [key]))
  await until(
    () => get(someone, lineId),
    ({ state }) => state === 'active',
  )
  expect(await network(imsi)).toMatchObject({ state: 'active' })
})

test('a number is kept from everybody until its quarantine is over', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone, 'home-uk')
  const { msisdn } = await get(someone, lineId)
  const now = shop.app.clock.now()
  const until = now.add({ hours: 90 * 24 })
  await inTrx((trx) =>
    quarantineNumbers(trx, [{ subscriberId: someone.subscriberId, lineId, until }]),
  )
  const state = async () =>
    await shop.app.db
      .selectFrom('phone_number')
      .selectAll()
      .where('msisdn', '=', msisdn)
      .executeTakeFirstOrThrow()
  expect(await state()).toMatchObject({ state: 'quarantined', line_id: null, subscriber_id: null })
  await sweepNumbers(shop.app)
  expect((await state()).state).toBe('quarantined')
  shop.clock.advance({ hours: 90 * 24 + 1 })
  await sweepNumbers(shop.app)
  expect(await state()).toMatchObject({ state: 'available', quarantined_until: null })
})

test('two buyers at once get two numbers; the last one gone is a refusal, not a line without a number', async () => {
  const [one, two] = [await shopper(shop), await shopper(shop)]
  const lines = await Promise.all([buy(one, 'home-uk'), buy(two, 'home-uk')])
  const numbers = await Promise.all(
    lines.map(async ({ lineId }, i) => (await get([one, two][i]!, lineId))['msisdn']),
  )
  expect(new Set(numbers).size).toBe(2)
  await shop.app.db
    .updateTable('phone_number')
    .set({ state: 'quarantined' })
    .where('country', '=', 'GB')
    .where('state', '=', 'available')
    .execute()
  const refused = await one.post('/v1/orders', { planId: 'home-uk' })
  expect([refused.status, refused.body['code']]).toEqual([409, 'numbers-exhausted'])
  const made = await shop.app.db.transaction().execute(async (trx) => {
    const plan = (await planOnSale(trx, shop.app.clock.now(), 'home-uk'))!
    const { subscriberId } = one
    return createLine(trx, shop.app, {
      subscriberId,
      plan,
      allowance: plan.allowance,
      nickname: 'x',
    })
  })
  expect(isRefusal(made) && made.refused).toBe('numbers-exhausted')
  await shop.app.db
    .updateTable('phone_number')
    .set({ state: 'available' })
    .where('country', '=', 'GB')
    .where('state', '=', 'quarantined')
    .execute()
})

test('a period that ends is earned once; the line goes on', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  await install(shop, someone, lineId)
  shop.clock.advance({ hours: 7 * 24 + 1 })
  const kinds = async () =>
    (await someone.get('/v1/statement')).body['items'].map(({ kind }: { kind: string }) => kind)
  await shop.sweep()
  await until(kinds, (all) => all.includes('plan-days-used'))
  await shop.sweep()
  await new Promise((done) => setTimeout(done, 200))
  const { body } = await someone.get('/v1/statement')
  expect(body['items']).toMatchObject([
    { kind: 'plan-days-used', amount: { amount: '-4.00' } },
    { kind: 'plan-payment', amount: { amount: '4.00' } },
  ])
  // The price includes 20 % tax, which is nobody's revenue.
  const earned = await sql`
    select account, minor from ledger_posting where subscriber_id = ${someone.subscriberId}
      and account in ('plan-revenue', 'tax-payable') order by account`.execute(shop.app.db)
  expect(earned.rows).toEqual([
    { account: 'plan-revenue', minor: 333n },
    { account: 'tax-payable', minor: 67n },
  ])
  expect((await get(someone, lineId))['state']).toBe('active')
  const row = await shop.app.db
    .selectFrom('line')
    .select('due_at')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  expect(row.due_at).toBeNull()
})

test('the activation code: QR, links and text agree, one phone takes it, a second does not', async () => {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone)
  const { body: installation } = await someone.get(`/v1/lines/${lineId}/installation`)
  const host = new URL(shop.url).host
  const { matchingId } = installation['manual']
  expect(matchingId).toMatch(/^[A-Z2-7]{26}$/)
  expect(installation['activationCode']).toBe(`LPA:1$${host}$${matchingId}`)
  expect(installation['qrSvg']).toMatch(/^<svg/)
  const [mine, theirs] = [newPhone(), newPhone()]
  const download = (eid: string, id = matchingId) =>
    send(shop, '/esim/download', { eid, matchingId: id })
  const first = await download(mine)
  expect(first.body).toMatchObject({
    serviceProvider: 'Violet Mobile',
    msisdn: null,
    name: 'Japan 3 GB',
  })
  expect((await download(mine)).body).toEqual(first.body)
  const code = async (asked: ReturnType<typeof download>) => (await asked).body['code']
  expect(await code(download(theirs))).toBe('activation-code-used')
  expect(await code(download(theirs, 'A'.repeat(26)))).toBe('activation-code-unknown')
  expect(await code(download('1'.repeat(32)))).toBe('invalid-request')
  const report = (eid: string, event: string, seq: number) =>
    send(shop, '/esim/notifications', { eid, iccid: first.body['iccid'], event, seq })
  expect((await report(theirs, 'install', 1)).status).toBe(404)
  expect((await report(mine, 'install', 1)).status).toBe(204)
  expect((await report(mine, 'install', 1)).status).toBe(204)
  const refused = await someone.get(`/v1/lines/${lineId}/installation`)
  expect([refused.status, refused.body['code']]).toEqual([409, 'profile-not-available'])
})

test('ending a profile: no download afterwards; a later deletion is confirmed and reopens nothing', async () => {
  const someone = await shopper(shop)
  const [fresh, used] = [await buy(someone), await buy(someone)]
  const { body: installation } = await someone.get(`/v1/lines/${fresh['lineId']}/installation`)
  const { eid, iccid } = await install(shop, someone, used['lineId'])
  const end = async (lineId: string) => {
    const [line] = await linesOf(shop.app.db, someone.subscriberId, lineId)
    const { subscriberId } = someone
    const iccid = line!.iccid
    return inTrx(async (trx) => (await endProfiles(trx, [{ subscriberId, iccid }])).get(iccid))
  }
  expect(await end(fresh['lineId'])).toBe('never-downloaded')
  expect(await end(used['lineId'])).toBe('unconfirmed')
  const gone = await send(shop, '/esim/download', {
    eid: newPhone(),
    matchingId: installation['manual'].matchingId,
  })
  expect([gone.status, gone.body['code']]).toEqual([409, 'profile-not-available'])
  const key = { subscriberId: someone.subscriberId, lineId: used['lineId'] as string }
  await inTrx((trx) => closeLines(trx, shop.app.clock.now(), [{ ...key, cause: 'closure' }]))
  await send(shop, '/esim/notifications', { eid, iccid, event: 'delete', seq: 7 })
  await send(shop, '/esim/notifications', { eid, iccid, event: 'enable', seq: 8 })
  const line = await get(someone, used['lineId'])
  expect(line).toMatchObject({
    state: 'closed',
    profile: { state: 'installed', deviceState: 'deleted' },
  })
  const row = await shop.app.db
    .selectFrom('profile')
    .select('removal')
    .where('iccid', '=', iccid)
    .executeTakeFirst()
  expect(row?.removal).toBe('confirmed')
})
