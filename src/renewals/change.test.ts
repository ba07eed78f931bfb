import { expect, test } from 'vitest'
import { catalogPlans } from '../plans/catalog.ts'
import { type Plan, planDocument } from '../plans/plan.ts'
import { decimal, money } from '../values/money.ts'
import { isRefusal } from '../values/refusal.ts'
import { type Asked, type ChangeQuote, quoteChange } from './change.ts'
import { dueOn, restOf, type Standing } from './renewal.ts'

const planOf = (planId: string, version = 1): Plan => ({
  planId,
  version,
  ...planDocument.parse(catalogPlans().find((one) => one.planId === planId)!.document),
})
const flex = planOf('flex-europe')
const start = Temporal.Instant.from('2026-11-01T10:00:00Z')
const day = (days: number, hours = 0) => start.add({ hours: 24 * days + hours })
const included = { data: 5, voice: 2, sms: 1 }

const standing: Standing = {
  subscriberId: 'sub_1',
  lineId: 'line_1',
  nickname: 'Everyday',
  state: 'active',
  plan: flex,
  steps: included,
  autoRenew: true,
  periodStart: start,
  periodEnd: day(30),
  prepaid: money(900n, 'GBP'),
  prepaidFrom: null,
  prepaidDays: 30,
  percentOff: 0,
  peers: [],
  credit: money(2000n, 'GBP'),
  free: { data: 5_000_000_000n, voice: 7200n, sms: 50n },
  next: null,
  remindedFor: null,
  waitingSince: null,
  changes: 0,
}
const more = { data: 10, voice: 2, sms: 1 }
const asked = (steps = more, when: Asked['when'] = 'now'): Asked => ({ when, steps })
const quote = (one: Standing, wish: Asked, now: Temporal.Instant) =>
  quoteChange(one, wish, now) as ChangeQuote
const refusedAs = (one: Standing, wish: Asked, now: Temporal.Instant) => {
  const answer = quoteChange(one, wish, now)
  return isRefusal(answer) ? answer.refused : 'quoted'
}

test('more data now costs the days that are left, and grants as much of it in whole megabytes', () => {
  // 11 days and an hour are gone, so 18 days have not begun. 13.00 × 18/30 = 7.80, paid are 9.00 × 18/30 = 5.40.
  const { due, rest, paidAlready, granted, days, from, until, kind } = quote(
    standing,
    asked(),
    day(11, 1),
  )
  expect([rest, paidAlready, due].map(decimal)).toEqual(['7.80', '5.40', '2.40'])
  expect({ days, granted, kind }).toEqual({
    days: 18,
    granted: { data: 3_000_000_000n, voice: 0n, sms: 0n },
    kind: 'now',
  })
  expect([from, until]).toEqual([day(11, 1), day(30)])
})

test('parts are whole blocks: megabytes, minutes, messages, never less than the share', () => {
  const one = { data: 1_000_000_000n, voice: 3600n, sms: 50n }
  expect(restOf(one, 7, 30)).toEqual({ data: 234_000_000n, voice: 840n, sms: 12n })
  expect(restOf(one, 30, 30)).toEqual(one)
  expect(restOf(one, 0, 30)).toEqual({ data: 0n, voice: 0n, sms: 0n })
})

test('less now gives back what is not begun, unless it is used', () => {
  const less = { data: 1, voice: 2, sms: 1 }
  const { due, granted } = quote(standing, asked(less), day(11, 1))
  // 4 × 0.80 × 18/30
  expect([decimal(due), granted.data]).toEqual(['-1.92', -2_400_000_000n])
  const used = { ...standing, free: { ...standing.free, data: 2_399_999_999n } }
  expect(refusedAs(used, asked(less), day(11, 1))).toBe('allowance-used')
  expect(refusedAs(used, asked(less, 'renewal'), day(11, 1))).toBe('quoted')
})

test('at renewal nothing moves now; the figures are those of the next period', () => {
  const { due, priceAfter, from, granted, kind } = quote(standing, asked(more, 'renewal'), day(3))
  expect([decimal(due), decimal(priceAfter), from.toString(), kind]).toEqual([
    '0.00',
    '13.00',
    day(30).toString(),
    'renewal',
  ])
  expect(granted).toEqual({ data: 0n, voice: 0n, sms: 0n })
})

test('a period that is over begins anew at its whole price', () => {
  const over = { ...standing, prepaid: money(0n, 'GBP') }
  const late = quote(over, asked(), day(32))
  expect([decimal(late.due), late.from.toString(), late.kind]).toEqual([
    '13.00',
    day(32).toString(),
    'period',
  ])
  expect(late.granted.data).toBe(10_000_000_000n)
  expect(quote(over, asked(), day(30)).from).toEqual(day(30))
  // To the microsecond, as the database keeps it.
  const odd = quote(over, asked(), day(32).add({ nanoseconds: 1_999 }))
  expect([odd.from, odd.until]).toEqual([
    day(32).add({ nanoseconds: 1_000 }),
    day(62).add({ nanoseconds: 1_000 }),
  ])
})

