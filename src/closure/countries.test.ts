/** One case under every policy that comes with Violet: the same facts, quoted and decided by each country's rules. */
import { expect, test } from 'vitest'
import { factsIn, friday, line, nothingElse, pounds } from '../../test/closing-facts.ts'
import { packOf, packs } from '../policy/packs.ts'
import { dueBy } from '../policy/policy.ts'
import { onDayOf } from '../policy/rule-for.ts'
import { money } from '../values/money.ts'
import { type ClosureCase, mayWithdraw, nextMove, reviewedBy } from './closure.ts'
import type { Facts, LineFacts } from './facts.ts'
import { evidenceFor } from './intake.ts'
import { checkChoices, makeQuote } from './quote.ts'
import { readiness } from './readiness.ts'

const refund = { paid: { disposition: 'refund' as const }, promotional: null }
const donate = { paid: { disposition: 'donate' as const }, promotional: null }
const local = (country: string, at: string | null) =>
  at &&
  Temporal.Instant.from(at)
    .toZonedDateTimeISO(packOf(country).timeZone)
    .toPlainDateTime()
    .toString()
    .slice(0, 16)

/**
 * Country; ends at, refund by (local); refund offered; due without and with a port, where the operator asks for a fee of
 * 5.00; why. A waiting time of 24 hours ends on Saturday, so the review's day is all of Monday.
 */
const rows = [
  ['DE', '2026-11-30T14:00', '2026-12-14T14:00', true, 2000n, 2000n, 'TKG 64(4): any end'],
  ['FR', '2026-12-01T00:00', '2026-12-11T00:00', true, 0n, 1500n, 'L224-40: 10 days; EECC 106(6)'],
  ['BE', '2026-12-01T00:00', '2026-12-29T00:00', true, 0n, 2000n, 'RD 30.7.2022; 4 weeks'],
  ['IT', '2026-12-01T00:00', '2026-12-15T00:00', true, 1500n, 1500n, 'law 40/2007: cost-based fee'],
  ['EU', '2026-12-01T00:00', '2026-12-15T00:00', true, 0n, 1500n, 'EECC 106(6): switching'],
  ['GB', '2026-11-27T13:00', '2026-12-11T13:00', true, 1500n, 1500n, 'Violet default'],
  ['US', '2026-12-01T00:00', '2026-12-15T00:00', true, 0n, 0n, 'nothing federal found'],
  ['US-CA', '2026-11-30T05:00', '2026-12-14T05:00', true, 0n, 0n, 'AB 2863: a business day'],
  ['CN', '2026-12-01T00:00', '2026-12-22T00:00', true, 1500n, 1500n, 'practice: 15 business days'],
  ['BR', '2026-12-01T10:00', '2026-12-15T10:00', true, 1500n, 1500n, 'RGC 15: 2 business days'],
  ['IN', '2026-12-01T00:00', '2027-01-15T00:00', true, 0n, 0n, 'TRAI: P45D; prepaid forfeited'],
  ['JP', '2026-12-01T00:00', null, false, 0n, 0n, 'Payment Services Act 20: prohibited'],
] as const

const gone = {
  portId: 'port_1',
  state: 'completed' as const,
  recipient: 'Other Mobile',
  dueAt: null,
  endedAt: friday,
}

type Credit = { isPorted: boolean; feeAsked: bigint; paid?: bigint; code?: string }

/**
 * What comes back where an operator gives only what it has to: a refund is on offer where it is due at any end, or comes with the
 * number; and where nobody may give one. Undefined: it can't be chosen.
 */
