/** A notice that a contract asks for: as long as each country lets it be, counted from the receipt, and for whom it binds. */
import { expect, test } from 'vitest'
import { factsIn, friday, line, pounds } from '../../test/closing-facts.ts'
import { catalogPlans } from '../plans/catalog.ts'
import { planDocument } from '../plans/plan.ts'
import { packOf, packs } from '../policy/packs.ts'
import { onDayOf } from '../policy/rule-for.ts'
import { lastingLines } from './agreed-end.ts'
import type { Facts, LineFacts, Term } from './facts.ts'
import { makeQuote } from './quote.ts'

type Segment = 'consumer' | 'business'

const refund = { paid: { disposition: 'refund' as const }, promotional: null }
const days = (count: number) => ({ hours: 24 * count })

const term: Term = {
  months: 0,
  monthlyFee: pounds(1000n),
  fee: null,
  equipment: null,
  benefit: null,
  savedPercent: 0,
  taxPercent: 0,
}
const lineOf = (more: Partial<Term>, from = days(70)): LineFacts => {
  const activatedAt = friday.subtract(from)
  return { ...line, orderedAt: activatedAt, activatedAt, term: { ...term, ...more } }
}
const twoMonths = lineOf({ notice: { value: 'P2M' } })

const factsOf = (country: string, own = twoMonths, segment: Segment = 'consumer'): Facts => ({
  ...factsIn(country),
  lines: [own],
  policy: onDayOf(packOf(country), friday, segment),
  segment,
})
const quoteOf = (facts: Facts, now = friday, choices: Parameters<typeof makeQuote>[1] = refund) =>
  makeQuote(facts, choices, null, null, now).wire
const boundIn = (facts: Facts, now = friday) => quoteOf(facts, now).bound?.[0]
const local = (country: string, at: string) =>
  Temporal.Instant.from(at)
    .toZonedDateTimeISO(packOf(country).timeZone)
    .toPlainDateTime()
    .toString()
    .slice(0, 16)

/**
 * A contract that asks for two months, received on a Friday: the most that the policy lets ask, until when in local time,
 * and by which rule. Where no figure is known the contract's own stands.
 */
const rows = [
  ['DE', 'consumer', 'P1M', '2026-12-27T14:00', 'TKG s. 56: at any time once'],
  ['EU', 'consumer', 'P1M', '2026-12-27T14:00', 'Directive (EU) 2018/1972 art. 105'],
  ['FR', 'consumer', 'P10D', '2026-12-07T14:00', 'C. conso. L224-39, from receipt'],
  ['BE', 'consumer', 'P0D', null, null],
  ['BE', 'business', 'P1M', '2026-12-27T14:00', 'IBPT: after renewal'],
  ['IT', 'consumer', 'P30D', '2026-12-27T14:00', 'decree-law 7/2007 art. 1'],
  // Seven business days, and two.
  ['IN', 'consumer', 'P7D', '2026-12-08T18:30', 'TRAI FAQ: no charge beyond'],
  ['BR', 'consumer', 'P2D', '2026-12-01T10:00', 'Anatel; Resolution 632/2014 art. 14-15'],
  // By when a line has to have closed comes first here: after one business day.
  ['GB', 'consumer', 'P1M', '2026-11-30T13:00', 'Ofcom 28 June 2019'],
  ['US-CA', 'consumer', null, '2026-11-30T05:00', 'AB 2863'],
  ['US', 'consumer', null, '2027-01-27T08:00', ''],
  ['CN', 'consumer', null, '2027-01-27T21:00', ''],
  ['JP', 'consumer', null, '2027-01-27T22:00', ''],
] as const

test('there is a row for every pack', () => {
  const countries = [...new Set(rows.map(([country]) => country))]
  expect(countries.sort()).toEqual(packs.map(({ country }) => country).sort())
})

test.each(rows)('%s, a %s: at most %s, until %s (%s)', (...row) => {
  const [country, segment, most, until, source] = row
  const facts = factsOf(country, twoMonths, segment)
  expect(facts.policy.rules.noticeRule.value).toBe(most)
  const { bound, endsAt, immediate } = quoteOf(facts)
  const [one] = bound ?? []
  expect(one ? local(country, one.until) : null).toBe(until)
  if (!one) return
  expect(one).toMatchObject({ lineId: 'line_1', why: 'notice' })
  expect(source === '' ? one.source === '' : one.source.startsWith(source!)).toBe(true)
  expect(immediate).toBe(false)
  expect(endsAt >= one.until).toBe(true)
})

