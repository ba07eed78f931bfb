/** Settles the money: earns the used days, empties every account of the closing lines, and sets refunds up. */
import { earn } from '../../ledger/ledger.ts'
import { post } from '../../ledger/store.ts'
import { taxFor } from '../../ledger/tax-store.ts'
import { startRefund } from '../../payments/store.ts'
import { decimal } from '../../values/money.ts'
import { settleAll, tableOf } from '../quote.ts'
import type { Settlement } from '../settlement.ts'
import type { InsideStep } from './step.ts'

export const settleStep: InsideStep = {
  kind: 'inside',

  async record(trx, context) {
    const { app, c, facts, now } = context
    const { subscriberId, caseId } = c
    const detail = { reference: c.reference }
    // Days count to the day the closure was received: a slow review never costs the subscriber anything.
    const settlements = settleAll(facts, c.choices, c.submittedAt ?? now)
    const missing = settlements.flatMap(({ choicesNeeded }) => choicesNeeded)
    if (missing.length > 0)
      throw new Error(`money appeared after the choices were made: ${missing.join(', ')}`)
    const tax = await taxFor(trx, subscriberId, now)
    for (const { currency, earned, postings } of settlements) {
      const transfer = { subscriberId, at: now, detail }
      if (earned.length > 0) {
        const split = earn(earned, tax)
        await post(trx, app.ids, {
          ...transfer,
          key: `${caseId}:earned:${currency}`,
          kind: 'plan-days-used',
          detail: { ...detail, ...split.detail },
          postings: split.postings,
        })
      }
      if (postings.length > 0) {
        await post(trx, app.ids, {
          ...transfer,
          key: `${caseId}:settlement:${currency}`,
          kind: 'settlement',
          postings,
        })
      }
    }
    const refunds = settlements.flatMap((settlement) => settlement.refunds)
    for (const [index, { orderId, amount }] of refunds.entries()) {
      await startRefund(trx, now, {
        subscriberId,
        refundId: `${caseId}.${index + 1}`,
        caseId,
        orderId,
        amount,
      })
    }
    return {
      outcome: { tables: JSON.stringify(settlements.map(tableOf)) },
      events: [{ kind: 'money-settled', detail: summaryOf(settlements, refunds) }],
    }
  },
}

function summaryOf(
  settlements: readonly Settlement[],
  refunds: Settlement['refunds'],
): Record<string, string> {
  const [first] = settlements.filter(({ refund }) => refund.minor > 0n)
  if (!first) return { refunds: '0' }
  const instruments = [...new Set(refunds.map(({ instrument }) => instrument))].join(', ')
  return {
    refunds: String(refunds.length),
    amount: decimal(first.refund),
    currency: first.currency,
    instrument: instruments,
  }
}