function dueByLaw(country: string, { isPorted, feeAsked, paid = 2000n, code = 'GBP' }: Credit) {
  const { rules, ...policy } = packOf(country)
  const right = rules.refundRight.value
  const offers = right === 'any_end' || right === 'prohibited'
  const value = offers ? (['refund', 'donate'] as const) : (['donate'] as const)
  const paidDispositions = { ...rules.paidDispositions, value: [...value] }
  const refundFee = { ...rules.refundFee, value: { [code]: Number(feeAsked) } }
  const own = {
    ...line,
    paid: money(paid, code),
    promotional: money(800n, code),
    prepaid: money(0n, code),
    port: isPorted ? gone : null,
  }
  const facts = {
    ...factsIn(country),
    lines: [own],
    refundable: [{ orderId: 'order_1', lineId: 'line_1', instrument: 'visa 4242', left: own.paid }],
    policy: { ...policy, rules: { ...rules, paidDispositions, refundFee } },
  }
  if (checkChoices(facts, refund)) return undefined
  const choices = { ...refund, promotional: { disposition: 'give-up' as const } }
  const [settled] = makeQuote(facts, choices, null, null, friday).settlements
  const to = (kind: string) =>
    settled?.destinations.find((one) => one.kind === kind)?.amount.minor ?? 0n
  return { due: to('refund'), fee: to('refund-fee'), forfeited: to('promotion-forfeited') }
}

test.each([
  ['DE', { due: 2000n, fee: 0n }, 'TKG 64(4) + OLG Schleswig: the fee of 6.00 is void'],
  ['BE', undefined, 'RD 30.7.2022 art. 2: only with a port'],
  ['IT', { due: 1400n, fee: 600n }, 'law 40/2007 + AGCOM: less a cost-based fee'],
  ['JP', undefined, 'Payment Services Act 20: prohibited'],
] as const)('4 %s: of 20.00 bought, closed without a port, comes back: %o (%s)', (...row) => {
  const [country, expected] = row
  const found = dueByLaw(country, { isPorted: false, feeAsked: 600n, code: 'EUR' })
  if (expected) expect(found).toMatchObject(expected)
  else expect(found).toBeUndefined()
})

test('5 BE: of 12.00 bought and 8.00 bonus, ported out, 7.00 comes back (RD art. 1 + operator terms: EUR 5; the bonus is forfeited)', () => {
  const found = dueByLaw('BE', { isPorted: true, feeAsked: 500n, paid: 1200n, code: 'EUR' })
  expect(found).toEqual({ due: 700n, fee: 500n, forfeited: 800n })
})

const inTerm: LineFacts = {
  ...line,
  activatedAt: friday.subtract({ hours: 24 * 70 }),
  term: {
    months: 24,
    monthlyFee: pounds(1000n),
    fee: pounds(5000n),
    equipment: null,
    benefit: pounds(2400n),
    savedPercent: 10,
    taxPercent: 0,
  },
}
const earlyFeeIn = (country: string, died: boolean, waives = true, byOperator = false) => {
  const policy = packOf(country)
  const deathWaivesEtf = { ...policy.rules.deathWaivesEtf, value: waives }
  const rules = { ...policy.rules, ...(!waives && { deathWaivesEtf }) }
  const facts = {
    ...factsIn(country),
    lines: [inTerm],
    died,
    byOperator,
    policy: { ...policy, rules },
  }
  const { settlements } = makeQuote(facts, refund, null, null, friday)
  const fees = settlements.flatMap(({ destinations }) =>
    destinations.filter(({ kind }) => kind === 'early-fee'),
  )
  return fees.map(({ amount }) => Number(amount.minor))
}

// The third month of 24 at 10.00: twenty-one are left, of which the operator saves a tenth.
// Whom the operator closes itself pays none.
test.each([
  ['GB', [18900], [], 'Ofcom: no early-termination charge after a death'],
  ['FR', [9000], [], 'consumer guides: no fee'],
  ['CN', [5000], [], 'the contract; Violet’s default after a death'],
] as const)('%s: leaving in a term costs %j, after a death %j (%s)', (...row) => {
  const [country, alive, died] = row
  expect(earlyFeeIn(country, false)).toEqual(alive)
  expect(earlyFeeIn(country, true)).toEqual(died)
  expect(earlyFeeIn(country, true, false)).toEqual(alive)
  expect(earlyFeeIn(country, false, true, true)).toEqual([])
})

