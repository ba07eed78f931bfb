import { sql } from 'kysely'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  buy,
  install,
  openShop,
  pay,
  reportUsage,
  type Shop,
  type Shopper,
  shopper,
  until,
  untilOrder,
} from '../../test/shop.ts'
import { post, proveLedger } from '../ledger/store.ts'
import { closeLines, startClosingLines } from '../lines/closing-store.ts'
import { money } from '../values/money.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

/** Somebody with an installed line in Japan. */
async function traveller(planId = 'japan-3gb-7d') {
  const someone = await shopper(shop)
  const { lineId } = await buy(someone, planId)
  const { imsi } = await install(shop, someone, lineId)
  const line = async () => (await someone.get(`/v1/lines/${lineId}`)).body
  return { someone, lineId: lineId as string, imsi, line }
}

function record(imsi: string, more: object = {}) {
  const now = shop.app.clock.now().toString()
  return {
    id: `use_${randomUUID()}`,
    imsi,
    kind: 'data',
    quantity: 1_000_000,
    startedAt: now,
    endedAt: now,
    mcc: '440',
    mnc: '10',
    ...more,
  }
}

async function topUp(someone: Shopper, lineId: string, amount: string) {
  const { body } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
    amount: { amount, currency: 'GBP' },
  })
  await pay(body['checkoutUrl'])
  await untilOrder(someone, body['orderId'], 'paid')
}

test('usage draws the bucket, once, and is listed for its owner', async () => {
  const { someone, lineId, imsi, line } = await traveller()
  const one = record(imsi, { quantity: 1_234_567 })
  const first = await reportUsage(shop, [one])
  expect([first.status, first.body]).toEqual([200, { accepted: [one.id], rejected: [] }])
  const twice = await reportUsage(shop, [one, one])
  expect(twice.body).toEqual({ accepted: [one.id, one.id], rejected: [] })
  expect((await line())['buckets'][0].remaining).toBe(String(3_000_000_000 - 1_234_567))
  const { body: page } = await someone.get(`/v1/lines/${lineId}/usage`)
  expect(page).toMatchObject({
    items: [
      {
        usageId: one.id,
        kind: 'data',
        quantity: '1234567',
        country: 'JP',
        fromBucket: '1234567',
        outcome: 'charged',
        charged: { amount: '0.00', currency: 'GBP' },
      },
    ],
    nextCursor: null,
  })
})

test('a record sent from two places at the same moment counts once', async () => {
  const { imsi, line } = await traveller()
  const one = record(imsi)
  const answers = await Promise.all([1, 2, 3, 4].map(() => reportUsage(shop, [one])))
  expect(answers.map(({ body }) => body['accepted'])).toEqual(
    Array.from({ length: 4 }, () => [one.id]),
  )
  expect((await line())['buckets'][0].remaining).toBe('2999000000')
})

test('what doesn’t fit is rejected with its reason, and holds nothing else back', async () => {
  const { imsi, line } = await traveller()
  const good = record(imsi)
  await reportUsage(shop, [good])
  const other = record(imsi)
  const { body } = await reportUsage(shop, [
    { ...good, quantity: 5 },
    record('234990000099999', { id: 'a' }),
    record(imsi, { id: 'b', mcc: '999' }),
    record(imsi, { id: 'c', quantity: -1 }),
    { nonsense: true },
    other,
  ])
  expect(body['accepted']).toEqual([other.id])
  expect(body['rejected']).toEqual(
    expect.arrayContaining([
      { id: good.id, reason: 'differs' },
      { id: 'a', reason: 'unknown-imsi' },
      { id: 'b', reason: 'unknown-network' },
      { id: 'c', reason: 'invalid' },
      { id: '', reason: 'invalid' },
    ]),
  )
  expect((await line())['buckets'][0].remaining).toBe('2998000000')
})

test('unsigned records are turned away before they are read', async () => {
  const { imsi } = await traveller()
  const answer = await reportUsage(shop, [record(imsi)], false)
  expect([answer.status, answer.body['code']]).toEqual([401, 'bad-signature'])
  const empty = await fetch(`${shop.url}/v1/usage-records`, { method: 'POST' })
  expect(empty.status).toBe(401)
})

