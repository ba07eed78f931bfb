/** Pays out what a card would not take, to an account of its owner; after the last day it is unclaimed. */
import {
  forgetAccount,
  namedAccount,
  payoutReference,
  refundsOf,
  refundsOfAll,
} from '../../payments/payout-store.ts'
import { audit, system } from '../../platform/audit.ts'
import { decimal } from '../../values/money.ts'
import { payeeOf } from '../acting.ts'
import { caseUrl, tell } from '../enter-store.ts'
import { endAll, type Ended, heldByBank, outcomeOf } from './refund.ts'
import type { Outcome, OutsideStep, Pending, Performed, StepContext } from './step.ts'

export const payout: OutsideStep = {
  kind: 'outside',

  async isDone(context) {
    const named = await namedAccount(context.app.db, context.app, keyOf(context))
    if (!named) return waitForAccount(context)
    const reference = payoutReference(context.subject, named.attempt)
    const found = await context.partners.payments.findPayout(reference)
    if (!found) return undefined
    return found.state === 'failed' ? refused(context, named.attempt, found.failure) : sent(found)
  },

  async perform(context) {
    const { app, partners, facts, subject } = context
    const named = await namedAccount(app.db, app, keyOf(context))
    if (!named) return waitForAccount(context)
    const refund = await refundOf(context)
    const held = await heldByBank(context, refund)
    if (held) return held
    const reference = payoutReference(subject, named.attempt)
    // Only to an account in their own name: the provider compares the two.
    const found = await partners.payments.payout({
      key: reference,
      reference,
      amount: refund.amount,
      name: payeeOf(facts),
      account: named.account,
    })
    return found.state === 'failed' ? refused(context, named.attempt, found.failure) : sent(found)
  },

  async record(trx, all) {
    const refunds = await refundsOfAll(
      trx,
      all.map(({ c }) => c),
    )
    const failureOf = ({ c, subject }: StepContext) =>
      refunds(c).find(({ refundId }) => refundId === subject)?.failure ?? null
    const endOf = ({ performed }: Performed) => performed['state'] as Ended
    await endAll(
      trx,
      all.map((one) => ({ ...one, ended: endOf(one), failure: failureOf(one) })),
    )
    return all.map((one) => {
      const kind = endOf(one) === 'succeeded' ? 'paid-out' : endOf(one)
      return { events: [{ kind, detail: { refund: one.subject } }] }
    })
  },
}

const keyOf = ({ c, subject }: StepContext) => ({ subscriberId: c.subscriberId, refundId: subject })

async function refundOf({ app, c, subject }: StepContext) {
  const found = (await refundsOf(app.db, c.subscriberId, c.caseId)).find(
    ({ refundId }) => refundId === subject,
  )
  if (!found) throw new Error(`no refund ${subject}`)
  return found
}

function sent(found: Parameters<typeof outcomeOf>[0]): Outcome | Pending {
  return outcomeOf(found, 0)
}

/** What nobody claims in time is unclaimed. */
async function waitForAccount(context: StepContext): Promise<Outcome | Pending> {
  const refund = await refundOf(context)
  const held = await heldByBank(context, refund)
  if (held) return held
  const leftMs = (refund.payoutUntil?.epochMilliseconds ?? 0) - context.now.epochMilliseconds
  return leftMs > 0 ? { pendingMs: leftMs } : { state: 'unclaimed' }
}

/** The bank said no: the account is forgotten, once, and its owner is asked for another. */
async function refused(
  context: StepContext,
  attempt: number,
  failure = 'unknown',
): Promise<Outcome | Pending> {
  const { app, c, facts, now, subject } = context
  const { amount, payoutUntil } = await refundOf(context)
  await app.db.transaction().execute(async (trx) => {
    if (!(await forgetAccount(trx, { ...keyOf(context), attempt, failure }))) return
    await audit(trx, app.ids, now, {
      subscriberId: c.subscriberId,
      actor: system,
      action: 'payout.refused',
      subject: { kind: 'refund', id: subject },
      reason: failure,
    })
    await tell(trx, app, c, facts, 'payout-failed', {
      reference: c.reference,
      amount: `${decimal(amount)} ${amount.currency}`,
      failure,
      until: (payoutUntil ?? now).toString(),
      url: caseUrl(app, c),
    })
  })
  return waitForAccount(context)
}
