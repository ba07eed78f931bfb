/** Sends one refund to the instrument that paid, and books it where it ended. */
import type { LedgerAccount, TransferKind } from '../../ledger/ledger.ts'
import { postAll, type Transfer } from '../../ledger/store.ts'
import { excessOf } from '../../payments/dispute-store.ts'
import type { FoundRefund } from '../../payments/gateway.ts'
import { failRefunds } from '../../payments/payout-store.ts'
import {
  endRefunds,
  findRefundRow,
  type NewRefund,
  type RefundRow,
  refundRows,
  startRefunds,
} from '../../payments/store.ts'
import { keepUnclaimed, type NewUnclaimed } from '../../payments/unclaimed-store.ts'
import type { App } from '../../platform/app.ts'
import { auditAll, system } from '../../platform/audit.ts'
import type { Trx } from '../../platform/database.ts'
import { decimal } from '../../values/money.ts'
import { caseUrl, tellAll } from '../enter-store.ts'
import { payoutDays } from '../workflow.ts'
import type {
  InsideContext,
  Outcome,
  OutsideStep,
  Pending,
  Performed,
  StepContext,
} from './step.ts'

const askAgainMsMin = 2000
const askAgainMsMax = 3_600_000
const dayMs = 86_400_000

export const refund: OutsideStep = {
  kind: 'outside',

  async isDone({ app, partners, c, now, subject }) {
    const found = await partners.payments.findRefund(subject)
    if (!found) return undefined
    const { requestedAt } = await findRefundRow(app.db, c.subscriberId, subject)
    return outcomeOf(found, now.epochMilliseconds - requestedAt.epochMilliseconds)
  },

  async perform(context) {
    const { app, partners, c, subject } = context
    const row = await findRefundRow(app.db, c.subscriberId, subject)
    const held = await heldByBank(context, row)
    if (held) return held
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
    const [{ app, now }] = all as [Performed]
    const refused = all.filter((one) => !hasEnded(one))
    await endAll(
      trx,
      all.filter(hasEnded).map((one) => ({ ...one, ended: one.performed.state })),
    )
    // The money stays set aside: its owner says where else it should go, and has time for that.
    const until = now.add({ hours: 24 * payoutDays })
    await failRefunds(
      trx,
      refused.map((one) => ({ ...keyOf(one), failure: failureOf(one), until })),
    )
    await auditRefunds(
      trx,
      app,
      now,
      refused.map((one) => ({ ...keyOf(one), state: 'failed', reason: failureOf(one) })),
    )
    await tellOfFailures(trx, app, refused, until)
    return all.map((one) => {
      const detail = { refund: one.subject }
      if (!hasEnded(one))
        return { events: [{ kind: 'refund-failed', detail: { ...detail, until: String(until) } }] }
      const kind = one.performed.state === 'succeeded' ? 'refund-sent' : 'charged-back'
      return { events: [{ kind, detail }] }
    })
  },
}

type Audited = {
  subscriberId: string
  refundId: string
  state: RefundRow['state'] | 'late'
  reason: string
}

/** Says in the audit trail what refunds have become. */
export async function auditRefunds(
  trx: Trx,
  { ids }: Pick<App, 'ids'>,
  now: Temporal.Instant,
  refunds: readonly Audited[],
): Promise<void> {
  await auditAll(
    trx,
    ids,
    now,
    refunds.map(({ subscriberId, refundId, state, reason }) => ({
      subscriberId,
      actor: system,
      action: `refund.${state}`,
      subject: { kind: 'refund', id: refundId },
      reason,
    })),
  )
}

/** Sets up what a settlement sends back. */
export async function beginRefunds(
  trx: Trx,
  { app, now }: Pick<InsideContext, 'app' | 'now'>,
  refunds: readonly NewRefund[],
): Promise<void> {
  await startRefunds(trx, now, refunds)
  const asked = { state: 'requested', reason: 'what was paid goes back' } as const
  await auditRefunds(
    trx,
    app,
    now,
    refunds.map(({ subscriberId, refundId }) => ({ subscriberId, refundId, ...asked })),
  )
}

/** The money is where it belongs: its card has it, or its bank gave it back. */
function hasEnded(
  one: Performed,
): one is Performed & { performed: Outcome & { state: 'succeeded' | 'charged-back' } } {
  const { state } = one.performed
  return state === 'succeeded' || state === 'charged-back'
}

const failureOf = ({ performed }: Performed) => performed['failure'] ?? 'unknown'

