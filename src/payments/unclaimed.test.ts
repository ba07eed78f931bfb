/** How money that its owner could not be given may end, under the rules of its country. */
import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import { type UnclaimedEnd, unclaimedEndOf } from '../policy/policy.ts'
import { accountFor, type Ending, refusalOf } from './unclaimed.ts'

const since = Temporal.Instant.from('2026-03-01T10:00:00Z')
const endIn = (country: string) => {
  const end = unclaimedEndOf(packOf(country), since)
  return end && [end.to, end.dueAt?.toString() ?? null]
}

test('each country says who gets what nobody claims, and from when', () => {
  // CPCE L34-2; CCP 1520; escheat and TCEPF Regulations 2007 without a figure; no scheme found.
  expect(endIn('FR')).toEqual(['operator', '2027-03-01T10:00:00Z'])
  expect(endIn('US-CA')).toEqual(['state', '2029-03-01T10:00:00Z'])
  expect([endIn('US'), endIn('IN')]).toEqual([
    ['state', null],
    ['fund', null],
  ])
  expect([endIn('GB'), endIn('CN'), endIn('DE')]).toEqual([null, null, null])
})

test('the operator gets nothing while its owner can still claim it', () => {
  const policy = structuredClone(packOf('FR'))
  policy.rules.refundClaimWindow.value = 'P10Y'
  expect(unclaimedEndOf(policy, since)?.dueAt?.toString()).toBe('2036-03-01T10:00:00Z')
  policy.rules.unclaimedRule.value = { after: 'P1Y', to: 'state' }
  expect(unclaimedEndOf(policy, since)?.dueAt?.toString()).toBe('2027-03-01T10:00:00Z')
})

const dueAt = since.add({ hours: 24 })
const toOperator: UnclaimedEnd = { to: 'operator', dueAt }
const noDay: UnclaimedEnd = { to: 'fund', dueAt: null }
const code = (
  end: UnclaimedEnd | null,
  how: Ending['how'],
  at: Temporal.Instant,
  stands: { state: 'held' | Ending['how']; proof: string | null } = { state: 'held', proof: null },
  waitsForBank = false,
) => refusalOf({ end, waitsForBank, ...stands }, { how, proof: 'BANK-1' }, at)?.refused

test('the owner may be paid on any day, whoever a rule names from its day on', () => {
  const before = dueAt.subtract({ nanoseconds: 1 })
  for (const end of [null, toOperator, noDay]) expect(code(end, 'paid', before)).toBeUndefined()
  expect(code(toOperator, 'handed-over', before)).toBe('unclaimed-not-due')
  expect(code(toOperator, 'handed-over', dueAt)).toBeUndefined()
  expect(code(noDay, 'handed-over', since)).toBeUndefined()
  expect(code(null, 'handed-over', dueAt)).toBe('unclaimed-stays')
})

test('while a bank may give it to its owner, nobody else does; what has ended is not asked again', () => {
  const waits = (end: UnclaimedEnd | null, how: Ending['how'], at = dueAt) =>
    code(end, how, at, undefined, true)
  for (const end of [null, toOperator, noDay]) expect(waits(end, 'paid')).toBe('unclaimed-disputed')
  expect(waits(toOperator, 'handed-over')).toBe('unclaimed-disputed')
  // What no bank will change is said first.
  expect(waits(null, 'handed-over')).toBe('unclaimed-stays')
  expect(waits(toOperator, 'handed-over', since)).toBe('unclaimed-not-due')
  const paid = { state: 'paid', proof: 'BANK-1' } as const
  expect(code(null, 'paid', dueAt, paid, true)).toBeUndefined()
})

test('what has ended ends once: said again it is the same, otherwise it is refused', () => {
  const paid = { state: 'paid', proof: 'BANK-1' } as const
  expect(code(toOperator, 'paid', dueAt, paid)).toBeUndefined()
  expect(code(toOperator, 'handed-over', dueAt, paid)).toBe('changed-meanwhile')
  expect(code(toOperator, 'paid', dueAt, { ...paid, proof: 'BANK-2' })).toBe('changed-meanwhile')
})

test('only what the law leaves to the operator stays in its books', () => {
  expect(accountFor('handed-over', toOperator)).toBe('unclaimed-lapsed')
  expect(accountFor('handed-over', noDay)).toBe('payments-clearing')
  expect(accountFor('paid', toOperator)).toBe('payments-clearing')
})