test('there is a row for every pack', () => {
  expect(rows.map(([country]) => country).sort()).toEqual(
    packs.map(({ country }) => country).sort(),
  )
})

test.each(rows)('%s: ends %s, refund by %s, offered %s, due %s, ported %s (%s)', (...row) => {
  const [country, endsAt, refundBy, offered, due, ported] = row
  const facts = factsIn(country)
  const choices = offered ? refund : donate
  const { wire, settlements } = makeQuote(facts, choices, null, null, friday)
  expect(local(country, wire.endsAt)).toBe(endsAt)
  expect(local(country, wire.refundBy)).toBe(refundBy)
  expect(wire.allowed.paid.includes('refund')).toBe(offered)
  expect(checkChoices(facts, refund) === undefined).toBe(offered)
  const [settled] = settlements
  expect(settled?.destinationsTotal?.minor).toBe(2800n)
  expect(settled?.refund.minor).toBe(offered ? 2000n : 0n)
  const dueIf = (isPorted: boolean) => dueByLaw(country, { isPorted, feeAsked: 500n })?.due ?? 0n
  expect([dueIf(false), dueIf(true)]).toEqual([due, ported])
})

test('7 BR: a closing sent on Friday is taken back on Monday, by law (RGC art. 15, 2014 text); elsewhere only where the operator grants it', () => {
  const monday = friday.add({ hours: 72 })
  const mayRegret = (country: string) => {
    const { coolingOff } = packOf(country).rules
    const until = dueBy(packOf(country), 'coolingOff', friday)
    const move = nextMove(
      { ...received, state: 'cooling_off', dueAt: until },
      around(country, monday),
    )
    return {
      waits: move.kind === 'wait' && mayWithdraw('cooling_off'),
      byLaw: coolingOff.confidence !== 'D',
    }
  }
  expect(mayRegret('BR')).toEqual({ waits: true, byLaw: true })
  expect(packs.filter(({ country }) => mayRegret(country).byLaw)).toEqual([packOf('BR')])
  expect(mayRegret('DE').waits).toBe(false)
})

test('11 CN: who asks without signing in may be asked for the document (real-name rules); DE: never (LG Kiel 19.5.2015, 8 O 128/13)', () => {
  expect(evidenceFor(packOf('CN'))).toContain('id_document')
  expect(evidenceFor(packOf('DE'))).not.toContain('id_document')
})

test('a contract that was just made is withdrawn from: no term binds, no fee is kept, and what was not supplied comes back', () => {
  const left = pounds(9000n)
  const refundable = [{ orderId: 'order_1', lineId: 'line_1', instrument: 'visa 1', left }]
  const quoteAfter = (days: number, country: string, term = inTerm.term) => {
    const orderedAt = friday.subtract({ hours: 24 * days })
    const plan = { prepaid: pounds(3000n), periodStart: orderedAt, unusedRefund: 'none' as const }
    const fresh = { ...inTerm, ...plan, term, orderedAt, activatedAt: orderedAt }
    const policy = packOf(country)
    const refundFee = { ...policy.rules.refundFee, value: { GBP: 500 } }
    const rules = { ...policy.rules, refundFee, refundFeeMax: { ...refundFee, value: null } }
    const facts = { ...factsIn(country), lines: [fresh], policy: { ...policy, rules }, refundable }
    const { wire } = makeQuote(facts, refund, null, null, friday)
    const [table] = wire.currencies
    const of = (kind: string) =>
      [...table!.sources, ...table!.destinations].find((row) => row.kind === kind)?.amount.amount
    return [wire.withdrawUntil?.slice(0, 10), of('plan-days'), of('early-fee'), of('refund-fee')]
  }
  // Of 30 days at 30.00 the days that have not begun; Brazil's right ends after seven days, in India there is none.
  expect(quoteAfter(3, 'GB')).toEqual(['2026-12-08', '26.00', undefined, undefined])
  expect(quoteAfter(15, 'GB').slice(0, 3)).toEqual([undefined, undefined, '207.00'])
  expect(quoteAfter(15, 'GB', null)).toEqual([undefined, undefined, undefined, '5.00'])
  expect(quoteAfter(6, 'BR')).toEqual(['2026-11-28', '23.00', undefined, undefined])
  expect(quoteAfter(8, 'BR')[0]).toBeUndefined()
  expect(quoteAfter(3, 'IN').slice(0, 2)).toEqual([undefined, undefined])
})

