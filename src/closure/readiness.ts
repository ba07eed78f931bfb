/** The readiness checklist: each row is fine or says what to do. */
import type { z } from 'zod'
import { arrearsBlock } from '../policy/policy.ts'
import { decimal, isZero, type Money, sum } from '../values/money.ts'
import { debtsOf } from './dues.ts'
import { codeContacts, type Facts } from './facts.ts'
import { strandedBy } from './others.ts'
import { giveBack } from './shared.ts'
import type { readinessRowWire } from './wire.ts'

export type ReadinessRow = z.infer<typeof readinessRowWire>

/** `sessionOpen` is undefined when the network could not be asked. */
export function readiness(facts: Facts, sessionOpen: boolean | undefined): ReadinessRow[] {
  return [
    identity(facts),
    arrears(facts),
    balance(facts),
    session(facts.lines.some(({ openSessions }) => openSessions > 0) || sessionOpen),
    ...(facts.lines.some(({ msisdn }) => msisdn !== null) ? [number(facts), unbind] : []),
    otherLines(facts),
    ...shared(facts),
    ...dispute(facts),
    ...settling(facts),
    ...dependants(facts),
    backup(facts),
  ]
}

export function blocks(rows: readonly ReadinessRow[]): boolean {
  return rows.some(({ state }) => state === 'blocks')
}

/** A number can be taken along instead; one that is on its way is waited for. */
function number({ lines }: Facts): ReadinessRow {
  const numbered = lines.filter(({ msisdn }) => msisdn !== null)
  const one = numbered.find(({ port }) => port?.state === 'pending') ?? numbered[0]!
  const { lineId, port } = one
  if (port?.state === 'pending') {
    const detail = { lineId, due: String(port.dueAt), recipient: port.recipient ?? '' }
    return { key: 'port', state: 'to-do', detail, action: 'see-number' }
  }
  return { key: 'port', state: 'fine', detail: { lineId }, action: 'see-number' }
}

const unbind: ReadinessRow = { key: 'unbind', state: 'to-do', detail: {}, action: 'none' }

function identity(facts: Facts): ReadinessRow {
  const [contact] = codeContacts(facts)
  if (!contact) return { key: 'identity', state: 'blocks', detail: {}, action: 'verify-contact' }
  return {
    key: 'identity',
    state: 'fine',
    detail: { at: String(contact.verifiedAt) },
    action: 'none',
  }
}

/** What credit of the same currency does not cover has to be paid; the quote pays the rest from it. */
function arrears(facts: Facts): ReadinessRow {
  const owed = debtsOf(facts)
  if (owed.length === 0) return { key: 'arrears', state: 'fine', detail: {}, action: 'none' }
  const credit = byCurrency([...ownCredit(facts), ...facts.accountCredit])
  const debts = byCurrency(owed.map(({ amount }) => amount))
  const detail = amountsOf(debts)
  const isCovered = debts.every(
    ({ minor, currency }) =>
      minor <= (credit.find((one) => one.currency === currency)?.minor ?? 0n),
  )
  if (isCovered) return { key: 'arrears', state: 'next-step', detail, action: 'none' }
  const state = arrearsBlock(facts.policy, 'close') ? 'blocks' : 'to-do'
  return { key: 'arrears', state, detail, action: 'pay' }
}

/** Without what goes back to other lines, or may. */
function ownCredit({ lines, staying }: Facts): Money[] {
  const credit = lines.map(
    ({ lineId, paid }) => ({ kind: 'paid-credit', lineId, detail: {}, amount: paid }) as const,
  )
  const there = new Set(staying.map(({ lineId }) => lineId))
  return giveBack(lines, credit, { disposition: 'return' }, there).left.map(({ amount }) => amount)
}

function balance({ lines, accountCredit }: Facts): ReadinessRow {
  const onLines = lines.flatMap(({ paid, promotional }) => [paid, promotional])
  const totals = byCurrency([...onLines, ...accountCredit])
  if (totals.length === 0) return { key: 'balance', state: 'fine', detail: {}, action: 'none' }
  return { key: 'balance', state: 'next-step', detail: amountsOf(totals), action: 'none' }
}

/** One total for each currency that has any; money of two currencies is never added. */
function byCurrency(amounts: readonly Money[]): Money[] {
  const groups = Map.groupBy(amounts, ({ currency }) => currency)
  return [...groups].map(([code, all]) => sum(all, code)).filter((total) => !isZero(total))
}

/** The first stands in `amount` and `currency`, the others in `more`: `15.00 EUR, 3.00 USD`. */
function amountsOf([first, ...others]: readonly Money[]): Record<string, string> {
  if (!first) return {}
  const more = others.map((one) => `${decimal(one)} ${one.currency}`).join(', ')
  return { amount: decimal(first), currency: first.currency, ...(more !== '' && { more }) }
}

function session(open: boolean | undefined): ReadinessRow {
  if (open === undefined)
    return { key: 'open-session', state: 'unknown', detail: {}, action: 'none' }
  return {
    key: 'open-session',
    state: open ? 'to-do' : 'fine',
    detail: {},
    action: open ? 'end-session' : 'none',
  }
}

function otherLines({ staying }: Facts): ReadinessRow {
  const names = staying.map(({ name }) => name).join(', ')
  return {
    key: 'other-lines',
    state: 'fine',
    detail: { count: String(staying.length), names },
    action: 'none',
  }
}

/** Credit that is not the line's alone; where no rule was stored with it, the next step asks. */
function shared({ lines, staying }: Facts): ReadinessRow[] {
  const there = new Set(staying.map(({ lineId }) => lineId))
  const shares = lines.flatMap((line) =>
    line.shares.filter(({ fromLineId }) => there.has(fromLineId)),
  )
  if (shares.length === 0) return []
  const from = new Set(shares.map(({ fromLineId }) => fromLineId))
  const names = staying.filter(({ lineId }) => from.has(lineId)).map(({ name }) => name)
  const detail = {
    ...amountsOf(byCurrency(shares.map(({ amount }) => amount))),
    names: names.join(', '),
  }
  return [{ key: 'shared', state: 'next-step', detail, action: 'none' }]
}

/** What a bank is asked to take back is set aside until it has decided; closing does not wait for that. */
function dispute({ disputes }: Facts): ReadinessRow[] {
  if (disputes.length === 0) return []
  const detail = amountsOf(byCurrency(disputes.map(({ amount }) => amount)))
  return [{ key: 'dispute', state: 'next-step', detail, action: 'none' }]
}

/** An account closes after the last of its lines is settled; asking for it doesn't wait. */
function settling(facts: Facts): ReadinessRow[] {
  if (facts.settling.length === 0) return []
  const names = facts.settling.map(({ name }) => name).join(', ')
  return [{ key: 'settling', state: 'next-step', detail: { names }, action: 'none' }]
}

/** The last line that companions go with ends only with them. */
function dependants(facts: Facts): ReadinessRow[] {
  const [first, ...more] = strandedBy(facts)
  if (!first) return []
  const names = [first, ...more].map(({ name }) => name).join(', ')
  const detail = { names, lineId: first.lineId }
  return [{ key: 'dependants', state: 'blocks', detail, action: 'see-line' }]
}

function backup({ subscriber }: Facts): ReadinessRow {
  const { exportedAt } = subscriber
  if (!exportedAt) return { key: 'backup', state: 'to-do', detail: {}, action: 'export' }
  return { key: 'backup', state: 'fine', detail: { at: exportedAt.toString() }, action: 'export' }
}
