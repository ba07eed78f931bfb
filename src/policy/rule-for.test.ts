import { expect, test } from 'vitest'
import { packOf } from './packs.ts'
import { endOfAny, onDayOf, ruleFor } from './rule-for.ts'
import type { Policy } from './schema.ts'

test('a variant holds for whom it names; the first that fits wins', () => {
  const be = packOf('BE')
  expect(ruleFor(be, 'noticeRule').value).toBe('P0D')
  expect(ruleFor(be, 'noticeRule', { segment: 'micro', plan: 'postpaid' }).value).toBe('P0D')
  expect(ruleFor(be, 'noticeRule', { segment: 'business', plan: 'prepaid' }).value).toBe('P1M')
  expect(ruleFor(packOf('IN'), 'refundRight').value).toBe('none')
  const deposit = { segment: 'consumer', plan: 'postpaid' } as const
  expect(ruleFor(packOf('IN'), 'refundRight', deposit).value).toBe('any_end')
})

test('held for a segment, a policy says of prepaid plans what the segment’s variant says, and keeps what differs on contract', () => {
  const now = Temporal.Instant.from('2026-11-27T12:00:00Z')
  const held = (country: string, segment: 'consumer' | 'micro' | 'business') =>
    onDayOf(packOf(country), now, segment)
  const notice = (segment: 'consumer' | 'micro' | 'business') =>
    held('BE', segment).rules.noticeRule.value
  expect([notice('consumer'), notice('micro'), notice('business')]).toEqual(['P0D', 'P0D', 'P1M'])
  expect(held('BE', 'business').rules.noticeRule).not.toHaveProperty('variants')
  expect(held('US', 'micro').rules.quarantineMax.value).toBe('P365D')
  expect(onDayOf(packOf('US'), now).rules.quarantineMax.value).toBe('P90D')
  const onContract = { segment: 'consumer', plan: 'postpaid' } as const
  const india = held('IN', 'business')
  expect(ruleFor(india, 'refundRight').value).toBe('none')
  expect(ruleFor(india, 'refundRight', onContract).value).toBe('any_end')
})

test('a rule holds from its first day to its last; on others Violet’s default does', () => {
  const eu = packOf('EU')
  const policy: Policy = {
    ...eu,
    rules: {
      ...eu.rules,
      reasonMode: {
        value: 'required',
        source: 'a law',
        confidence: 'S',
        validFrom: '2026-06-19',
        validTo: '2026-12-31',
      },
    },
  }
  const on = (day: string) =>
    ruleFor(onDayOf(policy, Temporal.Instant.from(`${day}T12:00:00Z`)), 'reasonMode').value
  expect(['2026-06-18', '2026-06-19', '2026-12-31', '2027-01-01'].map(on)).toEqual([
    'optional',
    'required',
    'required',
    'optional',
  ])
})

test('a length that is not there ends never', () => {
  const start = Temporal.Instant.from('2026-11-27T15:00:00Z')
  expect(endOfAny(packOf('GB'), { value: null }, start)).toBeNull()
})
