import { expect, test } from 'vitest'
import { type ChainedEvent, firstHash, hashEvent, isIntact } from './chain.ts'

function chain(kinds: string[]): ChainedEvent[] {
  let previousHash = firstHash
  return kinds.map((kind, index) => {
    const event = {
      seq: index + 1,
      at: Temporal.Instant.from('2026-11-23T10:00:00Z').add({ hours: index }),
      kind,
      actorKind: 'system',
      actorId: 'violet',
      detail: { b: '2', a: '1' },
      previousHash,
    }
    const hash = hashEvent('case_1', event)
    previousHash = hash
    return { ...event, hash }
  })
}

test('an untouched chain is intact, whatever the order of its details', () => {
  const events = chain(['created', 'submitted', 'closed'])
  expect(isIntact('case_1', events)).toBe(true)
  expect(
    isIntact(
      'case_1',
      events.map((event) => ({ ...event, detail: { a: '1', b: '2' } })),
    ),
  ).toBe(true)
})

test('a changed, dropped, reordered or foreign event breaks it', () => {
  const events = chain(['created', 'submitted', 'closed'])
  const [first, second, third] = events as [ChainedEvent, ChainedEvent, ChainedEvent]
  expect(isIntact('case_1', [first, { ...second, kind: 'withdrawn' }, third])).toBe(false)
  expect(isIntact('case_1', [first, third])).toBe(false)
  expect(isIntact('case_1', [second, first, third])).toBe(false)
  expect(isIntact('case_2', events)).toBe(false)
})