const keyOf = ({ c, subject }: StepContext) => ({
  subscriberId: c.subscriberId,
  refundId: subject,
})

async function tellOfFailures(
  trx: Trx,
  app: App,
  refused: readonly Performed[],
  until: Temporal.Instant,
) {
  if (refused.length === 0) return
  const rows = await refundRows(trx, refused.map(keyOf))
  const notices = refused.map((one) => {
    const { c, facts, now, subject } = one
    const row = rows.get(subject)
    if (!row) throw new Error(`there is no refund ${subject}`)
    const paidBy = c.quote?.refundTo.find((order) => order.orderId === row.orderId)
    const params = {
      reference: c.reference,
      amount: `${decimal(row.amount)} ${row.amount.currency}`,
      instrument: paidBy?.instrument ?? '',
      failure: failureOf(one),
      at: now.toString(),
      until: until.toString(),
      url: caseUrl(app, c),
    }
    return { c, facts, params }
  })
  await tellAll(trx, app, 'refund-failed', notices)
}

const bookings = {
  succeeded: ['refund', 'payments-clearing'],
  unclaimed: ['refund-failed', 'unclaimed'],
  // The bank has taken the payment already, at the operator’s loss.
  'charged-back': ['chargeback', 'absorbed-loss'],
} as const satisfies Record<string, [TransferKind, LedgerAccount]>
export type Ended = keyof typeof bookings
const reasons: Record<Ended, string> = {
  succeeded: 'the provider reports that it arrived',
  unclaimed: 'nobody named an account in time',
  'charged-back': 'the bank has given the payment back already',
}

/** Ends refunds and books them. What can't be delivered stays its owner's money: unclaimed, never revenue. */
export async function endAll(
  trx: Trx,
  all: readonly (Performed & { ended: Ended; failure?: string | null })[],
): Promise<void> {
  const [first] = all
  if (!first) return
  const rows = await refundRows(trx, all.map(keyOf))
  const ended = all.map((one) => ({
    ...keyOf(one),
    state: one.ended === 'unclaimed' ? ('unclaimed' as const) : ('succeeded' as const),
    failure: one.failure ?? null,
    providerRefundId: one.performed['providerRefundId'] ?? null,
  }))
  await endRefunds(trx, first.now, ended)
  await auditRefunds(
    trx,
    first.app,
    first.now,
    ended.map((one, index) => ({ ...one, reason: reasons[all[index]!.ended] })),
  )
  const transfers = all.map(({ c, now, subject, ended }): Transfer => {
    const amount = rows.get(subject)?.amount
    if (!amount) throw new Error(`there is no refund ${subject}`)
    const [kind, account] = bookings[ended]
    return {
      subscriberId: c.subscriberId,
      key: `${subject}:ended`,
      kind,
      at: now,
      detail: { reference: c.reference },
      postings: [{ from: { account: 'refunds-payable' }, to: { account }, amount }],
    }
  })
  const written = await postAll(trx, first.app.ids, transfers)
  const kept = all.flatMap(({ c, now, policy, ended }, index): NewUnclaimed[] => {
    const { key, postings } = transfers[index]!
    if (ended !== 'unclaimed' || !written.has(key)) return []
    const { subscriberId, reference } = c
    const { amount } = postings[0]!
    const why = 'refund-refused'
    return [{ subscriberId, transferKey: key, why, reference, amount, since: now, policy }]
  })
  await keepUnclaimed(trx, first.app, kept)
}

/** Money that a bank has given back, or may, is not sent a second time; that of a payment it left something of is. */
export async function heldByBank(
  { app, c }: StepContext,
  { orderId, amount }: Pick<RefundRow, 'orderId' | 'amount'>,
): Promise<Outcome | Pending | undefined> {
  const excess = await excessOf(app.db, { subscriberId: c.subscriberId, orderId })
  if (excess.decided >= amount.minor) return { state: 'charged-back' }
  return excess.possible > 0n && excess.isOpen ? { pendingMs: dayMs } : undefined
}

/** A bank takes days at times: the longer a refund is on its way, the rarer it is asked about. A webhook is faster. */
export function outcomeOf(
  { refundId, state, failure }: FoundRefund,
  underwayMs: number,
): Outcome | Pending {
  if (state === 'pending')
    return { pendingMs: Math.min(Math.max(underwayMs, askAgainMsMin), askAgainMsMax) }
  return { state, providerRefundId: refundId, ...(failure && { failure }) }
}
