/** Gives what had to wait its place: late records are paid, a bank's decisions are final, the rest goes where it was meant. */
import type { Place, Posting } from '../../ledger/ledger.ts'
import { post } from '../../ledger/store.ts'
import { disputeHold } from '../../payments/dispute-store.ts'
import { keepUnclaimed } from '../../payments/unclaimed-store.ts'
import type { Trx } from '../../platform/database.ts'
import { chargeLate } from '../../usage/late-store.ts'
import { add, fromWire, isZero, type Money, subtract, toWire, zero } from '../../values/money.ts'
import { finalChoices } from '../choices.ts'
import type { Table } from '../final-statement.ts'
import { cover, spread } from '../paid-flow.ts'
import { paysOut } from '../ported.ts'
import { inOrder } from '../settlement.ts'
import { doneStepsOf, refundIdsOf } from '../store.ts'
import { stepName } from '../workflow.ts'
import { beginRefunds } from './refund.ts'
import type { InsideContext, InsideStep, Recorded } from './step.ts'
import { holdTargets } from './target.ts'

type Entry = Table['destinations'][number]
/** What is free again and where it lies. */
type Freed = { from: Place; amount: Money }

export const finishStep: InsideStep = {
  kind: 'inside',

  // Few cases have anything that waits, and each has its own.
  async record(trx, loaded) {
    const all = await holdTargets(trx, loaded)
    const recorded: Recorded[] = []
    for (const context of all) recorded.push(await finish(trx, context))
    return recorded
  },
}

async function finish(trx: Trx, context: InsideContext): Promise<Recorded> {
  const { c } = context
  const done = (await doneStepsOf(trx, [c]))(c)
  const settled = JSON.parse(done.get(stepName('settle'))?.['tables'] ?? '[]') as Table[]
  const tables: Table[] = []
  let index = (await refundIdsOf(trx, [c]))(c).length
  for (const table of settled) {
    const { rows, freed } = await decided(trx, context, table)
    const placed = await place(trx, context, freed, table.currency, index)
    index += placed.refunds
    const kept = table.destinations.filter(({ kind }) => !waited.has(kind))
    tables.push({ ...table, destinations: [...kept, ...rows, ...placed.rows] })
  }
  return {
    outcome: { tables: JSON.stringify(tables) },
    events: [{ kind: 'money-finished' }],
  }
}

const waited: ReadonlySet<Entry['kind']> = new Set(['late-usage-reserve', 'disputed'])

async function decided(trx: Trx, context: InsideContext, table: Table) {
  const rows: Entry[] = []
  const freed: Freed[] = []
  const row = (kind: Entry['kind'], amount: Money, lineId: string | null, more = {}) => {
    if (!isZero(amount)) rows.push({ kind, lineId, detail: { ...more }, amount: toWire(amount) })
  }
  for (const { kind, amount } of table.destinations) {
    if (kind !== 'late-usage-reserve') continue
    const reserve = fromWire(amount)!
    const { charged, records } = await late(trx, context, reserve)
    row('late-usage', charged, null, { records: String(records) })
    freed.push({ from: { account: 'late-usage-reserve' }, amount: subtract(reserve, charged) })
  }
  for (const { kind, lineId, detail } of table.destinations) {
    if (kind !== 'disputed') continue
    const { disputeId = '' } = detail
    const hold = await disputeHold(trx, context.c, disputeId, lineId === null ? 'refund' : 'line')
    if (!hold) continue
    const taken = hold.captured ?? zero(hold.amount.currency)
    row('charged-back', taken, hold.from.lineId || null, { disputeId })
    freed.push({ from: hold.from, amount: subtract(hold.amount, taken) })
  }
  return { rows, freed }
}

async function late(trx: Trx, { app, c, facts }: InsideContext, reserve: Money) {
  return chargeLate(trx, app, {
    subscriberId: c.subscriberId,
    lineIds: facts.lines.map(({ lineId }) => lineId),
    reserve,
    key: `${c.caseId}:late-usage:${reserve.currency}`,
    detail: { reference: c.reference },
  })
}

