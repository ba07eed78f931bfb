import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  buy,
  install,
  openShop,
  pay,
  type Shop,
  type Shopper,
  shopper,
  until,
  untilOrder,
} from '../../test/shop.ts'
import { post } from '../ledger/store.ts'
import { operator } from '../platform/operator.ts'
import { money } from '../values/money.ts'

let shop: Shop
let someone: Shopper
let lineId: string
let today: Temporal.PlainDate

beforeAll(async () => {
  shop = await openShop()
  await buy(await shopper(shop))
  someone = await shopper(shop)
  lineId = (await buy(someone))['lineId']
  await install(shop, someone, lineId)
  const { body: placed } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
    amount: { amount: '20.00', currency: 'GBP' },
  })
  await pay(placed['checkoutUrl'])
  await untilOrder(someone, placed['orderId'], 'paid')
  shop.clock.advance({ hours: 7 * 24 + 1 })
  await until(
    async () => {
      await shop.sweep()
      return (await someone.get('/v1/statement')).body['items']
    },
    (items) => items.length === 3,
  )
  today = shop.clock.now().toZonedDateTimeISO(operator.timeZone).toPlainDate()
})
afterAll(() => shop.close())

function ask(kind: 'pdf' | 'csv', from: unknown, to: unknown, more = '', who = someone) {
  const headers: Record<string, string> = who ? { 'x-subscriber': who.subscriberId } : {}
  return fetch(`${shop.url}/v1/statement.${kind}?from=${from}&to=${to}${more}`, { headers })
}
async function rowsOf(response: Response) {
  expect(response.status).toBe(200)
  const [head = '', ...rows] = (await response.text()).trimEnd().split('\r\n')
  const names = head.split(',')
  return rows.map((row) => {
    const cells = row.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []
    return Object.fromEntries(names.map((name, n) => [name, cells[n]?.replace(/,$/, '')]))
  })
}
const minor = (text: string | undefined) => BigInt((text ?? '').replace('.', ''))

test('a CSV holds every movement between its balances, with the tax in what was charged', async () => {
  const response = await ask('csv', today.subtract({ days: 30 }), today.add({ days: 1 }))
  expect(response.headers.get('content-type')).toMatch(/^text\/csv/)
  expect(response.headers.get('content-disposition')).toMatch(/statement-\d{4}-.*\.csv"$/)
  const rows = await rowsOf(response)
  expect(
    rows.map(({ row, kind, amount, tax, balance }) => [row, kind, amount, tax, balance]),
  ).toEqual([
    ['opening', '', '', '', '0.00'],
    ['movement', 'plan-payment', '4.00', '0.00', '4.00'],
    ['movement', 'top-up', '20.00', '0.00', '24.00'],
    ['movement', 'plan-days-used', '-4.00', '0.67', '20.00'],
    ['closing', '', '', '', '20.00'],
  ])
  expect(rows[2]).toMatchObject({ lineId, currency: 'GBP', description: 'Top-up' })
})

test('a period that begins later opens with what was held then, and adds up', async () => {
  const rows = await rowsOf(await ask('csv', today.subtract({ days: 2 }), today.add({ days: 1 })))
  expect(rows.map(({ balance }) => balance)).toEqual(['24.00', '20.00', '20.00'])
  const moved = rows.reduce(
    (sum, { row, amount }) => sum + (row === 'movement' ? minor(amount) : 0n),
    0n,
  )
  expect(minor(rows[0]?.['balance']) + moved).toBe(minor(rows.at(-1)?.['balance']))
  const before = await rowsOf(await ask('csv', '2020-01-01', '2020-02-01'))
  expect(before).toEqual([])
})

test('a thousand charges and more are all in the CSV, and the paper still comes', async () => {
  const many = await shopper(shop)
  const at = shop.clock.now()
  await shop.app.db.transaction().execute(async (trx) => {
    const credit = { account: 'paid-credit', lineId: 'line_x' } as const
    await post(trx, shop.app.ids, {
      subscriberId: many.subscriberId,
      at,
      detail: {},
      key: 'top-up',
      kind: 'top-up',
      postings: [
        { from: { account: 'payments-clearing' }, to: credit, amount: money(5000n, 'GBP') },
      ],
    })
    await sql`insert into ledger_transfer (subscriber_id, transfer_id, key, kind, detail, posted_at)
      select ${many.subscriberId}, 'transfer_' || n, 'usage_' || n, 'usage', '{"country": "JP"}', ${at}
      from generate_series(1, 1203) n`.execute(trx)
    await sql`insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
      select ${many.subscriberId}, 'transfer_' || n, seq, account, line_id, 'GBP', minor from generate_series(1, 1203) n,
        (values (0, 'paid-credit', 'line_x', -4), (1, 'usage-revenue', '', 4)) p (seq, account, line_id, minor)`.execute(
      trx,
    )
  })
  const [from, to] = [today, today.add({ days: 1 })]
  const rows = await rowsOf(await ask('csv', from, to, '', many))
  expect(rows).toHaveLength(1 + 1204 + 1)
  expect(new Set(rows.map(({ transferId }) => transferId)).size).toBe(1205)
  expect(rows.at(-1)).toMatchObject({ row: 'closing', balance: '1.88' })
  const paper = await ask('pdf', from, to, '', many)
  expect(paper.status).toBe(200)
  expect((await paper.arrayBuffer()).byteLength).toBeLessThan(80_000)
})

test('a PDF in the language asked for; it comes while others are answered', async () => {
  const [from, to] = [today.subtract({ days: 30 }), today.add({ days: 1 })]
  const answers = await Promise.all([
    ask('pdf', from, to),
    ask('pdf', from, to, '&locale=zh-CN'),
    ask('csv', from, to, '&locale=zh-CN'),
  ])
  const [english, chinese, table] = answers
  for (const paper of [english, chinese]) {
    expect(paper?.status).toBe(200)
    expect(paper?.headers.get('content-type')).toBe('application/pdf')
    const bytes = Buffer.from((await paper?.arrayBuffer()) ?? [])
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
    expect(bytes.includes('NotoSansSC')).toBe(paper === chinese)
  }
  expect(await table?.text()).toContain('充值')
})

test.each([
  ['2026-11-01', '2026-11-01', 'period-not-valid'],
  ['2026-02-30', '2026-03-01', 'period-not-valid'],
  ['2026-11-01', '2028-11-01', 'period-not-valid'],
  ['november', 'december', 'period-not-valid'],
  ['2026-11-01', '2026-12-01&locale=tlh', 'invalid-request'],
  ['2026-11-01T00:00:00Z', '2026-12-01', 'invalid-request'],
])('from %s to %s: one clear problem, as PDF and as CSV', async (from, to, code) => {
  for (const kind of ['pdf', 'csv'] as const) {
    const response = await ask(kind, from, to)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await response.json()).toMatchObject({ status: 422, code })
  }
})

test('nobody’s statement without being them', async () => {
  const anybody = await fetch(`${shop.url}/v1/statement.csv?from=2026-11-01&to=2026-12-01`)
  expect(anybody.status).toBe(401)
  const other = await shopper(shop)
  expect(await rowsOf(await ask('csv', today, today.add({ days: 1 }), '', other))).toEqual([])
})
