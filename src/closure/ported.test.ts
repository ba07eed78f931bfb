import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import type { Facts, LinePort } from './facts.ts'
import { portWait } from './ported.ts'

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
