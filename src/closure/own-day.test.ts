import fc from 'fast-check'
import { expect, test } from 'vitest'
import { factsIn, friday, line, pounds } from '../../test/closing-facts.ts'
import { catalogPlans } from '../plans/catalog.ts'
import { type Plan, planDocument } from '../plans/plan.ts'
import { packs } from '../policy/packs.ts'
import type { Peer } from '../renewals/renewals.ts'
import { agreedEnd } from './agreed-end.ts'
import { type Facts } from './facts.ts'
import { checkDay, daysFrom, endOfDay, ownDayEnd } from './own-day.ts'
import { checkChoices, makeQuote } from './quote.ts'

const planOf = (planId: string): Plan => ({
  planId,
  version: 1,
  ...planDocument.parse(catalogPlans().find((one) => one.planId === planId)!.document),
})
const flex = planOf('flex-europe')
const refund = { paid: { disposition: 'refund' as const }, promotional: null }
const on = (endsOn: string) => ({ ...refund, endsOn })
const quote = (facts: Facts, choices: Parameters<typeof makeQuote>[1], now = friday) =>
  makeQuote(facts, choices, null, null, now).wire

/** A line of a plan of 30 days that ends ten days from now. */
const running = (autoRenew: boolean, plan = flex): Facts => {
  const periodEnd = friday.add({ hours: 24 * 10 })
  const next = { plan, steps: null }
  const peer: Peer = { lineId: 'line_1', state: 'active', autoRenew, periodEnd, plan, next }
  const own = { ...line, prepaid: pounds(900n), periodStart: friday.subtract({ hours: 24 * 20 }) }
  const left = pounds(2900n)
  const refundable = [{ orderId: 'order_1', lineId: 'line_1', instrument: 'visa 1', left }]
  return { ...factsIn('GB'), lines: [own], peers: [peer], refundable }
}

test('a day is over a minute before the next one begins, by the local clock, however long it is', () => {
  const end = (zone: string, day: string) => endOfDay({ timeZone: zone }, day).toString()
  expect(end('Europe/London', '2026-12-24')).toBe('2026-12-24T23:59:00Z')
  // Between these two lie 23 hours, and between the next two 25.
  expect(end('Europe/London', '2027-03-27')).toBe('2027-03-27T23:59:00Z')
  expect(end('Europe/London', '2027-03-28')).toBe('2027-03-28T22:59:00Z')
  expect(end('Europe/Berlin', '2026-10-24')).toBe('2026-10-24T21:59:00Z')
  expect(end('Europe/Berlin', '2026-10-25')).toBe('2026-10-25T22:59:00Z')
  // Here midnight itself is left out.
  expect(end('Africa/Cairo', '2027-04-29')).toBe('2027-04-29T21:59:00Z')
})

test('for any day and country, a day that is offered ends on that day, later than now, and at most a year ahead', () => {
  const minute = { minutes: 1 }
  fc.assert(
    fc.property(
      fc.constantFrom(...packs),
      fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
      fc.nat(366),
      (policy, second, days) => {
        const now = Temporal.Instant.fromEpochMilliseconds(second * 1000)
        const { from, to } = daysFrom(policy, now)
        const wanted = Temporal.PlainDate.from(from).add({ days })
        const choices = { ...refund, endsOn: wanted.toString() }
        const isOffered = Temporal.PlainDate.compare(wanted, to) <= 0
        expect(checkDay({ policy }, choices, null, now) === undefined).toBe(isOffered)
        const end = endOfDay(policy, choices.endsOn)
        const local = (at: Temporal.Instant) => at.toZonedDateTimeISO(policy.timeZone).toPlainDate()
        expect(local(end).equals(wanted)).toBe(true)
        expect(local(end.add(minute)).equals(wanted.add({ days: 1 }))).toBe(true)
        // The last minute of today is no end that is still to come.
        const isToCome = Temporal.Instant.compare(end, now) > 0
        expect(ownDayEnd({ policy }, choices, now)).toEqual(isToCome ? end : null)
        expect(isToCome || days === 0).toBe(true)
      },
    ),
  )
})

test('yesterday and more than a year are refused with the days there are; what was submitted has its day', () => {
  const facts = factsIn('GB')
  const check = (endsOn: string | null) => checkDay(facts, { ...refund, endsOn }, null, friday)
  const range = { from: '2026-11-27', to: '2027-11-27' }
  expect(check('2026-11-26')).toMatchObject({ refused: 'end-day-out-of-range', facts: range })
  expect(check('2027-11-28')).toMatchObject({ refused: 'end-day-out-of-range', facts: range })
  expect([check('2026-11-27'), check('2027-11-27'), check(null)]).toEqual(Array(3).fill(undefined))
  const later = (endsOn: string | null, submitted: object = on('2026-12-01')) =>
    checkDay(facts, { ...refund, endsOn }, { ...refund, ...submitted }, friday)
  expect(later('2026-12-02')).toMatchObject({ refused: 'choice-not-allowed' })
  expect(later(null)).toMatchObject({ refused: 'choice-not-allowed' })
  expect(later('2026-12-02', {})).toMatchObject({ refused: 'choice-not-allowed' })
  expect([later('2026-12-01'), later(null, {})]).toEqual([undefined, undefined])
})

