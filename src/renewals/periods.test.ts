import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { included, renewing } from '../../test/renewing.ts'
import { openShop, type Shop, type Shopper, until } from '../../test/shop.ts'
import { proveLedger } from '../ledger/store.ts'
import { closeLines, reopenLines, startClosingLines } from '../lines/closing-store.ts'
import { endRenewals } from './setting-store.ts'

let shop: Shop
let own: ReturnType<typeof renewing>
beforeAll(async () => {
  shop = await openShop()
  own = renewing(shop)
})
afterAll(() => shop.close())

test('a change at renewal waits, is reminded of, and begins the next period at the price that was shown', async () => {
  const { flexLine, change, line, amounts, notices, data, due } = own
  const { someone, lineId } = await flexLine()
  const before = await line(someone, lineId)
  const { quote: shown, answer } = await change(someone, lineId, { data: 10 }, 'renewal')
  expect([shown['due'].amount, shown['priceAfter'].amount]).toEqual(['0.00', '13.00'])
  expect(answer.body).toMatchObject({
    autoRenew: true,
    price: { amount: '13.00' },
    scheduled: { steps: { data: 10 } },
  })
  expect((await line(someone, lineId))['buckets']).toEqual(before['buckets'])
  await due(27 * 24, async () => (await notices(someone)).includes('plan-reminder'))
  await due(3 * 24, async () => (await notices(someone)).includes('plan-renewed'))
  const after = await line(someone, lineId)
  expect(after['periodStart']).toBe(before['periodEnd'])
  expect([data(after).granted, data(after).remaining]).toEqual(['10000000000', '10000000000'])
  expect(after['buckets']).toHaveLength(3)
  expect(after['paidCredit'].amount).toBe('7.00')
  expect((await amounts(someone)).slice(0, 2).sort()).toEqual([
    'plan-days-used -9.00',
    'plan-renewal 0.00 13.00',
  ])
  await shop.sweep()
  await shop.sweep()
  expect(await notices(someone)).toEqual(['plan-changed', 'plan-reminder', 'plan-renewed'])
  // A record of the last day that comes late is still of that period's bucket, which is kept beside the new ones.
  const { kinds } = await shop.app.db
    .selectFrom('purse')
    .select('kinds')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  expect(kinds).toHaveLength(6)
})

test('another plan begins with the next period, at the price that was shown; the network is told of its places', async () => {
  const { flexLine, line, notices, due, at } = own
  const { someone, lineId } = await flexLine('20.00')
  const ask = (when: string, planId: string) =>
    someone.get(at(lineId, `plan-change?when=${when}&planId=${planId}`))
  expect((await ask('now', 'home-uk')).body['code']).toBe('only-at-renewal')
  expect((await ask('renewal', 'japan-3gb-7d')).body['code']).toBe('plan-other-number')
  expect((await ask('renewal', 'no-such')).body['code']).toBe('plan-not-sold')
  const { body: quote } = await ask('renewal', 'home-uk')
  expect(quote).toMatchObject({
    kind: 'renewal',
    planId: 'home-uk',
    due: { amount: '0.00' },
    priceAfter: { amount: '12.00' },
  })
  const request = {
    when: 'renewal',
    planId: 'home-uk',
    adjustment: null,
    quoteHash: quote['hash'],
  }
  const [first, second] = [
    await someone.post(at(lineId, 'plan-change'), request),
    await someone.post(at(lineId, 'plan-change'), request),
  ]
  expect(first.body).toMatchObject({
    price: { amount: '12.00' },
    scheduled: { planId: 'home-uk', steps: null },
  })
  expect([first.status, second.body['code']]).toEqual([200, 'plan-unchanged'])
  const { msisdn } = await line(someone, lineId)
  await due(30 * 24 + 1, async () => (await notices(someone)).includes('plan-renewed'))
  const after = await line(someone, lineId)
  expect([after['plan'].planId, after['paidCredit'].amount, after['msisdn']]).toEqual([
    'home-uk',
    '8.00',
    msisdn,
  ])
  expect(after['bought']).toMatchObject({ dataBytes: '25000000000', smsMessages: 1000 })
  const { imsi } = await shop.app.db
    .selectFrom('line')
    .select('imsi')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  const told = async () => {
    const headers = { authorization: 'Bearer test-key' }
    const answer = await fetch(`${shop.urls.network}/subscribers/${imsi}`, { headers })
    return ((await answer.json()) as { zones: string[] }).zones
  }
  await until(told, (zones) => zones.join() === 'united-kingdom')
})

