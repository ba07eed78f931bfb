/** Sends one refund to the instrument that paid, and books it where it ended. */
import { postAll, type Transfer } from '../../ledger/store.ts'
import type { FoundRefund } from '../../payments/gateway.ts'
import { endRefunds, findRefundRow, type RefundRow, refundRows } from '../../payments/store.ts'
import type { Trx } from '../../platform/database.ts'
import { decimal } from '../../values/money.ts'
import { caseUrl, tellAll } from '../enter-store.ts'
import type { Outcome, OutsideStep, Pending, Performed, StepContext } from './step.ts'

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

  async record(trx, all) {
    const [{ now }] = all as [Performed]
    const rows = await refundRows(trx, all.map(keyOf))
    const ended = all.map((context): Ended => {
      const { subject, performed } = context
      const succeeded = performed['state'] === 'succeeded'
      const row = rows.get(subject)
      if (!row) throw new Error(`there is no refund ${subject}`)
      return { ...context, row, succeeded, failure: performed['failure'] ?? null }
    })
    await endRefunds(
      trx,
      now,
      ended.map((one) => ({
        ...keyOf(one),
        state: one.succeeded ? 'succeeded' : 'unclaimed',
        failure: one.failure,
        providerRefundId: one.performed['providerRefundId'] ?? null,
      })),
    )
    await book(trx, ended)
    await tellOfFailures(
      trx,
      ended.filter(({ succeeded }) => !succeeded),
    )
    return ended.map(({ succeeded, subject }) => ({
      events: [{ kind: succeeded ? 'refund-sent' : 'refund-failed', detail: { refund: subject } }],
    }))
  },
}

type Ended = Performed & { row: RefundRow; succeeded: boolean; failure: string | null }

const keyOf = ({ c, subject }: StepContext) => ({
  subscriberId: c.subscriberId,
  refundId: subject,
})

async function tellOfFailures(trx: Trx, failed: readonly Ended[]) {
  const notices = failed.map(({ app, c, facts, now, row, failure }) => {
    const paidBy = c.quote?.refundTo.find((order) => order.orderId === row.orderId)
    const params = {
      reference: c.reference,
      amount: `${decimal(row.amount)} ${row.amount.currency}`,
      instrument: paidBy?.instrument ?? '',
      failure: failure ?? 'unknown',
      at: now.toString(),
      url: caseUrl(app, c),
    }
    return { c, facts, params }
  })
  const [first] = failed
  if (first) await tellAll(trx, first.app, 'refund-failed', notices)
}

/** A refund that can't be delivered stays the subscriber's money: it is booked as unclaimed, never as revenue. */
async function book(trx: Trx, ended: readonly Ended[]) {
  const transfers = ended.map(({ c, now, subject, row, succeeded }): Transfer => {
    const to = { account: succeeded ? 'payments-clearing' : 'unclaimed' } as const
    return {
      subscriberId: c.subscriberId,
      key: `${subject}:ended`,
      kind: succeeded ? 'refund' : 'refund-failed',
      at: now,
      detail: { reference: c.reference },
      postings: [{ from: { account: 'refunds-payable' }, to, amount: row.amount }],
    }
  })
  await postAll(trx, ended[0]!.app.ids, transfers)
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