/** Where freed money goes: as was chosen, if that is still possible; else back to its owner; else it is unclaimed. */
function placeFor({ c, facts }: InsideContext): { to: Place; kind: Entry['kind'] } {
  const { paid } = finalChoices(facts, c.choices)
  if (paid?.disposition === 'donate')
    return { to: { account: 'donations-payable' }, kind: 'donated' }
  if (paid?.disposition === 'move')
    return { to: { account: 'paid-credit', lineId: paid.toLineId }, kind: 'moved' }
  if (paid?.disposition === 'keep') return { to: { account: 'paid-credit' }, kind: 'kept' }
  if (paysOut(facts)) return { to: { account: 'refunds-payable' }, kind: 'refund' }
  return { to: { account: 'unclaimed' }, kind: 'unclaimed' }
}

/** What a bank gave back lies on the line that ended, and may be meant for another. */
function isSame(a: Place, b: Place): boolean {
  return a.account === b.account && (a.lineId ?? '') === (b.lineId ?? '')
}

async function place(
  trx: Trx,
  context: InsideContext,
  freed: readonly Freed[],
  code: string,
  before: number,
): Promise<{ rows: Entry[]; refunds: number }> {
  const { app, c, facts, now } = context
  const { to, kind } = placeFor(context)
  const total = freed.reduce((sum, { amount }) => add(sum, amount), zero(code))
  if (isZero(total)) return { rows: [], refunds: 0 }
  const postings: Posting[] = freed
    .filter(({ from, amount }) => !isZero(amount) && !isSame(from, to))
    .map(({ from, amount }) => ({ from, to, amount }))
  const { subscriberId, reference } = c
  const key = `${c.caseId}:finish:${code}`
  if (postings.length > 0) {
    await post(trx, app.ids, {
      subscriberId,
      key,
      kind: 'settlement',
      at: now,
      detail: { reference },
      postings,
    })
  }
  if (kind === 'unclaimed') {
    const why = 'refund-prohibited'
    const owed = {
      subscriberId,
      transferKey: key,
      why,
      reference,
      amount: total,
      since: now,
    } as const
    await keepUnclaimed(trx, app, [{ ...owed, policy: context.policy }])
  }
  if (kind !== 'refund') {
    const detail = kind === 'moved' ? { what: 'paid' } : {}
    const row = { kind, lineId: to.lineId ?? null, detail, amount: toWire(total) }
    return { rows: [row], refunds: 0 }
  }
  const own = facts.lines.map(({ lineId }) => lineId)
  const { refunds, left } = spread(total, inOrder(facts.refundable, own))
  const takenBack = await keepLost(trx, context, left)
  const { caseId } = c
  const named = refunds.map((refund, index) => ({
    ...refund,
    refundId: `${caseId}.${before + index + 1}`,
  }))
  await beginRefunds(
    trx,
    context,
    named.map(({ refundId, orderId, amount }) => ({
      subscriberId,
      refundId,
      caseId,
      orderId,
      amount,
    })),
  )
  const rows = named.map(({ refundId, orderId, instrument, amount }): Entry => ({
    kind: 'refund',
    lineId: null,
    detail: { orderId, instrument, refund: refundId },
    amount: toWire(amount),
  }))
  return { rows: [...rows, ...takenBack], refunds: refunds.length }
}

/** What only a payment could take that a bank has given back: its owner has it already. */
async function keepLost(trx: Trx, { app, c, facts, now }: InsideContext, left: Money) {
  if (isZero(left)) return []
  const { parts, open } = cover(
    left,
    facts.takenBack.filter(({ amount }) => amount.currency === left.currency),
  )
  if (!isZero(open)) throw new Error(`nothing that was paid can take ${open.minor} back`)
  await post(trx, app.ids, {
    subscriberId: c.subscriberId,
    key: `${c.caseId}:finish:${left.currency}:taken-back`,
    kind: 'chargeback',
    at: now,
    detail: { reference: c.reference },
    postings: [
      { from: { account: 'refunds-payable' }, to: { account: 'absorbed-loss' }, amount: left },
    ],
  })
  return parts.map(({ disputeId, amount }): Entry => ({
    kind: 'charged-back',
    lineId: null,
    detail: { disputeId },
    amount: toWire(amount),
  }))
}
