import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  blindText,
  type FieldKind,
  ivBytes,
  masterId,
  openField,
  parseSealed,
  type Place,
  sealField,
  unwrapKey,
  wrapKey,
} from './vault.ts'

const key = Buffer.alloc(32, 1)
const place: Place & { kind: FieldKind } = {
  subscriberId: 'sub_1',
  category: 'contacts',
  field: 'notice.recipient',
  record: 'case_1:closed:3/ab12',
  kind: 'text',
}
const sealed = (value: string, at = place) =>
  sealField(key, randomBytes(ivBytes), at, Buffer.from(value))

test('any text comes back, whatever it holds, and is not in what is stored', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      const value = text.toWellFormed()
      const stored = sealed(value)
      const parsed = parseSealed(stored)!
      expect(parsed).toMatchObject(place)
      expect(openField(key, parsed).toString()).toBe(value)
      if (value.length > 6) expect(stored.slice(stored.lastIndexOf(':'))).not.toContain(value)
    }),
  )
})

test('a field moved to another record, column, subscriber or reason does not open', () => {
  const stored = sealed('lin@example.com')
  const moves: [string, string][] = [
    ['case_1:closed:3/ab12', 'case_2:closed:3/ab12'],
    ['notice.recipient', 'notice.params'],
    ['sub_1', 'sub_2'],
    [':contacts:', ':invoices:'],
    ['sealed:1t', 'sealed:1b'],
  ]
  for (const [from, to] of moves) {
    const moved = parseSealed(stored.replace(from, to))
    expect(moved).toBeDefined()
    expect(() => openField(key, moved!)).toThrow()
  }
  const flipped = stored.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))
  expect(() => openField(key, parseSealed(flipped)!)).toThrow()
  expect(() => openField(Buffer.alloc(32, 2), parseSealed(stored)!)).toThrow()
})

test('what only looks sealed is left as it is', () => {
  for (const text of ['', 'sealed', 'sealed:1t:', 'sealed:1t:a:b:c:d:short', 'lin@example.com'])
    expect(parseSealed(text)).toBeUndefined()
})

test('a wrapped key opens with its master key and its name only', () => {
  const master = randomBytes(32)
  const wrapped = wrapKey(master, randomBytes(ivBytes), 'sub_1 contacts', key)
  expect(unwrapKey(master, 'sub_1 contacts', wrapped)).toEqual(key)
  expect(() => unwrapKey(master, 'sub_2 contacts', wrapped)).toThrow()
  expect(() => unwrapKey(randomBytes(32), 'sub_1 contacts', wrapped)).toThrow()
  expect(masterId(master)).toMatch(/^[0-9a-f]{16}$/)
  expect(masterId(master)).not.toBe(masterId(randomBytes(32)))
})

test('the blind index tells kinds and keys apart', () => {
  const all = [
    blindText(key, 'email', 'a@b.example'),
    blindText(key, 'phone', 'a@b.example'),
    blindText(Buffer.alloc(32, 2), 'email', 'a@b.example'),
    blindText(key, 'email', 'a@b.exampl'),
  ]
  expect(new Set(all).size).toBe(4)
  expect(blindText(key, 'email', 'a@b.example')).toBe(all[0])
})