test.each<[string, Partial<Standing>, Asked, Temporal.Instant]>([
  ['line-closing', { state: 'closing' }, asked(), day(1)],
  ['line-closed', { state: 'closed' }, asked(), day(1)],
  ['line-not-active', { state: 'suspended' }, asked(), day(1)],
  ['line-not-active', { state: 'ordered', periodEnd: null, periodStart: null }, asked(), day(1)],
  ['adjustment-not-allowed', {}, asked({ data: 51, voice: 2, sms: 1 }), day(1)],
  ['adjustment-not-allowed', {}, asked({ data: 0, voice: 2, sms: 1 }), day(1)],
  ['plan-unchanged', {}, asked(included), day(1)],
  ['plan-unchanged', {}, asked(included, 'renewal'), day(1)],
  ['plan-has-ended', {}, asked(more, 'renewal'), day(30)],
  ['only-at-renewal', {}, asked(), day(29, 1)],
  ['only-at-renewal', {}, { ...asked(), plan: planOf('flex-europe', 2) }, day(1)],
  ['only-at-renewal', {}, { ...asked(included), plan: planOf('home-uk', 1), steps: null }, day(1)],
  [
    'companion-needs-line',
    { plan: planOf('companion-uk'), steps: null },
    { when: 'now', steps: null },
    day(31),
  ],
])('refused: %s', (code, change, wish, now) => {
  expect(refusedAs({ ...standing, ...change }, wish, now)).toBe(code)
})

test('a plan that gives back less for leaving gives nothing back for turning down now', () => {
  const plan = { ...flex, unusedRefund: 'none' as const }
  const less = asked({ data: 1, voice: 2, sms: 1 })
  expect(refusedAs({ ...standing, plan }, less, day(1))).toBe('only-at-renewal')
  expect(refusedAs({ ...standing, plan }, asked(), day(1))).toBe('quoted')
})

test('what is missing is said to the cent; the hash stays while nothing of it moves', () => {
  const poor = { ...standing, credit: money(239n, 'GBP') }
  const at = day(11, 1)
  expect(decimal(quote(poor, asked(), at).missing!)).toBe('0.01')
  const { hash } = quote(standing, asked(), at)
  expect(quote(standing, asked(), at.add({ hours: 5 })).hash).toBe(hash)
  expect(quote(poor, asked(), at).hash).toBe(hash)
  expect(quote(standing, asked(), day(12, 1)).hash).not.toBe(hash)
  expect(quote({ ...standing, changes: 1 }, asked(), at).hash).not.toBe(hash)
  expect(quote(standing, asked({ ...more, sms: 2 }), at).hash).not.toBe(hash)
})

const credit = (minor: bigint) => ({ ...standing, credit: money(minor, 'GBP') })
test.each<[string, Standing, Temporal.Instant, object]>([
  ['long before', standing, day(3), { do: 'nothing', lookAt: day(27) }],
  ['three days before', standing, day(27), { do: 'remind', lookAt: day(30), missing: undefined }],
  ['reminded', { ...standing, remindedFor: day(30) }, day(28), { do: 'nothing', lookAt: day(30) }],
  ['over', standing, day(30), { do: 'renew', start: day(30), price: money(900n, 'GBP') }],
  ['over for long', standing, day(33), { do: 'renew', start: day(33) }],
  ['over, off', { ...standing, autoRenew: false }, day(30), { do: 'end', why: 'renewal-off' }],
  ['over, poor', credit(899n), day(30), { do: 'wait', first: true, missing: money(1n, 'GBP') }],
  ['a week over, poor', credit(899n), day(37), { do: 'end', why: 'no-credit' }],
  ['suspended', { ...standing, state: 'suspended' }, day(31), { do: 'nothing' }],
  ['closing', { ...standing, state: 'closing' }, day(31), { do: 'nothing' }],
  ['closing, poor', { ...credit(0n), state: 'closing' }, day(31), { do: 'nothing' }],
  ['closing, off', { ...standing, autoRenew: false, state: 'closing' }, day(31), { do: 'nothing' }],
  ['closing, near the end', { ...standing, state: 'closing' }, day(28), { do: 'nothing' }],
  ['closed', { ...standing, state: 'closed' }, day(31), { do: 'nothing', lookAt: null }],
])('due: %s', (_, one, now, wanted) => {
  expect(dueOn(one, now)).toMatchObject(wanted)
})
