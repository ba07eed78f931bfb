/** How many reviewers a case takes, and who is not one of them. */
import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import { readPolicy } from '../policy/policy.ts'
import { barredFrom, firstApproval, whyTwo } from './approvals.ts'
import type { StoredCase } from './case.ts'
import type { Facts } from './facts.ts'

const now = Temporal.Instant.from('2026-11-23T10:00:00Z')
const recently = now.subtract({ hours: 3 })
const policy = packOf('DE')
const facts = (added: number, { isJudged = false, rules = policy } = {}) =>
  ({
    policy: rules,
    isJudged,
    subscriber: { createdAt: now.subtract({ hours: 24 * 400 }) },
    contacts: Array.from({ length: added }, () => ({ addedAt: recently })),
    removedAt: [],
  }) as unknown as Facts
const refunding = (...refunds: [amount: string, currency: string][]) =>
  ({
    submittedAt: now,
    quote: {
      currencies: refunds.map(([amount, currency]) => ({ refund: { amount, currency } })),
    },
  }) as unknown as StoredCase

test('two approve what is above the limit of its currency, and nothing is allowed where none is named', () => {
  expect(whyTwo(refunding(['300.00', 'EUR']), facts(0), now)).toEqual([])
  expect(whyTwo(refunding(['300.01', 'EUR']), facts(0), now)).toEqual(['refund'])
  expect(whyTwo(refunding(['1.00', 'EUR'], ['40001', 'JPY']), facts(0), now)).toEqual(['refund'])
  expect(whyTwo(refunding(['0.01', 'CHF']), facts(0), now)).toEqual(['refund'])
  expect(whyTwo(refunding(['0.00', 'CHF']), facts(0), now)).toEqual([])
  expect(whyTwo(refunding(), facts(0), now)).toEqual([])
})

test('a document from before there was a limit has none', () => {
  const { secondReviewAbove: _, ...rules } = policy.rules
  const old = readPolicy({ ...policy, rules })
  expect(whyTwo(refunding(['9999.00', 'EUR']), facts(0, { rules: old }), now)).toEqual([])
})

test('two approve where the risk is high; who judged an identity is the first of them already', () => {
  expect(whyTwo(refunding(), facts(1), now)).toEqual([])
  expect(whyTwo(refunding(), facts(2), now)).toEqual(['risk'])
  expect(whyTwo(refunding(), facts(0, { isJudged: true }), now)).toEqual([])
  expect(whyTwo(refunding(['301.00', 'EUR']), facts(2), now)).toEqual(['refund', 'risk'])
})

const event = (kind: string, staffId = '') => ({
  kind,
  actorKind: staffId ? 'staff' : 'subscriber',
  actorId: staffId,
  at: now,
})
const opened = event('submitted')
const half = event('approved-first', 'amara')

test('the first approval stands until something casts doubt on it', () => {
  expect(firstApproval([opened])).toBeUndefined()
  expect(firstApproval([opened, half, event('claimed', 'jonas')])).toBe(half)
  for (const kind of ['frozen', 'rejected', 'appealed'])
    expect(firstApproval([opened, half, event(kind)])).toBeUndefined()
  expect(firstApproval([opened, half, event('frozen'), half])).toBe(half)
})

test('nobody decides what they opened, rejected, or have approved already', () => {
  const none = { decision: null }
  const rejected = {
    decision: { decision: 'reject', reasonCode: '', note: '', staffId: 'jonas' },
  }
  expect(barredFrom(none, [opened, half], 'jonas')).toBeUndefined()
  expect(barredFrom(none, [opened, half], 'amara')).toBe('approved-by-you')
  expect(barredFrom(none, [opened, half, event('frozen')], 'amara')).toBeUndefined()
  expect(barredFrom(none, [event('submitted', 'yue')], 'yue')).toBe('requester-cannot-decide')
  expect(barredFrom(rejected, [opened], 'jonas')).toBe('rejected-by-you')
  expect(barredFrom(rejected, [opened], 'amara')).toBeUndefined()
})