test('money counts to the day, and the quote says what renews before it and at what price', () => {
  const soon = quote(running(true), refund)
  expect(soon.ownDay).toBeUndefined()
  expect(soon.currencies[0]?.sources.map(({ kind }) => kind)).toContain('plan-days')
  const { ownDay, endsAt, immediate, currencies, choicesNeeded, hash } = quote(
    running(true),
    on('2027-02-10'),
  )
  expect([endsAt, ownDay?.until, immediate]).toEqual([
    '2027-02-10T23:59:00Z',
    '2027-02-10T23:59:00Z',
    false,
  ])
  // The seventh of December, of January, and the fifth of February.
  const price = { amount: '9.00', currency: 'GBP' }
  expect(ownDay?.lines[0]?.renews).toEqual({
    times: 3,
    first: '2026-12-07T13:00:00Z',
    price,
    comesBack: true,
  })
  expect(currencies[0]?.sources.map(({ kind }) => kind)).not.toContain('plan-days')
  expect(hash).not.toBe(soon.hash)
  expect(quote(running(true), on('2027-02-11')).hash).not.toBe(hash)
  // The same, looked at five hours later.
  expect(quote(running(true), on('2027-02-10'), friday.add({ hours: 5 })).hash).toBe(hash)
  expect(choicesNeeded).toEqual([])
  // Nothing is left on the day of what there is now; what a renewal leaves is asked about all the same.
  const { lines, ...facts } = running(true)
  const bare = { ...facts, lines: lines.map((one) => ({ ...one, paid: pounds(0n) })) }
  const needed = (day: string) => quote(bare, { ...on(day), paid: null }).choicesNeeded
  expect([needed('2027-02-10'), needed('2026-12-06')]).toEqual([['paid'], []])
})

test('what does not renew ends with its paid days; a day within them is counted as any', () => {
  const off = quote(running(false), on('2027-02-10'))
  expect(off.ownDay?.lines).toEqual([
    { lineId: 'line_1', name: line.msisdn, planEnds: '2026-12-07T13:00:00Z', renews: null },
  ])
  const within = quote(running(true), on('2026-12-01'))
  expect(within.ownDay?.lines[0]).toMatchObject({ planEnds: null, renews: null })
  const days = within.currencies[0]?.sources.find(({ kind }) => kind === 'plan-days')
  expect(days).toMatchObject({ amount: { amount: '1.50' }, detail: { daysLeft: '5' } })
  const none = quote(running(true, { ...flex, unusedRefund: 'none' }), on('2027-02-10'))
  expect(none.ownDay?.lines[0]?.renews?.comesBack).toBe(false)
})

test('a term that binds for longer wins, a day beyond it does, and who stays beyond the withdrawal window is bound', () => {
  const term = {
    months: 24,
    monthlyFee: pounds(1000n),
    fee: null,
    equipment: null,
    benefit: null,
    savedPercent: 0,
    taxPercent: 0,
  }
  const boundFor = (months: number, orderedDays: number): Facts => {
    const orderedAt = friday.subtract({ hours: 24 * orderedDays })
    const own = { ...line, orderedAt, activatedAt: orderedAt, term: { ...term, months } }
    return { ...factsIn('DE'), lines: [own] }
  }
  const endOf = (facts: Facts, day: string) => agreedEnd(facts, on(day), friday)
  const { at, bound } = endOf(boundFor(24, 60), '2027-03-01')
  expect([at?.toString(), bound.length]).toEqual([bound[0]?.until.toString(), 1])
  expect(at!.toString() > '2027-03-01').toBe(true)
  expect(quote(boundFor(24, 60), on('2027-03-01'))).toMatchObject({
    endsAt: at?.toString(),
    ownDay: { on: '2027-03-01', until: '2027-03-01T22:59:00Z' },
  })
  const beyond = endOf(boundFor(4, 60), '2027-06-01')
  expect([beyond.at?.toString(), beyond.bound]).toEqual(['2027-06-01T21:59:00Z', []])
  // Fresh, today it is withdrawn from; a day beyond the fourteen is an ordinary end.
  const fresh = boundFor(24, 1)
  expect(quote(fresh, refund)).toMatchObject({ withdrawUntil: expect.any(String) })
  expect(quote(fresh, on('2026-12-05')).bound).toBeUndefined()
  const stays = quote(fresh, on('2027-03-01'))
  expect([stays.bound?.length, stays.withdrawUntil]).toEqual([1, undefined])
})

test('spending first is another answer to when it ends, and nothing is changed at a rate of today', () => {
  const facts = running(true)
  const spend = { ...on('2026-12-10'), paid: { disposition: 'refund', spendFirst: true } as const }
  expect(checkChoices(facts, spend)).toMatchObject({ facts: { disposition: 'spend' } })
  expect(checkChoices(facts, { ...spend, endsOn: null })).toBeUndefined()
  const exchanged = { ...on('2026-12-10'), exchange: { into: 'GBP' } }
  expect(checkChoices(facts, exchanged)).toMatchObject({ facts: { disposition: 'exchange' } })
  expect(quote(facts, refund).allowed.spendUntil).toBe('2026-12-07T13:00:00Z')
  expect(quote(facts, on('2026-12-10')).allowed.spendUntil).toBeNull()
})