test('a shorter notice of the contract stands, counted in its own days', () => {
  const asking = (value: string, unit?: 'business') =>
    boundIn(factsOf('DE', lineOf({ notice: { value, days: unit } })))
  expect(local('DE', asking('P5D')!.until)).toBe('2026-12-02T14:00')
  expect(local('DE', asking('P5D', 'business')!.until)).toBe('2026-12-04T14:00')
  expect(asking('P5D')?.source).toMatch(/^TKG s. 56/)
  expect(asking('P0D')).toBeUndefined()
})

test('no notice binds beyond when the policy wants a line closed, whatever it lets ask', () => {
  const facts = factsOf('DE')
  const { rules } = facts.policy
  const maxCloseTime = { value: 'P3D', source: 'a law', confidence: 'S' as const }
  const policy = { ...facts.policy, rules: { ...rules, maxCloseTime } }
  expect(boundIn({ ...facts, policy })).toMatchObject({
    until: friday.add(days(3)).toString(),
    source: 'a law',
  })
  // What it says of prepaid lines says nothing of a contract.
  const variants = [{ ...maxCloseTime, value: null, plan: ['postpaid' as const] }]
  const onPrepaid = { ...maxCloseTime, variants }
  const other = { ...facts.policy, rules: { ...rules, maxCloseTime: onPrepaid } }
  expect(local('DE', boundIn({ ...facts, policy: other })!.until)).toBe('2026-12-27T14:00')
})

test('who died, who withdraws, whom the operator ends, and who never was in service give no notice', () => {
  const facts = factsOf('DE')
  expect(boundIn(facts)?.why).toBe('notice')
  expect(boundIn({ ...facts, died: true })).toBeUndefined()
  expect(boundIn({ ...facts, byOperator: true })).toBeUndefined()
  expect(boundIn({ ...facts, lines: [{ ...twoMonths, activatedAt: null }] })).toBeUndefined()
  expect(boundIn(factsOf('DE', lineOf({})))).toBeUndefined()
  const fresh = factsOf('DE', lineOf({ notice: { value: 'P2M' } }, days(3)))
  expect(quoteOf(fresh)).toMatchObject({ withdrawUntil: expect.any(String) })
  expect(boundIn(fresh)).toBeUndefined()
  // Who stays beyond the fourteen days of it does not withdraw, and gave notice today.
  const stays = quoteOf(fresh, friday, { ...refund, endsOn: '2026-12-20' })
  expect(local('DE', stays.bound![0]!.until)).toBe('2026-12-27T14:00')
})

test('of a term and a notice the later one binds, with its own rule', () => {
  const notice = { value: 'P2M' }
  // Activated on 18 September: a term of three months is over before a month from today is.
  const short = boundIn(factsOf('DE', lineOf({ months: 3, notice })))
  expect([short?.why, local('DE', short!.until)]).toEqual(['notice', '2026-12-27T14:00'])
  expect(short?.source).toMatch(/^TKG s. 56: /)
  const long = boundIn(factsOf('DE', lineOf({ months: 24, notice })))
  expect([long?.why, long?.source]).toEqual(['term', 'TKG s. 56'])
  expect(long?.until).toMatch(/^2028-09-18T/)
  // After a death the term goes on binding there, and the notice does not.
  const died = boundIn({ ...factsOf('DE', lineOf({ months: 3, notice })), died: true })
  expect([died?.why, died?.until.slice(0, 10)]).toEqual(['term', '2026-12-18'])
  // Where a term may be left early, its fee counts to the end of the notice: the fourth month, and not the third.
  const fee = quoteOf(factsOf('FR', lineOf({ months: 24, notice: { value: 'P10D' } })))
  const later = quoteOf(factsOf('FR', lineOf({ months: 24 }, days(80))))
  const feeOf = ({ currencies: [table] }: typeof fee) =>
    table?.destinations.find(({ kind }) => kind === 'early-fee')?.detail['month']
  expect([feeOf(fee), feeOf(later)]).toEqual(['3', '3'])
  const beyond = quoteOf(factsOf('FR', lineOf({ months: 24, notice: { value: 'P10D' } }, days(85))))
  expect(feeOf(beyond)).toBe('4')
})

test('it ends on the latest of the day that was chosen, the term and the notice, and goes on until then', () => {
  const facts = factsOf('DE', lineOf({ months: 3, notice: { value: 'P2M' } }))
  const on = (endsOn: string) => quoteOf(facts, friday, { ...refund, endsOn })
  expect(local('DE', on('2026-12-01').endsAt)).toBe('2026-12-27T14:00')
  expect(on('2026-12-01').bound).toHaveLength(1)
  expect(local('DE', on('2027-01-05').endsAt)).toBe('2027-01-05T23:59')
  expect(on('2027-01-05').bound).toBeUndefined()
  expect([...lastingLines(quoteOf(facts))]).toEqual(['line_1'])
})

