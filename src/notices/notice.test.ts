/** Names that make a message go out once, rounds of retries, and seals. */
import { expect, test } from 'vitest'
import { messageId, nextRound, noticeRowId } from './notice.ts'
import { seal, sealKey, unseal } from '../platform/seal.ts'

const email = { channel: 'email', address: 'lin@example.com' } as const

test('the same message to the same recipient has the same name, and no other', () => {
  expect(noticeRowId('a', email)).toBe(noticeRowId('a', { ...email }))
  const others = [
    noticeRowId('b', email),
    noticeRowId('a', { ...email, address: 'eve@example.com' }),
    noticeRowId('a', { ...email, channel: 'sms' }),
  ]
  expect(new Set([noticeRowId('a', email), ...others]).size).toBe(4)
  expect(noticeRowId('a', email)).not.toContain('lin@')
  expect(messageId('sub_1', 'a', 'violet.example')).toMatch(/^<[0-9a-f]{32}@violet\.example>$/)
  expect(messageId('sub_1', 'a', 'violet.example')).not.toBe(
    messageId('sub_2', 'a', 'violet.example'),
  )
})

test('rounds of tries grow apart and last four to five days', () => {
  const now = Temporal.Instant.from('2026-11-23T10:00:00Z')
  const gaps: number[] = []
  for (let rounds = 0; ; rounds += 1) {
    const next = nextRound(rounds, now)
    if (!next) break
    gaps.push(next.since(now).total('minutes'))
  }
  expect(gaps.length).toBeGreaterThan(3)
  expect(gaps).toEqual(gaps.toSorted((a, b) => a - b))
  const days = gaps.reduce((sum, gap) => sum + gap) / 1440
  expect(days).toBeGreaterThan(4)
  expect(days).toBeLessThan(5)
})

test('a seal opens with its key and for its message only', () => {
  const key = sealKey(Buffer.alloc(32, 1), 'notice')
  const sealed = seal(key, Buffer.alloc(12, 2), 'sub_1 code_1', '204518')
  expect(sealed).not.toContain('204518')
  expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('204518')
  expect(unseal(key, 'sub_1 code_1', sealed)).toBe('204518')
  expect(() => unseal(key, 'sub_1 code_2', sealed)).toThrow()
  expect(() => unseal(sealKey(Buffer.alloc(32, 3), 'notice'), 'sub_1 code_1', sealed)).toThrow()
  const broken = Buffer.from(sealed, 'base64url')
  broken[14]! ^= 1
  expect(() => unseal(key, 'sub_1 code_1', broken.toString('base64url'))).toThrow()
})
