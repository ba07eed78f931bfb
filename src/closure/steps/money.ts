/** Settles the money: earns the used days, empties every account of the closing lines, and sets refunds up. */
import { endAddons } from '../../addons/store.ts'
import { earn } from '../../ledger/ledger.ts'
import { postAll, type Transfer } from '../../ledger/store.ts'
import { type Tax, taxesFor, untaxed } from '../../ledger/tax-store.ts'
import { withholdRefund } from '../../payments/dispute-store.ts'
import { keepUnclaimed, type NewUnclaimed } from '../../payments/unclaimed-store.ts'
import type { Trx } from '../../platform/database.ts'
import { decimal, isZero } from '../../values/money.ts'
import { countedTo } from '../case.ts'
import { finalChoices } from '../choices.ts'
import { settleAll } from '../currencies.ts'
import { agreedRates, type Exchange } from '../exchange.ts'
import { tableOf } from '../quote.ts'
import type { Settlement } from '../settlement.ts'
import type { CaseKey } from '../store.ts'
import { beginRefunds } from './refund.ts'
import type { InsideContext, InsideStep } from './step.ts'
import { holdTargets } from './target.ts'
import { lateUntil } from './wait.ts'

export const settleStep: InsideStep = {
  kind: 'inside',

  async record(trx, loaded) {
    const all = await holdTargets(trx, loaded)
    const [{ app, now }] = all as [InsideContext]
    const taxes = await taxesFor(
      trx,
      all.map(({ c }) => c.subscriberId),
      now,
    )
    const settled = all.map((context) => ({ context, settlements: settlementsOf(context) }))
    await postAll(
      trx,
      app.ids,
      settled.flatMap(({ context, settlements }) =>
        settlements.flatMap((one) =>
          transfersOf(context, one, taxes.get(context.c.subscriberId) ?? untaxed),
        ),
      ),
    )
    const refunds = settled.map(({ context: { c }, settlements }) =>
      settlements
        .flatMap((settlement) => settlement.refunds)
        .map(({ orderId, amount }, index) => ({
          subscriberId: c.subscriberId,
          refundId: `${c.caseId}.${index + 1}`,
          caseId: c.caseId,
          orderId,
          amount,
        })),
    )
    await beginRefunds(trx, { app, now }, refunds.flat())
    await keepUnclaimed(
      trx,
      app,
      settled.flatMap(({ context, settlements }) =>
        settlements.flatMap((one) => unclaimedOf(context, one)),
      ),
    )
    await endAddons(
      trx,
      now,
      all.flatMap(({ c: { subscriberId }, facts }) =>
        facts.lines.flatMap(({ lineId, addons }) =>
          addons.length > 0 ? [{ subscriberId, lineId }] : [],
        ),
      ),
    )
    for (const { context, settlements } of settled) await withhold(trx, context, settlements)
    return settled.map(({ context, settlements }) => {
      const kept = keptBack(settlements)
      const until = lateUntil(context.policy, context.c.serviceEndedAt ?? now)
      return {
        outcome: { tables: JSON.stringify(named(settlements, context.c.caseId)), ...kept },
        events: [
          { kind: 'money-settled', detail: summaryOf(settlements) },
          ...(Number(kept.reserves) > 0
            ? [{ kind: 'late-usage-waits', detail: { until: until.toString() } }]
            : []),
          ...(kept.disputes === '[]' ? [] : [{ kind: 'dispute-waits' }]),
        ],
      }
    })
  },
}

// Days count to the day the closure was received: a slow review never costs the subscriber anything.
function settlementsOf({ c, facts, now }: InsideContext): Settlement[] {
  const choices = finalChoices(facts, c.choices)
  const rates = agreedRates(c.quote?.currencies ?? [])
  const settlements = settleAll(facts, choices, countedTo(c) ?? now, rates)
  const missing = settlements.flatMap(({ choicesNeeded }) => choicesNeeded)
  if (missing.length > 0)
    throw new Error(`money appeared after the choices were made: ${missing.join(', ')}`)
  return settlements
}

const settlementKey = ({ caseId }: CaseKey, currency: string) => `${caseId}:settlement:${currency}`

/** Rare: it was to move to a line that is gone, and nobody may be paid it. */
function unclaimedOf(
  { c, now, policy }: InsideContext,
  { currency, destinations }: Settlement,
): NewUnclaimed[] {
  const { subscriberId, reference } = c
  const transferKey = settlementKey(c, currency)
  const why = 'refund-prohibited'
  return destinations.flatMap(({ kind, amount }) =>
    kind === 'unclaimed'
      ? [{ subscriberId, transferKey, why, reference, amount, since: now, policy }]
      : [],
  )
}

function transfersOf(
  { c, now }: InsideContext,
  { currency, earned, exchanges, postings }: Settlement,
  tax: Tax,
): Transfer[] {
  const detail = { reference: c.reference }
  const transfer = { subscriberId: c.subscriberId, at: now, detail }
  const transfers: Transfer[] = exchanges.map((one) => ({
    ...transfer,
    key: `${c.caseId}:exchange:${one.from.currency}:${currency}`,
    kind: 'exchange',
    detail: { ...detail, ...exchangeDetail(one) },
    postings: one.postings,
  }))
  if (earned.length > 0) {
    const split = earn(earned, tax)
    transfers.push({
      ...transfer,
      key: `${c.caseId}:earned:${currency}`,
      kind: 'plan-days-used',
      detail: { ...detail, ...split.detail },
      postings: split.postings,
    })
  }
  if (postings.length > 0) {
    const split = earn(postings, tax)
    transfers.push({
      ...transfer,
      key: settlementKey(c, currency),
      kind: 'settlement',
      detail: { ...detail, ...split.detail },
      postings: split.postings,
    })
  }
  return transfers
}

function exchangeDetail({ from, becomes, rate: { rate, source, asOf } }: Exchange) {
  const amounts = { from: from.currency, was: decimal(from), becomes: decimal(becomes) }
  return { ...amounts, into: becomes.currency, rate, source, asOf: asOf.toString() }
}

/** Rare: a payment of the case is disputed, and nothing else can take the refund. */
async function withhold(
  trx: Trx,
  { app, c: { subscriberId, caseId } }: InsideContext,
  settlements: readonly Settlement[],
) {
  for (const { withheld } of settlements)
    for (const one of withheld) await withholdRefund(trx, app, { subscriberId, caseId, ...one })
}

/** What waits for late records or for a bank, for the steps that follow. */
function keptBack(settlements: readonly Settlement[]) {
  const disputes = settlements.flatMap(({ destinations }) =>
    destinations.flatMap(({ kind, detail }) =>
      kind === 'disputed' ? [detail['disputeId'] ?? ''] : [],
    ),
  )
  const reserves = settlements.filter(({ reserve }) => !isZero(reserve)).length
  return { reserves: String(reserves), disputes: JSON.stringify([...new Set(disputes)]) }
}

/** The tables, with each refund's own name, so that it can be followed. */
function named(settlements: readonly Settlement[], caseId: string) {
  let index = 0
  return settlements.map((settlement) => {
    const table = tableOf(settlement)
    const destinations = table.destinations.map((row) => {
      if (row.kind !== 'refund') return row
      index += 1
      return { ...row, detail: { ...row.detail, refund: `${caseId}.${index}` } }
    })
    return { ...table, destinations }
  })
}

function summaryOf(settlements: readonly Settlement[]): Record<string, string> {
  const refunds = settlements.flatMap((settlement) => settlement.refunds)
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
