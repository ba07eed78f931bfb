/** Coupons from the command line to the end of a line: once each, to the last use and day, forfeited as what they are. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import {
  type CouponFlags,
  couponsCreateCommand,
  couponsListCommand,
  readCoupon,
} from '../src/main/coupons.ts'
import { run } from '../src/main/cli.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

const flags = (more: Partial<CouponFlags> = {}): CouponFlags => ({
  amount: '5.00',
  currency: 'GBP',
  until: platform.app.clock.now().add({ hours: 48 }).toString().slice(0, 10),
  uses: '100',
  note: 'spring',
  ...more,
})

async function create(more: Partial<CouponFlags> = {}) {
  let text = ''
  const coupon = readCoupon(flags(more), platform.app.clock.now())
  const code = await couponsCreateCommand(platform.config.databaseUrl, coupon, true, (part) => {
    text += part
  })
  return { exit: code, ...(JSON.parse(text) as { code: string; created: boolean }) }
}

async function owner() {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone)
  const use = (code: string) => someone.post(`/v1/lines/${lineId}/coupons`, { code })
  return { someone, lineId, use }
}

test('a coupon gives promotional credit, once to each subscriber, however it is typed', async () => {
  const { code } = await create()
  expect(code).toMatch(/^[2-9A-Z]{4}(-[2-9A-Z]{4}){2}$/)
  const { someone, lineId, use } = await owner()
  const used = await use(` ${code.toLowerCase()} `)
  expect(used).toMatchObject({ status: 200, body: { promotionalCredit: { amount: '5.00' } } })
  expect((await use(code)).body.code).toBe('coupon-used')
  const other = await buyLine(someone)
  const again = await someone.post(`/v1/lines/${other.lineId}/coupons`, { code })
  expect(again.body.code).toBe('coupon-used')
  const { body: statement } = await someone.get('/v1/statement')
  const promotions = statement.items.filter(({ kind }: { kind: string }) => kind === 'promotion')
  expect(promotions).toMatchObject([{ lineId, amount: { amount: '5.00', currency: 'GBP' } }])
  const stranger = await member(platform)
  expect((await stranger.post(`/v1/lines/${lineId}/coupons`, { code })).status).toBe(404)
}, 60_000)

test('clicked twice, and on two lines at once, it is used once; the last use goes to one of two', async () => {
  const { code } = await create()
  const { someone, lineId } = await owner()
  const other = await buyLine(someone)
  const answers = await Promise.all(
    [lineId, lineId, other.lineId].map((id) => someone.post(`/v1/lines/${id}/coupons`, { code })),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  const last = await create({ uses: '1' })
  const [one, two] = [await owner(), await owner()]
  const both = await Promise.all([one.use(last.code), two.use(last.code)])
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
  expect(both.find(({ status }) => status === 409)?.body.code).toBe('coupon-expired')
  const { rows } = await sql<{ used: number }>`
    select used from coupon where code = ${last.code}`.execute(platform.db)
  expect(rows).toEqual([{ used: 1 }])
}, 60_000)

test('unknown, over, of another currency, on a closing line: refused with the reason, and nothing is given', async () => {
  const { someone, lineId, use } = await owner()
  expect((await use('NO-SUCH-CODE')).body.code).toBe('coupon-unknown')
  expect((await use('?')).body.code).toBe('coupon-unknown')
  const euros = await create({ currency: 'EUR' })
  expect((await use(euros.code)).body.code).toBe('wrong-currency')
  const short = await create()
  platform.clock.advance({ hours: 24 * 4 })
  expect((await use(short.code)).body.code).toBe('coupon-expired')
  const { body } = await someone.get(`/v1/lines/${lineId}`)
  expect(body.promotionalCredit.amount).toBe('0.00')
}, 60_000)

test('at closing what a coupon gave is promotional: forfeited where it says so, never refunded', async () => {
  const { code } = await create({ amount: '3.00' })
  const { someone, lineId, use } = await owner()
  await install(platform, someone, lineId)
  await topUp(someone, lineId, '10.00')
  await use(code)
  const draft = await draftClosure(someone, 'line', lineId)
  const [table] = draft.quote.currencies
  const kinds = (rows: { kind: string; amount: { amount: string } }[]) =>
    rows.map(({ kind, amount }) => `${kind} ${amount.amount}`)
  expect(kinds(table.sources)).toContain('promotional-credit 3.00')
  expect(kinds(table.destinations)).toContain('promotion-forfeited 3.00')
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'closed')
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('made and listed on the command line; what no coupon can be made of is one sentence', async () => {
  const own = await create({ code: 'Hello-2027', uses: '7' })
  expect(own).toMatchObject({ exit: 0, code: 'HELLO-2027', created: true })
  expect(await create({ code: 'hello-2027' })).toMatchObject({ exit: 1, created: false })
  let text = ''
  await couponsListCommand(platform.config.databaseUrl, true, (part) => (text += part))
  const { coupons } = JSON.parse(text) as { coupons: object[] }
  expect(coupons).toContainEqual(
    expect.objectContaining({ code: 'HELLO-2027', amount: '5.00', used: 0, usesMax: 7 }),
  )
  const bad = (more: Partial<CouponFlags>) => () =>
    readCoupon(flags(more), platform.app.clock.now())
  expect(bad({ amount: '0' })).toThrow(/--amount/)
  expect(bad({ amount: '5.001' })).toThrow(/--amount/)
  expect(bad({ currency: 'XXX' })).toThrow(/--amount/)
  expect(bad({ until: '2020-01-01' })).toThrow(/--until/)
  expect(bad({ until: 'soon' })).toThrow(/--until/)
  expect(bad({ uses: '0' })).toThrow(/--uses/)
  expect(bad({ uses: '1.5' })).toThrow(/--uses/)
  expect(bad({ code: 'a b!' })).toThrow(/--code/)
  expect(await run(['coupons', 'create', '--amount', '5.00'])).toBe(2)
})
