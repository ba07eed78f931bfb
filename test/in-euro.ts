/** A plan in a second currency, credit in it, and what it is changed for. */
import { addRates } from '../src/ledger/exchange-store.ts'
import { type Person, until } from '../src/main/demo-person.ts'
import { money } from '../src/values/money.ts'
import type { TestPlatform } from './platform.ts'
import { pay } from './way.ts'

/** The British plan, sold in euro under a name of its own. */
export async function sellInEuro(platform: TestPlatform) {
  const { document, valid_from } = await platform.db
    .selectFrom('plan_version')
    .select(['document', 'valid_from'])
    .where('plan_id', '=', 'home-uk')
    .where('valid_to', 'is', null)
    .executeTakeFirstOrThrow()
  const inEuro = JSON.stringify(document).replaceAll('"GBP"', '"EUR"')
  await platform.db
    .insertInto('plan_version')
    .values({ plan_id: 'home-euro', version: 1, document: inEuro, valid_from })
    .execute()
}

export async function topUpEuro(someone: Person, lineId: string, amount: string) {
  const { body: order } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
    amount: { amount, currency: 'EUR' },
  })
  await pay(order.checkoutUrl)
  await until(
    async () => (await someone.get(`/v1/orders/${order.orderId}`)).body,
    ({ state }) => state === 'paid',
  )
}

/** Euro into pounds, for balances of at most 30.00. */
export function quoteRate({ clock, db }: TestPlatform, rate: string, validHours: number) {
  const asOf = clock.now()
  const validUntil = asOf.add({ hours: validHours })
  const atMost = money(3000n, 'EUR')
  const source = 'European Central Bank'
  return addRates(db, [{ from: 'EUR', into: 'GBP', rate, source, asOf, validUntil, atMost }], asOf)
}
