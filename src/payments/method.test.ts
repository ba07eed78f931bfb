/** When a card is over, and when it is the same one again. */
import { expect, test } from 'vitest'
import { isExpired, type Method, sameCard } from './method.ts'

const card = { brand: 'visa', last4: '4242', expMonth: 11, expYear: 2026 }
const at = (text: string) => Temporal.Instant.from(text)
const method = (fingerprint?: string): Method => ({
  methodId: 'method_1',
  instrument: { ...card, ...(fingerprint !== undefined && { fingerprint }) },
  isDefault: true,
  savedAt: at('2026-01-01T00:00:00Z'),
  lines: [],
})

test('a card is good until its month is over everywhere', () => {
  expect(isExpired(card, at('2026-11-30T23:59:59Z'))).toBe(false)
  expect(isExpired(card, at('2026-12-01T11:59:59Z'))).toBe(false)
  expect(isExpired(card, at('2026-12-01T12:00:00Z'))).toBe(true)
  expect(isExpired({ ...card, expYear: 2027, expMonth: 1 }, at('2026-12-15T12:00:00Z'))).toBe(false)
})

test('the provider’s fingerprint tells cards apart; without one brand and last four digits do', () => {
  const same = { ...card, fingerprint: 'a' }
  expect(sameCard([method('a')], same)).toBeDefined()
  expect(sameCard([method('b')], same)).toBeUndefined()
  expect(sameCard([method()], same)).toBeDefined()
  expect(sameCard([method()], { ...card, last4: '0002' })).toBeUndefined()
})
