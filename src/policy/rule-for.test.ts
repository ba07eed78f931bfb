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
