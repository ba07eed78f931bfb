import { expect, test } from 'vitest'
import { lint } from './lint.ts'
import { readPolicy } from './policy.ts'

const source = { source: 'Violet default', confidence: 'D' }
const keep = { for: 'P6Y', basis: 'proof of closing' }
/** As published before format 2. */
const published = {
  country: 'GB',
  version: 1,
  review: 'operator: have this reviewed',
  timeZone: 'Europe/London',
  rules: {
    reasonMode: { value: 'optional', ...source },
    coolingOff: { value: 'PT0S', ...source },
    autoApprove: { value: true, ...source },
    reviewSla: { value: 'PT24H', ...source },
    ifLate: { value: 'approved', ...source },
    paidDispositions: { value: ['refund', 'move', 'donate'], ...source },
    promotionalDispositions: { value: ['move', 'give-up'], ...source },
    promoRefundable: { value: false, ...source },
    refundDeadline: { value: 'P14D', ...source },
    driftTolerance: { value: { GBP: '1.00' }, ...source },
    quarantineMin: { value: 'P30D', ...source },
    buttonLabels: { value: { 'close.open': {}, 'close.confirm': {} }, ...source },
    retention: {
      value: { invoices: keep, usage: keep, certificate: keep, contacts: keep },
      ...source,
    },
  },
}

test('a case pinned to a document of the first format still reads every rule as it was published', () => {
  const policy = readPolicy(published)
  expect(policy).toMatchObject(published)
  expect(policy.rules.reviewSla.days).toBeUndefined()
  expect(policy.rules.refundRight.value).toBe('any_end')
  expect(policy.rules.refundFee.value).toEqual({})
  expect(policy.rules.secondReviewAbove.value).toBeNull()
})

test('what was never a policy is refused', () => {
  expect(() => readPolicy({ ...published, extra: 1 })).toThrow()
  expect(() => readPolicy(null)).toThrow()
  expect(() => readPolicy({ ...published, format: 3 })).toThrow()
})

test('its lengths of time were any text: what is none is said with its path', () => {
  const today = Temporal.PlainDate.from('2026-11-26')
  const coolingOff = (value: string) => ({
    ...published,
    rules: { ...published.rules, coolingOff: { value, ...source } },
  })
  const path = 'rules.coolingOff.value'
  const found = (value: string) => lint(coolingOff(value), today).errors
  expect(found('soon')).toEqual([{ path, message: expect.stringMatching(/ISO 8601 duration/) }])
  expect(found('P999999Y')).toEqual([{ path, message: expect.stringMatching(/or less/) }])
})
