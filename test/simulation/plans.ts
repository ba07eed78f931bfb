/** What people do with their plans and their credit: change, renew, move, cap, add. */
import { get, ok, post, type Program, say } from './ask.ts'
import { couponCode, type Intent } from './story.ts'

type Of<Kind extends Intent['kind']> = Extract<Intent, { kind: Kind }>
/** In the order they were bought. */
type LineIds = readonly string[]

/** Looks at the price, agrees to it, and to the new one where it changed meanwhile. */
export function* changePlan(
  { line, steps, when, clicks }: Of<'change-plan'>,
  lineIds: LineIds,
): Program {
  const lineId = lineIds[line]
  if (!lineId) return
  const at = `/v1/lines/${lineId}`
  const { body } = yield get(at)
  const adjustment = body?.plan?.dials?.length > 0 ? steps : null
  const query = new URLSearchParams({ when })
  for (const [kind, count] of Object.entries(adjustment ?? {})) query.set(kind, String(count))
  for (let round = 0; round < 3; round += 1) {
    const shown = yield get(`${at}/plan-change?${query}`)
    if (!ok(shown)) {
      yield say(`may not change the plan: ${shown.body?.code ?? shown.status}`)
      return
    }
    const { hash, due } = shown.body
    const agreed = { when, adjustment, quoteHash: hash }
    const answer = yield post(`${at}/plan-change`, agreed, clicks)
    const outcome = ok(answer) ? `for ${due.amount}` : `not: ${answer.body?.code ?? answer.status}`
    yield say(`changes the plan, ${when}, ${outcome}`)
    if (answer.body?.code !== 'quote-changed') return
  }
}

export function* setRenewal({ line, on }: Of<'renewal'>, lineIds: LineIds): Program {
  const lineId = lineIds[line]
  if (!lineId) return
  yield say(`turns renewal ${on ? 'on' : 'off'}`)
  yield {
    do: 'request',
    method: 'PATCH',
    path: `/v1/lines/${lineId}/renewal`,
    body: { autoRenew: on },
  }
}

/** From a line that closes or that there is not, or more than there is: then they are told so. */
export function* moveCredit({ from, to, pounds }: Of<'move-credit'>, lineIds: LineIds): Program {
  const [lineId, toLineId] = [lineIds[from], lineIds[to]]
  if (!lineId || !toLineId) return
  const amount = { amount: `${pounds}.00`, currency: 'GBP' }
  const moved = yield post(`/v1/lines/${lineId}/credit-moves`, { toLineId, amount }, 2)
  yield say(`moves ${pounds}.00 of credit: ${ok(moved) ? 'done' : moved.body?.code}`)
}

export function* cap({ line, pounds }: Of<'cap'>, lineIds: LineIds): Program {
  const lineId = lineIds[line]
  if (!lineId) return
  yield say(`caps the spending at ${pounds ?? 'nothing'}`)
  const spendingCap = pounds === null ? null : { amount: `${pounds}.00`, currency: 'GBP' }
  yield { do: 'request', method: 'PATCH', path: `/v1/lines/${lineId}`, body: { spendingCap } }
}

/** As credit that the operator gives: once, whoever clicks twice. */
export function* useCoupon({ line, clicks }: Of<'coupon'>, lineIds: LineIds): Program {
  const lineId = lineIds[line]
  if (!lineId) return
  const used = yield post(`/v1/lines/${lineId}/coupons`, { code: couponCode }, clicks)
  yield say(`uses a coupon: ${ok(used) ? 'done' : used.body?.code}`)
}

/** The first of those on sale that the credit pays for. */
export function* buyAddon({ line, clicks }: Of<'add-on'>, lineIds: LineIds): Program {
  const lineId = lineIds[line]
  if (!lineId) return
  const at = `/v1/lines/${lineId}/addons`
  const { body } = yield get(at)
  const offers: { addonId: string; version: number; missing: unknown }[] = body?.offers ?? []
  const offer = offers.find(({ missing }) => missing === null)
  if (!offer) return
  const bought = yield post(at, { addonId: offer.addonId, version: offer.version }, clicks)
  yield say(`buys ${offer.addonId}: ${ok(bought) ? 'done' : bought.body?.code}`)
}
