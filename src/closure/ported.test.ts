import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import type { Policy } from '../policy/policy.ts'
import type { Facts, LinePort } from './facts.ts'
import { choicesOnPort, paidOnPort, portWait } from './ported.ts'
import type { Choices } from './settlement.ts'

const now = Temporal.Instant.from('2026-03-01T12:00:00Z')
const later = (hours: number) => now.add({ hours })
const port = (more: Partial<LinePort> = {}): LinePort => ({
  portId: 'port_1',
  state: 'pending',
  recipient: 'Heron',
  dueAt: later(24),
  endedAt: null,
  ...more,
})
const factsOf = (country: string, ...ports: (LinePort | null)[]) =>
  ({
    policy: packOf(country),
    lines: ports.map((one) => ({ port: one, arriving: null })),
  }) as unknown as Facts

test('a closure waits for the last number under way, and for as long as something can be heard', () => {
  const facts = factsOf('GB', port(), port({ dueAt: later(48) }), null)
  expect(portWait(facts, now)).toEqual({ kind: 'wait', until: later(48 + 72) })
  expect(portWait(factsOf('GB', null), now)).toEqual({ kind: 'none' })
  expect(portWait(factsOf('GB', port({ state: 'completed', endedAt: later(1) })), now)).toEqual({
    kind: 'none',
  })
})

test('a number that did not go is asked about once: until its owner agreed after that', () => {
  for (const state of ['failed', 'expired', 'cancelled'] as const) {
    const stayed = factsOf('GB', port({ state, endedAt: later(5) }))
    expect(portWait(stayed, now)).toEqual({ kind: 'ask' })
    expect(portWait(stayed, later(4))).toEqual({ kind: 'ask' })
    expect(portWait(stayed, later(6))).toEqual({ kind: 'none' })
    expect(portWait(stayed, now, false)).toEqual({ kind: 'none' })
  }
  const before = factsOf('GB', port({ state: 'failed', endedAt: later(-1) }))
  expect(portWait(before, now)).toEqual({ kind: 'none' })
  const neverUsed = factsOf('GB', port({ state: 'expired', recipient: null, endedAt: later(5) }))
  expect(portWait(neverUsed, now)).toEqual({ kind: 'none' })
})

test('what was chosen stands; else credit goes back where that is allowed, in France for this reason alone', () => {
  const none = { paid: null, promotional: null }
  const move = { disposition: 'move', toLineId: 'line_2' } as const
  const paidIn = (country: string) => choicesOnPort(factsOf(country, null), none, now).paid
  expect(paidIn('GB')).toEqual({ disposition: 'refund' })
  expect(paidIn('FR')).toEqual({ disposition: 'refund' })
  expect(paidIn('JP')).toBeNull()
  const chosen = choicesOnPort(factsOf('GB', null), { paid: move, promotional: move }, now)
  const shared = { disposition: 'return' }
  expect(chosen).toEqual({ paid: move, promotional: move, shared })
  const own = choicesOnPort(factsOf('GB', null), { ...none, endsOn: '2027-06-01' }, now)
  expect(own).toMatchObject({
    promotional: { disposition: 'give-up' },
    endsOn: now.toZonedDateTimeISO('Europe/London').toPlainDate().toString(),
  })
})

test('where only the port brings a refund, a donation made without it is none; what is its owner’s still stands', () => {
  const pack = packOf('BE')
  const value = ['spend', 'move', 'keep', 'donate'] as const
  const paidDispositions = { ...pack.rules.paidDispositions, value: [...value] }
  const policy: Policy = { ...pack, rules: { ...pack.rules, paidDispositions } }
  const paidAfter = (paid: Choices['paid'], of = policy) => paidOnPort({ policy: of }, paid)
  const refund = { disposition: 'refund' } as const
  expect(paidAfter(null)).toEqual(refund)
  expect(paidAfter({ disposition: 'donate' })).toEqual(refund)
  expect(paidAfter({ disposition: 'donate', spendFirst: true })).toEqual({
    ...refund,
    spendFirst: true,
  })
  for (const stays of [{ disposition: 'keep' }, { disposition: 'move', toLineId: 'l' }] as const)
    expect(paidAfter(stays)).toEqual(stays)
  // Belgium’s pack offers a refund at any end, so that who donates wants to.
  expect(paidAfter({ disposition: 'donate' }, pack)).toEqual({ disposition: 'donate' })
  expect(paidAfter({ disposition: 'donate' }, packOf('JP'))).toEqual({ disposition: 'donate' })
})