test('a term binds in Germany to its last day, and nowhere else; the operator lets go whom it ends itself', () => {
  const quoteIn = (country: string, months: number, byOperator = false) => {
    const bound = { ...inTerm, term: { ...inTerm.term!, months } }
    const facts = { ...factsIn(country), lines: [bound], byOperator }
    return makeQuote(facts, refund, null, null, friday).wire
  }
  // Seventy days before Friday 27 November: the third month is its last.
  const { bound, endsAt, immediate } = quoteIn('DE', 3)
  expect(bound).toEqual([
    {
      lineId: 'line_1',
      until: expect.stringMatching(/^2026-12-18T/),
      source: 'TKG s. 56',
      why: 'term',
    },
  ])
  expect([endsAt, immediate]).toEqual([bound?.[0]?.until, false])
  expect(quoteIn('DE', 24).endsAt).toMatch(/^2028-09-18T/)
  expect(quoteIn('DE', 2).bound).toBeUndefined()
  expect(quoteIn('DE', 24, true).bound).toBeUndefined()
  expect(quoteIn('DE', 24).hash).not.toBe(quoteIn('DE', 12).hash)
  expect(packs.filter(({ country }) => quoteIn(country, 24).bound)).toEqual([packOf('DE')])
})

test('a death ends the fees of a consumer’s contract in Britain, and not those of a business', () => {
  const feeOf = (segment: 'consumer' | 'business') => {
    const policy = onDayOf(packOf('GB'), friday, segment)
    const facts = { ...factsIn('GB'), lines: [inTerm], policy, segment, died: true }
    const [table] = makeQuote(facts, refund, null, null, friday).wire.currencies
    return table?.destinations.find(({ kind }) => kind === 'early-fee')?.amount.amount
  }
  expect(feeOf('consumer')).toBeUndefined()
  expect(Number(feeOf('business'))).toBeGreaterThan(0)
})

const received: ClosureCase = {
  subscriberId: 'sub_1',
  caseId: 'case_1',
  reference: 'VC-7K3M-92QF',
  scope: 'line',
  lineId: 'line_1',
  state: 'verifying',
  submittedAt: friday,
  dueAt: null,
  endsAt: null,
  serviceEndedAt: null,
  closedAt: null,
  failures: 0,
  version: 1,
}

const around = (country: string, now: Temporal.Instant) => nothingElse(packOf(country), now)

test('the worker decides as the quote said: straight through, after a review, after a waiting time', () => {
  const stateIn = (country: string) => {
    const move = nextMove(received, around(country, friday))
    return move.kind === 'enter' ? move.state : move.kind
  }
  expect(stateIn('GB')).toBe('approved')
  expect(stateIn('DE')).toBe('in_review')
  expect(packs.filter(({ country }) => stateIn(country) === 'cooling_off')).toHaveLength(9)
})

test('a review is over by when the country wants service ended, unless that is over already', () => {
  // A Tuesday, five in the morning in California, which gives a business day from then.
  const receivedAt = friday.add({ hours: 24 * 4 })
  const by = (country: string, hours: number) => {
    const times = { receivedAt, from: receivedAt.add({ hours }) }
    return local(country, reviewedBy(packOf(country), times).toString())
  }
  expect([by('US-CA', 0), by('US-CA', 2)]).toEqual(['2026-12-02T05:00', '2026-12-02T05:00'])
  expect(by('US', 2)).toBe('2026-12-02T10:00')
  // What waited for its owner longer than that is looked at all the same.
  expect(by('US-CA', 48)).toBe('2026-12-04T05:00')
  const { endsAt } = makeQuote(factsIn('US-CA'), refund, null, null, receivedAt).wire
  expect(local('US-CA', endsAt)).toBe('2026-12-02T05:00')
})