test('without enough credit the period waits, says so once, and begins when there is; nobody pays for the gap', async () => {
  const { flexLine, topUp, line, notices, due, at } = own
  const { someone, lineId } = await flexLine('0.00')
  await someone.patch(at(lineId, 'renewal'), { autoRenew: true })
  await due(30 * 24 + 1, async () => (await notices(someone)).includes('plan-waits'))
  const waiting = (await someone.get(at(lineId, 'renewal'))).body
  expect(waiting).toMatchObject({ waiting: true, missing: { amount: '9.00' } })
  shop.clock.advance({ hours: 30 })
  await topUp(someone, lineId, '10.00')
  await due(0, async () => (await notices(someone)).includes('plan-renewed'))
  const after = await line(someone, lineId)
  expect(after['paidCredit'].amount).toBe('1.00')
  expect(after['periodStart'] > waiting['at']).toBe(true)
  expect((await notices(someone)).filter((one) => one === 'plan-waits')).toHaveLength(1)
})

test('what does not renew ends and is told; a new period begins when its owner asks for it', async () => {
  const { flexLine, change, line, notices, due, at } = own
  const { someone, lineId } = await flexLine('20.00')
  await due(30 * 24 + 1, async () => (await notices(someone)).includes('plan-ended'))
  const on = await someone.patch(at(lineId, 'renewal'), { autoRenew: true })
  expect(on.body['code']).toBe('plan-has-ended')
  shop.clock.advance({ hours: 50 })
  const { quote: shown, answer } = await change(someone, lineId, { data: 6 })
  expect([shown['kind'], shown['due'].amount, answer.status]).toEqual(['period', '9.80', 200])
  const after = await line(someone, lineId)
  expect([after['paidCredit'].amount, after['bought'].dataBytes]).toEqual(['10.20', '6000000000'])
})

test('a closing line does not renew; withdrawn it does, closed it never does', async () => {
  const { flexLine, line, notices, terms, due, at } = own
  const { someone, lineId, key } = await flexLine()
  await someone.patch(at(lineId, 'renewal'), { autoRenew: true })
  const inTrx = (work: Parameters<ReturnType<typeof shop.app.db.transaction>['execute']>[0]) =>
    shop.app.db.transaction().execute(work)
  await inTrx((trx) => startClosingLines(trx, [key]))
  shop.clock.advance({ hours: 30 * 24 + 1 })
  for (let turn = 0; turn < 4; turn += 1) {
    await shop.sweep()
    await new Promise((done) => setTimeout(done, 50))
    shop.clock.advance({ minutes: 6 })
  }
  expect(await notices(someone)).toEqual([])
  expect((await line(someone, lineId))['paidCredit'].amount).toBe('20.00')
  await inTrx((trx) => reopenLines(trx, shop.app, shop.app.clock.now(), [key]))
  await due(0, async () => (await notices(someone)).includes('plan-renewed'))
  await inTrx(async (trx) => {
    await endRenewals(trx, [key])
    await closeLines(trx, shop.app.clock.now(), [{ ...key, cause: 'closure' }])
  })
  shop.clock.advance({ hours: 31 * 24 })
  await shop.sweep()
  await new Promise((done) => setTimeout(done, 200))
  expect((await terms(someone)).map(({ cause }) => cause)).toEqual(['bought', 'renewed'])
})

