import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogPlans } from '../plans/catalog.ts'
import { type Plan, planDocument } from '../plans/plan.ts'
import { discounted, percentOffFor } from '../plans/plans.ts'
import { money } from '../values/money.ts'
import { goesWithNone, type Peer, percentOffAt, sharingAt, stranded } from './peers.ts'

const planOf = (planId: string): Plan => ({
  planId,
  version: 1,
  ...planDocument.parse(catalogPlans().find((one) => one.planId === planId)!.document),
})
const [flex, home, companion, japan] = [
  'flex-europe',
  'home-uk',
  'companion-uk',
  'japan-3gb-7d',
].map(planOf) as [Plan, Plan, Plan, Plan]
const at = Temporal.Instant.from('2026-12-01T10:00:00Z')
const peer = (plan: Plan, more: Partial<Peer> = {}): Peer => ({
  lineId: 'l',
  state: 'active',
  autoRenew: false,
  periodEnd: at.add({ hours: 1 }),
  plan,
  next: { plan, steps: null },
  ...more,
})

test.each<[string, Partial<Peer>, number]>([
  ['one whose period runs', {}, 1],
  ['one whose period is over at that moment', { periodEnd: at }, 0],
  ['one that renews then', { periodEnd: at, autoRenew: true }, 1],
  [
    'one that renews to a plan without',
    { periodEnd: at, autoRenew: true, next: { plan: home, steps: null } },
    0,
  ],
  ['one that will be closed by then', { periodEnd: at, autoRenew: true, state: 'closing' }, 0],
  ['one that closes, still in its period', { state: 'closing' }, 1],
  ['one that is paid and not installed', { periodEnd: null, state: 'ordered' }, 1],
  ['one that is paid and closing', { periodEnd: null, state: 'closing' }, 0],
  ['one without such a plan', { plan: home }, 0],
])('a discount counts %s: %#', (_, more, counts) => {
  expect(sharingAt([peer(flex, more)], at)).toBe(counts)
})

test('more lines take off more, and a discount never rounds against what was said', () => {
  expect([1, 2, 3, 9].map((lines) => percentOffFor(flex, lines))).toEqual([0, 10, 15, 15])
  expect(percentOffAt(flex, [peer(flex), peer(home)], at)).toBe(10)
  expect(percentOffAt(home, [peer(flex), peer(flex)], at)).toBe(0)
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      fc.integer({ min: 0, max: 90 }),
      (minor, percent) => {
        const { minor: price } = discounted(money(minor, 'GBP'), percent)
        // At most a minor unit more than the exact share, never less than it.
        expect(price * 100n >= minor * BigInt(100 - percent)).toBe(true)
        expect((price - 1n) * 100n < minor * BigInt(100 - percent)).toBe(true)
      },
    ),
  )
})

test('a companion goes with a line that has a number, is no companion, and is not on its way out', () => {
  expect(stranded([peer(companion)])).toHaveLength(1)
  expect(stranded([peer(companion), peer(companion)])).toHaveLength(2)
  expect(stranded([peer(companion), peer(home)])).toEqual([])
  expect(stranded([peer(companion), peer(japan)])).toHaveLength(1)
  expect(stranded([peer(companion), peer(home, { state: 'closing' })])).toHaveLength(1)
  expect(stranded([peer(companion, { state: 'closing' })])).toEqual([])
  const none = (peers: readonly Peer[], leaving: string[] = []) =>
    goesWithNone(peers, new Set(leaving))?.refused
  expect(none([peer(companion), peer(japan)])).toBe('companion-needs-line')
  expect(none([peer(home, { state: 'closing' }), peer(japan)])).toBe('companion-line-ends')
  expect(none([peer(home, { lineId: 'main' })], ['main'])).toBe('companion-line-ends')
  expect(none([peer(home, { lineId: 'main' }), peer(home)], ['main'])).toBeUndefined()
})
