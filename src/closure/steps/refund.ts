/** Sends one refund to the instrument that paid, and books it where it ended. */
import { post } from '../../ledger/store.ts'
import type { TransferKind } from '../../ledger/ledger.ts'
import type { FoundRefund } from '../../payments/gateway.ts'
import { endRefund, findRefundRow } from '../../payments/store.ts'
import type { Trx } from '../../platform/database.ts'
import { decimal } from '../../values/money.ts'
import { caseUrl, tell } from '../enter-store.ts'
import type { Outcome, OutsideStep, Pending, StepContext } from './step.ts'

const askAgainMsMin = 2000
const askAgainMsMax = 3_600_000

export const refund: OutsideStep = {
  kind: 'outside',

  async isDone({ app, partners, c, now, subject }) {
    const found = await partners.payments.findRefund(subject)
    if (!found) return undefined
    const { requestedAt } = await findRefundRow(app.db, c.subscriberId, subject)
    return outcomeOf(found, now.epochMilliseconds - requestedAt.epochMilliseconds)
  },

  async perform({ app, partners, c, subject }) {
    const row = await findRefundRow(app.db, c.subscriberId, subject)
    // The refund's own name is the idempotency key, so asking twice sends once.
    const found = await partners.payments.refund({
      key: subject,
      paymentId: row.paymentId,
      amount: row.amount,
      reference: subject,
    })
    return outcomeOf(found, 0)
  },

  async record(trx, context, outcome) {
    const { c, now, subject } = context
    const succeeded = outcome['state'] === 'succeeded'
    await endRefund(trx, now, {
      subscriberId: c.subscriberId,
      refundId: subject,
      state: succeeded ? 'succeeded' : 'unclaimed',
      failure: outcome['failure'] ?? null,
      providerRefundId: outcome['providerRefundId'] ?? null,
    })
    await book(trx, context, succeeded)
    if (!succeeded) await tellOfFailure(trx, context, outcome['failure'] ?? 'unknown')
    return {
      outcome,
      events: [{ kind: succeeded ? 'refund-sent' : 'refund-failed', detail: { refund: subject } }],
    }
  },
}

async function tellOfFailure(
  trx: Trx,
  { app, c, facts, now, subject }: StepContext,
  failure: string,
) {
  const { amount, orderId } = await findRefundRow(trx, c.subscriberId, subject)
  const paidBy = c.quote?.refundTo.find((order) => order.orderId === orderId)
  await tell(trx, app, c, facts, 'refund-failed', {
    reference: c.reference,
    amount: `${decimal(amount)} ${amount.currency}`,
    instrument: paidBy?.instrument ?? '',
    failure,
    at: now.toString(),
    url: caseUrl(app, c),
  })
}

/** A refund that can't be delivered stays the subscriber's money: it is booked as unclaimed, never as revenue. */
async function book(trx: Trx, { app, c, now, subject }: StepContext, succeeded: boolean) {
  const { amount } = await findRefundRow(trx, c.subscriberId, subject)
  const kind: TransferKind = succeeded ? 'refund' : 'refund-failed'
  const to = succeeded
    ? ({ account: 'payments-clearing' } as const)
    : ({ account: 'unclaimed' } as const)
  await post(trx, app.ids, {
    subscriberId: c.subscriberId,
    key: `${subject}:ended`,
    kind,
    at: now,
    detail: { reference: c.reference },
    postings: [{ from: { account: 'refunds-payable' }, to, amount }],
  })
}

/** A bank takes days at times: the longer a refund is on its way, the rarer it is asked about. A webhook is faster. */
function outcomeOf(
  { refundId, state, failure }: FoundRefund,
  underwayMs: number,
): Outcome | Pending {
  if (state === 'pending')
    return { pendingMs: Math.min(Math.max(underwayMs, askAgainMsMin), askAgainMsMax) }
  return { state, providerRefundId: refundId, ...(failure && { failure }) }
}