test('who is suspended is not charged; with service back the period begins at once', async () => {
  const { flexLine, notices, line, due, at } = own
  const { someone, lineId } = await flexLine()
  await someone.patch(at(lineId, 'renewal'), { autoRenew: true })
  expect((await someone.post(`/v1/lines/${lineId}/suspend`)).status).toBe(200)
  shop.clock.advance({ hours: 30 * 24 + 1 })
  await shop.sweep()
  await new Promise((done) => setTimeout(done, 200))
  expect((await line(someone, lineId))['paidCredit'].amount).toBe('20.00')
  shop.clock.advance({ hours: 1 })
  expect((await someone.post(`/v1/lines/${lineId}/resume`)).status).toBe(200)
  await due(0, async () => (await notices(someone)).includes('plan-renewed'))
  expect((await line(someone, lineId))['paidCredit'].amount).toBe('11.00')
})

test('the same period is never begun twice, whatever asks at once', async () => {
  const { flexLine, quote, confirm, line, terms, at } = own
  const { someone, lineId, key } = await flexLine('100.00')
  await someone.patch(at(lineId, 'renewal'), { autoRenew: true })
  shop.clock.advance({ hours: 30 * 24 + 1 })
  const shown = (await quote(someone, lineId, {})).body
  const request = { when: 'now', adjustment: included, quoteHash: shown['hash'] }
  await Promise.all([
    ...[1, 2, 3].map(() => confirm(someone, lineId, request)),
    ...[1, 2, 3].map(() =>
      shop.app.db
        .transaction()
        .execute((trx) => shop.app.queue.send(trx, 'renewals.period', lineId, { ...key })),
    ),
    shop.sweep(),
  ])
  await new Promise((done) => setTimeout(done, 300))
  expect((await terms(someone)).map(({ cause }) => cause)).toEqual(['bought', 'renewed'])
  expect((await line(someone, lineId))['paidCredit'].amount).toBe('91.00')
})

const act = fc.oneof(
  fc.record({
    do: fc.constantFrom('now' as const, 'renewal' as const),
    steps: fc.record({
      data: fc.integer({ min: 1, max: 30 }),
      voice: fc.integer({ min: 0, max: 9 }),
      sms: fc.integer({ min: 0, max: 9 }),
    }),
  }),
  fc.record({ do: fc.constant('top-up' as const), pounds: fc.integer({ min: 5, max: 40 }) }),
  fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 24 * 20 }) }),
)

test('random lives on the real database: what was shown was paid, what was paid was granted, the books agree', async () => {
  const { flexLine, topUp, change, line, due } = own
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 9 }), async (acts) => {
      const { someone, lineId } = await flexLine('10.00')
      for (const one of acts) {
        if (one.do === 'top-up') await topUp(someone, lineId, `${one.pounds}.00`)
        else if (one.do === 'wait') {
          await due(one.hours, () => nothingDue(lineId))
        } else {
          const before = Number((await line(someone, lineId))['paidCredit'].amount)
          const { quote: shown, answer } = await change(someone, lineId, one.steps, one.do)
          if (answer.status !== 200) continue
          const after = Number((await line(someone, lineId))['paidCredit'].amount)
          expect((before - after).toFixed(2)).toBe(Number(shown['due'].amount).toFixed(2))
        }
      }
      await expectGrantedOnce(someone, lineId)
    }),
    { numRuns: 12, endOnFailure: true },
  )
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
}, 120_000)

/** Whatever was due on a line has been done, so that nothing but the person moves its money. */
async function nothingDue(lineId: string): Promise<boolean> {
  const { rows } = await sql`
    select from line l where l.line_id = ${lineId} and (l.due_at <= ${shop.app.clock.now()}
      or exists (select from pgboss.job j where j.name = 'renewals.period' and j.singleton_key = l.line_id
        and j.state <= 'active'))`.execute(shop.app.db)
  return rows.length === 0
}

/** The buckets of the period hold what its terms granted, and no more. */
async function expectGrantedOnce(someone: Shopper, lineId: string) {
  const { data, line } = own
  const rows = await shop.app.db
    .selectFrom('line_term')
    .select(['cause', 'data_bytes'])
    .where('subscriber_id', '=', someone.subscriberId)
    .orderBy('term')
    .execute()
  const since = rows.findLastIndex(({ cause }) => cause !== 'changed')
  const granted = rows.slice(since).reduce((sum, { data_bytes }) => sum + data_bytes, 0n)
  expect(data(await line(someone, lineId)).granted).toBe(granted.toString())
}
