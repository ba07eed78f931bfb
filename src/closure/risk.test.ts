import { expect, test } from 'vitest'
import type { Facts } from './facts.ts'
import { riskOf, riskSignals } from './risk.ts'

const now = Temporal.Instant.from('2026-11-23T10:00:00Z')
const daysAgo = (days: number) => now.subtract({ hours: 24 * days })
const contact = (days: number) => ({
  contactId: `contact_${days}`,
  kind: 'email' as const,
  value: 'a@example.com',
  addedAt: daysAgo(days),
  verifiedAt: daysAgo(days),
})
const facts = (createdDaysAgo: number, added: number[], removed: number[] = []) =>
  ({
    subscriber: { createdAt: daysAgo(createdDaysAgo) },
    contacts: added.map(contact),
    removedAt: removed.map(daysAgo),
  }) as unknown as Facts

test('a new account’s first contacts are no change', () => {
  expect(riskOf(facts(1, [1, 0]), now)).toBe('low')
})

test('an old account with old contacts is low, one change is medium, two are high', () => {
  expect(riskOf(facts(400, [400]), now)).toBe('low')
  expect(riskOf(facts(400, [400, 3]), now)).toBe('medium')
  expect(riskOf(facts(400, [3], [2]), now)).toBe('high')
  expect(riskSignals(facts(400, [8], [8]), now)).toEqual([])
})
