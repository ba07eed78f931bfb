/** Numbers from a file to a line and back: imported whole or not at all, kept for an order, released when their time is over. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { sweepNumbers } from '../src/lines/number-store.ts'
import {
  type ImportFlags,
  numbersImportCommand,
  numbersListCommand,
  readNumberFile,
} from '../src/main/numbers.ts'
import { buy, openShop, pay, type Shop, shopper, untilOrder } from './shop.ts'

let shop: Shop
let folder: string
beforeAll(async () => {
  shop = await openShop()
  folder = mkdtempSync(join(tmpdir(), 'violet-numbers-'))
})
afterAll(async () => {
  await shop.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => sql`delete from phone_number where msisdn like '+4474%'`.execute(shop.app.db))

let files = 0
function file(text: string | Buffer): string {
  const path = join(folder, `numbers-${(files += 1)}.csv`)
  writeFileSync(path, text)
  return path
}
const mobile = (index: number) => `+4474001${String(index).padStart(5, '0')}`
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${mobile(from + i)},GB,mobile\r\n`).join('')
const header = 'msisdn,country,type\r\n'

async function take(path: string, flags: Partial<ImportFlags> = {}) {
  let text = ''
  const wanted = { rejects: undefined, json: true, ...flags }
  const write = (more: string) => (text += more)
  const url = shop.app.config.databaseUrl
  const code = await numbersImportCommand(url, path, readNumberFile(path), wanted, write)
  return { code, ...(wanted.json ? JSON.parse(text) : { text }) }
}
const count = async () => {
  const { rows: found } = await sql<{ n: number }>`
    select count(*)::int as n from phone_number where msisdn like '+4474%'`.execute(shop.app.db)
  return found[0]!.n
}
const state = (msisdn: string) =>
  shop.app.db
    .selectFrom('phone_number')
    .select(['state', 'subscriber_id', 'line_id', 'reserved_for'])
    .where('msisdn', '=', msisdn)
    .executeTakeFirstOrThrow()

test('a file is taken in once, however often and by however many; the inventory counts by country and type', async () => {
  const path = file(`\uFEFF${header}${rows(0, 25_000)}`)
  const [one, two] = await Promise.all([take(path), take(path)])
  expect([one.code, two.code]).toEqual([0, 0])
  expect(one.added + two.added).toBe(25_000)
  expect(await take(path)).toMatchObject({ code: 0, added: 0, known: 25_000, bad: 0 })
  expect(await count()).toBe(25_000)
  let text = ''
  await numbersListCommand(shop.app.config.databaseUrl, true, (more) => (text += more))
  const stock = JSON.parse(text).stock as { country: string; kind: string; available: number }[]
  const gb = stock.find(({ country, kind }) => country === 'GB' && kind === 'mobile')
  expect(gb?.available).toBeGreaterThan(25_000)
  const audited = await shop.app.db
    .selectFrom('audit_entry')
    .select('detail')
    .where('action', '=', 'numbers.imported')
    .execute()
  expect(audited).toHaveLength(3)
}, 60_000)

test('one bad row and nothing is taken in; each is named with its line and reason', async () => {
  await take(file(`${header}${mobile(9)},GB,mobile\n`))
  await sql`update phone_number set kind = 'voip' where msisdn = ${mobile(9)}`.execute(shop.app.db)
  const bad = file(
    `${header}${rows(0, 3)}07400123456,GB,mobile\r\n${mobile(1)},GB,mobile\r\n${mobile(4)},DE,mobile\r\n`,
  )
  const answer = await take(bad)
  expect(answer).toMatchObject({ code: 1, added: 0, bad: 3, rejectsFile: `${bad}.rejects.csv` })
  expect(readFileSync(answer.rejectsFile, 'utf8').split('\r\n').slice(0, 4)).toEqual([
    'line,reason,row',
    '5,not-e164,"07400123456,GB,mobile"',
    `6,twice,"${mobile(1)},GB,mobile"`,
    `7,country-differs,"${mobile(4)},DE,mobile"`,
  ])
  expect(await count()).toBe(1)
  const clash = file(`${header}${rows(0, 12_000)}`)
  const rejects = join(folder, 'elsewhere.csv')
  expect(await take(clash, { rejects })).toMatchObject({ code: 1, added: 0, bad: 1 })
  expect(readFileSync(rejects, 'utf8')).toContain(`11,differs,"${mobile(9)},GB,mobile"`)
  expect(existsSync(`${clash}.rejects.csv`)).toBe(false)
  expect(await count()).toBe(1)
  const told = await take(bad, { json: false })
  expect(told.text).toMatch(/line 5: not-e164[^]*Nothing was taken in\. Bad rows: 3/)
})

test.each([
  ['no column of numbers', 'number,country\n+447400123456,GB\n', /no column "msisdn"/],
  ['nothing in it', header, /holds no numbers/],
  ['another encoding', Buffer.from([0x6d, 0xff, 0xfe, 0x0a]), /not UTF-8/],
])('a file with %s is refused in one sentence', (_, text, sentence) => {
  const path = file(text)
  expect(() => readNumberFile(path)).toThrow(sentence)
})

test('a number is kept for the order that was placed first, until it is paid or an hour is over', async () => {
  const hold = sql`update phone_number set state = 'quarantined', quarantined_until = null
    where country = 'GB' and state = 'available'`
  await hold.execute(shop.app.db)
  await take(file(`${header}${rows(0, 1)}`))
  const [first, second] = [await shopper(shop), await shopper(shop)]
  const { body: order } = await first.post('/v1/orders', { planId: 'home-uk' })
  expect(await state(mobile(0))).toMatchObject({
    state: 'reserved',
    subscriber_id: first.subscriberId,
    reserved_for: order['orderId'],
  })
  const refused = await second.post('/v1/orders', { planId: 'home-uk' })
  expect([refused.status, refused.body['code']]).toEqual([409, 'numbers-exhausted'])
  await pay(order['checkoutUrl'])
  const { lineId } = await untilOrder(first, order['orderId'], 'paid')
  expect(await state(mobile(0))).toEqual({
    state: 'assigned',
    subscriber_id: first.subscriberId,
    line_id: lineId,
    reserved_for: null,
  })
  expect((await first.get(`/v1/lines/${lineId}`)).body['msisdn']).toBe(mobile(0))

  await take(file(`${header}${rows(1, 2)}`))
  await first.post('/v1/orders', { planId: 'home-uk' })
  expect((await state(mobile(1))).state).toBe('reserved')
  shop.clock.advance({ minutes: 59 })
  await sweepNumbers(shop.app)
  expect((await state(mobile(1))).state).toBe('reserved')
  shop.clock.advance({ minutes: 2 })
  await sweepNumbers(shop.app)
  expect(await state(mobile(1))).toMatchObject({ state: 'available', subscriber_id: null })
  const released = await shop.app.db
    .selectFrom('audit_entry')
    .select('reason')
    .where('action', '=', 'number.released')
    .where('subject_id', '=', mobile(1))
    .execute()
  expect(released).toEqual([{ reason: 'its order was not paid in time' }])
  const bought = await buy(second, 'home-uk')
  expect((await second.get(`/v1/lines/${bought['lineId']}`)).body['msisdn']).toBe(mobile(1))
  await sql`update phone_number set state = 'available' where state = 'quarantined'`.execute(
    shop.app.db,
  )
})

test('nobody empties the shelf by ordering: three are kept for one person, further orders wait their turn', async () => {
  const someone = await shopper(shop)
  const orders = await Promise.all(
    Array.from({ length: 6 }, () => someone.post('/v1/orders', { planId: 'home-uk' })),
  )
  expect(orders.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 201))
  const { rows: kept } = await sql<{ n: number }>`
    select count(*)::int as n from phone_number
    where state = 'reserved' and subscriber_id = ${someone.subscriberId}`.execute(shop.app.db)
  expect(kept[0]?.n).toBe(3)
  const [last] = orders.slice(-1)
  await pay(last!.body['checkoutUrl'])
  const paid = await untilOrder(someone, last!.body['orderId'], 'paid')
  const { body: line } = await someone.get(`/v1/lines/${paid['lineId']}`)
  expect(line['msisdn']).toMatch(/^\+44/)
})
