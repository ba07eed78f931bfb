import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultRules, packs } from '../policy/packs.ts'
import {
  codeEnd,
  codeEndOf,
  type End,
  endingOf,
  hashPortCode,
  heldUntil,
  isOpen,
  judgeCode,
  leavesUntil,
  makePortCode,
  plainCode,
  type PortOut,
  type PortState,
  portTries,
  type Standing,
  wakeOf,
  whyNoCode,
} from './porting.ts'

const at = (text: string) => Temporal.Instant.from(text)
const now = at('2026-03-01T12:00:00Z')
const policyOf = (country: string) => packs.find((pack) => pack.country === country)!

function port(more: Partial<PortOut> = {}): PortOut {
  return {
    subscriberId: 'sub_1',
    portId: 'port_1',
    lineId: 'line_1',
    msisdn: '+447400123456',
    state: 'issued',
    codeHash: 'h',
    triesLeft: portTries,
    codeExpiresAt: now.add({ hours: 24 }),
    reference: null,
    recipient: null,
    dueAt: null,
    reason: null,
    createdAt: now,
    endedAt: null,
    accountEnded: false,
    version: 0,
    ...more,
  }
}
const pending = (more: Partial<PortOut> = {}) =>
  port({ state: 'pending', reference: 'ref-0001', recipient: 'Heron', dueAt: now, ...more })

function standing(more: Partial<Standing> = {}): Standing {
  return {
    msisdn: '+447400123456',
    isOurs: true,
    locked: false,
    suspendedForFraud: false,
    overdue: false,
    lineEndedAt: null,
    keptUntil: null,
    accountEnded: false,
    suspicious: false,
    isEnding: false,
    isFrozen: false,
    changes: [],
    subscribedAt: now.subtract({ hours: 24 * 365 }),
    latest: undefined,
    policy: policyOf('GB'),
    ...more,
  }
}

test('a code lives as long as the country says, and thirty days where it says nothing', () => {
  expect(codeEnd(policyOf('GB'), now).toString()).toBe('2026-03-31T11:00:00Z')
  expect(codeEnd(policyOf('CN'), now).since(now).total('hours')).toBe(1)
  expect(codeEnd(policyOf('IN'), now).since(now).total('hours')).toBe(4 * 24)
  expect(defaultRules.portCodeTtl.value).toBeNull()
  expect(codeEnd(policyOf('DE'), now).since(now).total('hours')).toBe(30 * 24)
})

test.each([
  ['a line without a number', { msisdn: null }, 'line-without-number'],
  ['a number that has left', { latest: port({ state: 'completed' }) }, 'number-gone'],
  ['a number given to somebody else', { isOurs: false }, 'number-gone'],
  ['a line whose end has begun', { isEnding: true }, 'past-point-of-no-return'],
  ['a line whose closure is frozen', { isFrozen: true }, 'closure-frozen'],
  ['a number whose quarantine is over', { lineEndedAt: now, keptUntil: now }, 'number-gone'],
  ['a number on its way', { latest: pending() }, 'port-pending'],
  ['a locked number', { locked: true }, 'port-locked'],
  ['a line held for fraud', { suspendedForFraud: true }, 'suspended-by-operator'],
  [
    'a contact changed yesterday',
    { changes: [{ kind: 'contact', at: now.subtract({ hours: 24 }) }] },
    'port-held',
  ],
] as const)('no code for %s', (_, more, code) => {
  expect(whyNoCode(standing(more as Partial<Standing>), now)?.refused).toBe(code)
})

test('what is owed holds a number only where policy says so', () => {
  const held = (country: string) =>
    whyNoCode(standing({ overdue: true, policy: policyOf(country) }), now)?.refused
  expect(['GB', 'FR', 'US', 'DE'].map(held)).toEqual(Array.from({ length: 4 }, () => undefined))
  expect(['CN', 'IN'].map(held)).toEqual(['port-arrears', 'port-arrears'])
})

test('a number can leave after the end of its line for as long as policy says', () => {
  const days = (country: string, count: number) =>
    whyNoCode(
      standing({
        policy: policyOf(country),
        lineEndedAt: now.subtract({ hours: 24 * count }),
      }),
      now,
    )?.refused
  expect([days('FR', 39), days('FR', 41)]).toEqual([undefined, 'number-gone'])
  expect([days('IT', 29), days('IT', 31)]).toEqual([undefined, 'number-gone'])
  expect(days('CN', 1)).toBe('number-gone')
})

test('no code outlives the time in which its number may leave', () => {
  const ago = (days: number) => now.subtract({ hours: 24 * days })
  const end = (country: string, keptUntil: Temporal.Instant | null) => {
    const ended = standing({ policy: policyOf(country), lineEndedAt: ago(30), keptUntil })
    return [leavesUntil(ended), codeEndOf(ended, now)].map(
      (at) => at && Math.round(at.since(now).total('hours') / 24),
    )
  }
  expect(end('FR', null)).toEqual([10, 10])
  expect(end('FR', now.add({ hours: 5 * 24 }))).toEqual([5, 5])
  // No figure: while nobody else has it, and never longer than a code lives.
  expect(end('GB', now.add({ hours: 60 * 24 }))).toEqual([60, 30])
  expect(leavesUntil(standing())).toBeNull()
  expect(codeEndOf(standing(), now)).toEqual(codeEnd(policyOf('GB'), now))
})

