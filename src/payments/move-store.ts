/** Credit moved from one of a subscriber's lines to another: once by its key, and never what a session has set aside. */
import { sql } from 'kysely'
import { post } from '../ledger/store.ts'
import { whyFixed } from '../lines/line.ts'
import { lockLines } from '../lines/store.ts'
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { wakeRenewal } from '../renewals/setting-store.ts'
import { decimal, fromWire, type Money, type MoneyWire, money, toWire } from '../values/money.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import type { AtClosing } from './share.ts'

/** Where credit lies that no line has. */
export const ofNoLine = ''

export type Move = {
  subscriberId: string
  lineId: string
  toLineId: string
  amount: MoneyWire
  atClosing?: AtClosing | undefined
  /** The request's own: the same key moves once. */
  key: string
}

export async function moveCredit(app: App, asked: Move): Promise<Refusal | undefined> {
  const { subscriberId, lineId, toLineId, atClosing, key } = asked
  if (lineId === toLineId) return refuse('same-line')
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const no = await whyNot(trx, asked)
    if (no) return no
    const credit = await creditOf(trx, asked)
    const amount = amountOf(asked, credit)
    if (isRefusal(amount)) return amount
    const moved = await post(trx, app.ids, {
      subscriberId,
      key: `move:${key}`,
      kind: 'credit-move',
      at: now,
      detail: { from: lineId, to: toLineId, ...(atClosing && { atClosing }) },
      postings: [
        {
          from: { account: 'paid-credit', lineId },
          to: { account: 'paid-credit', lineId: toLineId },
          amount,
        },
      ],
    })
    if (moved === 'posted-before') return undefined
    await wakeRenewal(trx, now, { subscriberId, lineId: toLineId })
    await audit(trx, app.ids, now, {
      subscriberId,
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'credit.moved',
      subject: { kind: 'line', id: lineId || toLineId },
      reason: 'asked by the subscriber',
      detail: { to: toLineId, amount: decimal(amount), currency: amount.currency },
    })
    return undefined
  })
}

/** The lines are theirs, live, and of one currency; they and what is on them are held until the transaction ends. */
async function whyNot(trx: Trx, { subscriberId, lineId, toLineId }: Move) {
  const states = await lockLines(trx, subscriberId, [lineId, toLineId])
  for (const id of [lineId, toLineId]) {
    if (id === ofNoLine) continue
    const state = states.get(id)
    if (state === undefined) return refuse('not-found')
    const fixed = whyFixed(state)
    if (fixed) return fixed
  }
  return undefined
}

type Credit = { own: Money; currencyThere: string }

async function creditOf(
  trx: Trx,
  { subscriberId, lineId, toLineId, amount }: Move,
): Promise<Credit> {
  const { rows } = await sql<{ line_id: string; currency: string; free: bigint }>`
    select p.line_id, p.currency::text as currency,
      greatest(p.paid_minor - greatest(p.held_minor - p.promotional_minor, 0), 0)::int8 as free
    from purse p
    left join line l on l.subscriber_id = p.subscriber_id and l.line_id = p.line_id
    where p.subscriber_id = ${subscriberId} and p.line_id in (${lineId}, ${toLineId})
      and p.currency = coalesce(l.currency, ${amount.currency})`.execute(trx)
  const to = rows.find((row) => row.line_id === toLineId)!
  // Of no line there may be nothing yet.
  const from = rows.find((row) => row.line_id === lineId) ?? { free: 0n, currency: to.currency }
  return { own: money(from.free, from.currency), currencyThere: to.currency }
}

function amountOf({ amount: wire }: Move, { own, currencyThere }: Credit): Money | Refusal {
  const { currency } = own
  if (currencyThere !== currency) return refuse('wrong-currency', { currency: currencyThere })
  if (wire.currency !== currency) return refuse('wrong-currency', { currency })
  const amount = fromWire(wire)
  const max = `${decimal(own)} ${currency}`
  if (!amount || amount.minor <= 0n)
    return refuse('amount-out-of-range', { min: decimal(money(1n, currency)), max })
  if (amount.minor <= own.minor) return amount
  const missing = { ...own, minor: amount.minor - own.minor }
  return refuse(
    'not-enough-credit',
    { missing: `${decimal(missing)} ${currency}` },
    { amount: toWire(missing) },
  )
}