test('what is bound says what renews until it ends, and for how much, as a day of one’s own does', () => {
  const { document } = catalogPlans().find(({ planId }) => planId === 'flex-europe')!
  const plan = { planId: 'flex-europe', version: 1, ...planDocument.parse(document) }
  const periodEnd = friday.add(days(10))
  const next = { plan, steps: null }
  const peer = { lineId: 'line_1', state: 'active' as const, periodEnd, plan, next }
  const other = { ...line, lineId: 'line_2', paid: pounds(0n) }
  const renewing = (autoRenew: boolean, own = twoMonths): Facts => ({
    ...factsOf('DE', own),
    lines: [own, other],
    peers: [
      { ...peer, autoRenew },
      { ...peer, lineId: 'line_2', autoRenew },
    ],
  })
  const on = quoteOf(renewing(true))
  // Of both that close, the one that is bound; the second renewal would be in January.
  const price = { amount: '8.10', currency: 'GBP' }
  const once = { times: 1, first: periodEnd.toString(), price, comesBack: true }
  const named = { lineId: 'line_1', name: line.msisdn }
  expect(on.goingOn).toEqual([{ ...named, planEnds: null, renews: once }])
  const off = quoteOf(renewing(false))
  expect(off.goingOn).toEqual([{ ...named, planEnds: periodEnd.toString(), renews: null }])
  // What does not renew has the hash that it had.
  expect(off.hash).toBe(quoteOf({ ...renewing(false), peers: [] }).hash)
  expect(off.goingOn).not.toEqual(on.goingOn)
  expect(on.hash).not.toBe(off.hash)
  expect(quoteOf(renewing(true), friday.add({ hours: 9 })).hash).toBe(on.hash)
  const long = quoteOf(renewing(true, lineOf({ months: 24 })))
  expect(long.goingOn?.[0]?.renews?.times).toBe(22)

  // A day of one's own that comes too early says the same, and nothing twice.
  const early = quoteOf(renewing(true), friday, { ...refund, endsOn: '2026-12-01' })
  expect([early.goingOn, early.ownDay?.lines.map(({ renews }) => renews)]).toEqual([
    undefined,
    [once, once],
  ])
  // Where it leaves nothing now, what a renewal leaves is asked about all the same.
  const bare = { ...renewing(true), lines: [{ ...twoMonths, paid: pounds(0n) }] }
  expect(quoteOf(bare, friday, { ...refund, paid: null }).choicesNeeded).toEqual(['paid'])
  const spent = { ...bare, peers: renewing(false).peers }
  expect(quoteOf(spent, friday, { ...refund, paid: null }).choicesNeeded).toEqual([])
})

test('a number that left took service with it, whatever bound its line', () => {
  const endedAt = friday.add(days(2))
  const port = { portId: 'port_1', state: 'completed' as const, recipient: 'x', dueAt: null }
  const facts = factsOf('DE', { ...twoMonths, port: { ...port, endedAt } })
  expect(boundIn(facts)?.until).toBe(endedAt.toString())
  expect(boundIn(facts, friday.add(days(3)))).toBeUndefined()
  const failed = { ...port, state: 'failed' as const, endedAt }
  expect(boundIn(factsOf('DE', { ...twoMonths, port: failed }))?.until).not.toBe(endedAt.toString())
})

test('the hash: as it was without a notice, the same all day with one, another with another day', () => {
  const without = (country: string) => quoteOf(factsOf(country, lineOf({ months: 24 }))).hash
  expect(without('GB')).toBe('q-ea8810abc736d873824c0bf0')
  expect(without('DE')).toBe('q-8c382e878f722eb606b9ab07')
  const own = { ...twoMonths, periodStart: null }
  const at = (now: Temporal.Instant, asks = own) => quoteOf(factsOf('DE', asks), now).hash
  expect(at(friday.add({ hours: 9 }))).toBe(at(friday))
  // Midnight in Berlin, and no other.
  expect(at(friday.add({ hours: 10 }))).not.toBe(at(friday))
  const other = { ...own, term: { ...term, notice: { value: 'P3D' } } }
  expect(at(friday, other)).not.toBe(at(friday))
  expect(at(friday, { ...own, term })).not.toBe(at(friday))
})
