/** Somebody with an adjustable plan on a line that is in service: what renewing it is tested with. */
import type { Answer, Shop, Shopper } from './shop.ts'
import { buy, install, pay, shopper, until } from './shop.ts'

export const included = { data: 5, voice: 2, sms: 1 }
export type Steps = typeof included

export function renewing(shop: Shop) {
  async function flexLine(credit = '20.00', more: Partial<Steps> = {}) {
    const someone = await shopper(shop)
    const adjustment = { ...included, ...more }
    const { lineId } = await buy(someone, 'flex-europe', { adjustment })
    await install(shop, someone, lineId)
    if (credit !== '0.00') await topUp(someone, lineId, credit)
    return {
      someone,
      lineId: lineId as string,
      key: { subscriberId: someone.subscriberId, lineId },
    }
  }

  async function topUp(someone: Shopper, lineId: string, amount: string) {
    const { body } = await someone.post(`/v1/lines/${lineId}/top-ups`, {
      amount: { amount, currency: 'GBP' },
    })
    await pay(body['checkoutUrl'])
    await until(
      async () => (await someone.get(`/v1/orders/${body['orderId']}`)).body['state'],
      (state) => state === 'paid',
    )
  }

  const at = (lineId: string, what: string) => `/v1/lines/${lineId}/${what}`
  const quote = (someone: Shopper, lineId: string, steps: Partial<Steps>, when = 'now') => {
    const { data, voice, sms } = { ...included, ...steps }
    return someone.get(
      at(lineId, `plan-change?when=${when}&data=${data}&voice=${voice}&sms=${sms}`),
    )
  }
  async function change(someone: Shopper, lineId: string, steps: Partial<Steps>, when = 'now') {
    const { body } = await quote(someone, lineId, steps, when)
    const adjustment = { ...included, ...steps }
    const request = { when, adjustment, quoteHash: body['hash'] }
    return { quote: body, request, answer: await confirm(someone, lineId, request) }
  }
  const confirm = (someone: Shopper, lineId: string, request: object) =>
    someone.post(at(lineId, 'plan-change'), request)
  const line = async (someone: Shopper, lineId: string) =>
    (await someone.get(`/v1/lines/${lineId}`)).body
  const amounts = async (someone: Shopper) =>
    (await someone.get('/v1/statement')).body['items'].map(
      (one: { kind: string; amount: { amount: string }; moved: { amount: string } | null }) =>
        `${one.kind} ${one.amount.amount} ${one.moved?.amount ?? ''}`.trim(),
    )
  const notices = async ({ subscriberId }: Shopper) =>
    (
      await shop.app.db
        .selectFrom('notice')
        .select('template')
        .where('subscriber_id', '=', subscriberId)
        .where('template', 'like', 'plan-%')
        .orderBy('created_at')
        .execute()
    ).map(({ template }) => template)
  const terms = ({ subscriberId }: Shopper) =>
    shop.app.db
      .selectFrom('line_term')
      .select(['cause', 'paid_minor', 'data_bytes'])
      .where('subscriber_id', '=', subscriberId)
      .orderBy('term')
      .execute()
  const audits = async ({ subscriberId }: Shopper) =>
    (
      await shop.app.db
        .selectFrom('audit_entry')
        .select('action')
        .where('subscriber_id', '=', subscriberId)
        .where('action', 'like', 'plan.%')
        .orderBy('at')
        .execute()
    ).map(({ action }) => action)
  const data = (one: Answer['body']) =>
    one['buckets'].find(({ kind }: { kind: string }) => kind === 'data')

  /** Lets the clock go on and the sweep find what is due, until something holds. */
  async function due(hours: number, holds: () => Promise<boolean>) {
    shop.clock.advance({ hours })
    await until(async () => {
      await shop.sweep()
      return holds()
    }, Boolean)
  }
  return {
    flexLine,
    topUp,
    quote,
    change,
    confirm,
    line,
    amounts,
    notices,
    terms,
    audits,
    data,
    due,
    at,
  }
}