test('after the account has ended a person looks first where something was odd, and only then', () => {
  const no = (more: Partial<Standing>) => whyNoCode(standing(more), now)?.refused
  expect(no({ accountEnded: true })).toBeUndefined()
  expect(no({ suspicious: true })).toBeUndefined()
  expect(no({ accountEnded: true, suspicious: true })).toBe('port-by-hand')
  expect(no({ accountEnded: true, suspendedForFraud: true })).toBe('port-by-hand')
})

test('a changed contact or eSIM holds a code for a week, a new device for a day; a new account is no change', () => {
  const born = now.subtract({ hours: 24 * 365 })
  const ago = (hours: number) => now.subtract({ hours })
  const held = (kind: 'contact' | 'device' | 'sim', hours: number) =>
    heldUntil([{ kind, at: ago(hours) }], born, now) !== null
  expect([held('contact', 167), held('contact', 168)]).toEqual([true, false])
  expect([held('sim', 167), held('sim', 168)]).toEqual([true, false])
  expect([held('device', 23), held('device', 24)]).toEqual([true, false])
  expect(heldUntil([{ kind: 'contact', at: ago(10) }], ago(10), now)).toBeNull()
  const late = heldUntil(
    [
      { kind: 'contact', at: ago(160) },
      { kind: 'device', at: ago(1) },
    ],
    born,
    now,
  )
  expect(late?.toString()).toBe(ago(1).add({ hours: 24 }).toString())
})

test('a code is tried five times, then it is worth nothing; a right one is used once', () => {
  const tried = (matches: boolean, more: Partial<PortOut> = {}) =>
    judgeCode(port(more), { matches, locked: false, isEnding: false }, now)
  expect(tried(true)).toEqual({ kind: 'ok' })
  expect(tried(false)).toEqual({ kind: 'wrong', triesLeft: 4 })
  expect(tried(false, { triesLeft: 1 })).toEqual({ kind: 'wrong', triesLeft: 0 })
  expect(tried(true, { triesLeft: 0 })).toEqual({ kind: 'no', why: 'code-expired' })
  expect(tried(true, { codeExpiresAt: now })).toEqual({ kind: 'no', why: 'code-expired' })
  expect(tried(true, { state: 'pending' })).toEqual({ kind: 'no', why: 'already-pending' })
  expect(tried(true, { state: 'cancelled' })).toEqual({ kind: 'no', why: 'code-wrong' })
  const locked = judgeCode(port(), { matches: true, locked: true, isEnding: false }, now)
  expect(locked).toEqual({ kind: 'no', why: 'locked' })
})

test('a wrong code is never told apart from an expired, locked or ending one', () => {
  const no = judgeCode(
    port({ codeExpiresAt: now }),
    { matches: false, locked: true, isEnding: true },
    now,
  )
  expect(no.kind).toBe('wrong')
})

test('late, repeated and reordered words: an end is an end, except that a number that moved has moved', () => {
  const ends: readonly End[] = [
    { kind: 'completed' },
    { kind: 'failed', reason: 'x' },
    { kind: 'cancelled', by: 'operator' },
    { kind: 'cancelled', by: 'subscriber' },
    { kind: 'silent' },
  ]
  const open: PortState[] = ['issued', 'pending']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ends), { maxLength: 12 }), (heard) => {
      let state = pending()
      let completed = 0
      for (const end of heard) {
        const next = endingOf(state, end)
        if (typeof next === 'string') continue
        const revived = state.state === 'expired' && next.state === 'completed'
        expect(open.includes(state.state) || revived).toBe(true)
        if (next.state === 'completed') completed += 1
        state = { ...state, ...next, endedAt: now }
      }
      expect(completed).toBeLessThanOrEqual(1)
      expect(isOpen(state)).toBe(heard.length === 0)
      expect(wakeOf(state) === null).toBe(heard.length > 0)
    }),
  )
  expect(endingOf(port({ state: 'cancelled', reference: 'r' }), { kind: 'completed' })).toBe(
    'not-pending',
  )
  expect(endingOf(port(), { kind: 'completed' })).toBe('not-pending')
  expect(endingOf(port({ state: 'expired' }), { kind: 'completed' })).toBe('not-pending')
})

test('codes are read however they are typed, and kept as a keyed hash alone', () => {
  const code = makePortCode(Uint8Array.from({ length: 10 }, (_, i) => i * 25))
  expect(code).toMatch(/^[2-9A-HJ-NP-TV-Z]{5}-[2-9A-HJ-NP-TV-Z]{5}$/)
  expect(plainCode(` ${code.toLowerCase().replace('-', ' ')} `)).toBe(code.replace('-', ''))
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const hash = hashPortCode(one, 'port_1', code)
  expect(hashPortCode(one, 'port_1', code.toLowerCase())).toBe(hash)
  expect(hashPortCode(one, 'port_2', code)).not.toBe(hash)
  expect(hashPortCode(two, 'port_1', code)).not.toBe(hash)
  expect(hash).not.toContain(code.slice(0, 5))
})
