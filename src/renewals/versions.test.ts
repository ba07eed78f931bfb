import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { included, renewing } from '../../test/renewing.ts'
import { openShop, type Shop } from '../../test/shop.ts'
import { catalogPlans } from '../plans/catalog.ts'
import { startClosingLines } from '../lines/closing-store.ts'
import { tellNewVersions } from './version-store.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const { document } = catalogPlans().find(({ planId }) => planId === 'flex-europe')!

/** The plan of the catalog at another price, as a change of the catalog brings it. */
async function sellNewer(price: string) {
  const now = shop.app.clock.now()
  await shop.app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ version: number }>`
      update plan_version set valid_to = ${now} where plan_id = 'flex-europe' and valid_to is null
      returning version`.execute(trx)
    const newer = { ...document, price: { amount: price, currency: 'GBP' } }
    await trx
      .insertInto('plan_version')
      .values({
        plan_id: 'flex-europe',
        version: rows[0]!.version + 1,
        document: JSON.stringify(newer),
        valid_from: now,
      })
      .execute()
  })
}

test('a newer version changes no line; its owner is told once, and may begin the next period with it', async () => {
  const { flexLine, line, notices, at, confirm, due } = renewing(shop)
  const { someone, lineId } = await flexLine('30.00')
  const leaving = await flexLine('0.00')
  await shop.app.db.transaction().execute((trx) => startClosingLines(trx, [leaving.key]))
  const before = await line(someone, lineId)
  await tellNewVersions(shop.app)
  expect(await notices(someone)).toEqual([])

  await sellNewer('11.00')
  for (let turn = 0; turn < 3; turn += 1) await tellNewVersions(shop.app)
  expect(await notices(someone)).toEqual(['plan-version'])
  expect(await notices(leaving.someone)).toEqual([])
  expect(await line(someone, lineId)).toEqual(before)
  const renewal = (await someone.get(at(lineId, 'renewal'))).body
  expect([renewal['plan'].version, renewal['newer'].version, renewal['price'].amount]).toEqual([
    1,
    2,
    '9.00',
  ])
  // The old price still holds for changes of what the line has.
  const own = await someone.get(at(lineId, 'plan-change?when=renewal&data=6&voice=2&sms=1'))
  expect(own.body['priceAfter'].amount).toBe('9.80')

  const ask = (query: string) =>
    someone.get(at(lineId, `plan-change?${query}&data=5&voice=2&sms=1`))
  expect((await ask('when=now&version=2')).body['code']).toBe('only-at-renewal')
  expect((await ask('when=renewal&version=3')).body['code']).toBe('plan-not-sold')
  const { body: quote } = await ask('when=renewal&version=2')
  expect([quote['priceBefore'].amount, quote['priceAfter'].amount]).toEqual(['9.00', '11.00'])
  const request = { when: 'renewal', adjustment: included, version: 2, quoteHash: quote['hash'] }
  expect((await confirm(someone, lineId, request)).body['scheduled'].version).toBe(2)
  await due(30 * 24 + 1, async () => (await notices(someone)).includes('plan-renewed'))
  const after = await line(someone, lineId)
  expect([after['plan'].version, after['paidCredit'].amount]).toEqual([2, '19.00'])
})

test('the database refuses to change or delete a version', async () => {
  const refused = /never changed, only followed/
  const { db } = shop.app
  const change = sql`update plan_version set document = document || '{"periodDays": 1}' where version = 1`
  await expect(change.execute(db)).rejects.toThrow(refused)
  await expect(sql`delete from plan_version`.execute(db)).rejects.toThrow(refused)
  await expect(sql`truncate plan_version cascade`.execute(db)).rejects.toThrow(refused)
})