test('beyond the plan promotional credit goes first, then paid, in whole blocks; the rest is borne', async () => {
  const { someone, lineId, imsi, line } = await traveller()
  await topUp(someone, lineId, '5.00')
  const { subscriberId } = someone
  await shop.app.db.transaction().execute((trx) =>
    post(trx, shop.app.ids, {
      subscriberId,
      key: 'welcome',
      kind: 'promotion',
      at: shop.app.clock.now(),
      detail: {},
      postings: [
        {
          from: { account: 'promotions-granted' },
          to: { account: 'promotional-credit', lineId },
          amount: money(25n, 'GBP'),
        },
      ],
    }),
  )
  // India: 10p a megabyte. 2.5 MB are three blocks.
  const india = (quantity: number) => record(imsi, { mcc: '404', mnc: '10', quantity })
  await reportUsage(shop, [india(2_500_000)])
  expect(await line()).toMatchObject({
    promotionalCredit: { amount: '0.00' },
    paidCredit: { amount: '4.95' },
  })
  const rest = india(100_000_000)
  await reportUsage(shop, [rest])
  expect(await line()).toMatchObject({
    paidCredit: { amount: '0.05' },
    buckets: [{ remaining: '3000000000' }],
  })
  const row = await shop.app.db
    .selectFrom('usage_record')
    .selectAll()
    .where('usage_id', '=', rest.id)
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ charged_minor: 490n, absorbed_minor: 510n, outcome: 'charged' })
  const exhausted = () =>
    shop.app.db
      .selectFrom('purse')
      .select('exhausted_at')
      .where('line_id', '=', lineId)
      .executeTakeFirstOrThrow()
  expect((await exhausted()).exhausted_at).not.toBeNull()
  await topUp(someone, lineId, '5.00')
  expect((await exhausted()).exhausted_at).toBeNull()
  const { body: statement } = await someone.get('/v1/statement')
  expect(
    statement['items'].map(({ kind, amount }: { kind: string; amount: { amount: string } }) => [
      kind,
      amount.amount,
    ]),
  ).toEqual([
    ['top-up', '5.00'],
    ['usage', '-4.90'],
    ['usage', '-0.30'],
    ['promotion', '0.25'],
    ['top-up', '5.00'],
    ['plan-payment', '4.00'],
  ])
})

test('the owner hears once at 50, at 80 and at 100 percent, by mail and on the phones they have', async () => {
  const { someone, imsi } = await traveller()
  const told = async () =>
    (
      await shop.app.db
        .selectFrom('notice')
        .select('params')
        .where('subscriber_id', '=', someone.subscriberId)
        .where('template', '=', 'usage-low')
        .orderBy('created_at')
        .execute()
    ).map(({ params }) => (params as { percent: string }).percent)
  await shop.app.db
    .insertInto('subscriber_contact')
    .values({
      subscriber_id: someone.subscriberId,
      contact_id: shop.app.ids.make('contact'),
      kind: 'phone',
      value: '+447700900777',
      added_at: shop.app.clock.now(),
      verified_at: shop.app.clock.now(),
    })
    .execute()
  await reportUsage(shop, [record(imsi, { quantity: 1_400_000_000 })])
  expect(await told()).toEqual([])
  await reportUsage(shop, [record(imsi, { quantity: 300_000_000 })])
  await reportUsage(shop, [record(imsi, { quantity: 600_000_000 })])
  expect(await told()).toEqual(['50', '50'])
  const { rows } = await sql<{ channel: string; recipient: string }>`
    select channel, recipient from notice
    where subscriber_id = ${someone.subscriberId} and template = 'usage-low' order by channel`.execute(
    shop.app.db,
  )
  expect(rows).toEqual([
    { channel: 'email', recipient: `${someone.subscriberId}@example.com` },
    { channel: 'sms', recipient: '+447700900777' },
  ])
  await reportUsage(shop, [record(imsi, { quantity: 200_000_000 })])
  await reportUsage(shop, [record(imsi, { quantity: 100_000_000 })])
  expect(await told()).toEqual(['50', '50', '80', '80'])
  await reportUsage(shop, [record(imsi, { quantity: 400_000_000 }), record(imsi)])
  expect(await told()).toEqual(['50', '50', '80', '80', '100', '100'])
})

test('a closing line is still charged; a closed one is not, and nothing reopens', async () => {
  const { someone, lineId, imsi, line } = await traveller()
  const { subscriberId } = someone
  const now = shop.app.clock.now()
  await shop.app.db
    .transaction()
    .execute((trx) => startClosingLines(trx, [{ subscriberId, lineId }]))
  await reportUsage(shop, [record(imsi)])
  expect(await line()).toMatchObject({ state: 'closing', buckets: [{ remaining: '2999000000' }] })
  await shop.app.db
    .transaction()
    .execute((trx) => closeLines(trx, now, [{ subscriberId, lineId, cause: 'closure' }]))
  const late = record(imsi, { quantity: 2_000_001 })
  expect((await reportUsage(shop, [late])).body['accepted']).toEqual([late.id])
  expect(await line()).toMatchObject({ state: 'closed', buckets: [{ remaining: '2999000000' }] })
  const row = await shop.app.db
    .selectFrom('usage_record')
    .selectAll()
    .where('usage_id', '=', late.id)
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({
    outcome: 'absorbed',
    charged_minor: 0n,
    absorbed_minor: 9n,
    from_bucket: 0n,
  })
})

