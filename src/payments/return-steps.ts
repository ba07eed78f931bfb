/** Money that nothing could be given for goes back; what its card does not take is kept as its owner's. */
import { post } from '../ledger/store.ts'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { type Policy, residenceOf } from '../policy/policy.ts'
import type { Segment } from '../values/wire.ts'
import { currentPolicy } from '../policy/store.ts'
import { decimal } from '../values/money.ts'
import { checkDisputes } from './dispute-store.ts'
import type { FoundRefund, Payments } from './gateway.ts'
import { type PaidCheckout, referenceOf } from './order.ts'
import { isReturned, lockOrder, type OrderKey } from './order-store.ts'
import { keepUnclaimed } from './unclaimed-store.ts'

export const returnQueue = 'payments.return'

/** A refund is under way for days at most; the provider is asked this often. */
const lookAgainSeconds = 6 * 3600
/** Stands for the reason where a return is only looked at again. */
const underWay = 'under way'

export type Return = OrderKey & { attempt: number; reason: string }

export async function sendBack(trx: Trx, app: App, one: Return, afterSeconds = 0): Promise<void> {
  const { subscriberId, orderId, attempt, reason } = one
  const data = { subscriberId, orderId, attempt: String(attempt), reason }
  await app.queue.send(trx, returnQueue, referenceOf(orderId, attempt), data, afterSeconds)
}

/** Sends money back that nothing could be given for, and looks at it until it has arrived or never will. */
export async function returnPayment(app: App, payments: Payments, one: Return): Promise<void> {
  const paid = referenceOf(one.orderId, one.attempt)
  const checkout = await payments.findCheckout(paid)
  if (checkout?.status !== 'succeeded') throw new Error(`nothing was paid for ${paid}`)
  const { paymentId, amount } = checkout
  const reference = `${paid}.return`
  const refund =
    (await payments.findRefund(reference)) ??
    (await payments.refund({ key: reference, paymentId, amount, reference }))
  await app.db.transaction().execute(async (trx) => {
    await lockOrder(trx, one)
    const isNoted = await isReturned(trx, one, paymentId)
    if (!isNoted) await note(trx, app, one, 'payment.returned', checkout)
    if (refund.state === 'failed') await oweFurther(trx, app, one, checkout, refund)
    // One look follows another; a payment that is found twice begins no second row of them.
    const follows = !isNoted || one.reason === underWay
    if (refund.state === 'pending' && follows)
      await sendBack(trx, app, { ...one, reason: underWay }, lookAgainSeconds)
  })
  // A card may refuse it because its bank has taken it back before.
  if (refund.state === 'failed') await checkDisputes(app, payments, one, paid)
}

/** The card does not take it back: it is owed to whoever paid, and stands in the books as that. */
async function oweFurther(
  trx: Trx,
  app: App,
  one: Return,
  checkout: PaidCheckout,
  { failure = 'the refund failed' }: FoundRefund,
) {
  const { subscriberId, orderId, attempt } = one
  const { amount } = checkout
  const key = `return:${referenceOf(orderId, attempt)}`
  const since = app.clock.now()
  const posted = await post(trx, app.ids, {
    subscriberId,
    key,
    kind: 'refund-failed',
    at: since,
    detail: { orderId },
    postings: [{ from: { account: 'payments-clearing' }, to: { account: 'unclaimed' }, amount }],
  })
  if (posted === 'posted-before') return
  const policy = await policyOfHome(trx, subscriberId, since)
  const why = 'return-refused'
  const owed = { subscriberId, transferKey: key, why, reference: orderId, amount, since } as const
  await keepUnclaimed(trx, app, [{ ...owed, policy }])
  await note(trx, app, { ...one, reason: failure }, 'payment.unclaimed', checkout)
}

/** Of where its owner lives; none where that was never said. */
async function policyOfHome(
  trx: Trx,
  subscriberId: string,
  at: Temporal.Instant,
): Promise<Policy | undefined> {
  const { country, region, segment } = await trx
    .selectFrom('subscriber')
    .select(['country', 'region', 'segment'])
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirstOrThrow()
  if (country === null) return undefined
  return currentPolicy(trx, residenceOf(country, region), at, segment as Segment)
}

async function note(
  trx: Trx,
  app: App,
  { subscriberId, orderId, reason }: Return,
  action: string,
  { amount, paymentId }: PaidCheckout,
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: system,
    action,
    subject: { kind: 'order', id: orderId },
    reason,
    detail: { amount: decimal(amount), currency: amount.currency, paymentId },
  })
}
