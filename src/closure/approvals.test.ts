/** How many reviewers a case takes, and who is not one of them. */
import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import { readPolicy } from '../policy/policy.ts'
import { money } from '../values/money.ts'
import { barredFrom, firstApproval, whyTwo } from './approvals.ts'
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
    devicesAt: [],
    lines: [],
  }) as unknown as Facts
const why = (stake: [minor: bigint, currency: string][], known: Facts) =>
  whyTwo(
    { submittedAt: now },
    stake.map(([minor, code]) => money(minor, code)),
    known,
    now,
  )

test('two approve what is above the limit of its currency, and nothing is allowed where none is named', () => {
  expect(why([[30000n, 'EUR']], facts(0))).toEqual([])
  expect(why([[30001n, 'EUR']], facts(0))).toEqual(['refund'])
  expect(
    why(
      [
        [100n, 'EUR'],
        [40001n, 'JPY'],
      ],
      facts(0),
    ),
  ).toEqual(['refund'])
  expect(why([[1n, 'CHF']], facts(0))).toEqual(['refund'])
  expect(why([[0n, 'CHF']], facts(0))).toEqual([])
  expect(why([], facts(0))).toEqual([])
})

test('a document from before there was a limit has none', () => {
  const { secondReviewAbove: _, ...rules } = policy.rules
  const old = readPolicy({ ...policy, rules })
  expect(why([[999900n, 'EUR']], facts(0, { rules: old }))).toEqual([])
})

test('two approve where the risk is high; who judged an identity is the first of them already', () => {
  expect(why([], facts(1))).toEqual(['risk'])
  expect(why([], facts(0, { isJudged: true }))).toEqual([])
  expect(why([[30100n, 'EUR']], facts(1))).toEqual(['refund', 'risk'])
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
  for (const kind of ['approval-taken-back', 'frozen', 'held', 'rejected', 'appealed'])
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
  // Two are enough for an appeal that takes two: another approves first, and who rejected it may agree.
  expect(barredFrom(rejected, [opened, half], 'jonas')).toBeUndefined()
})
