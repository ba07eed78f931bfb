import { expect, test } from 'vitest'
import cn from './packs/cn.json' with { type: 'json' }
import de from './packs/de.json' with { type: 'json' }
import gb from './packs/gb.json' with { type: 'json' }
import { after, policySchema } from './policy.ts'

test.each([gb, de, cn])('the pack of $country is complete', (pack) => {
  expect(policySchema.parse(pack)).toEqual(pack)
})

test('an unknown field, a negative duration and a value without a source are refused', () => {
  expect(policySchema.safeParse({ ...gb, extra: 1 }).success).toBe(false)
  const negative = { ...gb.rules.coolingOff, value: '-PT1H' }
  expect(
    policySchema.safeParse({ ...gb, rules: { ...gb.rules, coolingOff: negative } }).success,
  ).toBe(false)
  const unsourced = { value: 'PT1H', confidence: 'D' }
  expect(
    policySchema.safeParse({ ...gb, rules: { ...gb.rules, coolingOff: unsourced } }).success,
  ).toBe(false)
})

test('calendar lengths follow the local calendar across a change of the clocks', () => {
  const start = Temporal.Instant.from('2026-10-24T12:00:00Z')
  expect(after(start, 'P1D', 'Europe/London').toString()).toBe('2026-10-25T13:00:00Z')
  expect(after(start, 'PT24H', 'Europe/London').toString()).toBe('2026-10-25T12:00:00Z')
})
