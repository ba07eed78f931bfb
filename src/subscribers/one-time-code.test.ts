/** One-time codes: every verdict, the limit per hour, and an even draw. */
import { describe, expect, test } from 'vitest'
import {
  codeKey,
  hashCode,
  judgeTry,
  minutesUntilNext,
  sixDigits,
  type StoredCode,
} from './one-time-code.ts'

const key = codeKey(Buffer.alloc(32, 7))
const sentAt = Temporal.Instant.from('2026-11-23T10:00:00Z')
const after = (minutes: number) => sentAt.add({ minutes })
const right = hashCode(key, 'code_1', '204518')
const wrong = hashCode(key, 'code_1', '204519')
const fresh: StoredCode = { hash: right, expiresAt: after(10), triesLeft: 5, usedAt: null }

describe('a try', () => {
  test('is right with the right digits, until the last moment', () => {
    expect(judgeTry(fresh, right, after(0))).toEqual({ kind: 'ok' })
    expect(judgeTry(fresh, right, after(10).subtract({ milliseconds: 1 }))).toEqual({ kind: 'ok' })
  })
  test('comes too late at the moment of expiry', () => {
    expect(judgeTry(fresh, right, after(10))).toEqual({ kind: 'expired' })
  })
  test('with wrong digits costs one, and the fifth ends the code', () => {
    expect(judgeTry(fresh, wrong, after(1))).toEqual({ kind: 'wrong', triesLeft: 4 })
    expect(judgeTry({ ...fresh, triesLeft: 2 }, wrong, after(1))).toEqual({
      kind: 'wrong',
      triesLeft: 1,
    })
    expect(judgeTry({ ...fresh, triesLeft: 1 }, wrong, after(1))).toEqual({ kind: 'too-many' })
  })
  test('is refused after the last try even with the right digits', () => {
    expect(judgeTry({ ...fresh, triesLeft: 0 }, right, after(1))).toEqual({ kind: 'too-many' })
  })
  test('works once', () => {
    expect(judgeTry({ ...fresh, usedAt: after(1) }, right, after(2))).toEqual({ kind: 'used' })
  })
  test('needs a code that was asked for', () => {
    expect(judgeTry(undefined, right, after(1))).toEqual({ kind: 'not-asked' })
  })
})

test('a hash belongs to its code id, so that a row cannot be copied to another', () => {
  expect(hashCode(key, 'code_2', '204518')).not.toBe(right)
  expect(hashCode(codeKey(Buffer.alloc(32, 8)), 'code_1', '204518')).not.toBe(right)
})

test('five codes an hour; the sixth waits for the oldest of the five', () => {
  const four = [0, 10, 20, 30].map(after)
  expect(minutesUntilNext(four, after(40))).toBe(0)
  expect(minutesUntilNext([...four, after(40)], after(45))).toBe(15)
  expect(minutesUntilNext([...four, after(40)], after(60))).toBe(0)
})

test('digits are drawn again from the uneven rest, and keep leading zeros', () => {
  const draws = [0xffffffff, 4_294_000_000, 42]
  const random = () => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(draws.shift()!)
    return bytes
  }
  expect(sixDigits(random)).toBe('000042')
})