test('a review whose clock stood goes on with what was left, and a legal maximum stands for nobody', () => {
  const receivedAt = friday.add({ hours: 24 * 4 })
  const by = (country: string, hours: number, leftHours: number) => {
    const times = { receivedAt, from: receivedAt.add({ hours }), leftMs: leftHours * 3_600_000 }
    return local(country, reviewedBy(packOf(country), times).toString())
  }
  expect([by('US-CA', 2, 3), by('US-CA', 2, 24)]).toEqual(['2026-12-01T10:00', '2026-12-02T05:00'])
  expect(by('US-CA', 48, 3)).toBe('2026-12-03T08:00')
  // From a Friday a business day is over on the Monday.
  expect(by('US', 72, 24)).toBe('2026-12-07T08:00')
})

test('arrears hold a closing up only where policy says so: China by practice, not India or Brazil', () => {
  const stateIn = (country: string) =>
    readiness(factsIn(country, -2500n), false).find(({ key }) => key === 'arrears')?.state
  expect(packs.filter(({ country }) => stateIn(country) === 'blocks')).toEqual([packOf('CN')])
  expect(stateIn('IN')).toBe('to-do')
  expect(stateIn('BR')).toBe('to-do')
  // What the credit of the line covers is paid from it, so it holds nobody up.
  const covered = readiness(factsIn('CN', -500n), false).find(({ key }) => key === 'arrears')
  expect(covered?.state).toBe('next-step')
  expect(readiness(factsIn('CN'), false).find(({ key }) => key === 'arrears')?.state).toBe('fine')
})

test('a line is held up by its own debts and the account’s, and shared credit that goes back covers none', () => {
  const stateOf = (facts: Facts) => readiness(facts, false).find(({ key }) => key === 'arrears')!
  const china = factsIn('CN', -2500n)
  const ofAnother = [{ lineId: 'line_2', amount: pounds(2500n) }]
  expect(stateOf({ ...china, owed: ofAnother }).state).toBe('fine')
  expect(stateOf({ ...china, owed: ofAnother, endsAccount: true }).state).toBe('blocks')
  const staying = [{ lineId: 'line_2', name: 'Line 2', currency: 'GBP' }]
  const shared = (atClosing: 'returns' | 'stays' | null, owed: bigint) => {
    const shares = [{ fromLineId: 'line_2', atClosing, amount: pounds(1500n) }]
    return stateOf({ ...factsIn('CN', -owed), lines: [{ ...line, shares }], staying }).state
  }
  expect([shared('returns', 500n), shared('returns', 501n)]).toEqual(['next-step', 'blocks'])
  expect([shared(null, 501n), shared('stays', 2000n)]).toEqual(['blocks', 'next-step'])
})

test('money of two currencies is never added: each stands for itself, and credit of one pays no debt of the other', () => {
  const euro = {
    ...line,
    lineId: 'line_2',
    paid: money(1500n, 'EUR'),
    promotional: money(0n, 'EUR'),
  }
  const facts = { ...factsIn('GB', -500n), lines: [line, euro] }
  const row = (key: string, some = facts) => readiness(some, false).find((one) => one.key === key)
  expect(row('balance')?.detail).toEqual({ amount: '28.00', currency: 'GBP', more: '15.00 EUR' })
  expect(row('arrears')).toMatchObject({ state: 'next-step' })
  const owed = [...facts.owed, { lineId: '', amount: money(1600n, 'EUR') }]
  const inBoth = row('arrears', { ...facts, owed })
  expect(inBoth).toMatchObject({ state: 'to-do', detail: { amount: '5.00', more: '16.00 EUR' } })
})