test('usage through the network simulator reaches the bucket by itself', async () => {
  const { imsi, line } = await traveller()
  const phone = (path: string, body: object) =>
    fetch(`${shop.urls.network}/phone/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ imsi, ...body }),
    })
  await phone('attach', { eid: '8'.repeat(32), mccmnc: '44010' })
  expect((await phone('data', { bytes: 100_000_000 })).status).toBe(200)
  await until(line, ({ buckets }) => buckets[0].remaining === '2900000000')
})

test('usage is paged, newest first', async () => {
  const { someone, lineId, imsi } = await traveller()
  const start = shop.app.clock.now()
  const records = [1, 2, 3, 4, 5].map((n) => {
    const at = start.add({ seconds: n }).toString()
    return record(imsi, { id: `page-${lineId}-${n}`, startedAt: at, endedAt: at })
  })
  await reportUsage(shop, records)
  const first = (await someone.get(`/v1/lines/${lineId}/usage?limit=3`)).body
  const second = (
    await someone.get(`/v1/lines/${lineId}/usage?limit=3&cursor=${first['nextCursor']}`)
  ).body
  const ids = [...first['items'], ...second['items']].map(({ usageId }) => usageId)
  expect(ids).toEqual([...records].reverse().map(({ id }) => id))
  expect(second['nextCursor']).toBeNull()
  expect((await someone.get(`/v1/lines/${lineId}/usage?limit=0`)).body['code']).toBe(
    'invalid-request',
  )
})

test('usage is summed by day, country and kind, as the operator’s days go, for its owner alone', async () => {
  const { someone, lineId, imsi } = await traveller()
  const now = shop.app.clock.now()
  // Two in one hour, one in another country, and one that began before the line's thirty days.
  await reportUsage(shop, [
    record(imsi, { quantity: 3_000_000 }),
    record(imsi, { quantity: 4_000_000 }),
    record(imsi, { quantity: 60, kind: 'voice', mcc: '234' }),
  ])
  const at = `/v1/lines/${lineId}/usage/sums`
  const day = (moment: Temporal.Instant) =>
    moment.toZonedDateTimeISO('Europe/London').toPlainDate().toString()
  const { body } = await someone.get(at)
  expect(body).toMatchObject({
    from: day(now.subtract({ hours: 29 * 24 })),
    until: day(now),
    rows: [
      { day: day(now), country: 'GB', kind: 'voice', quantity: '60' },
      {
        day: day(now),
        country: 'JP',
        kind: 'data',
        quantity: '7000000',
        charged: { amount: '0.00', currency: 'GBP' },
      },
    ],
    earlier: null,
  })
  // Half past eleven at night in Greenwich is the next day in London's summer.
  await sql`update usage_record set started_at = '2026-06-30T23:30:00Z'
    where line_id = ${lineId} and kind = 'voice'`.execute(shop.app.db)
  const later = (await someone.get(at)).body
  expect([later['rows'].length, later['earlier']]).toEqual([1, '2026-07-01'])
  const older = (await someone.get(`${at}?until=2026-07-01`)).body
  expect(older).toMatchObject({ from: '2026-06-02', rows: [{ day: '2026-07-01' }], earlier: null })
  expect((await (await shopper(shop)).get(at)).status).toBe(404)
  expect((await someone.get(`${at}?until=2026-02-30`)).status).toBe(422)
})

test('after all of this the ledger proves itself', async () => {
  expect(await proveLedger(shop.app.db)).toEqual({ unbalanced: [], drifted: [] })
})

test('the owner hears at 80 percent of the spending cap and when it stops use, once for each period and cap', async () => {
  const { someone, lineId, imsi } = await traveller()
  await topUp(someone, lineId, '10.00')
  const capped = (amount: string) =>
    someone.patch(`/v1/lines/${lineId}`, { spendingCap: { amount, currency: 'GBP' } })
  expect((await capped('1.00')).status).toBe(200)
  const told = async () => {
    const rows = await shop.app.db
      .selectFrom('notice')
      .select(['channel', 'params'])
      .where('subscriber_id', '=', someone.subscriberId)
      .where('template', '=', 'cap-reached')
      .orderBy('created_at')
      .execute()
    return rows.map(({ params }) => {
      const { percent, spent, cap } = params as Record<string, string>
      return `${percent} ${spent} ${cap}`
    })
  }
  const minute = (at: number, megabytes: number) => {
    const time = shop.app.clock.now().add({ seconds: at }).toString()
    const quantity = megabytes * 1_000_000
    return record(imsi, { quantity, startedAt: time, endedAt: time })
  }
  await reportUsage(shop, [minute(1, 3000)])
  expect(await told()).toEqual([])
  await reportUsage(shop, [minute(2, 27)])
  expect(await told()).toEqual(['80 0.81 GBP 1.00 GBP'])
  await reportUsage(shop, [minute(3, 1)])
  expect(await told()).toHaveLength(1)
  await reportUsage(shop, [minute(4, 20)])
  await reportUsage(shop, [minute(5, 20)])
  expect(await told()).toEqual(['80 0.81 GBP 1.00 GBP', '100 0.99 GBP 1.00 GBP'])
  expect((await capped('2.00')).status).toBe(200)
  await reportUsage(shop, [minute(6, 60)])
  expect((await told()).slice(2)).toEqual(['100 1.98 GBP 2.00 GBP'])
}, 30_000)
