/** Add-ons against the whole platform: bought at the price shown, once; used in their order; earned when over, or back when the line closes. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buyAddon } from '../src/addons/store.ts'
import { proveLedger } from '../src/ledger/store.ts'
import { addBucket, changeAllowance } from '../src/lines/purse-store.ts'
import { until } from '../src/main/demo-person.ts'
import { imsiOf } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { reportUsage } from './shop.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
}, 60_000)
afterAll(() => platform.close())

type Someone = Awaited<ReturnType<typeof member>>

async function subscribed(plan = 'home-uk', credit = '20.00') {
  const someone = await member(platform)
  const { lineId } = await buyLine(someone, plan)
  await install(platform, someone, lineId)
  if (credit !== '0.00') await topUp(someone, lineId, credit)
  return { someone, lineId, path: `/v1/lines/${lineId}/addons` }
}

const week = { addonId: 'data-1gb-7d', version: 1 }
const balance = async (lineId: string, account: string) => {
  const { rows } = await sql<{ minor: bigint }>`
    select minor from ledger_balance where line_id = ${lineId} and account = ${account}`.execute(
    platform.db,
  )
  return rows[0]?.minor ?? 0n
}
const line = async (someone: Someone, lineId: string) =>
  (await someone.get(`/v1/lines/${lineId}`)).body

async function uses(lineId: string, megabytes: number) {
  const at = platform.clock.now().toString()
  const imsi = await imsiOf(platform, lineId)
  const use = { imsi, kind: 'data', quantity: megabytes * 1_000_000, mcc: '234', mnc: '10' }
  const record = { id: randomUUID(), ...use, startedAt: at, endedAt: at }
  expect((await reportUsage(platform, [record])).body['accepted']).toHaveLength(1)
}

test('the price shown is the price paid, once however often it is sent, and stands on the statement', async () => {
  const { someone, lineId, path } = await subscribed()
  const { body: shown } = await someone.get(path)
  const offer = shown.offers.find(({ addonId }: { addonId: string }) => addonId === week.addonId)
  expect([offer.price.amount, offer.missing]).toEqual(['1.50', null])
  const key = randomUUID()
  const sent = await Promise.all([someone.post(path, week, key), someone.post(path, week, key)])
  expect(sent.map(({ status }) => status).filter((status) => status === 200)).not.toEqual([])
  await someone.post(path, week, key)
  // Below the stored answers the key holds by itself, too.
  const { body: me } = await someone.get('/v1/me')
  const direct = { subscriberId: me.subscriberId, lineId, ...week, key }
  expect(await buyAddon(platform.app, direct)).toBeUndefined()
  const { body: after } = await someone.get(path)
  expect(after.running).toHaveLength(1)
  expect(after.credit.amount).toBe('18.50')
  expect(await balance(lineId, 'addon-prepaid')).toBe(150n)
  const now = await line(someone, lineId)
  expect(now.buckets.filter(({ isAddon }: { isAddon: boolean }) => isAddon)).toMatchObject([
    { kind: 'data', granted: '1000000000', expiresAt: after.running[0].until },
  ])
  // What the plan includes is not more by it.
  expect(now.bought.dataBytes).toBe('25000000000')
  const { body: statement } = await someone.get('/v1/statement')
  expect(statement.items[0]).toMatchObject({ kind: 'addon', moved: { amount: '1.50' } })
}, 60_000)

test('what ends first is used first; over, it is earned with its tax, and a change of plan leaves it alone', async () => {
  const { someone, lineId, path } = await subscribed('flex-europe')
  await someone.post(path, week)
  await uses(lineId, 400)
  const remaining = async () =>
    Object.fromEntries(
      (await line(someone, lineId)).buckets
        .filter(({ kind }: { kind: string }) => kind === 'data')
        .map((one: { isAddon: boolean; remaining: string }) => [
          one.isAddon ? 'addon' : 'plan',
          Number(one.remaining) / 1e6,
        ]),
    )
  expect(await remaining()).toEqual({ addon: 600, plan: 5000 })
  const at = `/v1/lines/${lineId}/plan-change`
  const { body: quote } = await someone.get(`${at}?when=now&data=1&voice=2&sms=1`)
  const adjustment = { data: 1, voice: 2, sms: 1 }
  const less = await someone.post(at, { when: 'now', adjustment, quoteHash: quote.hash })
  expect(less.status).toBe(200)
  // 5 and 1 GB × 29/30 are 4,834 and 967 whole megabytes; the add-on is as it was.
  expect(await remaining()).toEqual({ addon: 600, plan: 5000 - 3867 })

  platform.clock.advance({ hours: 7 * 24 })
  await until(
    () => balance(lineId, 'addon-prepaid'),
    (minor) => minor === 0n,
    20_000,
  )
  const { body: statement } = await someone.get('/v1/statement')
  const ended = statement.items.filter(({ kind }: { kind: string }) => kind === 'addon-used')
  expect(ended).toMatchObject([{ amount: { amount: '-1.50' }, tax: { amount: '0.25' } }])
  expect((await someone.get(path)).body.running).toEqual([])
  // After its end it pays for nothing.
  await uses(lineId, 100)
  expect((await remaining()).plan).toBe(5000 - 3867 - 100)
}, 60_000)

test('what a change of plan grants never lands in an add-on, though both end at one moment', async () => {
  const { someone, lineId } = await subscribed('europe-5gb-15d', '0.00')
  const { subscriberId } = (await someone.get('/v1/me')).body
  const periodEnd = Temporal.Instant.from((await line(someone, lineId)).periodEnd)
  const key = { subscriberId, lineId }
  const { ids } = platform.app
  await platform.db.transaction().execute(async (trx) => {
    await addBucket(trx, ids, key, { kind: 'sms', quantity: 5n, until: periodEnd })
    await changeAllowance(trx, ids, key, { granted: { data: 0n, voice: 0n, sms: 7n }, periodEnd })
  })
  const { rows } = await sql<{ granted: bigint; priority: number }>`
    select granted, priority from bucket where line_id = ${lineId} and kind = 'sms'
    order by granted`.execute(platform.db)
  expect(rows).toEqual([
    { granted: 5n, priority: 1 },
    { granted: 7n, priority: 0 },
  ])
})

test('closing gives back what is not used of it, to the cent, and leaves nothing of it to earn', async () => {
  const { someone, lineId, path } = await subscribed('home-uk', '20.00')
  await someone.post(path, { addonId: 'data-5gb-30d', version: 1 })
  await someone.post(path, week)
  await uses(lineId, 250)
  const draft = await draftClosure(someone, 'line', lineId)
  const [table] = draft.quote.currencies
  const rows = table.sources.filter(({ kind }: { kind: string }) => kind === 'addon')
  // 1.50: 6 of 7 days, 750 of 1,000 MB; 5.00: 29 of 30 days, nothing used.
  expect(rows.map(({ amount }: { amount: { amount: string } }) => amount.amount)).toEqual([
    '1.12',
    '4.83',
  ])
  expect((await submit(someone, draft)).status).toBe(202)
  const closed = await untilState(someone, draft.caseId, 'closed')
  expect(closed.finalStatement[0].refund.amount).toBe(table.refund.amount)
  expect(await balance(lineId, 'addon-prepaid')).toBe(0n)
  platform.clock.advance({ hours: 31 * 24 })
  const { rows: open } = await sql`
    select from line_addon where line_id = ${lineId} and (ended_at is null or due_at is not null)`.execute(
    platform.db,
  )
  expect(open).toEqual([])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}, 60_000)

test('refused with the reason, and nothing half done', async () => {
  const poor = await subscribed('japan-3gb-7d', '0.00')
  const code = async (one: typeof poor, body: object) =>
    (await one.someone.post(one.path, body)).body.code
  const missing = await poor.someone.post(poor.path, week)
  expect(missing).toMatchObject({ status: 409, body: { code: 'not-enough-credit' } })
  expect(missing.body.amount).toEqual({ amount: '1.50', currency: 'GBP' })
  // Calls are for lines with a number.
  const { body: shown } = await poor.someone.get(poor.path)
  expect(new Set(shown.offers.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(['data']))
  expect(await code(poor, { addonId: 'voice-120-30d', version: 1 })).toBe('addon-not-sold')
  expect(await code(poor, { ...week, version: 2 })).toBe('addon-not-sold')
  expect(await code(poor, { addonId: 'x', version: 1 })).toBe('addon-not-sold')
  expect(await code(poor, {})).toBe('invalid-request')
  expect((await poor.someone.post(poor.path, week, '')).body.code).toBe('idempotency-key-missing')
  const stranger = await member(platform)
  expect((await stranger.get(poor.path)).status).toBe(404)
  expect((await stranger.post(poor.path, week)).status).toBe(404)
  const fresh = await buyLine(poor.someone)
  const path = `/v1/lines/${fresh.lineId}/addons`
  expect((await poor.someone.post(path, week)).body.code).toBe('line-not-active')
  expect(await balance(poor.lineId, 'addon-prepaid')).toBe(0n)
  await expect(
    platform.db.updateTable('addon_version').set({ document: '{}' }).execute(),
  ).rejects.toThrow(/never changed/)
}, 60_000)
